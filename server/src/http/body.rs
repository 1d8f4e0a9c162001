//! Bodies: strict JSON (bounded depth, no duplicate names, no unknown members) and binary fields.

use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, JsonError, Limits};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::error::Problem;

/// A JSON body, read with the strict parser of core.
#[derive(Debug)]
pub struct StrictJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for StrictJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let content_type = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(|value| {
                value
                    .split(';')
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_ascii_lowercase()
            });
        // A cross-site form cannot send this type, so this is also a guard against forged requests.
        if content_type.as_deref() != Some("application/json") {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-type-not-json",
                "Send the body as application/json.",
            ));
        }
        let bytes = read(request, state).await?;
        parse(&bytes).map(Self)
    }
}

/// Reads a whole body within the limit.
///
/// # Errors
/// `body-too-large` or `body-unreadable`.
pub async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body-too-large",
                "The body is larger than this endpoint accepts.",
            )
        } else {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "body-unreadable",
                "The body did not arrive whole.",
            )
        }
    })
}

/// Parses a JSON body.
///
/// # Errors
/// `body-malformed` for bad JSON, `body-invalid` for JSON of another shape or with a zero character in a text.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let limits = Limits {
        bytes: bytes.len(),
        ..Limits::MESSAGE
    };
    let value = json::parse(bytes, limits).map_err(|error: JsonError| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "body-malformed",
            why_malformed(bytes, &error),
        )
    })?;
    // PostgreSQL keeps no text with a zero in it and fails where it is asked for one; SQLite does not.
    if has_zero(&value) {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "body-invalid",
            "A text has a zero character (U+0000) in it.",
        ));
    }
    serde_json::from_value(value).map_err(|error| {
        // serde's message may quote a value; values are the caller's own data, but they do not belong in logs
        // of callers either, so only what kind of mistake it is is said.
        let text = error.to_string();
        let safe = ["missing field", "unknown field", "duplicate field"]
            .iter()
            .any(|prefix| text.starts_with(prefix));
        let detail = match text.rsplit_once(", expected ") {
            _ if safe => text,
            // The last of these words are the type's own.
            Some((_, expected)) if text.starts_with("invalid type") => {
                format!("A member has the wrong type: expected {expected}.")
            }
            _ => "A member has the wrong type or form.".into(),
        };
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "body-invalid", detail)
    })
}

/// What is wrong with it, and where: line and column, never its content.
fn why_malformed(bytes: &[u8], error: &JsonError) -> String {
    if bytes.is_empty() {
        return "The body is empty: send a JSON object.".into();
    }
    match serde_json::from_slice::<IgnoredAny>(bytes) {
        Err(syntax) => format!("not JSON: {syntax}"),
        // Well-formed, and yet not taken.
        Ok(_) => error.to_string(),
    }
}

/// Whether a name or text in `value` has U+0000 in it. As deep as the parser let it be.
fn has_zero(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_zero),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || has_zero(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Bytes that travel as unpadded base64url text.
#[derive(Clone, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String, format = "base64url", example = "AAECAwQ")]
pub struct Base64Url(pub Vec<u8>);

impl std::fmt::Debug for Base64Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Base64Url({} bytes)", self.0.len())
    }
}

impl Serialize for Base64Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        base64url::decode(&text)
            .map(Self)
            .map_err(|_| serde::de::Error::custom("not base64url"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[serde(rename = "seconds")]
        _seconds: u32,
    }

    #[test]
    fn says_what_is_wrong_and_where_but_no_value() {
        let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
        for (body, says) in [
            ("", "The body is empty"),
            ("{\n \"seconds\": }", "line 2 column"),
            (r#"{"seconds":1,}"#, "key must be a string at line 1 column 14"),
            (r#"{"seconds":1,"seconds":1}"#, "duplicate name"),
            (&deep, "too deep"),
            (r#"{"seconds":"private, expected 1"}"#, "expected u32."),
            ("{}", "missing field `seconds`"),
            (r#"{"second":1}"#, "expected `seconds`"),
        ] {
            let said = format!("{:?}", parse::<Form>(body.as_bytes()).unwrap_err());
            let says = says.escape_debug().to_string();
            assert!(
                said.contains(&says) && !said.contains("private"),
                "{body}: {said}"
            );
        }
    }

    #[test]
    fn texts_with_a_zero_are_refused_wherever_they_are() {
        for body in [r#""a\u0000""#, r#"{"a":[1,{"b":"\u0000"}]}"#, r#"{"a\u0000":1}"#] {
            let problem = parse::<Value>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), "body-invalid", "{body}");
        }
        assert!(parse::<Value>(br#"{"a":["0","\\u0000"]}"#).is_ok());
    }
}

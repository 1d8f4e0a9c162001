//! The outside of a message: names and lengths. A name is shown when it looks like a word somebody chose for a protocol;
//! a value only where the protocol has a few known ones.

use assent_core::encoding::form;
use assent_core::encoding::json::{self, Limits};
use serde_json::Value;
use url::Url;

/// Members shown per object, and levels shown of nested ones.
const MEMBERS: usize = 16;
const LEVELS: usize = 3;

/// Headers whose values say how a message is built, never what is in it.
const PLAIN_HEADERS: &[&str] = &[
    "accept",
    "cache-control",
    "content-type",
    "content-length",
    "date",
    "retry-after",
];

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// We do.
    Request,
    /// The other side does.
    Response,
}

/// Headers and body without their values.
#[derive(Debug)]
pub(super) struct Details {
    /// One text per header.
    pub headers: Vec<String>,
    /// Names and lengths; empty when there is no body.
    pub body: String,
}

impl Details {
    pub(super) fn of(headers: &[(String, String)], body: &str, side: Side) -> Self {
        let kind = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map_or("", |(_, value)| value.as_str());
        Self {
            headers: headers.iter().map(|(name, value)| header(name, value)).collect(),
            body: shape_of(kind, body, side),
        }
    }
}

/// Scheme, host and port as they are; what may be an identifier or a secret in path and query by its length.
pub(super) fn url(text: &str) -> String {
    let Ok(url) = Url::parse(text) else {
        return format!("(no address, {} characters)", text.len());
    };
    let mut shown = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
    if let Some(port) = url.port() {
        shown.push_str(&format!(":{port}"));
    }
    for segment in url.path().split('/').skip(1) {
        shown.push('/');
        shown.push_str(&word_or_length(segment));
    }
    let names: Vec<String> = url
        .query_pairs()
        .map(|(name, value)| format!("{}={{{}}}", word_or_length(&name), value.len()))
        .collect();
    if !names.is_empty() {
        shown.push('?');
        shown.push_str(&names.join("&"));
    }
    shown
}

fn header(name: &str, value: &str) -> String {
    let name = name.to_ascii_lowercase();
    if PLAIN_HEADERS.contains(&name.as_str()) {
        let value: String = value.chars().filter(|c| !c.is_control()).take(80).collect();
        return format!("{name}: {value}");
    }
    format!("{}: {{{}}}", word_or_length(&name), value.len())
}

fn shape_of(kind: &str, body: &str, side: Side) -> String {
    if body.is_empty() {
        return String::new();
    }
    if kind.starts_with("application/x-www-form-urlencoded") {
        let fields = form::decode(body).unwrap_or_default();
        let names: Vec<String> = fields
            .iter()
            .take(MEMBERS)
            .map(|(name, value)| format!("{}={{{}}}", word_or_length(name), value.len()))
            .collect();
        return names.join("&");
    }
    match json::parse(body.as_bytes(), Limits::MESSAGE) {
        Ok(value) => value_shape(&value, side, LEVELS),
        Err(_) => format!(
            "{{{} bytes of {}}}",
            body.len(),
            word_or_length(kind.split(';').next().unwrap_or_default())
        ),
    }
}

fn value_shape(value: &Value, side: Side, levels: usize) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "{bool}".to_owned(),
        Value::Number(_) => "{number}".to_owned(),
        Value::String(text) => format!("{{{}}}", text.len()),
        Value::Array(items) => match items.first() {
            Some(first) if levels > 0 => {
                format!("[{} of {}]", items.len(), value_shape(first, side, levels - 1))
            }
            _ => format!("[{}]", items.len()),
        },
        Value::Object(members) if levels == 0 => format!("{{{} members}}", members.len()),
        Value::Object(members) => {
            let shown = members.iter().take(MEMBERS).map(|(name, value)| {
                let value = match value {
                    // OAuth 2.0 error codes and ours: the reason somebody looks at a trace.
                    Value::String(text) if side == Side::Response && is_reason(name, text) => text.clone(),
                    value => value_shape(value, side, levels - 1),
                };
                format!("{}: {value}", word_or_length(name))
            });
            let mut parts: Vec<String> = shown.collect();
            if members.len() > MEMBERS {
                parts.push(format!("{} more", members.len() - MEMBERS));
            }
            format!("{{{}}}", parts.join(", "))
        }
    }
}

fn is_reason(name: &str, text: &str) -> bool {
    matches!(name, "error" | "code")
        && text.len() <= 40
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_'))
}

/// The text when it looks like a word of a protocol, else its length. Identifiers and secrets have many digits or
/// mixed case; a passphrase never is a name or a path segment.
fn word_or_length(text: &str) -> String {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let plain = text.bytes().all(|b| {
        b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.' | b'/' | b'+' | b'$')
    });
    if text.is_empty() || (plain && text.len() <= 40 && digits <= 2) {
        text.to_owned()
    } else {
        format!("{{{}}}", text.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_keep_their_form() {
        assert_eq!(
            url(
                "https://user:pw@issuer.example:8443/v1/vaults/9f8a7b6c5d4e3f2a1b/header?since=12&Token=abc#frag"
            ),
            "https://issuer.example:8443/v1/vaults/{18}/header?since={2}&{5}={3}"
        );
        assert_eq!(url("not an address"), "(no address, 14 characters)");
    }

    #[test]
    fn bodies_keep_names_and_lengths() {
        let form = [(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        )];
        let details = Details::of(
            &form,
            "grant_type=x&pre-authorized_code=s3cr3t&tx_code=1234",
            Side::Request,
        );
        assert_eq!(details.body, "grant_type={1}&pre-authorized_code={6}&tx_code={4}");
        let json_type = [
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("Authorization".to_owned(), "Bearer s3cr3t".to_owned()),
        ];
        let body = json!({ "error": "invalid_grant", "access_token": "s3cr3t", "n": 5, "list": [{ "a": "s3cr3t" }] });
        let details = Details::of(&json_type, &body.to_string(), Side::Response);
        assert_eq!(
            details.body,
            "{access_token: {6}, error: invalid_grant, list: [1 of {a: {6}}], n: {number}}"
        );
        assert_eq!(details.headers[1], "authorization: {13}");
        // What we send is ours to keep, even under a name that may be shown in an answer.
        let details = Details::of(&json_type, r#"{"code":"secret"}"#, Side::Request);
        assert_eq!(details.body, "{code: {6}}");
        assert_eq!(
            Details::of(&[], "opaque s3cr3t", Side::Response).body,
            "{13 bytes of }"
        );
    }

    #[test]
    fn nested_and_wide_objects_are_cut() {
        let deep = json!({ "a": { "b": { "c": { "d": 1 } } } });
        assert_eq!(
            value_shape(&deep, Side::Request, LEVELS),
            "{a: {b: {c: {1 members}}}}"
        );
        let wide: serde_json::Map<String, Value> = (0..20).map(|n| (format!("m{n}"), Value::Null)).collect();
        assert!(value_shape(&wide.into(), Side::Request, LEVELS).ends_with(", 4 more}"));
    }
}

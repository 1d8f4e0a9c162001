//! The answer to a pushed authorization request, and the address that uses it (RFC 9126 §2.2, §4).

use serde_json::Value;

use super::super::{AnswerError, answer};
use crate::encoding::fields::{Fields, Problem};
use crate::encoding::form;
use crate::http::HttpResponse;
use crate::profile::{Endpoint, Profile};
use crate::record;

/// Where a pushed request waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedAnswer {
    /// A reference for one use.
    pub request_uri: String,
    /// Seconds it can be used.
    pub expires_in: u64,
}

impl PushedAnswer {
    /// Reads the answer: 201, or 200 of servers that think little of the difference.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn from_response(response: &HttpResponse, profile: &Profile) -> Result<Self, AnswerError> {
        let status = if response.status == 200 { 200 } else { 201 };
        let object = answer::read(response, status, profile.limits.small, profile)?;
        let fields = Fields::new(&object, "");
        let name = "expires_in";
        let expires_in = fields
            .opt_u64(name)?
            .ok_or_else(|| fields.error(name, Problem::Missing))?;
        // §2.2: a positive number.
        if expires_in == 0 {
            return Err(fields.error(name, Problem::NotAllowed).into());
        }
        Ok(Self {
            request_uri: fields.text("request_uri", 1024)?.to_owned(),
            expires_in,
        })
    }

    /// The JSON body. Send it with 201 and `Cache-Control: no-store`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        record!({ "request_uri": self.request_uri, "expires_in": self.expires_in })
    }
}

/// The address to send the browser to, for a request that was pushed.
#[must_use]
pub fn pushed_url(authorize: &Endpoint, client_id: &str, request_uri: &str) -> String {
    let query = form::encode([("client_id", client_id), ("request_uri", request_uri)]);
    form::append(authorize.as_str(), &query)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(status: u16, body: &Value) -> Result<PushedAnswer, AnswerError> {
        let response = HttpResponse {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_string(),
        };
        PushedAnswer::from_response(&response, &Profile::BASELINE)
    }

    #[test]
    fn answers_round_trip_and_are_checked() {
        let answer = PushedAnswer {
            request_uri: "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c".into(),
            expires_in: 60,
        };
        for status in [200, 201] {
            assert_eq!(read(status, &answer.to_json()).unwrap(), answer);
        }
        assert_eq!(read(202, &answer.to_json()), Err(AnswerError::Status(202)));
        let refused = read(400, &json!({ "error": "invalid_scope" }));
        assert!(matches!(refused, Err(AnswerError::Refused(_))));
        for bad in [
            json!({ "request_uri": "urn:x" }),
            json!({ "expires_in": 60 }),
            json!({ "request_uri": "urn:x", "expires_in": 0 }),
            json!({ "request_uri": "urn:x", "expires_in": -1 }),
            json!({ "request_uri": "urn:x", "expires_in": "60" }),
            json!({ "request_uri": "", "expires_in": 60 }),
            json!({ "request_uri": "x".repeat(1025), "expires_in": 60 }),
        ] {
            assert!(matches!(read(201, &bad), Err(AnswerError::Field(_))), "{bad}");
        }
    }

    /// RFC 9126 §4: `client_id` and `request_uri`, nothing else.
    #[test]
    fn the_address_names_only_the_reference() {
        let authorize = Endpoint::parse("https://as.example/authorize", &Profile::BASELINE).unwrap();
        assert_eq!(
            pushed_url(&authorize, "https://w.example", "urn:a:b"),
            "https://as.example/authorize?client_id=https%3A%2F%2Fw.example&request_uri=urn%3Aa%3Ab"
        );
        let tenant = Endpoint::parse("https://as.example/authorize?t=1", &Profile::BASELINE).unwrap();
        assert_eq!(
            pushed_url(&tenant, "w", "u"),
            "https://as.example/authorize?t=1&client_id=w&request_uri=u"
        );
    }
}

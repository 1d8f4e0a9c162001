//! The deferred credential endpoint (OpenID4VCI 1.0 §9; CI-27). It answers as the credential endpoint does:
//! [`CredentialAnswer`](super::CredentialAnswer).

use serde_json::Value;

use super::{Access, Rejection, RejectionCode};
use crate::crypto::SignError;
use crate::encoding::fields::Fields;
use crate::encoding::json;
use crate::env::Env;
use crate::http::HttpRequest;
use crate::profile::{Endpoint, Profile};
use crate::record;

/// Asks for what was not ready yet. The keys were proved when it was requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeferredRequest {
    /// From the credential response.
    pub transaction_id: String,
}

impl DeferredRequest {
    /// The request to the deferred credential endpoint.
    ///
    /// # Errors
    /// [`SignError`] from the key that the token is bound to.
    pub fn to_http(
        &self,
        endpoint: &Endpoint,
        access: &Access,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Result<HttpRequest, SignError> {
        access.post(endpoint, &self.to_json(), profile.limits.credentials, env)
    }

    /// The JSON body.
    #[must_use]
    pub fn to_json(&self) -> Value {
        record!({ "transaction_id": self.transaction_id })
    }

    /// Reads the body of a deferred credential request.
    ///
    /// # Errors
    /// [`Rejection`] to answer with.
    pub fn parse(body: &[u8], profile: &Profile) -> Result<Self, Rejection> {
        let bad = |why: &str| Rejection::new(RejectionCode::InvalidCredentialRequest, why);
        let object = json::parse_object(body, profile.limits.json(profile.limits.small))
            .map_err(|error| bad(&error.to_string()))?;
        let transaction_id = Fields::new(&object, "")
            .text("transaction_id", 1024)
            .map_err(|error| bad(&error.to_string()))?;
        Ok(Self {
            transaction_id: transaction_id.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_refusals() {
        let request = DeferredRequest {
            transaction_id: "8xLOxBtZp8".into(),
        };
        let body = request.to_json().to_string();
        assert_eq!(
            DeferredRequest::parse(body.as_bytes(), &Profile::BASELINE).unwrap(),
            request
        );
        let long = format!(r#"{{"transaction_id":"{}"}}"#, "x".repeat(1025));
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"transaction_id":1}"#,
            r#"{"transaction_id":""}"#,
            r#"{"transaction_id":"a","transaction_id":"b"}"#,
            &long,
        ] {
            let error = DeferredRequest::parse(bad.as_bytes(), &Profile::BASELINE).unwrap_err();
            assert_eq!(error.code, RejectionCode::InvalidCredentialRequest, "{bad:.40}");
        }
    }
}

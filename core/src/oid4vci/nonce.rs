//! The nonce endpoint (OpenID4VCI 1.0 §7; CI-20).

use serde_json::{Value, json};

use super::{AnswerError, answer};
use crate::encoding::fields::Fields;
use crate::http::{HttpRequest, HttpResponse};
use crate::profile::{Endpoint, Profile};

/// A nonce to put into key proofs. One is enough for a whole batch (CI-22).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonceResponse {
    /// The value; opaque.
    pub c_nonce: String,
}

impl NonceResponse {
    /// The request: an empty POST without authentication.
    #[must_use]
    pub fn request(nonce_endpoint: &Endpoint, profile: &Profile) -> HttpRequest {
        HttpRequest::post_nothing(nonce_endpoint.as_str(), profile.limits.small)
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn from_response(response: &HttpResponse, profile: &Profile) -> Result<Self, AnswerError> {
        let object = answer::read(response, 200, profile.limits.small, profile)?;
        let c_nonce = Fields::new(&object, "").text("c_nonce", 1024)?.to_owned();
        Ok(Self { c_nonce })
    }

    /// The JSON body. Send it with `Cache-Control: no-store` (§7.2).
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "c_nonce": self.c_nonce })
    }
}

//! The challenge endpoint of an authorization server (OAuth 2.0 Attestation-Based Client Authentication, draft 7, §8).

use serde_json::Value;

use crate::encoding::fields::Fields;
use crate::http::{HttpRequest, HttpResponse};
use crate::oid4vci::{AnswerError, answer};
use crate::profile::{Endpoint, Profile};
use crate::record;

/// The header that brings a challenge with any other answer.
pub const CHALLENGE_HEADER: &str = "oauth-client-attestation-challenge";
/// Longest challenge taken, in bytes.
const MAX_CHALLENGE: usize = 1024;

/// A challenge to put into a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestationChallenge {
    /// The value; opaque.
    pub challenge: String,
}

impl AttestationChallenge {
    /// The request: an empty POST.
    #[must_use]
    pub fn request(endpoint: &Endpoint, profile: &Profile) -> HttpRequest {
        HttpRequest::post_nothing(endpoint.as_str(), profile.limits.small)
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn from_response(response: &HttpResponse, profile: &Profile) -> Result<Self, AnswerError> {
        let object = answer::read(response, 200, profile.limits.small, profile)?;
        let challenge = Fields::new(&object, "").text("attestation_challenge", MAX_CHALLENGE)?;
        Ok(Self {
            challenge: challenge.to_owned(),
        })
    }

    /// The challenge that came with another answer, refusals included (§8.2).
    #[must_use]
    pub fn beside(response: &HttpResponse) -> Option<Self> {
        let challenge = response.header(CHALLENGE_HEADER)?;
        (1..=MAX_CHALLENGE).contains(&challenge.len()).then(|| Self {
            challenge: challenge.to_owned(),
        })
    }

    /// The JSON body. Send it with `Cache-Control: no-store`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        record!({ "attestation_challenge": self.challenge })
    }
}

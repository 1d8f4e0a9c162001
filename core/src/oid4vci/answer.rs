//! What every answer of an issuer is checked for before its members are read.

use super::{Rejection, RejectionCode};
use crate::encoding::fields::FieldError;
use crate::encoding::json::{self, JsonError, Object};
use crate::encoding::jwe::JweError;
use crate::error::{Audience, Blame, ErrorCode};
use crate::http::HttpResponse;
use crate::profile::Profile;

/// Why an issuer's answer was not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The issuer answered with an error of the protocol.
    #[error("the issuer refused: {0}")]
    Refused(#[from] Rejection),
    /// Another status than the protocol allows, without a readable error.
    #[error("the issuer answered with status {0}")]
    Status(u16),
    /// Not `application/json`.
    #[error("the answer has the wrong media type")]
    MediaType,
    /// Not acceptable JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A member is missing or wrong.
    #[error("the answer is malformed: {0}")]
    Field(#[from] FieldError),
    /// The document names another issuer than the one asked (OpenID4VCI 1.0 §12.2.1, RFC 8414 §3.3).
    #[error("the metadata belongs to another issuer")]
    WrongIssuer,
    /// The authorization server has no token endpoint, or the issuer no such authorization server.
    #[error("the issuer has no usable authorization server")]
    NoAuthorizationServer,
    /// The authorization server demands a name, or a way to prove it, that the wallet does not have (CI-12).
    #[error("the issuer serves only wallets that are registered with it")]
    ClientRequired,
    /// The issuer says "later", and not where to ask, or of another card than was asked for.
    #[error("what the issuer says about a card that comes later makes no sense")]
    Deferred,
    /// The issuer demands a form of encryption that we do not have (CI-29).
    #[error("the issuer demands an encryption that is not supported")]
    Encryption,
    /// An encrypted answer does not open.
    #[error("the encrypted answer is not acceptable: {0}")]
    Sealed(#[from] JweError),
}

impl ErrorCode for AnswerError {
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(rejection) => match rejection.code {
                RejectionCode::InvalidGrant => "issuance-code-refused",
                RejectionCode::InvalidNonce => "issuance-nonce-refused",
                RejectionCode::InvalidToken => "issuance-token-refused",
                RejectionCode::CredentialRequestDenied => "issuance-denied",
                _ => "issuance-refused",
            },
            Self::Status(_) => "issuer-bad-status",
            Self::MediaType | Self::Json(_) | Self::Field(_) | Self::Sealed(_) => "issuer-bad-answer",
            Self::WrongIssuer => "issuer-metadata-mismatch",
            Self::NoAuthorizationServer => "issuer-no-authorization-server",
            Self::ClientRequired => "issuance-client-required",
            Self::Deferred => "issuance-deferred",
            Self::Encryption => "issuer-encryption-unknown",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Status(500..) => Blame::Network,
            _ => Blame::Peer,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

/// Reads the JSON object of an answer that must have the status `expected`.
pub(super) fn read(
    response: &HttpResponse,
    expected: u16,
    max: usize,
    profile: &Profile,
) -> Result<Object, AnswerError> {
    if response.status != expected {
        return Err(match Rejection::from_response(response) {
            Some(rejection) => AnswerError::Refused(rejection),
            None => AnswerError::Status(response.status),
        });
    }
    if response.media_type().as_deref() != Some("application/json") {
        return Err(AnswerError::MediaType);
    }
    Ok(json::parse_object(
        response.body.as_bytes(),
        profile.limits.json(max),
    )?)
}

//! Error answers of the authorization, token, credential, deferred and notification endpoints.

use std::fmt;

use serde_json::{Value, json};

use crate::encoding::fields::Fields;
use crate::encoding::json;
use crate::http::HttpResponse;

/// An error code of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 8707 §2, RFC 9101 §6, RFC 9396 §5, RFC 9449 §5 and §8,
/// Attestation-Based Client Authentication §6.2, or OpenID4VCI 1.0 §6.3, §8.3.1, §9.3, §11.3 (CI-14, CI-16, CI-26…CI-28).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RejectionCode {
    /// `invalid_request`.
    InvalidRequest,
    /// `invalid_grant`: the code is wrong, used, expired, or the transaction code is wrong.
    InvalidGrant,
    /// `invalid_client`.
    InvalidClient,
    /// `unsupported_grant_type`.
    UnsupportedGrantType,
    /// `unauthorized_client`.
    UnauthorizedClient,
    /// `access_denied`: the person, or the server, said no.
    AccessDenied,
    /// `unsupported_response_type`.
    UnsupportedResponseType,
    /// `invalid_scope`.
    InvalidScope,
    /// `invalid_target`: `resource` is not this issuer (RFC 8707).
    InvalidTarget,
    /// `invalid_authorization_details` (RFC 9396).
    InvalidAuthorizationDetails,
    /// `invalid_request_uri`: unknown, used or too old (RFC 9101, RFC 9126).
    InvalidRequestUri,
    /// `use_dpop_nonce`: try once more with the nonce of this answer (RFC 9449).
    UseDpopNonce,
    /// `invalid_dpop_proof` (RFC 9449).
    InvalidDpopProof,
    /// `use_attestation_challenge`: try once more with a challenge of this server.
    UseAttestationChallenge,
    /// `invalid_token` (RFC 6750).
    InvalidToken,
    /// `invalid_credential_request`.
    InvalidCredentialRequest,
    /// `unknown_credential_configuration`.
    UnknownCredentialConfiguration,
    /// `unknown_credential_identifier`.
    UnknownCredentialIdentifier,
    /// `invalid_proof`.
    InvalidProof,
    /// `invalid_nonce`: fetch a new one and try once more.
    InvalidNonce,
    /// `invalid_encryption_parameters`.
    InvalidEncryptionParameters,
    /// `credential_request_denied`: final, do not retry.
    CredentialRequestDenied,
    /// `invalid_transaction_id`: unknown, or already picked up (CI-27).
    InvalidTransactionId,
    /// `invalid_notification_id`.
    InvalidNotificationId,
    /// `invalid_notification_request`.
    InvalidNotificationRequest,
    /// A code we do not know, at most 64 characters.
    Other(String),
}

impl RejectionCode {
    const NAMES: [(&'static str, Self); 25] = [
        ("invalid_request", Self::InvalidRequest),
        ("invalid_grant", Self::InvalidGrant),
        ("invalid_client", Self::InvalidClient),
        ("unsupported_grant_type", Self::UnsupportedGrantType),
        ("unauthorized_client", Self::UnauthorizedClient),
        ("access_denied", Self::AccessDenied),
        ("unsupported_response_type", Self::UnsupportedResponseType),
        ("invalid_scope", Self::InvalidScope),
        ("invalid_target", Self::InvalidTarget),
        ("invalid_authorization_details", Self::InvalidAuthorizationDetails),
        ("invalid_request_uri", Self::InvalidRequestUri),
        ("use_dpop_nonce", Self::UseDpopNonce),
        ("invalid_dpop_proof", Self::InvalidDpopProof),
        ("use_attestation_challenge", Self::UseAttestationChallenge),
        ("invalid_token", Self::InvalidToken),
        ("invalid_credential_request", Self::InvalidCredentialRequest),
        (
            "unknown_credential_configuration",
            Self::UnknownCredentialConfiguration,
        ),
        ("unknown_credential_identifier", Self::UnknownCredentialIdentifier),
        ("invalid_proof", Self::InvalidProof),
        ("invalid_nonce", Self::InvalidNonce),
        ("invalid_encryption_parameters", Self::InvalidEncryptionParameters),
        ("credential_request_denied", Self::CredentialRequestDenied),
        ("invalid_transaction_id", Self::InvalidTransactionId),
        ("invalid_notification_id", Self::InvalidNotificationId),
        ("invalid_notification_request", Self::InvalidNotificationRequest),
    ];

    /// The code on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(code) => code,
            known => Self::NAMES
                .iter()
                .find(|(_, code)| code == known)
                .map_or("invalid_request", |(name, _)| name),
        }
    }

    pub(super) fn from_wire(code: &str) -> Self {
        // RFC 6749 §5.2: nothing else is in a code, and it is shown where lines of ours stand.
        let is_allowed = |c: &char| matches!(c, '\x20' | '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
        Self::NAMES
            .into_iter()
            .find(|(name, _)| *name == code)
            .map_or_else(
                || Self::Other(code.chars().filter(is_allowed).take(64).collect()),
                |(_, code)| code,
            )
    }
}

impl fmt::Display for RejectionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct Rejection {
    /// The code.
    pub code: RejectionCode,
    /// `error_description`, for developers. From the other side: show it as theirs, or not at all.
    pub description: Option<String>,
}

impl Rejection {
    /// An error answer with an explanation for developers.
    #[must_use]
    pub fn new(code: RejectionCode, description: &str) -> Self {
        Self {
            code,
            description: Some(description.to_owned()),
        }
    }

    /// The status code an authorization server answers with: 401 for a client that is not accepted (RFC 6749 §5.2),
    /// else 400, also when a DPoP proof is wrong or lacks a nonce (RFC 9449 §5, §8). At the endpoints that take an access
    /// token, a token that is not accepted is 401 too; see [`Rejection::resource_status`].
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.code {
            RejectionCode::InvalidToken | RejectionCode::InvalidClient => 401,
            _ => 400,
        }
    }

    /// The status code of an endpoint that takes an access token: 401 for a token (RFC 6750 §3.1) or a DPoP proof
    /// (RFC 9449 §7.1, §9) that is not accepted, with the error in `WWW-Authenticate`; else 400.
    #[must_use]
    pub fn resource_status(&self) -> u16 {
        match self.code {
            RejectionCode::InvalidToken | RejectionCode::UseDpopNonce | RejectionCode::InvalidDpopProof => {
                401
            }
            _ => 400,
        }
    }

    /// The JSON body to answer with.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.description {
            Some(description) => json!({ "error": self.code.as_str(), "error_description": description }),
            None => json!({ "error": self.code.as_str() }),
        }
    }

    /// Reads an error answer; `None` when the body is not one.
    #[must_use]
    pub fn from_response(response: &HttpResponse) -> Option<Self> {
        let limits = json::Limits {
            bytes: 16 << 10,
            depth: 8,
        };
        let body = json::parse_object(response.body.as_bytes(), limits).ok()?;
        let fields = Fields::new(&body, "");
        Some(Self {
            code: RejectionCode::from_wire(fields.text("error", 256).ok()?),
            description: fields
                .opt_text("error_description", 4096)
                .ok()
                .flatten()
                .map(|text| text.chars().filter(|c| !c.is_control()).take(300).collect()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_the_wire() {
        for (name, code) in RejectionCode::NAMES {
            let body = Rejection::new(code.clone(), "why").to_json().to_string();
            assert!(body.contains(name));
            let response = HttpResponse {
                status: 400,
                headers: Vec::new(),
                body,
            };
            assert_eq!(Rejection::from_response(&response).unwrap().code, code);
        }
    }

    /// RFC 6749 §5.2, RFC 6750 §3.1, RFC 9449 §8 and §9: the same code is another status at the two servers.
    #[test]
    fn statuses() {
        for (code, server, resource) in [
            (RejectionCode::InvalidClient, 401, 400),
            (RejectionCode::InvalidToken, 401, 401),
            (RejectionCode::UseDpopNonce, 400, 401),
            (RejectionCode::InvalidDpopProof, 400, 401),
            (RejectionCode::UseAttestationChallenge, 400, 400),
            (RejectionCode::InvalidTransactionId, 400, 400),
        ] {
            let rejection = Rejection::new(code, "why");
            assert_eq!(
                (rejection.status(), rejection.resource_status()),
                (server, resource),
                "{rejection}"
            );
        }
    }

    #[test]
    fn foreign_texts_are_cut_and_cleaned() {
        let response = HttpResponse {
            status: 400,
            headers: Vec::new(),
            body: format!(
                r#"{{"error":"\n\u001b\u202e\u009b{}","error_description":"a\u001b[31mb{}"}}"#,
                "x".repeat(200),
                "c".repeat(999)
            ),
        };
        let rejection = Rejection::from_response(&response).unwrap();
        assert_eq!(rejection.code.as_str(), "x".repeat(64));
        let description = rejection.description.unwrap();
        assert!(description.starts_with("a[31mb") && description.len() == 300);
    }
}

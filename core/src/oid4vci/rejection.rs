//! Error answers of the token, credential and notification endpoints.

use serde_json::{Value, json};

use crate::encoding::fields::Fields;
use crate::encoding::json;
use crate::http::HttpResponse;

/// An error code of RFC 6749 §5.2, RFC 6750 §3.1 or OpenID4VCI 1.0 §6.3, §8.3.1, §11.3 (CI-14, CI-26, CI-28).
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
    /// `invalid_notification_id`.
    InvalidNotificationId,
    /// `invalid_notification_request`.
    InvalidNotificationRequest,
    /// A code we do not know, at most 64 characters.
    Other(String),
}

impl RejectionCode {
    const NAMES: [(&'static str, Self); 14] = [
        ("invalid_request", Self::InvalidRequest),
        ("invalid_grant", Self::InvalidGrant),
        ("invalid_client", Self::InvalidClient),
        ("unsupported_grant_type", Self::UnsupportedGrantType),
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

    fn from_wire(code: &str) -> Self {
        Self::NAMES
            .into_iter()
            .find(|(name, _)| *name == code)
            .map_or_else(|| Self::Other(code.chars().take(64).collect()), |(_, code)| code)
    }
}

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", code.as_str())]
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

    /// The status code to answer with: 401 for a token that is not accepted (RFC 6750 §3.1) and for a client that
    /// is not (RFC 6749 §5.2), else 400.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.code {
            RejectionCode::InvalidToken | RejectionCode::InvalidClient => 401,
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

    #[test]
    fn foreign_texts_are_cut_and_cleaned() {
        let response = HttpResponse {
            status: 400,
            headers: Vec::new(),
            body: format!(
                r#"{{"error":"{}","error_description":"a\u001b[31mb{}"}}"#,
                "x".repeat(200),
                "c".repeat(999)
            ),
        };
        let rejection = Rejection::from_response(&response).unwrap();
        assert_eq!(rejection.code.as_str().len(), 64);
        let description = rejection.description.unwrap();
        assert!(description.starts_with("a[31mb") && description.len() == 300);
    }
}

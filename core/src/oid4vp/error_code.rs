//! Error codes on the wire (OpenID4VP 1.0 §8.5).

use crate::encoding::json::Object;
use crate::encoding::record::{FromJson, ToJson};

/// What a wallet tells a verifier instead of a `vp_token`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationErrorCode {
    /// The request is malformed or contradicts itself.
    InvalidRequest,
    /// The client identifier, or what authenticates it, is wrong.
    InvalidClient,
    /// The scope is not known.
    InvalidScope,
    /// No matching credential, no consent, or the person was not authenticated: one code on purpose.
    AccessDenied,
    /// None of the formats asked for is supported.
    VpFormatsNotSupported,
    /// `request_uri_method` is neither `get` nor `post`.
    InvalidRequestUriMethod,
    /// `transaction_data` of a type we do not support, or malformed.
    InvalidTransactionData,
    /// The wallet could not be reached.
    WalletUnavailable,
    /// The verifier of OAuth 2.0 that could not process the response (RFC 6749 §4.1.2.1).
    ServerError,
    /// Any other code; unknown codes are treated alike.
    Other,
}

impl AuthorizationErrorCode {
    const NAMES: [(Self, &'static str); 9] = [
        (Self::InvalidRequest, "invalid_request"),
        (Self::InvalidClient, "invalid_client"),
        (Self::InvalidScope, "invalid_scope"),
        (Self::AccessDenied, "access_denied"),
        (Self::VpFormatsNotSupported, "vp_formats_not_supported"),
        (Self::InvalidRequestUriMethod, "invalid_request_uri_method"),
        (Self::InvalidTransactionData, "invalid_transaction_data"),
        (Self::WalletUnavailable, "wallet_unavailable"),
        (Self::ServerError, "server_error"),
    ];

    /// The value of the `error` parameter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(code, _)| *code == self);
        found.map_or("server_error", |(_, name)| name)
    }

    /// Reads the value of the `error` parameter.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let found = Self::NAMES.iter().find(|(_, known)| *known == name);
        found.map_or(Self::Other, |(code, _)| *code)
    }
}

/// An error response.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct AuthorizationError {
    /// The code.
    pub error: AuthorizationErrorCode,
    /// `error_description`: printable ASCII without `"` and `\` (RFC 6749 §4.1.2.1), at most 200 bytes.
    pub description: Option<String>,
}

impl AuthorizationError {
    /// An error without a description.
    #[must_use]
    pub fn new(error: AuthorizationErrorCode) -> Self {
        Self {
            error,
            description: None,
        }
    }

    pub(super) fn read(parameters: &Object) -> Option<Self> {
        let error = AuthorizationErrorCode::from_name(parameters.get("error")?.as_str()?);
        let description = parameters
            .get("error_description")
            .and_then(|value| value.as_str())
            .map(clean)
            .filter(|text| !text.is_empty());
        Some(Self { error, description })
    }

    pub(super) fn write(&self, parameters: &mut Object) {
        parameters.insert("error".into(), self.error.as_str().into());
        if let Some(description) = &self.description {
            parameters.insert("error_description".into(), clean(description).into());
        }
    }
}

// The text comes from the other side and ends in logs and answers.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\'))
        .take(200)
        .collect()
}

//! Who asks, after the caller checked it.

use crate::oid4vci::SecretText;

/// A client of the authorization server that was authenticated as far as its kind allows (RFC 6749 §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientId(String);

/// Who sends a token request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asking<'a> {
    /// The client; `None` for the anonymous one, which only a pre-authorised code takes (CI-12).
    pub client: Option<&'a ClientId>,
    /// Thumbprint of the key whose DPoP proof came along, verified.
    pub dpop_jkt: Option<&'a str>,
    /// Thumbprint of the key in the client's attestation, whose proof came along, verified.
    pub instance_jkt: Option<&'a str>,
}

/// An access token as it came.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// The token.
    pub token: &'a SecretText,
    /// Thumbprint of the key whose DPoP proof came along, verified for this token; `None` for a bearer token.
    pub dpop_jkt: Option<&'a str>,
}

impl ClientId {
    /// The id of a client that is known and was authenticated.
    #[must_use]
    pub fn checked(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

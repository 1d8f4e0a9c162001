//! The verifier's side: reading a response (OpenID4VP 1.0 §8.2, §8.3).

use std::fmt;

use super::MAX_RESPONSE;
use crate::crypto::SoftwareKey;
use crate::encoding::form;
use crate::encoding::json::{self, Limits, Object};
use crate::encoding::jwe::{EncryptedJwe, JweError};
use crate::error::ErrorCode;
use crate::oid4vp::AuthorizationError;

/// In which form the response must come.
#[derive(Debug, Clone, Copy)]
pub enum Expected<'a> {
    /// `direct_post`: in the clear.
    Clear,
    /// `direct_post.jwt`: encrypted to the key of this request.
    Encrypted {
        /// The key.
        key: &'a SoftwareKey,
        /// Its id.
        kid: &'a str,
    },
}

/// What the wallet answered. Nothing in it is verified.
#[derive(Clone, PartialEq)]
pub enum AuthorizationResponse {
    /// Presentations.
    Presented {
        /// `vp_token`.
        vp_token: Object,
        /// `state`, when it came back.
        state: Option<String>,
    },
    /// An error.
    Refused {
        /// Which.
        error: AuthorizationError,
        /// `state`, when it came back.
        state: Option<String>,
    },
}

/// Why a response could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Larger than accepted.
    #[error("the response is too large")]
    TooLarge,
    /// Not a form body.
    #[error("the response is not a form")]
    Form,
    /// An encrypted response was demanded and a `vp_token` came in the clear, or the other way round.
    #[error("the response is in the clear and must be encrypted, or the other way round")]
    WrongMode,
    /// Encrypted for another request (`kid`).
    #[error("the response is encrypted for another request")]
    WrongKey,
    /// It could not be decrypted.
    #[error(transparent)]
    Jwe(#[from] JweError),
    /// Neither a `vp_token` object nor an `error`.
    #[error("the response has neither a usable vp_token nor an error")]
    Malformed,
}

impl ErrorCode for ReadError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "response-too-large",
            Self::Form => "response-form",
            Self::WrongMode => "response-wrong-mode",
            Self::WrongKey => "response-wrong-key",
            Self::Jwe(error) => error.code(),
            Self::Malformed => "response-malformed",
        }
    }
}

/// Reads the body of a POST to `response_uri`.
///
/// # Errors
/// [`ReadError`].
pub fn read(body: &str, expected: Expected<'_>) -> Result<AuthorizationResponse, ReadError> {
    if body.len() > MAX_RESPONSE {
        return Err(ReadError::TooLarge);
    }
    let pairs = form::decode(body).ok_or(ReadError::Form)?;
    let get = |name: &str| form::get(&pairs, name);
    match (expected, get("response")) {
        (Expected::Encrypted { key, kid }, Some(jwe)) => from_parameters(decrypt(jwe, key, kid)?),
        (Expected::Clear, Some(_)) => Err(ReadError::WrongMode),
        // A downgrade: whoever posts this was told to encrypt.
        (Expected::Encrypted { .. }, None) if get("vp_token").is_some() => Err(ReadError::WrongMode),
        // §8.3.1: an error may come in the clear when the wallet cannot encrypt.
        (_, None) => {
            let mut parameters = Object::new();
            for (name, value) in &pairs {
                let value = if name == "vp_token" {
                    json::parse(value.as_bytes(), Limits::MESSAGE).map_err(|_| ReadError::Malformed)?
                } else {
                    value.as_str().into()
                };
                parameters.insert(name.clone(), value);
            }
            from_parameters(parameters)
        }
    }
}

fn decrypt(jwe: &str, key: &SoftwareKey, kid: &str) -> Result<Object, ReadError> {
    let jwe = EncryptedJwe::parse(jwe)?;
    // §8.3: the `kid` of the key used is echoed; one that is there must be ours.
    if jwe.header().kid.as_deref().is_some_and(|echoed| echoed != kid) {
        return Err(ReadError::WrongKey);
    }
    let plaintext = jwe.decrypt(key)?;
    json::parse_object(&plaintext, Limits::MESSAGE).map_err(|_| ReadError::Malformed)
}

fn from_parameters(mut parameters: Object) -> Result<AuthorizationResponse, ReadError> {
    let state = match parameters.remove("state") {
        None => None,
        Some(serde_json::Value::String(state)) => Some(state),
        Some(_) => return Err(ReadError::Malformed),
    };
    match (
        parameters.remove("vp_token"),
        AuthorizationError::read(&parameters),
    ) {
        // Both is neither.
        (Some(serde_json::Value::Object(vp_token)), None) if !parameters.contains_key("error") => {
            Ok(AuthorizationResponse::Presented { vp_token, state })
        }
        (None, Some(error)) => Ok(AuthorizationResponse::Refused { error, state }),
        _ => Err(ReadError::Malformed),
    }
}

// Presentations are personal data.
impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Presented { .. } => f.write_str("Presented"),
            Self::Refused { error, .. } => f.debug_tuple("Refused").field(&error.error).finish(),
        }
    }
}

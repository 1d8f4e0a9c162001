//! Decentralised identifiers of verifiers: `did:jwk`, `did:key` and `did:web`, and only what it takes to find the
//! key that signed a request (OpenID4VP 1.0 §5.9.3, DID Core 1.0 §7.1).
//!
//! `did:jwk` and `did:key` contain their key. `did:web` needs its document: the caller fetches
//! [`Did::document_url`] and hands the document in.

mod document;
mod jwk;
mod key;
mod web;

use crate::crypto::PublicKey;
use crate::encoding::base64url;
use crate::encoding::json::Object;
use crate::error::ErrorCode;
use crate::profile::{Endpoint, Profile};

/// Longest DID accepted, in bytes.
const MAX_DID: usize = 2048;

/// Largest DID document to fetch, in bytes.
pub const MAX_DID_DOCUMENT: usize = 64 << 10;

/// Why a DID could not be resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// Not a DID, or malformed for its method.
    #[error("not a valid DID")]
    Malformed,
    /// A method other than `jwk`, `key` and `web`.
    #[error("the DID method is not supported")]
    UnsupportedMethod,
    /// The key is of a type we do not use.
    #[error("the key of the DID is not usable")]
    Key,
    /// `kid` is missing, or names no key of this DID.
    #[error("the DID has no such key")]
    NoSuchKey,
    /// The DID document is missing, malformed, or belongs to another DID.
    #[error("the DID document is missing or wrong")]
    Document,
}

impl ErrorCode for DidError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "did-malformed",
            Self::UnsupportedMethod => "did-unsupported-method",
            Self::Key => "did-key",
            Self::NoSuchKey => "did-no-such-key",
            Self::Document => "did-document",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Jwk,
    Key,
    Web,
}

/// A DID of a supported method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Did {
    text: String,
    method: Method,
}

impl Did {
    /// Reads a DID (without path, query or fragment).
    ///
    /// # Errors
    /// [`DidError::Malformed`], [`DidError::UnsupportedMethod`].
    pub fn parse(text: &str) -> Result<Self, DidError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
        if text.len() > MAX_DID || !text.bytes().all(allowed) {
            return Err(DidError::Malformed);
        }
        let rest = text.strip_prefix("did:").ok_or(DidError::Malformed)?;
        let (method, id) = rest.split_once(':').ok_or(DidError::Malformed)?;
        let method = match method {
            "jwk" => Method::Jwk,
            "key" => Method::Key,
            "web" => Method::Web,
            _ => return Err(DidError::UnsupportedMethod),
        };
        if id.is_empty() {
            return Err(DidError::Malformed);
        }
        Ok(Self {
            text: text.to_owned(),
            method,
        })
    }

    /// `did:jwk` of a key.
    #[must_use]
    pub fn from_key(key: &PublicKey) -> Self {
        Self {
            text: format!("did:jwk:{}", jwk::write(key)),
            method: Method::Jwk,
        }
    }

    /// `did:web` of an origin, or of a path below it. Its document is at [`Self::document_url`].
    ///
    /// # Errors
    /// [`DidError::Malformed`] when the path is not plain, or the host is not one a DID can have.
    pub fn web(origin: &Endpoint, path: &[&str]) -> Result<Self, DidError> {
        Self::parse(&["did:web:", &web::id_of(origin, path)].concat())
    }

    /// The DID URL of a key in the document of this DID: the same key always has the same one, another key another.
    /// For `did:jwk` its only one.
    #[must_use]
    pub fn key_id(&self, key: &PublicKey) -> String {
        let fragment = match self.method {
            Method::Jwk => "0".to_owned(),
            Method::Key => self.id().to_owned(),
            Method::Web => base64url::encode(&key.thumbprint()),
        };
        [self.as_str(), "#", &fragment].concat()
    }

    /// The document of a `did:web` that speaks with `key`.
    #[must_use]
    pub fn document(&self, key: &PublicKey) -> Object {
        document::write(&self.text, &self.key_id(key), key)
    }

    /// The DID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address of the DID document for `did:web`; `None` for methods that need none.
    ///
    /// # Errors
    /// [`DidError::Malformed`] when the DID gives no acceptable address.
    pub fn document_url(&self, profile: &Profile) -> Result<Option<Endpoint>, DidError> {
        match self.method {
            Method::Web => web::document_url(self.id(), profile).map(Some),
            Method::Jwk | Method::Key => Ok(None),
        }
    }

    /// The key named by `kid`: a DID URL of this DID, or only its fragment.
    ///
    /// # Errors
    /// [`DidError`].
    pub fn key(&self, kid: &str, document: Option<&Object>) -> Result<PublicKey, DidError> {
        let fragment = match kid.strip_prefix(&self.text) {
            Some(rest) => rest.strip_prefix('#'),
            None => kid.strip_prefix('#'),
        };
        let fragment = fragment.filter(|f| !f.is_empty()).ok_or(DidError::NoSuchKey)?;
        match self.method {
            // did:jwk: the one verification method is `#0`.
            Method::Jwk if fragment == "0" => jwk::read(self.id()),
            // did:key: the fragment repeats the key.
            Method::Key if fragment == self.id() => key::read(self.id()),
            Method::Jwk | Method::Key => Err(DidError::NoSuchKey),
            Method::Web => document::key(&self.text, fragment, document.ok_or(DidError::Document)?),
        }
    }

    fn id(&self) -> &str {
        self.text.splitn(3, ':').nth(2).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;

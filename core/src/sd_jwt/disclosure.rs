//! One disclosure (RFC 9901 §4.2): `[salt, name, value]` for a member of an object, `[salt, value]` for an element
//! of an array.

use serde_json::Value;

use super::SdJwtError;
use crate::encoding::base64url;
use crate::encoding::json::{self, Limits};

/// A decoded disclosure. The salt is checked to be a string and dropped.
pub(super) enum Disclosure {
    /// For a digest in `_sd`.
    Member { name: String, value: Value },
    /// For a digest in `...`.
    Element { value: Value },
}

impl Disclosure {
    /// Decodes the base64url text of a disclosure.
    pub(super) fn decode(encoded: &str) -> Result<Self, SdJwtError> {
        // RFC 9901 §4.2: base64url without padding. The strict decoder also refuses `+`, `/` and trailing bits.
        let bytes = base64url::decode(encoded).map_err(|_| SdJwtError::MalformedDisclosure)?;
        let Ok(Value::Array(parts)) = json::parse(&bytes, Limits::MESSAGE) else {
            return Err(SdJwtError::MalformedDisclosure);
        };
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Value::String(_)), Some(Value::String(name)), Some(value), None) => {
                Ok(Self::Member { name, value })
            }
            (Some(Value::String(_)), Some(value), None, None) => Ok(Self::Element { value }),
            _ => Err(SdJwtError::MalformedDisclosure),
        }
    }
}

/// The base64url text of a disclosure, and nothing else: salts are 128 random bits as text (RFC 9901 §9.3).
pub(super) fn encode(salt: &str, name: Option<&str>, value: Value) -> String {
    let mut parts = vec![Value::from(salt)];
    parts.extend(name.map(Value::from));
    parts.push(value);
    base64url::encode(Value::Array(parts).to_string().as_bytes())
}

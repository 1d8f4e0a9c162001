//! Short secrets in messages: codes and tokens.

use std::fmt;

use zeroize::Zeroizing;

use crate::crypto::{constant_time_eq, sha256};
use crate::encoding::base64url;
use crate::encoding::record::{self, FromJson, Malformed, ToJson, Value};

/// A code or token. Wiped when dropped, never printed, compared in constant time.
///
/// It is serialised as plain text: keep it only where the whole record is sealed.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret itself, for sending it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// SHA-256 in base64url: what a server may store instead of a random token.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        base64url::encode(&sha256(self.0.as_bytes()))
    }
}

impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for SecretText {}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(redacted)")
    }
}

impl serde::Serialize for SecretText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for SecretText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <String as serde::Deserialize>::deserialize(deserializer).map(Self::new)
    }
}

impl ToJson for SecretText {
    fn write_json(&self) -> Value {
        record::text(&self.0)
    }
}

impl FromJson for SecretText {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        String::read_json(value).map(Self::new)
    }
}

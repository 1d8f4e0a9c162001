//! The response key and one-time codes as they are stored.

use std::fmt;

use crate::crypto::{SoftwareKey, constant_time_eq, sha256};
use crate::encoding::base64url;

/// The ephemeral private key of one request. Stored in the clear inside the transaction: whoever stores it seals
/// it, and deletes it with the transaction.
#[derive(Clone)]
pub(super) struct ResponseKey(pub(super) SoftwareKey);

impl serde::Serialize for ResponseKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = zeroize::Zeroizing::new(base64url::encode(self.0.to_bytes().as_slice()));
        serializer.serialize_str(&text)
    }
}

impl<'de> serde::Deserialize<'de> for ResponseKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = zeroize::Zeroizing::new(<String as serde::Deserialize>::deserialize(deserializer)?);
        let bytes = base64url::decode(&text).map_err(serde::de::Error::custom)?;
        let bytes = zeroize::Zeroizing::new(bytes);
        SoftwareKey::from_bytes(&bytes)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

impl fmt::Debug for ResponseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseKey(redacted)")
    }
}

/// The hash of a one-time code; the code itself is given out once and not kept.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct CodeHash(String);

impl CodeHash {
    pub(super) fn of(code: &str) -> Self {
        Self(base64url::encode(&sha256(code.as_bytes())))
    }

    pub(super) fn matches(&self, code: &str) -> bool {
        constant_time_eq(self.0.as_bytes(), Self::of(code).0.as_bytes())
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHash(redacted)")
    }
}

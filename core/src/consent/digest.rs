//! SHA-256 digests as they appear in messages.

use std::fmt;

use crate::crypto::sha256;
use crate::encoding::base64url;
use crate::encoding::record::{self, FromJson, Malformed, ToJson, Value};

/// A SHA-256 digest, base64url without padding in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `data`.
    #[must_use]
    pub fn of(data: impl AsRef<[u8]>) -> Self {
        Self(sha256(data.as_ref()))
    }

    /// From the 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From base64url; `None` for anything but the one encoding of 32 bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(base64url::decode(text).ok()?.try_into().ok()?))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a SHA-256 digest in base64url"))
    }
}

impl ToJson for Digest {
    fn write_json(&self) -> Value {
        record::text(&self.to_string())
    }
}

impl FromJson for Digest {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        Self::parse(&String::read_json(value)?).ok_or(Malformed("a SHA-256 digest in base64url"))
    }
}

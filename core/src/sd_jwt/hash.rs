//! The hash functions a digest may use (RFC 9901 §4.1.1).

use sha2::Digest as _;

use crate::encoding::base64url;

/// The hash algorithm named by `_sd_alg`: a closed list, so that an issuer's header cannot choose a weak one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SdAlg {
    /// `sha-256`, also when `_sd_alg` is absent.
    #[default]
    Sha256,
    /// `sha-384`.
    Sha384,
    /// `sha-512`.
    Sha512,
}

impl SdAlg {
    /// Reads a name of the IANA Named Information Hash Algorithm registry; `None` for anything not allowed.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "sha-256" => Some(Self::Sha256),
            "sha-384" => Some(Self::Sha384),
            "sha-512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The registered name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// The base64url digest of `text` as it was received, never of a re-encoding (RFC 9901 §4.2.3).
    #[must_use]
    pub fn digest(self, text: &str) -> String {
        match self {
            Self::Sha256 => base64url::encode(&sha2::Sha256::digest(text)),
            Self::Sha384 => base64url::encode(&sha2::Sha384::digest(text)),
            Self::Sha512 => base64url::encode(&sha2::Sha512::digest(text)),
        }
    }
}

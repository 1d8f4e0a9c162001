//! The outside world as parameters: the present time and a source of randomness.

use crate::encoding::record::{FromJson, ToJson};
use std::fmt;

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds: the `NumericDate` of RFC 7519 §2, whole seconds.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    ToJson,
    FromJson,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment plus `seconds` (negative for earlier); saturates at the ends of the range.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this moment; negative when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// RFC 3339 in UTC with a trailing `Z`, e.g. `2026-11-20T09:30:00Z`. `None` outside the years 0–9999.
    #[must_use]
    pub fn to_rfc3339(self) -> Option<String> {
        let at = time::OffsetDateTime::from_unix_timestamp(self.0).ok()?;
        at.format(&time::format_description::well_known::Rfc3339).ok()
    }
}

/// A cryptographically secure source of random bytes.
pub trait SecureRandom {
    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when the platform has none; callers fail closed.
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable>;
}

/// The platform could not give randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the platform gave no randomness")]
pub struct RandomUnavailable;

/// What a pure function would otherwise reach for by itself.
pub struct Env<'a> {
    /// The present time.
    pub now: Timestamp,
    /// Randomness for salts, nonces and keys.
    pub rng: &'a mut dyn SecureRandom,
}

impl fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

impl Env<'_> {
    /// `N` fresh random bytes.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when the platform has none.
    pub fn random<const N: usize>(&mut self) -> Result<[u8; N], RandomUnavailable> {
        let mut out = [0; N];
        self.rng.fill(&mut out)?;
        Ok(out)
    }

    /// A fresh base64url string of 128 random bits: nonces, states, ids.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when the platform has none.
    pub fn random_token(&mut self) -> Result<String, RandomUnavailable> {
        Ok(crate::encoding::base64url::encode(&self.random::<16>()?))
    }
}

/// Randomness for tests.
#[cfg(test)]
pub(crate) mod testing {
    use super::{RandomUnavailable, SecureRandom};
    use crate::crypto::sha256;

    /// Counts, so that every draw differs and every run is the same.
    #[derive(Default)]
    pub(crate) struct Counter(pub(crate) u64);

    impl SecureRandom for Counter {
        fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
            for chunk in out.chunks_mut(32) {
                self.0 += 1;
                chunk.copy_from_slice(&sha256(&self.0.to_be_bytes())[..chunk.len()]);
            }
            Ok(())
        }
    }
}

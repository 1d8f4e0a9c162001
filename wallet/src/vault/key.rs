//! A 256-bit symmetric key.

use std::fmt;

use assent_core::crypto::sha256;
use assent_core::env::{RandomUnavailable, SecureRandom};
use zeroize::Zeroizing;

/// A uniformly random 256-bit key, wiped when dropped.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// A fresh key.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when the platform has no randomness.
    pub fn generate(rng: &mut dyn SecureRandom) -> Result<Self, RandomUnavailable> {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// From 32 uniformly random bytes; `None` for another length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// The first 16 bytes of SHA-256("vault/kid" ‖ key).
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        let mut input = Zeroizing::new(Vec::with_capacity(41));
        input.extend_from_slice(b"vault/kid");
        input.extend_from_slice(self.0.as_slice());
        let mut id = [0; 16];
        id.copy_from_slice(&sha256(&input)[..16]);
        id
    }

    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

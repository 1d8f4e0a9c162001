//! A P-256 private key held in memory.

use std::fmt;
use std::sync::OnceLock;

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;
use zeroize::Zeroizing;

use super::{Algorithm, KeyError, PublicKey, SignError, Signer};
use crate::env::{RandomUnavailable, SecureRandom};

/// A P-256 private key in memory, wiped when dropped. Signs ES256 deterministically (RFC 6979) and agrees keys
/// for ECDH-ES.
#[derive(Clone)]
pub struct SoftwareKey {
    secret: p256::SecretKey,
    // Holds the public key, which costs as much as a signature: worked out once, when it is first needed. A key that
    // only decrypts never needs it.
    signing: OnceLock<SigningKey>,
}

impl SoftwareKey {
    /// A fresh random key.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when the platform has no randomness.
    pub fn generate(rng: &mut dyn SecureRandom) -> Result<Self, RandomUnavailable> {
        let mut bytes = Zeroizing::new([0; 32]);
        loop {
            rng.fill(bytes.as_mut_slice())?;
            // Fails only for zero and for numbers past the group order: less than once in 2^32 tries.
            if let Ok(key) = Self::from_bytes(bytes.as_slice()) {
                return Ok(key);
            }
        }
    }

    /// From the 32-byte scalar, big-endian.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] for a wrong length or a scalar out of range.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let secret = p256::SecretKey::from_slice(bytes).map_err(|_| KeyError::Malformed)?;
        Ok(Self {
            secret,
            signing: OnceLock::new(),
        })
    }

    fn signing(&self) -> &SigningKey {
        self.signing.get_or_init(|| SigningKey::from(&self.secret))
    }

    /// The 32-byte scalar, for sealing.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret.to_bytes().into())
    }

    /// The ECDH shared secret (x coordinate) with `peer`.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] when `peer` is not on P-256.
    pub fn agree(&self, peer: &PublicKey) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let PublicKey::P256(point) = peer else {
            return Err(KeyError::Unsupported);
        };
        let peer = p256::PublicKey::from_sec1_bytes(point).map_err(|_| KeyError::NotOnCurve)?;
        let shared = p256::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), peer.as_affine());
        let mut out = Zeroizing::new([0; 32]);
        out.copy_from_slice(shared.raw_secret_bytes());
        Ok(out)
    }
}

impl Signer for SoftwareKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Es256
    }

    fn public_key(&self) -> PublicKey {
        let point = self.signing().verifying_key().to_sec1_point(false);
        // An uncompressed point of this curve has 65 bytes (SEC 1 §2.3.3). Zeros are a key that verifies nothing.
        PublicKey::P256(point.as_bytes().try_into().unwrap_or([0; 65]))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature: p256::ecdsa::Signature = self.signing().try_sign(message).map_err(|_| SignError)?;
        Ok(signature.to_bytes().to_vec())
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SoftwareKey(redacted)")
    }
}

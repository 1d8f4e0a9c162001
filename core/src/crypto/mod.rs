//! The seams of cryptography: keys typed by algorithm, and traits for verifying and signing.
//!
//! [`RustCrypto`] implements verification in pure Rust and runs in the browser; the server brings one on `ring`
//! behind the same [`CryptoProvider`] (specs/decisions/0002-crypto-seams.md).

mod key;
mod rustcrypto;
mod signer;

pub use key::{KeyError, PublicKey};
pub use rustcrypto::RustCrypto;
pub use signer::SoftwareKey;

use rustls_pki_types::SignatureVerificationAlgorithm;
use sha2::Digest as _;

/// Signature algorithms we allow. There is no `none` and no HMAC: a key is bound to its one algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4), the algorithm of HAIP 1.0 §7.
    Es256,
    /// ECDSA on P-384 with SHA-384 (RFC 7518 §3.4).
    Es384,
    /// Ed25519 (RFC 8037 `EdDSA`, RFC 9864 `Ed25519`). Not in the EU profile; for DIDs of the plain profile.
    Ed25519,
}

impl Algorithm {
    /// The JOSE name to write. Ed25519 is written `EdDSA`, which every peer knows.
    #[must_use]
    pub fn as_jose(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Ed25519 => "EdDSA",
        }
    }

    /// Reads a JOSE name; `None` for everything not allowed.
    #[must_use]
    pub fn from_jose(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "ES384" => Some(Self::Es384),
            "EdDSA" | "Ed25519" => Some(Self::Ed25519),
            _ => None,
        }
    }
}

/// The signature is wrong, or the key and signature do not fit the algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is wrong")]
pub struct BadSignature;

/// The key could not sign (for instance a removed hardware key).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key could not sign")]
pub struct SignError;

/// Verifies signatures.
pub trait CryptoProvider: Sync {
    /// Verifies `signature` (JOSE form: `r‖s` for ECDSA) over `message` with the key's own algorithm.
    ///
    /// # Errors
    /// [`BadSignature`], whatever the reason.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), BadSignature>;

    /// The algorithms for X.509 certificate signatures.
    fn x509_algorithms(&self) -> &[&'static dyn SignatureVerificationAlgorithm];
}

/// Signs with one private key. The key never leaves the implementation.
pub trait Signer {
    /// The key's algorithm.
    fn algorithm(&self) -> Algorithm;

    /// The public half.
    fn public_key(&self) -> PublicKey;

    /// Signs `message`; the signature is in JOSE form.
    ///
    /// # Errors
    /// [`SignError`] when the key is not usable.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// SHA-256.
#[must_use]
pub fn sha256(data: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(data).into()
}

/// Compares in time that does not depend on where the inputs differ.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    subtle::ConstantTimeEq::ct_eq(a, b).into()
}

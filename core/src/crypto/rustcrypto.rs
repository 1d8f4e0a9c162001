//! Verification in pure Rust.

use p256::ecdsa::signature::Verifier as _;
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

use super::{BadSignature, CryptoProvider, PublicKey};
use crate::encoding::der::{self, Reader};

/// Verification on the RustCrypto crates: pure Rust, runs in the browser.
#[derive(Debug, Clone, Copy, Default)]
pub struct RustCrypto;

impl CryptoProvider for RustCrypto {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        match key {
            PublicKey::P256(point) => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| BadSignature)?;
                let signature = p256::ecdsa::Signature::from_slice(signature).map_err(|_| BadSignature)?;
                key.verify(message, &signature).map_err(|_| BadSignature)
            }
            PublicKey::P384(point) => {
                let key =
                    p384::ecdsa::VerifyingKey::from_sec1_bytes(point.as_slice()).map_err(|_| BadSignature)?;
                let signature = p384::ecdsa::Signature::from_slice(signature).map_err(|_| BadSignature)?;
                key.verify(message, &signature).map_err(|_| BadSignature)
            }
            PublicKey::Ed25519(bytes) => {
                let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| BadSignature)?;
                let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| BadSignature)?;
                key.verify_strict(message, &signature).map_err(|_| BadSignature)
            }
        }
    }

    fn x509_algorithms(&self) -> &[&'static dyn SignatureVerificationAlgorithm] {
        &[&EcdsaP256Sha256, &EcdsaP384Sha384]
    }
}

/// ecdsa-with-SHA256 on P-256 for certificate signatures (DER form, RFC 5480).
#[derive(Debug)]
struct EcdsaP256Sha256;

impl SignatureVerificationAlgorithm for EcdsaP256Sha256 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).map_err(|_| InvalidSignature)?;
        let signature =
            p256::ecdsa::Signature::from_slice(&fixed::<32>(signature)?).map_err(|_| InvalidSignature)?;
        key.verify(message, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

/// ecdsa-with-SHA384 on P-384 for certificate signatures (DER form, RFC 5480).
#[derive(Debug)]
struct EcdsaP384Sha384;

impl SignatureVerificationAlgorithm for EcdsaP384Sha384 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).map_err(|_| InvalidSignature)?;
        let signature =
            p384::ecdsa::Signature::from_slice(&fixed::<48>(signature)?).map_err(|_| InvalidSignature)?;
        key.verify(message, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P384
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA384
    }
}

/// The two numbers of an ECDSA signature in DER (RFC 3279 §2.2.3), one after the other, `N` octets each.
fn fixed<const N: usize>(signature: &[u8]) -> Result<Vec<u8>, InvalidSignature> {
    let read = || {
        let mut numbers = Reader::only(signature, der::SEQUENCE)?;
        let (r, s) = (numbers.unsigned::<N>()?, numbers.unsigned::<N>()?);
        numbers.end().then(|| [r, s].concat())
    };
    read().ok_or(InvalidSignature)
}

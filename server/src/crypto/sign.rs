//! Signing on `ring` with keys from PKCS#8 files.

use assent_core::crypto::{Algorithm, PublicKey, SignError, Signer};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;

/// Why a key file was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Not a PEM file with one `PRIVATE KEY`.
    #[error("not a PKCS#8 private key in PEM")]
    NotPem,
    /// Not a P-256 key.
    #[error("not a P-256 private key")]
    NotP256,
}

/// An ES256 signer (ECDSA on P-256 with SHA-256).
pub struct RingSigner {
    pair: EcdsaKeyPair,
    random: ring::rand::SystemRandom,
    public: PublicKey,
}

impl std::fmt::Debug for RingSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RingSigner(redacted)")
    }
}

impl RingSigner {
    /// From a PKCS#8 key in PEM.
    ///
    /// # Errors
    /// See [`KeyFileError`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyFileError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyFileError::NotPem)?;
        Self::from_pkcs8(der.secret_pkcs8_der())
    }

    /// From PKCS#8 in DER.
    ///
    /// # Errors
    /// [`KeyFileError::NotP256`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyFileError> {
        let random = ring::rand::SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random)
            .map_err(|_| KeyFileError::NotP256)?;
        let public =
            PublicKey::from_p256_sec1(pair.public_key().as_ref()).map_err(|_| KeyFileError::NotP256)?;
        Ok(Self { pair, random, public })
    }
}

impl Signer for RingSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Es256
    }

    fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = self.pair.sign(&self.random, message).map_err(|_| SignError)?;
        Ok(signature.as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use assent_core::crypto::{CryptoProvider as _, RustCrypto};

    use super::*;

    #[test]
    fn a_generated_key_signs_for_the_other_implementation() {
        let pem = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let signer = RingSigner::from_pem(&pem).unwrap();
        let signature = signer.sign(b"message").unwrap();
        assert_eq!(signature.len(), 64);
        RustCrypto
            .verify(&signer.public_key(), b"message", &signature)
            .unwrap();
        assert!(
            RustCrypto
                .verify(&signer.public_key(), b"other", &signature)
                .is_err()
        );
        assert_eq!(format!("{signer:?}"), "RingSigner(redacted)");
    }

    #[test]
    fn refuses_what_is_not_a_p256_key() {
        let ed = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519)
            .unwrap()
            .serialize_pem();
        assert_eq!(RingSigner::from_pem(&ed).unwrap_err(), KeyFileError::NotP256);
        assert_eq!(RingSigner::from_pem("x").unwrap_err(), KeyFileError::NotPem);
    }
}

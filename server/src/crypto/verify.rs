//! Signature checks on `ring`.

use assent_core::crypto::{BadSignature, CryptoProvider, PublicKey};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm,
};
use rustls_pki_types::SignatureVerificationAlgorithm;

static X509_ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] =
    &[webpki::ring::ECDSA_P256_SHA256, webpki::ring::ECDSA_P384_SHA384];

/// Verification on `ring`: what the server uses for every signature it checks.
#[derive(Debug, Clone, Copy, Default)]
pub struct RingCrypto;

impl CryptoProvider for RingCrypto {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let algorithm: &'static dyn VerificationAlgorithm = match key {
            PublicKey::P256(_) => &ECDSA_P256_SHA256_FIXED,
            PublicKey::P384(_) => &ECDSA_P384_SHA384_FIXED,
            PublicKey::Ed25519(_) => &ED25519,
        };
        UnparsedPublicKey::new(algorithm, key.as_bytes())
            .verify(message, signature)
            .map_err(|_| BadSignature)
    }

    fn x509_algorithms(&self) -> &[&'static dyn SignatureVerificationAlgorithm] {
        // The same set as in the browser: certificates that one side accepts, the other accepts too.
        X509_ALGORITHMS
    }
}

#[cfg(test)]
mod tests {
    use assent_core::crypto::{RustCrypto, Signer, SoftwareKey};
    use assent_core::env::{RandomUnavailable, SecureRandom};
    use proptest::prelude::*;
    use ring::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    struct Seeded(u64);

    impl SecureRandom for Seeded {
        fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
            for byte in out {
                self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (self.0 >> 33) as u8;
            }
            Ok(())
        }
    }

    /// How a test bends a signature.
    #[derive(Debug, Clone)]
    enum Change {
        None,
        FlipSignature(usize, u8),
        FlipMessage,
        Cut(usize),
        Extend(u8),
        Zero,
        HighOrder,
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            Just(Change::None),
            (0..64_usize, 0..8_u8).prop_map(|(at, bit)| Change::FlipSignature(at, bit)),
            Just(Change::FlipMessage),
            (0..64_usize).prop_map(Change::Cut),
            any::<u8>().prop_map(Change::Extend),
            Just(Change::Zero),
            Just(Change::HighOrder),
        ]
    }

    fn apply(change: &Change, message: &mut Vec<u8>, signature: &mut Vec<u8>) {
        match change {
            Change::None => {}
            Change::FlipSignature(at, bit) => signature[*at] ^= 1 << bit,
            Change::FlipMessage => message.push(0),
            Change::Cut(at) => signature.truncate(*at),
            Change::Extend(byte) => signature.push(*byte),
            Change::Zero => signature.fill(0),
            Change::HighOrder => signature[32..].fill(0xff),
        }
    }

    proptest! {
        #[test]
        fn ring_and_rustcrypto_agree_on_es256(seed: u64, mut message: Vec<u8>, change in change()) {
            let key = SoftwareKey::generate(&mut Seeded(seed)).unwrap();
            let mut signature = key.sign(&message).unwrap();
            apply(&change, &mut message, &mut signature);
            let ours = RingCrypto.verify(&key.public_key(), &message, &signature);
            prop_assert_eq!(ours, RustCrypto.verify(&key.public_key(), &message, &signature));
            prop_assert_eq!(ours.is_ok(), matches!(change, Change::None));
        }

        #[test]
        fn ring_and_rustcrypto_agree_on_ed25519(seed: [u8; 32], mut message: Vec<u8>, change in change()) {
            let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
            let key = PublicKey::from_ed25519(pair.public_key().as_ref()).unwrap();
            let mut signature = pair.sign(&message).as_ref().to_vec();
            apply(&change, &mut message, &mut signature);
            let ours = RingCrypto.verify(&key, &message, &signature);
            prop_assert_eq!(ours, RustCrypto.verify(&key, &message, &signature));
            prop_assert_eq!(ours.is_ok(), matches!(change, Change::None));
        }

        #[test]
        fn a_signature_never_verifies_for_another_key(seed: u64, message: Vec<u8>) {
            let signer = SoftwareKey::generate(&mut Seeded(seed)).unwrap();
            let other = SoftwareKey::generate(&mut Seeded(seed ^ 0xdead_beef)).unwrap();
            let signature = signer.sign(&message).unwrap();
            prop_assert!(RingCrypto.verify(&other.public_key(), &message, &signature).is_err());
            prop_assert!(RustCrypto.verify(&other.public_key(), &message, &signature).is_err());
        }
    }
}

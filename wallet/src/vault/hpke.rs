//! HPKE (RFC 9180), base mode, single shot, one suite: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
//!
//! The private half may live outside (a non-extractable key of the platform): [`enc_of`] says what it must agree
//! with, [`open_agreed`] goes on with the agreed secret.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use assent_core::crypto::{PublicKey, Signer as _, SoftwareKey};
use assent_core::env::{RandomUnavailable, SecureRandom};
use zeroize::Zeroizing;

use super::root::hmac_sha256;

/// Uncompressed SEC 1 point.
pub(super) const POINT: usize = 65;
const TAG: usize = 16;
/// `"KEM" ‖ kem_id` and `"HPKE" ‖ kem_id ‖ kdf_id ‖ aead_id` (RFC 9180 §4.1, §5.1; ids of §7).
const KEM: &[u8] = b"KEM\x00\x10";
const SUITE: &[u8] = b"HPKE\x00\x10\x00\x01\x00\x02";

type Secret = Zeroizing<[u8; 32]>;

/// Not sealed to this key for this purpose, or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotSealed;

/// `SealBase`: `enc ‖ ciphertext`. A `recipient` that is no point of the curve gives an empty text, which nothing opens.
pub(super) fn seal(
    recipient: &[u8; POINT],
    info: &[u8],
    plaintext: &[u8],
    rng: &mut dyn SecureRandom,
) -> Result<Vec<u8>, RandomUnavailable> {
    Ok(seal_with(&SoftwareKey::generate(rng)?, recipient, info, plaintext).unwrap_or_default())
}

fn seal_with(
    ephemeral: &SoftwareKey,
    recipient: &[u8; POINT],
    info: &[u8],
    plaintext: &[u8],
) -> Option<Vec<u8>> {
    let dh = ephemeral.agree(&PublicKey::P256(*recipient)).ok()?;
    let enc = ephemeral.public_key();
    let shared = shared_secret(&dh, enc.as_bytes(), recipient);
    let (cipher, nonce) = key_schedule(&shared, info);
    let sealed = cipher
        .encrypt(
            &nonce,
            Payload {
                msg: plaintext,
                aad: b"",
            },
        )
        .ok()?;
    Some([enc.as_bytes(), &sealed].concat())
}

/// `OpenBase` with a key in memory.
pub(super) fn open(key: &SoftwareKey, info: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotSealed> {
    // §7.1.4: `agree` refuses points that are not on the curve; the result is never the point at infinity then.
    let dh = key
        .agree(&PublicKey::P256(enc_of(sealed)?))
        .map_err(|_| NotSealed)?;
    let public = key.public_key().as_bytes().try_into().map_err(|_| NotSealed)?;
    open_agreed(&dh, &public, info, sealed)
}

/// The ephemeral public key that the recipient's private key must agree with.
pub(super) fn enc_of(sealed: &[u8]) -> Result<[u8; POINT], NotSealed> {
    sealed.first_chunk().copied().ok_or(NotSealed)
}

/// `OpenBase` with the shared x coordinate from a key that stays outside.
pub(super) fn open_agreed(
    dh: &[u8; 32],
    recipient: &[u8; POINT],
    info: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotSealed> {
    let (enc, ciphertext) = sealed.split_at_checked(POINT).ok_or(NotSealed)?;
    if ciphertext.len() < TAG {
        return Err(NotSealed);
    }
    let (cipher, nonce) = key_schedule(&shared_secret(dh, enc, recipient), info);
    cipher
        .decrypt(
            &nonce,
            Payload {
                msg: ciphertext,
                aad: b"",
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| NotSealed)
}

/// `ExtractAndExpand` (RFC 9180 §4.1).
fn shared_secret(dh: &[u8; 32], enc: &[u8], recipient: &[u8; POINT]) -> Secret {
    let prk = extract(KEM, &[0; 32], b"eae_prk", dh);
    expand(KEM, &prk, b"shared_secret", &[enc, recipient], 32)
}

/// `KeySchedule` in base mode (RFC 9180 §5.1): no PSK.
fn key_schedule(shared: &Secret, info: &[u8]) -> (Aes256Gcm, Nonce<aes_gcm::aead::consts::U12>) {
    let psk_id_hash = extract(SUITE, &[0; 32], b"psk_id_hash", b"");
    let info_hash = extract(SUITE, &[0; 32], b"info_hash", info);
    let context = [&[0u8][..], psk_id_hash.as_slice(), info_hash.as_slice()];
    let secret = extract(SUITE, shared, b"secret", b"");
    let key = expand(SUITE, &secret, b"key", &context, 32);
    let nonce = expand(SUITE, &secret, b"base_nonce", &context, 12);
    let mut first = [0; 12];
    first.copy_from_slice(&nonce[..12]);
    (Aes256Gcm::new((&*key).into()), first.into())
}

/// `LabeledExtract`. An absent salt is as many zeros as the hash is long (RFC 5869 §2.2).
fn extract(suite: &[u8], salt: &[u8; 32], label: &[u8], ikm: &[u8]) -> Secret {
    hmac_sha256(salt, &[b"HPKE-v1", suite, label, ikm])
}

/// `LabeledExpand` to at most one block of 32 bytes; the first `len` of them count.
fn expand(suite: &[u8], prk: &Secret, label: &[u8], info: &[&[u8]], len: u8) -> Secret {
    let head: [&[u8]; 4] = [&[0, len], b"HPKE-v1", suite, label];
    let parts: Vec<&[u8]> = head
        .into_iter()
        .chain(info.iter().copied())
        .chain([&[1u8][..]])
        .collect();
    hmac_sha256(prk, &parts)
}

#[cfg(test)]
mod tests {
    #[cfg(not(target_family = "wasm"))]
    use assent_core::env::SecureRandom as _;

    use super::*;
    use crate::vault::testing::{Counter, hex};

    fn point(text: &str) -> [u8; POINT] {
        hex(text).try_into().unwrap()
    }

    /// The vector of this suite from the test vectors of RFC 9180 (mode 0, KEM 16, KDF 1, AEAD 2): agreement, key schedule and
    /// the first message. It has associated data; [`seal`] and [`open`] have none.
    #[test]
    fn whole_suite_of_the_rfc() {
        let ephemeral = SoftwareKey::from_bytes(&hex(
            "90345e3a1d116c1dd39ae76d95ab858c142223a63e44f8f85318cfa91a84858e",
        ))
        .unwrap();
        let recipient = SoftwareKey::from_bytes(&hex(
            "317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2",
        ))
        .unwrap();
        let enc = point(
            "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0",
        );
        let public = point(
            "04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c",
        );
        assert_eq!(ephemeral.public_key().as_bytes(), enc);
        assert_eq!(recipient.public_key().as_bytes(), public);
        let payload = |msg| Payload { msg, aad: b"Count-0" };
        let (plaintext, ciphertext) = (
            b"Beauty is truth, truth beauty",
            hex("58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f"),
        );
        for dh in [
            ephemeral.agree(&PublicKey::P256(public)).unwrap(),
            recipient.agree(&PublicKey::P256(enc)).unwrap(),
        ] {
            let shared = shared_secret(&dh, &enc, &public);
            assert_eq!(
                shared.as_slice(),
                hex("48893fecd82f7c3456af6a42d8f56325d21e08c10fa81299986aaff54cde7b49")
            );
            let (cipher, nonce) = key_schedule(&shared, b"Ode on a Grecian Urn");
            assert_eq!(nonce[..], hex("9bc50980832a7b4b58c40161"));
            assert_eq!(cipher.encrypt(&nonce, payload(plaintext)).unwrap(), ciphertext);
            assert_eq!(cipher.decrypt(&nonce, payload(&ciphertext)).unwrap(), plaintext);
        }
    }

    /// Both directions against an implementation that is not ours, which passes the published vectors of this suite.
    #[cfg(not(target_family = "wasm"))]
    #[test]
    fn agrees_with_another_implementation() {
        use hpke::{Deserializable as _, Serializable as _};
        type Kem = hpke::kem::DhP256HkdfSha256;
        let mut rng = Counter(3);
        for round in 0u8..8 {
            let key = SoftwareKey::generate(&mut rng).unwrap();
            let public: [u8; POINT] = key.public_key().as_bytes().try_into().unwrap();
            let (info, message) = (
                vec![round; usize::from(round) * 9],
                vec![7; usize::from(round) * 5],
            );

            let sealed = seal(&public, &info, &message, &mut rng).unwrap();
            let private = <Kem as hpke::Kem>::PrivateKey::from_bytes(key.to_bytes().as_slice()).unwrap();
            let enc = <Kem as hpke::Kem>::EncappedKey::from_bytes(&sealed[..POINT]).unwrap();
            let mut context = hpke::setup_receiver::<hpke::aead::AesGcm256, hpke::kdf::HkdfSha256, Kem>(
                &hpke::OpModeR::Base,
                &private,
                &enc,
                &info,
            )
            .unwrap();
            assert_eq!(context.open(&sealed[POINT..], b"").unwrap(), message);

            let theirs = <Kem as hpke::Kem>::PublicKey::from_bytes(&public).unwrap();
            let (enc, mut context) = hpke::setup_sender_with_rng::<
                hpke::aead::AesGcm256,
                hpke::kdf::HkdfSha256,
                Kem,
            >(&hpke::OpModeS::Base, &theirs, &info, &mut Words(&mut rng))
            .unwrap();
            let sealed = [&enc.to_bytes()[..], &context.seal(&message, b"").unwrap()].concat();
            assert_eq!(*open(&key, &info, &sealed).unwrap(), message);
        }
    }

    #[test]
    fn a_key_outside_opens_the_same() {
        let mut rng = Counter(5);
        let key = SoftwareKey::generate(&mut rng).unwrap();
        let public: [u8; POINT] = key.public_key().as_bytes().try_into().unwrap();
        let sealed = seal(&public, b"info", b"root", &mut rng).unwrap();
        let dh = key.agree(&PublicKey::P256(enc_of(&sealed).unwrap())).unwrap();
        assert_eq!(&**open_agreed(&dh, &public, b"info", &sealed).unwrap(), b"root");
        assert_eq!(open_agreed(&[0; 32], &public, b"info", &sealed), Err(NotSealed));
        assert_eq!(open(&key, b"other", &sealed), Err(NotSealed));
        let other = SoftwareKey::generate(&mut rng).unwrap();
        assert_eq!(open(&other, b"info", &sealed), Err(NotSealed));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(&key, b"info", &changed), Err(NotSealed), "byte {at}");
            assert_eq!(open(&key, b"info", &sealed[..at]), Err(NotSealed), "cut at {at}");
        }
        // Sealing to something that is no point gives nothing to open.
        assert!(seal(&[4; POINT], b"info", b"root", &mut rng).unwrap().is_empty());
    }

    #[cfg(not(target_family = "wasm"))]
    /// Our random source as the other implementation wants it.
    struct Words<'a>(&'a mut Counter);

    #[cfg(not(target_family = "wasm"))]
    impl hpke::rand_core::TryRng for Words<'_> {
        type Error = std::convert::Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            let mut word = [0; 4];
            self.try_fill_bytes(&mut word).map(|()| u32::from_le_bytes(word))
        }

        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            let mut word = [0; 8];
            self.try_fill_bytes(&mut word).map(|()| u64::from_le_bytes(word))
        }

        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
            self.0.fill(out).unwrap();
            Ok(())
        }
    }

    #[cfg(not(target_family = "wasm"))]
    impl hpke::rand_core::TryCryptoRng for Words<'_> {}
}

//! Encrypted responses: the text as a JWE, as a response body, and as what is inside a rightly encrypted one.
#![no_main]

use assent_core::crypto::{Signer as _, SoftwareKey};
use assent_core::encoding::form;
use assent_core::encoding::jwe::{ContentEncryption, EncryptedJwe, encrypt};
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use assent_core::oid4vp::response::{Expected, read};
use libfuzzer_sys::fuzz_target;

struct Fixed;

impl SecureRandom for Fixed {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        out.fill(7);
        Ok(())
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(key) = SoftwareKey::from_bytes(&[1; 32]) else {
        return;
    };
    let expected = Expected::Encrypted { key: &key, kid: "k" };
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(jwe) = EncryptedJwe::parse(text) {
            let _ = jwe.decrypt(&key);
        }
        let _ = read(text, expected);
        let _ = read(text, Expected::Clear);
    }
    // Only for what looks like the inside of a response: encrypting costs far more than reading.
    if data.first() != Some(&b'{') {
        return;
    }
    let mut env = Env {
        now: Timestamp(0),
        rng: &mut Fixed,
    };
    let Ok(sealed) = encrypt(
        &key.public_key(),
        Some("k"),
        ContentEncryption::A256Gcm,
        data,
        &mut env,
    ) else {
        return;
    };
    let opened = EncryptedJwe::parse(&sealed).and_then(|jwe| jwe.decrypt(&key));
    assert!(opened.is_ok_and(|plaintext| plaintext.as_slice() == data));
    let _ = read(&form::encode([("response", sealed.as_str())]), expected);
});

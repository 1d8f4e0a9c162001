//! Project Wycheproof's vectors for the primitives under the envelope and HPKE, natively and inside WebAssembly.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Key};
use assent_core::crypto::{PublicKey, SoftwareKey};
use hkdf::Hkdf;
use serde_json::Value;
use sha2::Sha256;

use super::root::hmac_sha256;
use super::testing::hex;

/// Runs every test of the groups that fit; gives how many were valid and how many not.
fn run(file: &str, fits: impl Fn(&Value) -> bool, check: impl Fn(&Value, &Value) -> bool) -> (usize, usize) {
    let file = crate::vectors::json(&format!("wycheproof/testvectors_v1/{file}"));
    let (mut valid, mut invalid) = (0, 0);
    for group in file["testGroups"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|group| fits(group))
    {
        for test in group["tests"].as_array().unwrap() {
            let expected = test["result"].as_str().unwrap();
            let passed = check(group, test);
            match expected {
                "valid" => {
                    assert!(passed, "test {} must pass", test["tcId"]);
                    valid += 1;
                }
                "invalid" => {
                    assert!(!passed, "test {} must fail", test["tcId"]);
                    invalid += 1;
                }
                _ => {}
            }
        }
    }
    (valid, invalid)
}

fn bytes(test: &Value, name: &str) -> Vec<u8> {
    hex(test[name].as_str().unwrap())
}

#[test]
fn aes_256_gcm() {
    let fits = |group: &Value| group["keySize"] == 256 && group["ivSize"] == 96 && group["tagSize"] == 128;
    let counts = run("aes_gcm_test.json", fits, |_, test| {
        let key: Key<Aes256Gcm> = <[u8; 32]>::try_from(bytes(test, "key")).unwrap().into();
        let nonce: [u8; 12] = bytes(test, "iv").try_into().unwrap();
        let (aad, message) = (bytes(test, "aad"), bytes(test, "msg"));
        let sealed = [bytes(test, "ct"), bytes(test, "tag")].concat();
        let cipher = Aes256Gcm::new(&key);
        let opened = cipher.decrypt(
            &nonce.into(),
            Payload {
                msg: &sealed,
                aad: &aad,
            },
        );
        let again = cipher
            .encrypt(
                &nonce.into(),
                Payload {
                    msg: &message,
                    aad: &aad,
                },
            )
            .unwrap();
        opened.is_ok_and(|opened| opened == message) && again == sealed
    });
    assert!(counts.0 >= 35 && counts.1 >= 25, "{counts:?}");
}

#[test]
fn hmac_sha_256_as_hpke_uses_it() {
    // Ours takes keys of 32 bytes; shorter ones are those padded with zeros (RFC 2104 §2).
    let fits = |group: &Value| group["keySize"].as_u64().unwrap() <= 256;
    let counts = run("hmac_sha256_test.json", fits, |_, test| {
        let mut key = [0; 32];
        let given = bytes(test, "key");
        key[..given.len()].copy_from_slice(&given);
        let tag = bytes(test, "tag");
        hmac_sha256(&key, &[&bytes(test, "msg")])[..tag.len()] == tag
    });
    assert!(counts.0 >= 60 && counts.1 >= 100, "{counts:?}");
}

#[test]
fn hkdf_sha_256() {
    let counts = run(
        "hkdf_sha256_test.json",
        |_| true,
        |_, test| {
            let mut out = vec![0; test["size"].as_u64().unwrap() as usize];
            let (salt, ikm) = (bytes(test, "salt"), bytes(test, "ikm"));
            let expanded = Hkdf::<Sha256>::new(Some(&salt), &ikm).expand(&bytes(test, "info"), &mut out);
            expanded.is_ok() && out == bytes(test, "okm")
        },
    );
    assert!(counts.0 >= 70 && counts.1 >= 1, "{counts:?}");
}

#[test]
fn ecdh_p_256() {
    let counts = run(
        "ecdh_secp256r1_ecpoint_test.json",
        |_| true,
        |_, test| {
            let secret = bytes(test, "private");
            // The vectors write numbers with leading zeros, or without.
            let mut scalar = [0; 32];
            let significant = &secret[secret.iter().take_while(|byte| **byte == 0).count()..];
            scalar[32 - significant.len()..].copy_from_slice(significant);
            let agreed = bytes(test, "public").try_into().ok().and_then(|point| {
                let key = SoftwareKey::from_bytes(&scalar).ok()?;
                key.agree(&PublicKey::P256(point)).ok()
            });
            agreed.is_some_and(|agreed| agreed.as_slice() == bytes(test, "shared"))
        },
    );
    assert!(counts.0 >= 200 && counts.1 >= 10, "{counts:?}");
}

//! Project Wycheproof against the primitives as we use them.

use aes_gcm::aead::{KeyInit as _, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm, Nonce};
use assent_core::crypto::{CryptoProvider as _, PublicKey, RustCrypto};
use serde_json::Value;

use crate::common;

/// Calls `run` with each group and test; checks that as many ran as the file says.
fn each(name: &str, mut run: impl FnMut(&Value, &Value)) {
    let file = common::json(&format!("wycheproof/testvectors_v1/{name}"));
    let mut ran = 0;
    for group in file["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            run(group, test);
            ran += 1;
        }
    }
    assert_eq!(Some(ran), file["numberOfTests"].as_u64());
}

fn bytes(value: &Value) -> Vec<u8> {
    common::hex(value.as_str().unwrap())
}

/// JOSE signatures (`r‖s`), the form of every JWS.
#[test]
fn ecdsa_p256_jose() {
    each("ecdsa_secp256r1_sha256_p1363_test.json", |group, test| {
        let key = PublicKey::from_p256_sec1(&bytes(&group["publicKey"]["uncompressed"])).unwrap();
        let outcome = RustCrypto.verify(&key, &bytes(&test["msg"]), &bytes(&test["sig"]));
        assert_eq!(outcome.is_ok(), test["result"] == "valid", "{test}");
    });
}

/// DER signatures, the form of every certificate.
#[test]
fn ecdsa_p256_x509() {
    let algorithm = RustCrypto.x509_algorithms()[0];
    each("ecdsa_secp256r1_sha256_test.json", |group, test| {
        let key = bytes(&group["publicKey"]["uncompressed"]);
        let outcome = algorithm.verify_signature(&key, &bytes(&test["msg"]), &bytes(&test["sig"]));
        assert_eq!(outcome.is_ok(), test["result"] == "valid", "{test}");
        // The key as certificates carry it.
        let spki = PublicKey::from_spki_der(&bytes(&group["publicKeyDer"])).unwrap();
        assert_eq!(spki.as_bytes(), key);
    });
}

/// The two content encryptions of JWE, with the only nonce and tag sizes we use.
#[test]
fn aes_gcm() {
    let mut used = 0;
    each("aes_gcm_test.json", |group, test| {
        let sizes = (
            group["ivSize"].as_u64(),
            group["keySize"].as_u64(),
            group["tagSize"].as_u64(),
        );
        let (key, msg, aad) = (bytes(&test["key"]), bytes(&test["msg"]), bytes(&test["aad"]));
        let sealed = [bytes(&test["ct"]), bytes(&test["tag"])].concat();
        let nonce = bytes(&test["iv"]);
        let (encrypted, decrypted) = match sizes {
            (Some(96), Some(128), Some(128)) => {
                let cipher = Aes128Gcm::new_from_slice(&key).unwrap();
                run(&cipher, &nonce, &aad, &msg, &sealed)
            }
            (Some(96), Some(256), Some(128)) => {
                let cipher = Aes256Gcm::new_from_slice(&key).unwrap();
                run(&cipher, &nonce, &aad, &msg, &sealed)
            }
            _ => return,
        };
        used += 1;
        if test["result"] == "valid" {
            assert_eq!(encrypted, sealed, "{test}");
            assert_eq!(decrypted.as_ref(), Some(&msg), "{test}");
        } else {
            assert_eq!(decrypted, None, "{test}");
        }
    });
    assert!(used > 100, "only {used} of the tests have sizes we use");
}

fn run<C>(cipher: &C, nonce: &[u8], aad: &[u8], msg: &[u8], sealed: &[u8]) -> (Vec<u8>, Option<Vec<u8>>)
where
    C: aes_gcm::aead::Aead<NonceSize = aes_gcm::aead::consts::U12>,
{
    let nonce = Nonce::try_from(nonce).unwrap();
    let encrypted = cipher.encrypt(&nonce, Payload { msg, aad }).unwrap();
    let decrypted = cipher.decrypt(&nonce, Payload { msg: sealed, aad }).ok();
    (encrypted, decrypted)
}

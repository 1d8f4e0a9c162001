//! Wycheproof vectors for what the files of a vault are sealed with, as it is used here.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_kw::KwAes128;
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use serde_json::Value;
use sha2::Sha256;

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

/// Runs the tests that `wanted` picks by group and test; `check` says whether a test opens. Gives how many were valid and not.
fn run(
    file: &str,
    wanted: impl Fn(&Value, &Value) -> bool,
    check: impl Fn(&Value) -> bool,
) -> (usize, usize) {
    let vectors = crate::vectors::json(&format!("wycheproof/testvectors_v1/{file}"));
    let (mut valid, mut invalid) = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        let tests = group["tests"].as_array().unwrap().iter();
        for test in tests.filter(|test| wanted(group, test)) {
            let expected = test["result"] == "valid";
            assert_eq!(check(test), expected, "{file}, test {}", test["tcId"]);
            *(if expected { &mut valid } else { &mut invalid }) += 1;
        }
    }
    (valid, invalid)
}

#[test]
fn pbkdf2_with_hmac_sha_256() {
    let tried = run(
        "pbkdf2_hmacsha256_test.json",
        |_, _| true,
        |test| {
            let iterations = u32::try_from(test["iterationCount"].as_u64().unwrap()).unwrap();
            let mut key = vec![0; usize::try_from(test["dkLen"].as_u64().unwrap()).unwrap()];
            let (password, salt) = (hex(&test["password"]), hex(&test["salt"]));
            pbkdf2::pbkdf2_hmac::<Sha256>(&password, &salt, iterations, &mut key);
            key == hex(&test["dk"])
        },
    );
    assert_eq!(tried.0 + tried.1, 60, "{tried:?}");
}

#[test]
fn aes_key_wrap_with_128_bits() {
    let tried = run(
        "aes_wrap_test.json",
        // Keys of other lengths are refused before they are unwrapped.
        |group, test| {
            group["keySize"] == 128 && (test["result"] == "invalid" || hex(&test["msg"]).len() == 16)
        },
        |test| {
            let key: [u8; 16] = hex(&test["key"]).try_into().unwrap();
            let Ok(wrapped) = <[u8; 24]>::try_from(hex(&test["ct"])) else {
                return false;
            };
            let (mut opened, mut again) = ([0; 16], [0; 24]);
            let cipher = KwAes128::new(&key.into());
            cipher.unwrap_key(&wrapped, &mut opened).is_ok()
                && opened[..] == hex(&test["msg"])
                && cipher.wrap_key(&opened, &mut again).is_ok()
                && again == wrapped
        },
    );
    assert!(tried.0 >= 3 && tried.1 >= 20, "{tried:?}");
}

#[test]
fn chacha20_poly1305() {
    let tried = run(
        "chacha20_poly1305_test.json",
        |group, _| group["ivSize"] == 96 && group["tagSize"] == 128,
        |test| {
            let key: [u8; 32] = hex(&test["key"]).try_into().unwrap();
            let nonce: [u8; 12] = hex(&test["iv"]).try_into().unwrap();
            let (aad, message) = (hex(&test["aad"]), hex(&test["msg"]));
            let sealed = [hex(&test["ct"]), hex(&test["tag"])].concat();
            let cipher = ChaCha20Poly1305::new(&key.into());
            let payload = Payload {
                msg: &sealed,
                aad: &aad,
            };
            cipher
                .decrypt(&Nonce::from(nonce), payload)
                .is_ok_and(|opened| opened == message)
        },
    );
    assert!(tried.0 >= 200 && tried.1 >= 50, "{tried:?}");
}

//! Encrypted responses: the example of OpenID4VP 1.0 §8.3, what must be refused, and Wycheproof's ECDH cases for the
//! curve we use.

use assent_core::crypto::{PublicKey, Signer as _, SoftwareKey};
use assent_core::encoding::base64url;
use assent_core::encoding::jwe::{self, ContentEncryption, EncryptedJwe, JweError};
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use serde_json::{Value, json};

use crate::common;

/// Random enough for tests: a counter.
struct Counter(u8);

impl SecureRandom for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        for byte in out {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}

fn bob() -> SoftwareKey {
    SoftwareKey::from_bytes(&[3; 32]).unwrap()
}

fn encrypted(enc: ContentEncryption, plaintext: &[u8]) -> String {
    let mut rng = Counter(0);
    let mut env = Env {
        now: Timestamp(0),
        rng: &mut rng,
    };
    jwe::encrypt(&bob().public_key(), Some("k1"), enc, plaintext, &mut env).unwrap()
}

#[test]
fn openid4vp_section_8_3() {
    let example = common::json("openid4vp-1.0/encrypted-response.json");
    let key = common::private_key(&example["recipient_private_jwk"]);
    let jwe = EncryptedJwe::parse(example["jwe"].as_str().unwrap()).unwrap();
    assert_eq!(jwe.header().kid.as_deref(), Some("ac"));
    assert_eq!(jwe.header().enc, ContentEncryption::A128Gcm);
    let plaintext: Value = serde_json::from_slice(&jwe.decrypt(&key).unwrap()).unwrap();
    assert_eq!(plaintext, example["plaintext"]);
}

#[test]
fn round_trip_with_both_content_encryptions() {
    for enc in [ContentEncryption::A128Gcm, ContentEncryption::A256Gcm] {
        for plaintext in [&b""[..], b"x", &[7; 5000]] {
            let text = encrypted(enc, plaintext);
            let jwe = EncryptedJwe::parse(&text).unwrap();
            assert_eq!(jwe.header().enc, enc);
            assert_eq!(jwe.header().kid.as_deref(), Some("k1"));
            assert_eq!(jwe.decrypt(&bob()).unwrap().as_slice(), plaintext);
            let other = SoftwareKey::from_bytes(&[4; 32]).unwrap();
            assert_eq!(jwe.decrypt(&other), Err(JweError::Decrypt));
        }
    }
}

/// Every character of every part matters: header, IV, ciphertext and tag are all authenticated.
#[test]
fn a_changed_text_does_not_decrypt() {
    let text = encrypted(ContentEncryption::A256Gcm, b"vp_token");
    for at in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let outcome = EncryptedJwe::parse(&changed).and_then(|jwe| jwe.decrypt(&bob()));
        assert!(outcome.is_err(), "position {at}");
    }
}

#[test]
fn headers_that_must_be_refused() {
    let text = encrypted(ContentEncryption::A256Gcm, b"vp_token");
    let (header, rest) = text.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&base64url::decode(header).unwrap()).unwrap();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut header = header.clone();
        change(&mut header);
        let header = base64url::encode(header.to_string().as_bytes());
        EncryptedJwe::parse(&format!("{header}.{rest}")).map(|_| ())
    };
    assert_eq!(with(&|_| {}), Ok(()));
    for alg in ["ECDH-ES+A128KW", "RSA-OAEP", "dir", "none", "ecdh-es"] {
        assert_eq!(
            with(&|h| h["alg"] = json!(alg)),
            Err(JweError::Algorithm),
            "{alg}"
        );
    }
    for enc in ["A192GCM", "A128CBC-HS256", "none", ""] {
        assert_eq!(
            with(&|h| h["enc"] = json!(enc)),
            Err(JweError::Algorithm),
            "{enc}"
        );
    }
    assert_eq!(with(&|h| h["zip"] = json!("DEF")), Err(JweError::Critical));
    assert_eq!(with(&|h| h["crit"] = json!(["exp"])), Err(JweError::Critical));
    assert_eq!(with(&|h| h["kid"] = json!(7)), Err(JweError::Header));
    assert_eq!(with(&|h| h["apu"] = json!("QQ==")), Err(JweError::Header));
    assert_eq!(with(&|h| h["epk"] = json!("key")), Err(JweError::Header));
    assert_eq!(with(&|h| h["epk"]["crv"] = json!("P-384")), Err(JweError::Key));
    assert_eq!(
        with(&|h| h["epk"]["d"] = h["epk"]["x"].clone()),
        Err(JweError::Key)
    );
    // The invalid-curve attack: a point that is not on P-256.
    assert_eq!(
        with(&|h| h["epk"]["y"] = h["epk"]["x"].clone()),
        Err(JweError::Key)
    );
    let p384 = json!({ "kty": "OKP", "crv": "X25519", "x": "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo" });
    assert_eq!(with(&|h| h["epk"] = p384.clone()), Err(JweError::Key));
}

#[test]
fn texts_that_are_no_compact_jwe() {
    let text = encrypted(ContentEncryption::A128Gcm, b"x");
    let parts: Vec<&str> = text.split('.').collect();
    let malformed = [
        String::new(),
        "....".into(),
        parts[..4].join("."),
        format!("{text}."),
        // A wrapped key has no place in direct agreement.
        [parts[0], "AAAA", parts[2], parts[3], parts[4]].join("."),
        // A short IV or tag weakens the authentication.
        [parts[0], "", "AAAA", parts[3], parts[4]].join("."),
        [parts[0], "", parts[2], parts[3], &parts[4][..16]].join("."),
        "A".repeat(jwe::MAX_JWE + 1),
    ];
    for bad in malformed {
        let outcome = EncryptedJwe::parse(&bad).map(|_| ());
        assert!(
            matches!(outcome, Err(JweError::Malformed | JweError::Header)),
            "{}",
            bad.get(..40).unwrap_or(&bad)
        );
    }
}

/// Project Wycheproof, keys as JWK: what `epk` and `jwks` carry.
#[test]
fn wycheproof_ecdh_webcrypto() {
    let file = common::json("wycheproof/testvectors_v1/ecdh_secp256r1_webcrypto_test.json");
    let mut ran = 0;
    for test in file["testGroups"][0]["tests"].as_array().unwrap() {
        let shared = test["public"].as_object().and_then(|jwk| {
            let public = PublicKey::from_jwk(jwk).ok()?;
            let d = base64url::decode(test["private"]["d"].as_str()?).ok()?;
            let shared = SoftwareKey::from_bytes(&d).ok()?.agree(&public).ok()?;
            Some(shared.to_vec())
        });
        if test["result"] == "valid" {
            assert_eq!(
                shared.unwrap(),
                common::hex(test["shared"].as_str().unwrap()),
                "{test}"
            );
        } else {
            assert_eq!(shared, None, "{test}");
        }
        ran += 1;
    }
    assert_eq!(Some(ran), file["numberOfTests"].as_u64());
}

/// The same with SEC 1 points, among them points that are not on the curve.
#[test]
fn wycheproof_ecdh_points() {
    let file = common::json("wycheproof/testvectors_v1/ecdh_secp256r1_ecpoint_test.json");
    let mut ran = 0;
    for test in file["testGroups"][0]["tests"].as_array().unwrap() {
        let scalar = common::hex(test["private"].as_str().unwrap());
        let scalar = [vec![0; 32_usize.saturating_sub(scalar.len())], scalar].concat();
        let scalar = &scalar[scalar.len() - 32..];
        let shared = PublicKey::from_p256_sec1(&common::hex(test["public"].as_str().unwrap()))
            .ok()
            .and_then(|public| SoftwareKey::from_bytes(scalar).ok()?.agree(&public).ok())
            .map(|shared| shared.to_vec());
        match test["result"].as_str() {
            Some("valid") => {
                assert_eq!(
                    shared.unwrap(),
                    common::hex(test["shared"].as_str().unwrap()),
                    "{test}"
                );
            }
            Some("invalid") => assert_eq!(shared, None, "{test}"),
            // Compressed points: we read them, and must then get them right.
            _ => assert_eq!(
                shared.unwrap(),
                common::hex(test["shared"].as_str().unwrap()),
                "{test}"
            ),
        }
        ran += 1;
    }
    assert_eq!(Some(ran), file["numberOfTests"].as_u64());
}

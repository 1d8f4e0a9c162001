//! DPoP proofs, and credential requests and answers in their envelopes: as text, and as what is inside rightly made ones.
#![no_main]

use assent_core::crypto::{RustCrypto, Signer as _, SoftwareKey};
use assent_core::encoding::jwe::{ContentEncryption, encrypt};
use assent_core::encoding::{json, jws};
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use assent_core::http::{HttpResponse, Method};
use assent_core::oid4vci::VerifiedDpopProof;
use assent_core::oid4vci::dpop::{DpopExpectation, DpopKey, DpopSession, NonceRule, Which};
use assent_core::oid4vci::encryption::{EncryptionRule, RequestKey, open_request};
use assent_core::profile::Profile;
use libfuzzer_sys::fuzz_target;

struct Fixed;

impl SecureRandom for Fixed {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        out.fill(7);
        Ok(())
    }
}

const URL: &str = "https://issuer.example/credential";

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(key) = SoftwareKey::from_bytes(&[1; 32]) else {
        return;
    };
    let good = |nonce: &str| nonce.len() < 20;
    let expected = DpopExpectation {
        method: Method::Post,
        url: URL,
        access_token: None,
        nonce: NonceRule::Required(&good),
        now: Timestamp(1_790_000_000),
    };
    let profile = Profile::BASELINE;
    let check = |proof: &str| {
        if let Ok(verified) = VerifiedDpopProof::verify(proof, &expected, &profile, &RustCrypto) {
            assert!((1..=256).contains(&verified.jti.len()));
            assert!(verified.good_until > expected.now);
        }
    };
    check(text);
    // The input as claims, and as an address in good claims.
    let jwk = serde_json::Value::Object(key.public_key().to_jwk());
    let signed = |claims: &str| {
        let mut header = json::Object::new();
        header.insert("typ".into(), "dpop+jwt".into());
        header.insert("jwk".into(), jwk.clone());
        if let Ok(proof) = jws::sign(header, claims.as_bytes(), &key) {
            check(&proof);
        }
    };
    signed(text);
    let claims =
        serde_json::json!({ "jti": "j", "htm": "POST", "htu": text, "iat": 1_790_000_000, "nonce": "n" });
    signed(&claims.to_string());

    let response = HttpResponse {
        status: 401,
        headers: vec![
            ("dpop-nonce".into(), text.into()),
            ("www-authenticate".into(), text.into()),
        ],
        body: text.into(),
    };
    let mut session = DpopSession::new(DpopKey::from(key.clone()));
    let again = session.must_retry(&response, Which::Resource);
    assert!(!(again && session.must_retry(&response, Which::Resource)));

    let kid = RequestKey::new(key.clone()).kid().to_owned();
    let keys = [RequestKey::new(key.clone())];
    let jwt = Some("application/jwt");
    for rule in [
        EncryptionRule::Off,
        EncryptionRule::Offered,
        EncryptionRule::Required,
    ] {
        let _ = open_request(data, jwt, rule, &keys, &profile);
        if let Ok(opened) = open_request(data, Some("application/json"), rule, &keys, &profile) {
            assert!(opened.reply.is_none(), "asked for in the clear");
        }
    }
    if data.first() != Some(&b'{') {
        return;
    }
    let mut env = Env {
        now: Timestamp(0),
        rng: &mut Fixed,
    };
    let enc = ContentEncryption::A128Gcm;
    let Ok(sealed) = encrypt(&key.public_key(), Some(&kid), enc, data, &mut env) else {
        return;
    };
    if let Ok(opened) = open_request(sealed.as_bytes(), jwt, EncryptionRule::Offered, &keys, &profile) {
        if let Some(reply) = opened.reply {
            let limits = profile.limits.json(profile.limits.credentials);
            let rest = json::parse_object(&opened.body, limits);
            assert!(rest.is_ok_and(|rest| !rest.contains_key("credential_response_encryption")));
            let _ = reply.seal(&jwk, &mut env);
        } else {
            assert_eq!(opened.body.as_slice(), data);
        }
    }
});

//! Key binding (RFC 9901 §4.3, §7.3, §9.5).

use serde_json::json;

use super::super::{
    HolderSdJwt, KB_JWT_TYPE, KeyBinding, KeyBindingCheck, KeyBindingError, VcCheck, VcError, VerifiedSdJwtVc,
};
use super::*;
use crate::encoding::jws::JwsError;

const NONCE: &str = "n-0S6_WzA2Mj";
const AUDIENCE: &str = "x509_hash:Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk";

fn credential(claims: Value) -> String {
    let (disclosure, digest) = member("a", json!(1));
    let mut payload = json!({ "vct": "urn:example:1", "_sd": [digest] });
    payload.as_object_mut().unwrap().extend(object(claims));
    compact(payload, &[&disclosure])
}

fn bound() -> String {
    credential(json!({ "cnf": { "jwk": holder().public_key().to_jwk() } }))
}

fn check(compact: &str, policy: KeyBindingCheck<'_>) -> Result<VerifiedSdJwtVc, VcError> {
    verify(compact)
        .unwrap()
        .into_vc(&VcCheck::presentation(NOW, policy), &RustCrypto)
}

fn required() -> KeyBindingCheck<'static> {
    KeyBindingCheck::Required(KeyBinding::new(NONCE, AUDIENCE, NOW))
}

fn refused(compact: &str) -> KeyBindingError {
    match check(compact, required()) {
        Err(VcError::KeyBinding(error)) => error,
        other => panic!("expected a key binding error, got {other:?}"),
    }
}

/// The KB-JWT of `sd_jwt` with changed claims, type and key.
fn with_kb(sd_jwt: &str, typ: &str, changes: Value, key: &SoftwareKey) -> String {
    let mut claims = object(json!({
        "iat": NOW.0, "aud": AUDIENCE, "nonce": NONCE, "sd_hash": digest(sd_jwt),
    }));
    for (name, value) in object(changes) {
        if value.is_null() {
            claims.remove(&name);
        } else {
            claims.insert(name, value);
        }
    }
    let kb_jwt = jws::sign_jwt(typ, &[], &claims, key).unwrap();
    format!("{sd_jwt}{kb_jwt}")
}

#[test]
fn right() {
    let holder_sd_jwt = HolderSdJwt::open(&bound()).unwrap();
    let text = holder_sd_jwt
        .present(&paths(json!([["a"]])), NONCE, AUDIENCE, NOW, &holder())
        .unwrap();
    let vc = check(&text, required()).unwrap();
    assert!(vc.possession_proven);
    assert_eq!(vc.holder_key, Some(holder().public_key()));
    assert_eq!(vc.claims["a"], 1);
    assert!(check(&with_kb(&bound(), KB_JWT_TYPE, json!({}), &holder()), required()).is_ok());
}

/// SJ-8: the policy decides, not what arrived.
#[test]
fn policy_decides() {
    let with = with_kb(&bound(), KB_JWT_TYPE, json!({}), &holder());
    let forged = with_kb(&bound(), KB_JWT_TYPE, json!({}), &issuer());
    assert_eq!(refused(&bound()), KeyBindingError::Missing);
    assert_eq!(
        check(&with, KeyBindingCheck::Forbidden).unwrap_err(),
        VcError::KeyBinding(KeyBindingError::Unexpected)
    );
    // Not looked at, and so proves nothing.
    for text in [&with, &forged, &bound()] {
        assert!(
            !check(text, KeyBindingCheck::NotRequired)
                .unwrap()
                .possession_proven
        );
    }
}

#[test]
fn wrong_key_or_signature() {
    assert_eq!(
        refused(&with_kb(&bound(), KB_JWT_TYPE, json!({}), &issuer())),
        KeyBindingError::Jws(JwsError::Signature)
    );
    let mut text = with_kb(&bound(), KB_JWT_TYPE, json!({}), &holder());
    let flipped = if text.ends_with('A') { 'Q' } else { 'A' };
    text.pop();
    text.push(flipped);
    assert!(matches!(refused(&text), KeyBindingError::Jws(_)));
    // No `cnf`: nobody can prove possession.
    assert_eq!(
        refused(&with_kb(
            &credential(json!({})),
            KB_JWT_TYPE,
            json!({}),
            &holder()
        )),
        KeyBindingError::NoHolderKey
    );
    // `none`.
    let header = base64url::encode(br#"{"alg":"none","typ":"kb+jwt"}"#);
    assert_eq!(
        refused(&format!("{}{header}.e30.", bound())),
        KeyBindingError::Jws(JwsError::Algorithm)
    );
}

#[test]
fn wrong_type() {
    for typ in ["JWT", "dc+sd-jwt", "kb-jwt", ""] {
        assert_eq!(
            refused(&with_kb(&bound(), typ, json!({}), &holder())),
            KeyBindingError::Type
        );
    }
}

#[test]
fn wrong_claims() {
    let year = 365 * 24 * 60 * 60;
    for (changes, error) in [
        (json!({ "nonce": "other" }), KeyBindingError::Nonce),
        (json!({ "nonce": null }), KeyBindingError::Nonce),
        (json!({ "nonce": [NONCE] }), KeyBindingError::Nonce),
        (json!({ "aud": "x509_hash:other" }), KeyBindingError::Audience),
        (json!({ "aud": null }), KeyBindingError::Audience),
        (json!({ "aud": [AUDIENCE] }), KeyBindingError::Audience),
        (json!({ "sd_hash": digest("other") }), KeyBindingError::SdHash),
        (json!({ "sd_hash": null }), KeyBindingError::SdHash),
        (json!({ "iat": null }), KeyBindingError::IssuedAt),
        (json!({ "iat": "1800000000" }), KeyBindingError::IssuedAt),
        (json!({ "iat": NOW.0 - year }), KeyBindingError::IssuedAt),
        (json!({ "iat": NOW.0 + year }), KeyBindingError::IssuedAt),
        (json!({ "iat": NOW.0 - 301 }), KeyBindingError::IssuedAt),
        (json!({ "iat": NOW.0 + 61 }), KeyBindingError::IssuedAt),
        (json!({ "iat": i64::MIN }), KeyBindingError::IssuedAt),
        (json!({ "iat": u64::MAX }), KeyBindingError::IssuedAt),
        (json!({ "iat": 1e300 }), KeyBindingError::IssuedAt),
    ] {
        let text = with_kb(&bound(), KB_JWT_TYPE, changes.clone(), &holder());
        assert_eq!(refused(&text), error, "{changes}");
    }
    for fine in [
        json!({ "iat": NOW.0 - 300 }),
        json!({ "iat": NOW.0 + 60 }),
        json!({ "iat": 1_799_999_999.5 }),
    ] {
        let text = with_kb(&bound(), KB_JWT_TYPE, fine.clone(), &holder());
        assert!(check(&text, required()).is_ok(), "{fine}");
    }
}

/// The hash binds the selection: a disclosure less, or the KB-JWT of another one, is refused.
#[test]
fn other_selection() {
    let text = with_kb(&bound(), KB_JWT_TYPE, json!({}), &holder());
    let parts: Vec<&str> = text.split('~').collect();
    assert_eq!(
        refused(&format!("{}~{}", parts[0], parts[2])),
        KeyBindingError::SdHash
    );
}

/// `sd_hash` uses the hash function of the credential (§4.3.1).
#[test]
fn sd_hash_follows_sd_alg() {
    let payload = json!({
        "vct": "urn:example:1", "_sd_alg": "sha-512", "cnf": { "jwk": holder().public_key().to_jwk() },
    });
    let sd_jwt = compact(payload, &[]);
    let right = json!({ "sd_hash": SdAlg::Sha512.digest(&sd_jwt) });
    assert!(check(&with_kb(&sd_jwt, KB_JWT_TYPE, right, &holder()), required()).is_ok());
    assert_eq!(
        refused(&with_kb(&sd_jwt, KB_JWT_TYPE, json!({}), &holder())),
        KeyBindingError::SdHash
    );
}

/// RFC 7519 §4.1.3: a credential for other audiences is not for us; one without `aud` is for everybody.
#[test]
fn audience_of_the_credential() {
    let cnf = json!({ "jwk": holder().public_key().to_jwk() });
    let outcome = |aud: Value| {
        let sd_jwt = credential(json!({ "cnf": cnf, "aud": aud }));
        check(&with_kb(&sd_jwt, KB_JWT_TYPE, json!({}), &holder()), required()).map(|_| ())
    };
    assert_eq!(outcome(json!(AUDIENCE)), Ok(()));
    assert_eq!(outcome(json!(["other", AUDIENCE])), Ok(()));
    assert_eq!(outcome(json!("other")), Err(VcError::Audience));
    assert_eq!(outcome(json!(["other"])), Err(VcError::Audience));
    assert_eq!(outcome(json!([])), Err(VcError::Audience));
    assert_eq!(outcome(json!(1)), Err(VcError::MalformedClaim));
}

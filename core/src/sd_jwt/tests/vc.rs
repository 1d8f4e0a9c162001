//! SD-JWT VC (SV-1 to SV-6, SV-9; RFC 9901 §7.1 step 6).

use serde_json::json;

use super::super::{KeyBindingCheck, NEVER_DISCLOSABLE, VcCheck, VcError, VerifiedSdJwtVc};
use super::*;

fn check(payload: Value, disclosures: &[&str], check: &VcCheck<'_>) -> Result<VerifiedSdJwtVc, VcError> {
    verify(&compact(payload, disclosures))
        .unwrap()
        .into_vc(check, &RustCrypto)
}

fn bearer() -> VcCheck<'static> {
    VcCheck::presentation(NOW, KeyBindingCheck::NotRequired)
}

#[test]
fn complete() {
    let payload = json!({
        "iss": "https://issuer.example", "vct": "urn:example:1", "iat": NOW.0 - 10, "nbf": NOW.0 - 10,
        "exp": NOW.0 + 10, "cnf": { "jwk": holder().public_key().to_jwk() },
        "status": { "status_list": { "idx": 7, "uri": "https://issuer.example/status/1" } }, "name": "x",
    });
    let strict = VcCheck {
        require_holder_key: true,
        require_limit: true,
        ..bearer()
    };
    let vc = check(payload, &[], &strict).unwrap();
    assert_eq!(vc.vct, "urn:example:1");
    assert_eq!(vc.issuer.as_deref(), Some("https://issuer.example"));
    assert_eq!(vc.expires_at, Some(NOW.plus(10)));
    assert_eq!(vc.not_before, Some(NOW.plus(-10)));
    assert_eq!(vc.issued_at, Some(NOW.plus(-10)));
    let status = vc.status.unwrap();
    assert_eq!(
        (status.idx, status.uri.as_str()),
        (7, "https://issuer.example/status/1")
    );
    // SV-4: `iss` is optional; SV-6: no disclosures at all is fine.
    assert!(
        check(json!({ "vct": "v" }), &[], &bearer())
            .unwrap()
            .issuer
            .is_none()
    );
}

/// SV-1.
#[test]
fn type_of_the_jwt() {
    for typ in ["vc+sd-jwt", "example+sd-jwt", "JWT", "sd-jwt", ""] {
        let text = jws::sign_jwt(typ, &[], &object(json!({ "vct": "v" })), &issuer()).unwrap();
        let outcome = verify(&format!("{text}~"))
            .unwrap()
            .into_vc(&bearer(), &RustCrypto);
        assert_eq!(outcome.unwrap_err(), VcError::Type, "{typ}");
    }
    let untyped = jws::sign(Object::new(), br#"{"vct":"v"}"#, &issuer()).unwrap();
    let outcome = verify(&format!("{untyped}~"))
        .unwrap()
        .into_vc(&bearer(), &RustCrypto);
    assert_eq!(outcome.unwrap_err(), VcError::Type);
}

/// SV-2: the claims themselves, and anything inside them, disclosed or not.
#[test]
fn never_disclosable() {
    for name in NEVER_DISCLOSABLE {
        let (disclosure, digest) = member(name, json!("v"));
        let mut payload = json!({ "vct": "v", "_sd": [digest] });
        if name == "vct" {
            payload.as_object_mut().unwrap().remove("vct");
        }
        assert_eq!(
            check(payload, &[&disclosure], &bearer()).unwrap_err(),
            VcError::MustNotBeDisclosable,
            "{name}"
        );
        if name != "vct" {
            // Hidden parts inside a visible claim.
            let payload = json!({ "vct": "v", name: { "x": { "_sd": ["d"] } } });
            assert_eq!(
                check(payload, &[], &bearer()).unwrap_err(),
                VcError::MustNotBeDisclosable,
                "{name}"
            );
            let payload = json!({ "vct": "v", name: [{ "...": "d" }] });
            assert_eq!(
                check(payload, &[], &bearer()).unwrap_err(),
                VcError::MustNotBeDisclosable,
                "{name}"
            );
        }
    }
    // `sub` and `iat` may be.
    for name in ["sub", "iat"] {
        let (disclosure, digest) = member(name, json!(NOW.0));
        assert!(check(json!({ "vct": "v", "_sd": [digest] }), &[&disclosure], &bearer()).is_ok());
    }
    // The names deeper down are ordinary claims.
    let (disclosure, digest) = member("exp", json!("x"));
    assert!(
        check(
            json!({ "vct": "v", "a": { "_sd": [digest] } }),
            &[&disclosure],
            &bearer()
        )
        .is_ok()
    );
}

/// SV-3.
#[test]
fn credential_type() {
    for payload in [
        json!({}),
        json!({ "vct": 1 }),
        json!({ "vct": "" }),
        json!({ "vct": ["v"] }),
    ] {
        assert_eq!(check(payload, &[], &bearer()).unwrap_err(), VcError::Vct);
    }
}

#[test]
fn validity_in_time() {
    let at = |claims: Value| {
        let mut payload = object(json!({ "vct": "v" }));
        payload.extend(object(claims));
        check(Value::Object(payload), &[], &bearer()).map(|_| ())
    };
    // One minute of leeway; at the very end it is over.
    assert_eq!(at(json!({ "exp": NOW.0 - 59 })), Ok(()));
    assert_eq!(at(json!({ "exp": NOW.0 - 60 })), Err(VcError::Expired));
    assert_eq!(at(json!({ "nbf": NOW.0 + 60 })), Ok(()));
    assert_eq!(at(json!({ "nbf": NOW.0 + 61 })), Err(VcError::NotYetValid));
    assert_eq!(at(json!({ "iat": NOW.0 + 61 })), Err(VcError::NotYetValid));
    for wrong in [json!("1"), json!(null), json!([1]), json!(1e300)] {
        for name in ["exp", "nbf", "iat"] {
            assert_eq!(
                at(json!({ name: wrong })),
                Err(VcError::MalformedClaim),
                "{name} {wrong}"
            );
        }
    }
    let hidden_iat = member("iat", json!(NOW.0 + 100));
    assert_eq!(
        check(
            json!({ "vct": "v", "_sd": [hidden_iat.1] }),
            &[&hidden_iat.0],
            &bearer()
        )
        .unwrap_err(),
        VcError::NotYetValid
    );
}

#[test]
fn demanded_claims() {
    let limit = VcCheck {
        require_limit: true,
        ..bearer()
    };
    assert_eq!(
        check(json!({ "vct": "v" }), &[], &limit).unwrap_err(),
        VcError::Unlimited
    );
    assert!(check(json!({ "vct": "v", "exp": NOW.0 + 1 }), &[], &limit).is_ok());
    let status = json!({ "status_list": { "idx": 0, "uri": "https://a.example" } });
    assert!(check(json!({ "vct": "v", "status": status }), &[], &limit).is_ok());
    let key = VcCheck {
        require_holder_key: true,
        ..bearer()
    };
    assert_eq!(
        check(json!({ "vct": "v" }), &[], &key).unwrap_err(),
        VcError::HolderKey
    );
}

/// A `cnf` or `status` that cannot be used must not count as absent.
#[test]
fn unusable_members() {
    let mut private = holder().public_key().to_jwk();
    private.insert("d".into(), json!("AAAA"));
    for cnf in [
        json!({}),
        json!("x"),
        json!({ "kid": "1" }),
        json!({ "jwk": {} }),
        json!({ "jwk": private }),
        json!({ "jwk": { "kty": "RSA", "n": "AQAB", "e": "AQAB" } }),
    ] {
        assert_eq!(
            check(json!({ "vct": "v", "cnf": cnf }), &[], &bearer()).unwrap_err(),
            VcError::HolderKey,
            "{cnf}"
        );
    }
    for status in [
        json!("x"),
        json!({}),
        json!({ "other": {} }),
        json!({ "status_list": {} }),
        json!({ "status_list": { "idx": -1, "uri": "https://a.example" } }),
        json!({ "status_list": { "idx": 1.5, "uri": "https://a.example" } }),
        json!({ "status_list": { "idx": "1", "uri": "https://a.example" } }),
        json!({ "status_list": { "idx": 1, "uri": "" } }),
        json!({ "status_list": { "idx": 1 } }),
    ] {
        assert_eq!(
            check(json!({ "vct": "v", "status": status }), &[], &bearer()).unwrap_err(),
            VcError::MalformedClaim,
            "{status}"
        );
    }
    assert_eq!(
        check(json!({ "vct": "v", "iss": 1 }), &[], &bearer()).unwrap_err(),
        VcError::MalformedClaim
    );
}

//! The examples of RFC 9901.

use assent_core::crypto::RustCrypto;
use assent_core::env::Timestamp;
use assent_core::sd_jwt::{
    HolderSdJwt, KeyBinding, KeyBindingCheck, KeyBindingError, SdAlg, SdJwtError, UnverifiedSdJwt, VcCheck,
    VcError,
};
use serde_json::{Value, json};

use crate::common;

fn examples() -> Value {
    common::json("sd-jwt/rfc9901-examples.json")
}

/// Each compact example: issuer signature, digests, processed payload.
#[test]
fn compact_examples() {
    let vectors = examples();
    let issuer = common::public_key(&vectors["keys"]["issuer"]);
    let list = vectors["examples"].as_array().unwrap();
    assert_eq!(list.len(), 8);
    for example in list {
        let name = example["name"].as_str().unwrap();
        let unverified = UnverifiedSdJwt::parse(example["compact"].as_str().unwrap()).unwrap();
        assert_eq!(
            Value::Object(unverified.unverified_claims().unwrap()),
            example["payload"],
            "{name}"
        );
        for disclosure in example["disclosures"].as_array().unwrap() {
            assert_eq!(
                SdAlg::Sha256.digest(disclosure["encoded"].as_str().unwrap()),
                disclosure["digest_sha256"].as_str().unwrap(),
                "{name}"
            );
        }
        let verified = unverified.verify_issuer(&issuer, &RustCrypto).unwrap();
        assert_eq!(
            Value::Object(verified.claims().clone()),
            example["processed_payload"],
            "{name}"
        );
        if let Some(expected) = example.get("expected_processed_payload") {
            assert_eq!(&Value::Object(verified.claims().clone()), expected, "{name}");
        }
        assert_eq!(
            verified.disclosed().count(),
            example["disclosures"].as_array().unwrap().len(),
            "{name}"
        );
        assert_eq!(
            verified.unverified_key_binding().is_some(),
            example.get("kb_jwt").is_some(),
            "{name}"
        );
    }
}

/// Each example refuses another issuer's key and a changed signature.
#[test]
fn wrong_issuer() {
    let vectors = examples();
    let holder = common::public_key(&vectors["keys"]["holder"]);
    for example in vectors["examples"].as_array().unwrap() {
        let unverified = UnverifiedSdJwt::parse(example["compact"].as_str().unwrap()).unwrap();
        assert!(matches!(
            unverified.verify_issuer(&holder, &RustCrypto),
            Err(SdJwtError::Jws(_))
        ));
    }
}

/// The flattened and general JSON serialisations of §8 say the same as their compact forms.
#[test]
fn json_serialisations() {
    let vectors = examples();
    let issuer = common::public_key(&vectors["keys"]["issuer"]);
    let forms = &vectors["json_serialization"];
    let verified = |name: &str| {
        UnverifiedSdJwt::parse_json(&forms[name])
            .unwrap()
            .verify_issuer(&issuer, &RustCrypto)
            .unwrap()
    };

    let issued = verified("flattened_issuance_8_2");
    assert_eq!(issued.claims()["given_name"], "John");
    assert_eq!(issued.claims()["sub"], "john_doe_42");
    assert_eq!(issued.disclosed().count(), 4);
    assert!(issued.unverified_key_binding().is_none());

    let shown = verified("flattened_presentation_kb_8_2");
    assert_eq!(shown.claims()["family_name"], "Doe");
    assert!(!shown.claims().contains_key("sub"));
    assert!(shown.unverified_key_binding().is_some());
    let general = verified("general_presentation_kb_8_3");
    assert_eq!(general.claims(), shown.claims());
}

/// The KB-JWTs of the examples, through the key binding check. Only the PID example is an SD-JWT VC; for the
/// others the check stops at the type.
#[test]
fn key_binding_of_the_pid_example() {
    let vectors = examples();
    let issuer = common::public_key(&vectors["keys"]["issuer"]);
    let mut checked = 0;
    for example in vectors["examples"].as_array().unwrap() {
        let Some(kb) = example.get("kb_jwt") else { continue };
        let payload = &kb["payload"];
        let check = |nonce: &str| {
            let now = Timestamp(payload["iat"].as_i64().unwrap());
            let binding = KeyBinding::new(nonce, payload["aud"].as_str().unwrap(), now);
            let check = VcCheck::presentation(now, KeyBindingCheck::Required(binding));
            UnverifiedSdJwt::parse(example["compact"].as_str().unwrap())
                .unwrap()
                .verify_issuer(&issuer, &RustCrypto)
                .unwrap()
                .into_vc(&check, &RustCrypto)
        };
        let nonce = payload["nonce"].as_str().unwrap();
        if example["header"]["typ"] == "dc+sd-jwt" {
            let vc = check(nonce).unwrap();
            assert!(vc.possession_proven);
            assert_eq!(
                SdAlg::Sha256.digest(vc.sd_jwt()),
                payload["sd_hash"].as_str().unwrap(),
                "the text kept for the holder is the text the hash is over"
            );
            assert_eq!(
                check("other").unwrap_err(),
                VcError::KeyBinding(KeyBindingError::Nonce)
            );
            checked += 1;
        } else {
            assert_eq!(check(nonce).unwrap_err(), VcError::Type);
        }
    }
    assert_eq!(checked, 1);
}

/// The holder of the issued examples can make the presented ones: the same disclosures, the same claims.
#[test]
fn holder_reproduces_the_presentations() {
    let vectors = examples();
    let issuer = common::public_key(&vectors["keys"]["issuer"]);
    let holder_key = common::private_key(&vectors["keys"]["holder"]);
    let by_name = |name: &str| {
        vectors["examples"]
            .as_array()
            .unwrap()
            .iter()
            .find(|example| example["name"] == name)
            .unwrap()
    };
    let verify = |compact: &str| {
        UnverifiedSdJwt::parse(compact)
            .unwrap()
            .verify_issuer(&issuer, &RustCrypto)
            .unwrap()
    };
    // The issued and presented examples do not share salts, so the claims are compared.
    for (issued, presented, paths) in [
        (
            "main_issuance",
            "main_presentation_kb",
            json!([["family_name"], ["address"], ["given_name"], ["nationalities", 0]]),
        ),
        (
            "pid_issuance",
            "pid_presentation_kb",
            json!([["age_equal_or_over", "18"], ["nationalities"]]),
        ),
    ] {
        let holder =
            HolderSdJwt::from_verified(verify(by_name(issued)["compact"].as_str().unwrap())).unwrap();
        let paths: Vec<_> = serde_json::from_value(paths).unwrap();
        let text = holder
            .present(
                &paths,
                "1234567890",
                "https://verifier.example.org",
                Timestamp(1),
                &holder_key,
            )
            .unwrap();
        assert_eq!(
            Value::Object(verify(&text).claims().clone()),
            by_name(presented)["processed_payload"],
            "{presented}"
        );
    }
}

//! The examples of SD-JWT VC.

use assent_core::claims::ClaimsPath;
use assent_core::crypto::RustCrypto;
use assent_core::env::Timestamp;
use assent_core::sd_jwt::type_metadata::{Disclosability, TypeMetadata, TypeResolution};
use assent_core::sd_jwt::{
    HolderSdJwt, KeyBinding, KeyBindingCheck, KeyBindingError, UnverifiedSdJwt, VcCheck, VcError,
    VerifiedSdJwtVc,
};
use serde_json::Value;

use crate::common;

const AUDIENCE: &str = "https://example.com/verifier";
const NONCE: &str = "1234567890";
/// The `iat` of the KB-JWTs.
const NOW: Timestamp = Timestamp(1_787_325_881);

fn vectors() -> Value {
    common::json("sd-jwt-vc/sd-jwt-vc-examples.json")
}

fn verify(vectors: &Value, compact: &str, check: &VcCheck<'_>) -> Result<VerifiedSdJwtVc, VcError> {
    let issuer = common::public_key(&vectors["keys"]["issuer"]);
    UnverifiedSdJwt::parse(compact)
        .unwrap()
        .verify_issuer(&issuer, &RustCrypto)
        .unwrap()
        .into_vc(check, &RustCrypto)
}

#[test]
fn examples() {
    let vectors = vectors();
    let list = vectors["examples"].as_array().unwrap();
    assert_eq!(list.len(), 5);
    let mut bound = 0;
    for example in list {
        let name = example["name"].as_str().unwrap();
        let has_key_binding = example.get("kb_jwt").is_some();
        let policy = if has_key_binding {
            KeyBindingCheck::Required(KeyBinding::new(NONCE, AUDIENCE, NOW))
        } else {
            KeyBindingCheck::Forbidden
        };
        let check = VcCheck::presentation(NOW, policy);
        let vc = verify(&vectors, example["compact"].as_str().unwrap(), &check).unwrap();
        assert_eq!(vc.claims, example["processed_payload"], "{name}");
        assert_eq!(Value::from(vc.vct.as_str()), example["payload"]["vct"], "{name}");
        assert_eq!(vc.possession_proven, has_key_binding, "{name}");
        bound += u32::from(has_key_binding);

        // A policy that wants key binding refuses those without, whatever arrived (RFC 9901 §9.5).
        let required = VcCheck::presentation(
            NOW,
            KeyBindingCheck::Required(KeyBinding::new(NONCE, AUDIENCE, NOW)),
        );
        let outcome = verify(&vectors, example["compact"].as_str().unwrap(), &required);
        if !has_key_binding {
            assert_eq!(
                outcome.unwrap_err(),
                VcError::KeyBinding(KeyBindingError::Missing),
                "{name}"
            );
        }
        // Expired.
        let late = VcCheck {
            now: Timestamp(1_883_000_060),
            ..VcCheck::presentation(NOW, KeyBindingCheck::NotRequired)
        };
        let outcome = verify(&vectors, example["compact"].as_str().unwrap(), &late);
        assert_eq!(outcome.unwrap_err(), VcError::Expired, "{name}");
    }
    assert_eq!(bound, 2);
}

/// The holder's presentation of the PID example shows what the example's own presentation shows.
#[test]
fn holder_presents_the_pid() {
    let vectors = vectors();
    let by_name = |name: &str| {
        let list = vectors["examples"].as_array().unwrap();
        list.iter().find(|example| example["name"] == name).unwrap()
    };
    let issued = verify(
        &vectors,
        by_name("pid_issuance")["compact"].as_str().unwrap(),
        &VcCheck::issuance(NOW),
    );
    let holder = HolderSdJwt::from_vc(&issued.unwrap()).unwrap();
    let approved = [
        ClaimsPath::keys(&["age_equal_or_over", "18"]).unwrap(),
        ClaimsPath::keys(&["nationalities"]).unwrap(),
    ];
    let key = common::private_key(&vectors["keys"]["holder"]);
    let text = holder.present(&approved, NONCE, AUDIENCE, NOW, &key).unwrap();
    let check = VcCheck::presentation(
        NOW,
        KeyBindingCheck::Required(KeyBinding::new(NONCE, AUDIENCE, NOW)),
    );
    let shown = verify(&vectors, &text, &check).unwrap();
    assert_eq!(shown.claims, by_name("pid_presentation_kb")["processed_payload"]);
}

/// The example of a type that extends another, and of what comes out.
#[test]
fn a_type_that_extends_another() {
    let vectors = &vectors()["type_metadata"];
    let mut types = TypeResolution::new("https://example.com/custom-type-metadata", None);
    for name in ["extends_child", "extends_base"] {
        types = types.supply(vectors[name].to_string().as_bytes()).unwrap();
    }
    let known = types.finish().unwrap();
    assert_eq!(known.extends(), ["https://example.com/base-type-metadata"]);
    let expected = vectors["extends_effective_claims"]["claims"].as_array().unwrap();
    assert_eq!(known.claims().len(), expected.len());
    for (claim, expected) in known.claims().iter().zip(expected) {
        assert_eq!(claim.path.to_json(), expected["path"]);
        assert_eq!(
            claim.display[0].label,
            expected["display"][0]["label"].as_str().unwrap()
        );
        assert_eq!(
            known.label(&claim.path, "en"),
            expected["display"][0]["label"].as_str()
        );
    }
}

/// The long example of the appendix is read whole, and says that another document comes next.
#[test]
fn type_metadata_of_the_appendix() {
    let document = &vectors()["appendix_A_2"]["type_metadata"];
    let read = TypeMetadata::parse(document.to_string().as_bytes()).unwrap();
    assert_eq!(read.display.len(), document["display"].as_array().unwrap().len());
    let claims = document["claims"].as_array().unwrap();
    assert_eq!(read.claims.len(), claims.len());
    for (claim, expected) in read.claims.iter().zip(claims) {
        let sd = match expected["sd"].as_str() {
            Some("always") => Some(Disclosability::Always),
            Some("never") => Some(Disclosability::Never),
            Some("allowed") => Some(Disclosability::Allowed),
            _ => None,
        };
        assert_eq!(
            (claim.disclosable, claim.mandatory),
            (sd, expected["mandatory"].as_bool())
        );
    }
    let started = TypeResolution::new(&read.vct, None)
        .supply(document.to_string().as_bytes())
        .unwrap();
    let next = started.wanted().unwrap();
    assert_eq!(Value::from(next.vct.as_str()), document["extends"]);
    assert_eq!(next.integrity.as_deref(), document["extends#integrity"].as_str());
}

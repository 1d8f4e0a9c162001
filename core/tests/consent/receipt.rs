//! Receipts, countersignatures and bundles (C-02, C-03).

use assent_core::consent::{
    BundleError, Countersignature, CountersignatureError, Decision, EffectiveState, RECEIPT_VCT,
    ReceiptBundle, ReceiptError, RecordKind, VerifiedReceipt,
};
use assent_core::crypto::{Signer, SoftwareKey};
use assent_core::encoding::json::Object;
use assent_core::encoding::jws;
use assent_core::env::Env;
use assent_core::sd_jwt::{
    DisclosurePolicy, HolderSdJwt, KeyBinding, KeyBindingCheck, SdJwtBuilder, UnverifiedSdJwt,
};
use assent_core::trust::TrustAnchors;
use serde_json::{Value, json};

use super::support::{
    CRYPTO, Counter, NONCE, NOW, PROFILE, anchors, chain, client_id, library, linkability, mint, person_key,
    receipt, service_key, sign_terms, terms, terms_of,
};

fn verify(text: &str) -> Result<VerifiedReceipt, ReceiptError> {
    VerifiedReceipt::verify(text, KeyBindingCheck::NotRequired, NOW.plus(60), &CRYPTO)
}

/// Signs changed claims with `key`, as a dishonest or broken wallet would.
fn forge(change: impl FnOnce(&mut Object), key: &SoftwareKey) -> String {
    let (minted, _) = receipt();
    let mut claims = UnverifiedSdJwt::parse(minted.compact())
        .unwrap()
        .unverified_claims()
        .unwrap();
    change(&mut claims);
    let mut rng = Counter(0);
    let mut env = Env {
        now: NOW,
        rng: &mut rng,
    };
    SdJwtBuilder::new(Object::new(), DisclosurePolicy::TopLevel)
        .always(claims)
        .sign(key, &mut env)
        .unwrap()
}

#[test]
fn both_sides_read_the_same_receipt() {
    let (minted, signed) = receipt();
    let read = verify(minted.compact()).unwrap();
    assert_eq!(read, minted);
    read.check_answers(&signed.request).unwrap();
    let record = &read.receipt().record;
    assert_eq!(record.record_kind, RecordKind::Consent);
    assert_eq!(record.processing.len(), 1);
    assert_eq!(read.valid_until(), read.issued_at().plus(30 * 86_400));
}

/// In the same `vp_token` as the cards: an SD-JWT VC with key binding, like any other.
#[test]
fn a_receipt_is_presented_like_any_credential() {
    let (minted, _) = receipt();
    let holder = HolderSdJwt::open(minted.compact()).unwrap();
    assert_eq!(holder.vct(), Some(RECEIPT_VCT));
    let presented = holder
        .present(&[], NONCE, &client_id(), NOW.plus(30), &person_key())
        .unwrap();
    let id = client_id();
    let bound = |nonce| KeyBindingCheck::Required(KeyBinding::new(nonce, &id, NOW.plus(31)));
    let read = VerifiedReceipt::verify(&presented, bound(NONCE), NOW.plus(31), &CRYPTO).unwrap();
    // The bytes to keep are the ones without the key binding.
    assert_eq!(
        (read.compact(), read.sha256()),
        (minted.compact(), minted.sha256())
    );
    assert!(matches!(
        VerifiedReceipt::verify(&presented, bound("other"), NOW.plus(31), &CRYPTO),
        Err(ReceiptError::Vc(_))
    ));
    assert!(VerifiedReceipt::verify(minted.compact(), bound(NONCE), NOW.plus(31), &CRYPTO).is_err());
}

/// DASH_03a: no value of any card is in it, and what was not granted leaves no trace.
#[test]
fn a_receipt_has_paths_and_no_trace_of_a_refusal() {
    let (signed, _) = sign_terms(&terms());
    let refused = serde_json::to_string(mint(&signed.request, &["required"]).receipt()).unwrap();
    assert!(!refused.contains("email") && !refused.contains("optional-1") && !refused.contains("reminders"));
    let given = mint(&signed.request, &["required", "optional-1"]);
    given.check_answers(&signed.request).unwrap();
    assert_eq!(given.receipt().evidence.credentials.len(), 3);
    // A place for a value does not exist.
    let with_value = forge(
        |claims| {
            claims["record"]["processing"][0]["pii_information"][0]["pii_attribute_id"]["value"] = json!(true)
        },
        &person_key(),
    );
    assert!(matches!(verify(&with_value), Err(ReceiptError::Malformed(_))));
}

#[test]
fn only_purposes_of_the_request_can_be_granted() {
    let (signed, _) = sign_terms(&terms());
    let report = linkability();
    for granted in [&["required", "optional-9"][..], &["optional-1"], &[]] {
        let granted: Vec<String> = granted.iter().map(|id| (*id).to_owned()).collect();
        let decision = Decision {
            request: &signed.request,
            granted: &granted,
            linkability: &report,
            language: "en",
        };
        let mut rng = Counter(0);
        let mut env = Env {
            now: NOW,
            rng: &mut rng,
        };
        assert!(
            matches!(
                decision.mint(&person_key(), &mut env),
                Err(ReceiptError::Purpose(_))
            ),
            "{granted:?}"
        );
    }
}

/// C-03: verifiable by itself; every lie about itself is found.
#[test]
fn receipts_that_contradict_themselves_are_refused() {
    let ok = forge(|_| {}, &person_key());
    assert!(verify(&ok).is_ok());
    let other = SoftwareKey::from_bytes(&[7; 32]).unwrap();
    assert!(
        matches!(verify(&forge(|_| {}, &other)), Err(ReceiptError::SdJwt(_))),
        "another key signed"
    );
    let jwk = Value::Object(other.public_key().to_jwk());
    let changed_key = forge(|claims| claims["cnf"]["jwk"] = jwk, &other);
    assert_eq!(verify(&changed_key).unwrap_err(), ReceiptError::Key);
    assert_eq!(
        verify(&forge(|c| c["vct"] = json!("urn:eudi:pid:1"), &person_key())).unwrap_err(),
        ReceiptError::Type
    );
    let lies: [(&str, Value); 9] = [
        ("/created", json!("2026-01-01T00:00:00Z")),
        ("/schema_version", json!("x")),
        ("/record/record_kind", json!("notice")),
        (
            "/record/pii_principal_id",
            json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ),
        ("/record/processing", json!([])),
        ("/record/processing/0/lawful_basis", json!("eu-gdpr:A6-1-f")),
        ("/record/processing/0/retention_period", json!("forever")),
        ("/record/events/0/seq", json!(1)),
        ("/record/events/0/event_state", json!("ConsentWithdrawn")),
    ];
    for (pointer, value) in lies {
        let forged = forge(
            |claims| {
                let mut whole = Value::Object(std::mem::take(claims));
                *whole.pointer_mut(pointer).unwrap() = value;
                *claims = whole.as_object().unwrap().clone();
            },
            &person_key(),
        );
        assert!(
            matches!(verify(&forged), Err(ReceiptError::Malformed(_))),
            "{pointer}"
        );
    }
}

/// The countersignature is over every byte, so there is nothing in a receipt but the receipt.
#[test]
fn a_receipt_with_more_in_it_than_is_read_is_refused() {
    let hidden = json!(["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]);
    // The builder keeps `_sd` for itself, so this one is signed by hand.
    let (minted, _) = receipt();
    let mut payload = UnverifiedSdJwt::parse(minted.compact())
        .unwrap()
        .unverified_claims()
        .unwrap();
    payload.insert("_sd".into(), hidden);
    let jwt = jws::sign_jwt("dc+sd-jwt", &[], &payload, &person_key()).unwrap();
    assert!(matches!(
        verify(&format!("{jwt}~")),
        Err(ReceiptError::Malformed(_))
    ));

    type Change = fn(&mut Object);
    let changes: [(&str, Change); 7] = [
        ("top", |c| drop(c.insert("note".into(), json!("pays 1000 euro")))),
        ("exp", |c| drop(c.insert("exp".into(), json!(NOW.0 + 600)))),
        ("record", |c| c["record"]["note"] = json!("x")),
        ("cnf", |c| c["cnf"]["note"] = json!("x")),
        ("id", |c| c["receipt_id"] = json!("anything at all")),
        ("language", |c| c["record"]["language"] = json!("a sentence")),
        ("shown_at", |c| {
            c["record"]["privacy_notice"]["shown_at"] = json!("never")
        }),
    ];
    for (what, change) in changes {
        let forged = verify(&forge(change, &person_key()));
        assert!(matches!(forged, Err(ReceiptError::Malformed(_))), "{what}");
    }
}

/// A receipt dated before the request would be over before it began.
#[test]
fn a_receipt_from_another_time_answers_nothing() {
    let (_, signed) = receipt();
    for (shift, good) in [(-61, false), (-60, true), (60, true)] {
        let at = NOW.plus(shift);
        let forged = forge(
            |claims| {
                let time = json!(at.to_rfc3339().unwrap());
                claims["iat"] = json!(at.0);
                claims["created"] = time.clone();
                claims["record"]["privacy_notice"]["shown_at"] = time.clone();
                claims["record"]["events"][0]["event_time"] = time;
            },
            &person_key(),
        );
        let checked = verify(&forged).unwrap().check_answers(&signed.request);
        assert_eq!(checked.is_ok(), good, "{shift}");
    }
}

/// The provider must be sure that the receipt says what the terms said.
#[test]
fn a_receipt_that_changes_the_terms_is_found() {
    let (_, signed) = receipt();
    let lies: [(&str, Value, &str); 10] = [
        ("/record/events/0/event_type", json!("dpv:Notice"), "event_type"),
        ("/evidence/client_id", json!("x509_hash:other"), "client_id"),
        (
            "/evidence/nonce_sha256",
            json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            "nonce",
        ),
        ("/evidence/credentials/0/paths", json!([["email"]]), "credentials"),
        (
            "/record/processing/0/retention_period",
            json!("P1D"),
            "processing",
        ),
        (
            "/record/processing/0/purpose",
            json!("Something else"),
            "processing",
        ),
        (
            "/record/processing/0/disclosure_mode",
            json!("identified"),
            "processing",
        ),
        (
            "/record/processing/0/pii_information/0/pii_attribute_id/path",
            json!(["email"]),
            "processing",
        ),
        (
            "/record/party_identification/0/party_name",
            json!("Someone else"),
            "party_identification",
        ),
        (
            "/record/events/0/validity_duration",
            json!("P90D"),
            "validity_duration",
        ),
    ];
    for (pointer, value, what) in lies {
        let forged = forge(
            |claims| {
                let mut whole = Value::Object(std::mem::take(claims));
                *whole.pointer_mut(pointer).unwrap() = value;
                *claims = whole.as_object().unwrap().clone();
            },
            &person_key(),
        );
        let result = verify(&forged).unwrap().check_answers(&signed.request);
        assert_eq!(result, Err(ReceiptError::OtherRequest(what)), "{pointer}");
    }
    let mut other = library();
    other["retention"] = json!("P31D");
    let (other, _) = sign_terms(&terms_of(&other));
    let (minted, _) = receipt();
    assert_eq!(
        minted.check_answers(&other.request),
        Err(ReceiptError::OtherRequest("consent request"))
    );
}

#[test]
fn a_countersignature_is_for_one_receipt_by_one_service() {
    let (minted, signed) = receipt();
    let jwt = Countersignature::sign(&minted, &chain(), NOW.plus(40), &service_key()).unwrap();
    let verify = |receipt: &VerifiedReceipt, key: &SoftwareKey| {
        Countersignature::verify(&jwt, receipt, &key.public_key(), &CRYPTO)
    };
    assert_eq!(verify(&minted, &service_key()).unwrap().iat, NOW.plus(40));
    assert!(matches!(
        verify(&minted, &person_key()),
        Err(CountersignatureError::Jws(_))
    ));
    let another = mint(&signed.request, &["required", "optional-1"]);
    assert_eq!(
        verify(&another, &service_key()),
        Err(CountersignatureError::Other("receipt"))
    );
}

/// C-03: offline, years later, with nothing but the bundle and the anchors.
#[test]
fn a_bundle_is_checked_offline() {
    let (minted, signed) = receipt();
    let mut bundle = ReceiptBundle::new(&minted, &signed.jwt);
    bundle.countersignature =
        Some(Countersignature::sign(&minted, &chain(), NOW.plus(40), &service_key()).unwrap());
    let text = serde_json::to_string(&bundle).unwrap();
    let bundle: ReceiptBundle = serde_json::from_str(&text).unwrap();
    let later = NOW.plus(5 * 365 * 86_400);
    let verify =
        |bundle: &ReceiptBundle, anchors: &TrustAnchors| bundle.verify(anchors, later, &PROFILE, &CRYPTO);
    let verified = verify(&bundle, &anchors()).unwrap();
    assert_eq!(verified.countersigned_at, Some(NOW.plus(40)));
    assert_eq!(
        verified.service.subject.organization.as_deref(),
        Some("City library of Voorbeeld")
    );
    assert_eq!(
        verified.states(NOW.plus(60)),
        [("required".to_owned(), EffectiveState::Given)]
    );
    assert_eq!(
        verified.states(later),
        [("required".to_owned(), EffectiveState::Expired)]
    );

    assert!(matches!(
        verify(&bundle, &TrustAnchors::new()),
        Err(BundleError::Chain(_))
    ));
    let mut other = library();
    other["retention"] = json!("P31D");
    let (other, _) = sign_terms(&terms_of(&other));
    let swapped = ReceiptBundle {
        consent_request: other.jwt,
        ..bundle.clone()
    };
    assert!(matches!(
        verify(&swapped, &anchors()),
        Err(BundleError::Receipt(_))
    ));
    let no_chain = Countersignature::sign(&minted, &[], NOW, &service_key()).unwrap();
    let different = ReceiptBundle {
        countersignature: Some(no_chain),
        ..bundle.clone()
    };
    assert_eq!(
        verify(&different, &anchors()).unwrap_err(),
        BundleError::DifferentService
    );
    let unknown = ReceiptBundle {
        format: "x".into(),
        ..bundle
    };
    assert_eq!(verify(&unknown, &anchors()).unwrap_err(), BundleError::Format);
}

/// C-07: another legal basis gives a notice record with no right to withdraw consent.
#[test]
fn a_notice_record_is_not_a_consent() {
    let mut value = library();
    value["legal_basis"] = json!("eu-gdpr:A6-1-e");
    let (signed, _) = sign_terms(&terms_of(&value));
    let notice = mint(&signed.request, &["required"]);
    assert_eq!(
        verify(notice.compact()).unwrap().receipt().record.record_kind,
        RecordKind::Notice
    );
    let rights = &notice.receipt().record.processing[0].privacy_rights;
    assert!(rights.iter().any(|right| right.right == "eu-gdpr:A21"));
    assert!(rights.iter().all(|right| right.right != "eu-gdpr:A7-3"));
}

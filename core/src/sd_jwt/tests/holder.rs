//! The holder's side (RFC 9901 §7.2; pitfalls: parents omitted, siblings leaked, paths lost).

use serde_json::json;

use super::super::{DisclosurePolicy, HolderError, HolderSdJwt, SdJwtBuilder};
use super::*;

fn held(policy: DisclosurePolicy) -> HolderSdJwt {
    let mut rng = Counting::default();
    let claims = json!({
        "given_name": "Ada",
        "address": { "street": "Main Street 1", "locality": "Voorbeeld", "region": { "code": "NH", "name": "x" } },
        "nationalities": ["NL", "BE"],
        "degrees": [{ "type": "BSc", "year": 1 }, { "type": "MSc", "year": 2 }],
    });
    let text = SdJwtBuilder::new(object(claims), policy)
        .always(object(json!({ "vct": "urn:example:1" })))
        .holder_key(&holder().public_key())
        .sign(&issuer(), &mut env(&mut rng))
        .unwrap();
    HolderSdJwt::from_verified(verify(&text).unwrap()).unwrap()
}

/// What a verifier sees, without the claims that are always there.
fn shown(holder: &HolderSdJwt, approved: Value) -> Value {
    let text = holder.disclose(&paths(approved)).unwrap();
    assert!(text.ends_with('~'));
    let mut claims = verify(&text).unwrap().claims().clone();
    claims.remove("vct");
    claims.remove("cnf");
    Value::Object(claims)
}

#[test]
fn exactly_the_closure() {
    let held = held(DisclosurePolicy::Everything);
    for (approved, expected) in [
        (json!([]), json!({})),
        (json!([["vct"]]), json!({})),
        (json!([["given_name"]]), json!({ "given_name": "Ada" })),
        (
            json!([["address", "locality"]]),
            json!({ "address": { "locality": "Voorbeeld" } }),
        ),
        (
            json!([["address", "region", "code"]]),
            json!({ "address": { "region": { "code": "NH" } } }),
        ),
        (
            json!([["address", "region"]]),
            json!({ "address": { "region": { "code": "NH", "name": "x" } } }),
        ),
        (
            json!([["address"]]),
            json!({ "address": {
                "street": "Main Street 1", "locality": "Voorbeeld", "region": { "code": "NH", "name": "x" },
            } }),
        ),
        (json!([["nationalities", 1]]), json!({ "nationalities": ["BE"] })),
        (
            json!([["nationalities", null]]),
            json!({ "nationalities": ["NL", "BE"] }),
        ),
        (
            json!([["degrees", null, "type"]]),
            json!({ "degrees": [{ "type": "BSc" }, { "type": "MSc" }] }),
        ),
        (
            json!([["degrees", 1, "year"], ["degrees", 1, "year"]]),
            json!({ "degrees": [{ "year": 2 }] }),
        ),
    ] {
        assert_eq!(shown(&held, approved.clone()), expected, "{approved}");
    }
}

#[test]
fn disclosed_paths_are_leaves() {
    let held = held(DisclosurePolicy::Everything);
    let told = |approved: Value| -> Value {
        let mut told = held.disclosed_paths(&paths(approved)).unwrap();
        told.sort();
        serde_json::to_value(told).unwrap()
    };
    assert_eq!(told(json!([["vct"]])), json!([]));
    assert_eq!(
        told(json!([["address", "region"]])),
        json!([["address", "region", "code"], ["address", "region", "name"]])
    );
    assert_eq!(
        told(json!([["nationalities", null]])),
        json!([["nationalities", 0], ["nationalities", 1]])
    );
}

/// An issuer that made the address one piece: its town cannot be shown alone, and never silently is.
#[test]
fn coarse_disclosures_need_approval() {
    let held = held(DisclosurePolicy::TopLevel);
    let town = paths(json!([["address", "locality"]]));
    let Err(HolderError::RevealsMore(mut more)) = held.disclose(&town) else {
        panic!("the whole address was shown for the town");
    };
    more.sort();
    assert_eq!(
        serde_json::to_value(&more).unwrap(),
        json!([
            ["address", "region", "code"],
            ["address", "region", "name"],
            ["address", "street"]
        ])
    );
    let needed = held.needed_approval(&town).unwrap();
    assert!(needed.contains(&town[0]));
    assert!(more.iter().all(|path| needed.contains(path)));
    assert_eq!(needed.len(), 4);
    assert!(held.disclose(&needed).is_ok());
    assert!(held.disclose(&paths(json!([["address"]]))).is_ok());
}

#[test]
fn nothing_there() {
    let held = held(DisclosurePolicy::Everything);
    for wrong in [
        json!(["nothing"]),
        json!(["given_name", "x"]),
        json!(["nationalities", 2]),
        json!(["nationalities", "0"]),
        json!(["address", null]),
    ] {
        let wrong = path(wrong);
        assert_eq!(
            held.disclose(std::slice::from_ref(&wrong)),
            Err(HolderError::NothingThere(wrong))
        );
    }
}

#[test]
fn present_needs_the_bound_key() {
    let held = held(DisclosurePolicy::Everything);
    assert_eq!(
        held.present(&[], "nonce", "audience", NOW, &issuer()),
        Err(HolderError::WrongKey)
    );
    let text = held.present(&[], "nonce", "audience", NOW, &holder()).unwrap();
    // SJ-7: what has a KB-JWT did not come from an issuer.
    assert_eq!(
        HolderSdJwt::open(&text).unwrap_err(),
        HolderError::KeyBindingFromIssuer
    );
    assert_eq!(
        HolderSdJwt::from_verified(verify(&text).unwrap()).unwrap_err(),
        HolderError::KeyBindingFromIssuer
    );
}

#[test]
fn kept_and_opened_again() {
    let first = held(DisclosurePolicy::Everything);
    let again = HolderSdJwt::open(first.as_compact()).unwrap();
    assert_eq!(again.claims(), first.claims());
    assert_eq!(again.vct(), Some("urn:example:1"));
    assert_eq!(again.disclosable().count(), 17);
    assert!(matches!(HolderSdJwt::open("x"), Err(HolderError::Stored(_))));
    assert!(!format!("{again:?}").contains("Ada"));
}

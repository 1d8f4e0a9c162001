//! The issuer's side.

use serde_json::json;

use super::super::{DisclosurePolicy, IssueError, SdJwtBuilder};
use super::*;

fn claims() -> Object {
    object(json!({
        "given_name": "Ada",
        "address": { "street": "Main Street 1", "locality": "Voorbeeld" },
        "nationalities": ["NL", "BE"],
    }))
}

fn payload(compact: &str) -> Value {
    let unverified = UnverifiedSdJwt::parse(compact).unwrap();
    Value::Object(unverified.unverified_claims().unwrap())
}

fn issue(policy: DisclosurePolicy, decoys: usize) -> String {
    let mut rng = Counting::default();
    SdJwtBuilder::new(claims(), policy)
        .always(object(json!({ "vct": "urn:example:1", "exp": NOW.0 })))
        .holder_key(&holder().public_key())
        .decoys(decoys)
        .sign(&issuer(), &mut env(&mut rng))
        .unwrap()
}

/// Whatever the policy, all disclosures together give the claims back.
#[test]
fn round_trip() {
    let listed = paths(json!([
        ["given_name"],
        ["address"],
        ["address", "street"],
        ["nationalities", null]
    ]));
    for (policy, disclosures) in [
        (DisclosurePolicy::TopLevel, 3),
        (DisclosurePolicy::Everything, 7),
        (DisclosurePolicy::Paths(listed), 5),
        (DisclosurePolicy::Paths(Vec::new()), 0),
    ] {
        let text = issue(policy, 0);
        let verified = verify(&text).unwrap();
        assert_eq!(verified.disclosed().count(), disclosures);
        let mut all = claims();
        all.extend(object(json!({
            "vct": "urn:example:1", "exp": NOW.0, "cnf": { "jwk": holder().public_key().to_jwk() },
        })));
        assert_eq!(verified.claims(), &all);
        assert_eq!(payload(&text).get("_sd_alg").is_some(), disclosures > 0);
    }
}

/// Without disclosures nothing of the claims shows, and every `_sd` is sorted.
#[test]
fn digests_hide_and_are_sorted() {
    let text = issue(DisclosurePolicy::Everything, 0);
    let shown = payload(&text);
    let digests = shown["_sd"].as_array().unwrap();
    assert_eq!(digests.len(), 3);
    assert!(digests.iter().map(Value::as_str).is_sorted());
    let jwt = text.split('~').next().unwrap();
    let bare = verify(&format!("{jwt}~")).unwrap();
    let mut names: Vec<&str> = bare.claims().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["cnf", "exp", "vct"]);
}

#[test]
fn structured_and_partial() {
    let policy = DisclosurePolicy::Paths(paths(json!([["address", "street"], ["nationalities", 1]])));
    let shown = payload(&issue(policy, 0));
    assert_eq!(shown["given_name"], "Ada");
    assert_eq!(shown["address"]["locality"], "Voorbeeld");
    assert_eq!(shown["address"]["_sd"].as_array().unwrap().len(), 1);
    assert_eq!(shown["nationalities"][0], "NL");
    assert!(shown["nationalities"][1]["..."].is_string());
}

#[test]
fn decoys_look_like_digests() {
    let shown = payload(&issue(DisclosurePolicy::TopLevel, 4));
    let digests = shown["_sd"].as_array().unwrap();
    assert_eq!(digests.len(), 7);
    assert!(digests.iter().all(|digest| digest.as_str().unwrap().len() == 43));
    assert!(verify(&issue(DisclosurePolicy::Everything, 3)).is_ok());
}

/// §9.3: salts of 128 bits, one per disclosure.
#[test]
fn salts() {
    let text = issue(DisclosurePolicy::Everything, 0);
    let mut salts: Vec<String> = text
        .split('~')
        .skip(1)
        .filter(|part| !part.is_empty())
        .map(|part| {
            let parts: Vec<Value> = serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap();
            parts[0].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(salts.len(), 7);
    assert!(
        salts
            .iter()
            .all(|salt| base64url::decode(salt).unwrap().len() == 16)
    );
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), 7);
}

#[test]
fn other_options() {
    let mut rng = Counting::default();
    let text = SdJwtBuilder::new(claims(), DisclosurePolicy::TopLevel)
        .typ("example+sd-jwt")
        .sd_alg(SdAlg::Sha512)
        .x5c(vec![vec![1, 2, 3]])
        .sign(&issuer(), &mut env(&mut rng))
        .unwrap();
    let verified = verify(&text).unwrap();
    assert_eq!(verified.sd_alg(), SdAlg::Sha512);
    assert_eq!(verified.header().typ.as_deref(), Some("example+sd-jwt"));
    assert_eq!(verified.header().x5c, [[1, 2, 3]]);
}

#[test]
fn refused() {
    let sign = |claims: Value, policy: DisclosurePolicy, always: Value| {
        let mut rng = Counting::default();
        SdJwtBuilder::new(object(claims), policy)
            .always(object(always))
            .sign(&issuer(), &mut env(&mut rng))
            .unwrap_err()
    };
    let none = || DisclosurePolicy::Paths(Vec::new());
    for claims in [
        json!({ "_sd": [] }),
        json!({ "a": { "...": "x" } }),
        json!({ "a": [{ "_sd_alg": "x" }] }),
    ] {
        assert_eq!(sign(claims, none(), json!({})), IssueError::ReservedName);
    }
    assert_eq!(
        sign(json!({}), none(), json!({ "_sd_alg": "sha-1" })),
        IssueError::ReservedName
    );
    assert_eq!(
        sign(
            json!({ "a": 1 }),
            DisclosurePolicy::Paths(paths(json!([["b"]]))),
            json!({})
        ),
        IssueError::NothingThere(path(json!(["b"])))
    );
    for name in super::super::NEVER_DISCLOSABLE {
        assert_eq!(
            sign(
                json!({ name: { "a": 1 } }),
                DisclosurePolicy::Everything,
                json!({})
            ),
            IssueError::MustNotBeDisclosable(path(json!([name]))),
        );
    }
    assert_eq!(
        sign(json!({ "a": 1 }), none(), json!({ "a": 2 })),
        IssueError::GivenTwice("a".into())
    );
    let many: Object = (0..=super::super::MAX_DISCLOSURES)
        .map(|at| (format!("c{at}"), json!(at)))
        .collect();
    assert_eq!(
        sign(Value::Object(many), DisclosurePolicy::TopLevel, json!({})),
        IssueError::TooLarge
    );
}

//! Type metadata: documents, chains, rules (SV-7, SV-8).

use serde_json::{Value, json};

use super::*;
use crate::claims::ClaimsPath;
use crate::sd_jwt::tests::{compact, element, member, verify};
use crate::sd_jwt::{KeyBindingCheck, VcCheck, VerifiedSdJwtVc};

const TYPE: &str = "https://types.example/card";

fn document(changes: Value) -> Vec<u8> {
    let mut out = json!({ "vct": TYPE });
    out.as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    out.to_string().into_bytes()
}

/// Collects `documents`, the type itself first, following what they extend.
fn resolve(documents: &[Vec<u8>]) -> Result<KnownType, TypeMetadataError> {
    let first: Value = serde_json::from_slice(&documents[0]).unwrap();
    let mut resolution = TypeResolution::new(first["vct"].as_str().unwrap(), None);
    for document in documents {
        assert!(resolution.wanted().is_some(), "a document nobody asked for");
        resolution = resolution.supply(document)?;
    }
    resolution.finish()
}

fn known(claims: Value) -> KnownType {
    resolve(&[document(json!({ "claims": claims }))]).unwrap()
}

fn credential(payload: Value, disclosures: &[&str]) -> VerifiedSdJwtVc {
    let mut all = json!({ "vct": TYPE });
    all.as_object_mut()
        .unwrap()
        .extend(payload.as_object().unwrap().clone());
    let now = crate::env::Timestamp(1_800_000_000);
    verify(&compact(all, disclosures))
        .unwrap()
        .into_vc(
            &VcCheck::presentation(now, KeyBindingCheck::NotRequired),
            &crate::crypto::RustCrypto,
        )
        .unwrap()
}

fn path(value: Value) -> ClaimsPath {
    ClaimsPath::from_json(&value).unwrap()
}

#[test]
fn documents_are_read_and_unknown_members_ignored() {
    let text = document(json!({
        "name": "for developers", "description": "too", "schema_uri": "https://types.example/schema", "new": [1],
        "display": [
            { "locale": "en", "name": "Card\u{7}", "rendering": { "simple": { "logo": { "uri": "https://x.example" } } } },
            { "locale": "nl", "name": "Kaart", "description": "Een kaart" },
        ],
        "claims": [
            { "path": ["town"], "mandatory": true, "sd": "always", "svg_id": "town_1",
              "display": [{ "locale": "en-GB", "label": "Town" }, { "locale": "nl", "label": "Woonplaats" }] },
            { "path": ["towns", null] },
        ],
    }));
    let known = resolve(std::slice::from_ref(&text)).unwrap();
    assert_eq!((known.vct(), known.extends().len()), (TYPE, 0));
    assert_eq!(known.display()[0].name, "Card");
    assert_eq!(known.display()[1].description.as_deref(), Some("Een kaart"));
    let town = &known.claims()[0];
    assert_eq!(
        (town.mandatory, town.disclosable),
        (Some(true), Some(Disclosability::Always))
    );
    assert_eq!(known.label(&path(json!(["town"])), "nl"), Some("Woonplaats"));
    assert_eq!(known.label(&path(json!(["town"])), "de"), Some("Town"));
    assert_eq!(known.label(&path(json!(["towns", 3])), "en"), None);
    assert_eq!(known.label(&path(json!(["other"])), "en"), None);
    assert_eq!(known.document(), text);
}

/// Read in full or not at all.
#[test]
fn malformed_documents_are_refused() {
    for changes in [
        json!({ "vct": 1 }),
        json!({ "vct": "" }),
        json!({ "extends": [] }),
        json!({ "extends": "https://base.example", "extends#integrity": 1 }),
        json!({ "display": {} }),
        json!({ "display": [{ "name": "x" }] }),
        json!({ "display": [{ "locale": "en" }] }),
        json!({ "display": [{ "locale": "en", "name": "x" }, { "locale": "EN", "name": "y" }] }),
        json!({ "claims": {} }),
        json!({ "claims": [{}] }),
        json!({ "claims": [{ "path": [] }] }),
        json!({ "claims": [{ "path": [-1] }] }),
        json!({ "claims": [{ "path": [true] }] }),
        json!({ "claims": [{ "path": ["a"] }, { "path": ["a"] }] }),
        json!({ "claims": [{ "path": ["a"], "sd": "sometimes" }] }),
        json!({ "claims": [{ "path": ["a"], "sd": true }] }),
        json!({ "claims": [{ "path": ["a"], "mandatory": "yes" }] }),
        json!({ "claims": [{ "path": ["a"], "svg_id": "1a" }] }),
        json!({ "claims": [{ "path": ["a"], "svg_id": "a-b" }] }),
        json!({ "claims": [{ "path": ["a"], "svg_id": "x" }, { "path": ["b"], "svg_id": "x" }] }),
        json!({ "claims": [{ "path": ["a"], "display": [{ "label": "x" }] }] }),
        json!({ "claims": [{ "path": ["a"], "display": [{ "locale": "en" }] }] }),
        json!({ "claims": [{ "path": ["a"], "display": [{ "locale": "en", "label": "x".repeat(2000) }] }] }),
    ] {
        let outcome = TypeMetadata::parse(&document(changes.clone()));
        assert!(
            matches!(outcome, Err(TypeMetadataError::Field(_))),
            "{changes}: {outcome:?}"
        );
    }
    for text in [
        &b"[]"[..],
        b"",
        b"{\"vct\":\"a\",\"vct\":\"b\"}",
        b"{\"vct\":\"a\"} x",
    ] {
        assert!(matches!(
            TypeMetadata::parse(text),
            Err(TypeMetadataError::Json(_))
        ));
    }
    let no_type = TypeMetadata::parse(b"{}");
    assert!(matches!(no_type, Err(TypeMetadataError::Field(_))));
}

#[test]
fn size_depth_and_number_are_bounded() {
    let long = document(json!({ "padding": "x".repeat(MAX_TYPE_METADATA) }));
    assert!(matches!(
        TypeMetadata::parse(&long),
        Err(TypeMetadataError::Json(_))
    ));
    let mut deep = json!(1);
    for _ in 0..20 {
        deep = json!([deep]);
    }
    let deep = document(json!({ "unknown": deep }));
    assert!(matches!(
        TypeMetadata::parse(&deep),
        Err(TypeMetadataError::Json(_))
    ));
    let claims = |count: usize| {
        let claims: Vec<Value> = (0..count).map(|n| json!({ "path": [format!("c{n}")] })).collect();
        TypeMetadata::parse(&document(json!({ "claims": claims })))
    };
    assert!(claims(MAX_TYPE_CLAIMS).is_ok());
    assert!(claims(MAX_TYPE_CLAIMS + 1).is_err());

    let chain = |length: usize| -> Vec<Vec<u8>> {
        (0..length)
            .map(|at| {
                let mut one = json!({ "vct": format!("https://types.example/{at}") });
                if at + 1 < length {
                    one["extends"] = json!(format!("https://types.example/{}", at + 1));
                }
                one.to_string().into_bytes()
            })
            .collect()
    };
    assert_eq!(resolve(&chain(MAX_TYPES)).unwrap().extends().len(), MAX_TYPES - 1);
    assert_eq!(
        resolve(&chain(MAX_TYPES + 1)).unwrap_err(),
        TypeMetadataError::TooManyTypes
    );
}

#[test]
fn the_document_is_the_one_that_was_asked_for() {
    let text = document(json!({}));
    let of =
        |vct: &str, integrity: Option<&str>| TypeResolution::new(vct, integrity).supply(&text).map(|_| ());
    assert_eq!(of(TYPE, None), Ok(()));
    assert_eq!(
        of("https://types.example/Card", None),
        Err(TypeMetadataError::WrongType)
    );
    let right = resolve(std::slice::from_ref(&text)).unwrap().integrity();
    assert_eq!(of(TYPE, Some(&right)), Ok(()));
    let other = resolve(&[document(json!({ "a": 1 }))]).unwrap().integrity();
    assert_eq!(of(TYPE, Some(&other)), Err(TypeMetadataError::Integrity));
    // A document that is missing is not one that says nothing.
    let unfinished = TypeResolution::new(TYPE, None);
    assert_eq!(unfinished.wanted().unwrap().vct, TYPE);
    assert_eq!(unfinished.finish().unwrap_err(), TypeMetadataError::Incomplete);
}

/// W3C Subresource Integrity: the strongest counts, several of one strength are alternatives, options are ignored.
#[test]
fn integrity_values() {
    let text = b"alert('Hello, world.');";
    // The example of the standard.
    let sha384 = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO";
    let sha256 = super::integrity::of(text);
    for right in [
        sha384.to_owned(),
        format!("{sha384}?ct=application/javascript"),
        sha256.clone(),
        format!("  {sha256}\n"),
        format!("md5-abc {sha256}"),
        format!("sha256-AAAA {sha256}"),
        // A weaker one that does not fit is not looked at.
        format!("sha256-AAAA {sha384}"),
    ] {
        assert!(matches_integrity(text, &right), "{right}");
    }
    for wrong in [
        "",
        "sha256",
        "sha256-",
        "md5-abc",
        "SHA256-AAAA",
        &sha384.replace("sha384", "sha512"),
        // The stronger one decides.
        &format!("{sha256} sha384-AAAA"),
        &sha256.replace('-', "_"),
    ] {
        assert!(!matches_integrity(text, wrong), "{wrong}");
    }
}

#[test]
fn circles_are_found() {
    let of = |vct: &str, extends: &str| json!({ "vct": vct, "extends": extends }).to_string().into_bytes();
    assert_eq!(resolve(&[of("a", "a")]).unwrap_err(), TypeMetadataError::Circular);
    assert_eq!(
        resolve(&[of("a", "b"), of("b", "c"), of("c", "a")]).unwrap_err(),
        TypeMetadataError::Circular
    );
    assert_eq!(
        resolve(&[of("a", "b"), of("b", "c"), of("c", "b")]).unwrap_err(),
        TypeMetadataError::Circular
    );
}

/// What is fixed stays fixed; what was open may be fixed; what is not said is inherited.
#[test]
fn an_extension_may_be_stricter_and_never_looser() {
    let extend = |base: Value, child: Value| {
        let with = |vct: &str, extends: Option<&str>, rule: Value| {
            let mut claim = json!({ "path": ["a"] });
            claim
                .as_object_mut()
                .unwrap()
                .extend(rule.as_object().unwrap().clone());
            let mut out = json!({ "vct": vct, "claims": [claim] });
            if let Some(extends) = extends {
                out["extends"] = json!(extends);
            }
            out.to_string().into_bytes()
        };
        resolve(&[with("child", Some("base"), child), with("base", None, base)])
            .map(|known| (known.claims()[0].disclosable, known.claims()[0].mandatory))
    };
    let loosened = Err(TypeMetadataError::Loosened(path(json!(["a"]))));
    use Disclosability::{Allowed, Always, Never};
    assert_eq!(
        extend(json!({ "sd": "always" }), json!({})),
        Ok((Some(Always), None))
    );
    assert_eq!(
        extend(json!({ "sd": "always" }), json!({ "sd": "always" })),
        Ok((Some(Always), None))
    );
    for (base, child) in [
        ("always", "allowed"),
        ("always", "never"),
        ("never", "always"),
        ("never", "allowed"),
    ] {
        assert_eq!(
            extend(json!({ "sd": base }), json!({ "sd": child })),
            loosened,
            "{base} {child}"
        );
    }
    assert_eq!(
        extend(json!({ "sd": "allowed" }), json!({ "sd": "never" })),
        Ok((Some(Never), None))
    );
    assert_eq!(
        extend(json!({}), json!({ "sd": "always" })),
        Ok((Some(Always), None))
    );
    assert_eq!(
        extend(json!({}), json!({ "sd": "allowed" })),
        Ok((Some(Allowed), None))
    );
    assert_eq!(
        extend(json!({ "mandatory": true }), json!({ "mandatory": false })),
        loosened
    );
    assert_eq!(
        extend(json!({ "mandatory": true }), json!({})),
        Ok((None, Some(true)))
    );
    assert_eq!(
        extend(json!({ "mandatory": false }), json!({ "mandatory": true })),
        Ok((None, Some(true)))
    );
}

#[test]
fn what_may_be_kept_back_is_checked() {
    let (town, town_digest) = member("town", json!("Voorbeeld"));
    let hidden = || json!({ "_sd": [town_digest] });
    let rule = |sd: &str| known(json!([{ "path": ["town"], "sd": sd }]));
    let shown = credential(hidden(), &[&town]);
    let plain = credential(json!({ "town": "Voorbeeld" }), &[]);
    let here = path(json!(["town"]));
    for stage in [Stage::Issued, Stage::Presented] {
        assert_eq!(rule("always").check(&shown, stage), Ok(()));
        assert_eq!(
            rule("always").check(&plain, stage),
            Err(TypeRuleError::AlwaysVisible(here.clone()))
        );
        assert_eq!(
            rule("never").check(&shown, stage),
            Err(TypeRuleError::Disclosable(here.clone()))
        );
        assert_eq!(rule("never").check(&plain, stage), Ok(()));
        assert_eq!(rule("allowed").check(&shown, stage), Ok(()));
        assert_eq!(rule("allowed").check(&plain, stage), Ok(()));
        // A claim that is not there breaks no rule about hiding.
        assert_eq!(rule("never").check(&credential(json!({}), &[]), stage), Ok(()));
        assert_eq!(rule("always").check(&credential(hidden(), &[]), stage), Ok(()));
    }
}

/// A disclosure of its own, not one around it; elements of lists one by one.
#[test]
fn places_are_exact() {
    let (whole, whole_digest) = member("address", json!({ "town": "Voorbeeld" }));
    let inside = credential(json!({ "_sd": [whole_digest] }), &[&whole]);
    let town = known(json!([{ "path": ["address", "town"], "sd": "always" }]));
    assert!(town.check(&inside, Stage::Presented).is_err());
    let address = known(
        json!([{ "path": ["address"], "sd": "always" }, { "path": ["address", "town"], "sd": "never" }]),
    );
    assert_eq!(address.check(&inside, Stage::Presented), Ok(()));

    let (one, one_digest) = element(json!("NL"));
    let all = known(json!([{ "path": ["nationalities", null], "sd": "always" }]));
    let each = credential(json!({ "nationalities": [{ "...": one_digest }] }), &[&one]);
    assert_eq!(all.check(&each, Stage::Presented), Ok(()));
    let mixed = credential(json!({ "nationalities": ["BE", { "...": one_digest }] }), &[&one]);
    assert!(all.check(&mixed, Stage::Presented).is_err());
    // A path that does not fit selects nothing.
    let wrong = known(json!([{ "path": ["nationalities", "first"], "sd": "always" }]));
    assert_eq!(wrong.check(&each, Stage::Presented), Ok(()));
}

/// Not seeing a claim that can be kept back proves nothing; not seeing one that cannot does.
#[test]
fn absence_in_a_presentation_is_no_proof() {
    let empty = credential(json!({}), &[]);
    let rule = |sd: Option<&str>, at: Value| {
        let mut claim = json!({ "path": at, "mandatory": true });
        if let Some(sd) = sd {
            claim["sd"] = json!(sd);
        }
        known(json!([claim]))
    };
    let town = || json!(["town"]);
    let missing = Err(TypeRuleError::Missing(path(town())));
    assert_eq!(rule(None, town()).check(&empty, Stage::Presented), Ok(()));
    assert_eq!(
        rule(Some("always"), town()).check(&empty, Stage::Presented),
        Ok(())
    );
    assert_eq!(
        rule(Some("never"), town()).check(&empty, Stage::Presented),
        missing
    );
    for sd in [None, Some("always"), Some("allowed"), Some("never")] {
        assert_eq!(rule(sd, town()).check(&empty, Stage::Issued), missing);
    }
    // Inside something that was not shown.
    let nested = rule(Some("never"), json!(["address", "town"]));
    assert_eq!(nested.check(&empty, Stage::Presented), Ok(()));
    let without = credential(json!({ "address": {} }), &[]);
    assert!(nested.check(&without, Stage::Presented).is_err());
}

#[test]
fn a_credential_names_the_version_of_its_type() {
    let known = known(json!([]));
    let with = |value: Value| {
        known.check(
            &credential(json!({ "vct#integrity": value }), &[]),
            Stage::Presented,
        )
    };
    assert_eq!(with(json!(known.integrity())), Ok(()));
    assert_eq!(with(json!("sha256-AAAA")), Err(TypeRuleError::Integrity));
    assert_eq!(with(json!(1)), Err(TypeRuleError::Integrity));
}

#[test]
fn the_work_is_bounded() {
    let rules: Vec<Value> = (0..100)
        .map(|n| json!({ "path": ["list", null, format!("k{n}")], "sd": "always" }))
        .collect();
    let list: Vec<Value> = (0..2000).map(|_| json!({})).collect();
    let long = credential(json!({ "list": list }), &[]);
    assert_eq!(
        known(json!(rules)).check(&long, Stage::Presented),
        Err(TypeRuleError::TooMuchWork)
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    /// Documents from the network never make the reader panic.
    #[test]
    fn reading_never_panics(
        text in "[\\[\\]{}\",:0-9a-z#\\\\ ]{0,200}",
        member in proptest::sample::select(vec!["extends", "display", "claims", "extends#integrity"]),
        value in "[\\[\\]{}\",:0-9a-z]{0,60}",
    ) {
        let _ = TypeMetadata::parse(text.as_bytes());
        let document = format!("{{\"vct\":\"a\",\"{member}\":{value}}}");
        let _ = TypeResolution::new("a", Some(&value)).supply(document.as_bytes());
        let _ = TypeResolution::new("a", None).supply(document.as_bytes());
        let _ = matches_integrity(text.as_bytes(), &value);
    }
}

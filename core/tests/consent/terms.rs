//! Terms and the query they become (P-01, C-01, C-09).

use assent_core::consent::{Choices, ConsentTerms, RECEIPT_QUERY, RecordKind};
use assent_core::dcql::DcqlQuery;
use serde_json::{Value, json};

use super::support::{PROFILE, library, terms, terms_of, withdrawal_endpoint};

fn problems(value: &Value) -> Vec<String> {
    let error =
        ConsentTerms::parse(value.as_object().unwrap(), &withdrawal_endpoint(), &PROFILE).unwrap_err();
    error.problems.into_iter().map(|problem| problem.field).collect()
}

/// P-01: each field the ISO or the GDPR column makes mandatory, left out alone.
#[test]
fn every_mandatory_field_is_mandatory() {
    for field in [
        "purpose",
        "legal_basis",
        "retention",
        "recipients",
        "storage_locations",
        "jurisdiction",
        "controller",
        "privacy_policy",
        "rights_contact",
        "authority",
        "language",
    ] {
        let mut value = library();
        value.as_object_mut().unwrap().remove(field);
        assert!(problems(&value).iter().any(|name| name == field), "{field}");
    }
    for (party, fields) in [
        ("controller", &["name", "contact", "address"][..]),
        ("authority", &["name", "url"]),
    ] {
        for field in fields {
            let mut value = library();
            value[party].as_object_mut().unwrap().remove(*field);
            assert_eq!(problems(&value), [format!("{party}.{field}")]);
        }
    }
}

/// All problems at once, not one at a time.
#[test]
fn all_problems_are_named() {
    let found = problems(&json!({ "purpose": "text", "retention": "forever" }));
    for field in ["purpose", "retention", "legal_basis", "controller", "required"] {
        assert!(found.iter().any(|name| name == field), "{field} in {found:?}");
    }
}

#[test]
fn wrong_values_are_refused() {
    for (pointer, value, field) in [
        ("/retention", json!("P"), "retention"),
        ("/legal_basis", json!("because"), "legal_basis"),
        ("/jurisdiction", json!("Netherlands"), "jurisdiction"),
        ("/storage_locations", json!([]), "storage_locations"),
        ("/storage_locations", json!(["US"]), "geographic_restrictions"),
        (
            "/privacy_policy",
            json!("http://library.example"),
            "privacy_policy",
        ),
        ("/purpose/en", json!(""), "purpose"),
        ("/controller/name", json!("a\u{202e}b"), "controller.name"),
        ("/required/0/path", json!("age"), "required[0].path"),
        ("/required/0/path", json!([]), "required[0].path"),
        (
            "/optional/0",
            json!({ "vct": "urn:eudi:pid:1", "path": ["address", "locality"] }),
            "required",
        ),
        (
            "/optional/0",
            json!({ "vct": "urn:eudi:pid:1", "path": ["address"] }),
            "required",
        ),
        ("/optional/0/path", json!(["email", 1.5]), "optional[0].path"),
    ] {
        let mut terms = library();
        *terms.pointer_mut(pointer).unwrap() = value.clone();
        assert_eq!(problems(&terms), [field], "{pointer} = {value}");
    }
    let mut typo = library();
    typo["retension"] = json!("P1D");
    assert_eq!(problems(&typo), ["retension"]);
}

/// C-09, GDPR Article 9: a special category needs explicit consent.
#[test]
fn special_categories_need_explicit_consent() {
    let mut value = library();
    value["optional"][0]["special_category"] = json!("dpv:HealthData");
    assert_eq!(problems(&value), ["legal_basis"]);
    value["legal_basis"] = json!("eu-gdpr:A9-2-a");
    assert_eq!(terms_of(&value).record_kind(), RecordKind::Consent);
}

/// C-07: another basis is a notice, not a consent.
#[test]
fn another_basis_is_a_notice() {
    let mut value = library();
    value["legal_basis"] = json!("eu-gdpr:A6-1-e");
    assert_eq!(terms_of(&value).record_kind(), RecordKind::Notice);
}

/// What is signed reads back to the same terms.
#[test]
fn terms_survive_signing() {
    let terms = terms();
    assert_eq!(
        ConsentTerms::from_signed(&terms.to_object(), &PROFILE).unwrap(),
        terms
    );
    let mut later = terms.to_object();
    later.insert("something_new".into(), json!(1));
    assert_eq!(ConsentTerms::from_signed(&later, &PROFILE).unwrap(), terms);
}

/// C-01, DCQL §6.4: required attributes as a block, optional ones as switches, and a place for the receipt.
#[test]
fn terms_become_blocks_and_switches() {
    let mut value = library();
    value["optional"] = json!([
        { "vct": "urn:assent:residence:1", "path": ["email"], "group": "contact" },
        { "vct": "urn:assent:residence:1", "path": ["library_number"] },
        { "vct": "urn:eudi:pid:1", "path": ["phone_number"], "group": "contact" }
    ]);
    let terms = terms_of(&value);
    let query = terms.to_dcql().unwrap();
    assert_eq!(
        query.to_json()["credential_sets"],
        json!([
            { "options": [["required-1", "required-2"]] },
            { "options": [["optional-1-1", "optional-1-2"]], "required": false },
            { "options": [["optional-2"]], "required": false },
            { "options": [["receipt"]], "required": false }
        ])
    );
    assert_eq!(
        query.to_json()["credentials"][1],
        json!({
            "id": "required-2", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:eudi:pid:1"] },
            "claims": [{ "path": ["address", "locality"] }]
        })
    );
    // And backwards.
    let choices = Choices::of(&query);
    assert_eq!(choices.receipt_query.as_deref(), Some(RECEIPT_QUERY));
    assert_eq!(choices.required.len(), 1);
    let purposes = terms.purposes();
    let switches: Vec<_> = purposes.iter().filter(|purpose| !purpose.required).collect();
    assert_eq!(choices.optional.len(), switches.len());
    for (choice, purpose) in choices.optional.iter().zip(switches) {
        assert_eq!(choice.options, std::slice::from_ref(&purpose.query_ids));
    }
    // No claim is asked for that the terms do not name.
    let asked: usize = query.credentials().iter().map(|query| query.claims().len()).sum();
    assert_eq!(asked, terms.attributes().count());
}

#[test]
fn only_optional_attributes_are_possible() {
    let mut value = library();
    value["required"] = json!([]);
    let query = terms_of(&value).to_dcql().unwrap();
    assert!(Choices::of(&query).required.is_empty());
    assert!(DcqlQuery::parse(&query.to_json()).is_ok());
}

#[test]
fn more_switches_than_a_query_may_have_are_refused() {
    let mut value = library();
    let many = (0..20).map(|i| json!({ "vct": "urn:eudi:pid:1", "path": [format!("claim_{i}")] }));
    value["optional"] = many.collect();
    assert!(terms_of(&value).to_dcql().is_err());
}

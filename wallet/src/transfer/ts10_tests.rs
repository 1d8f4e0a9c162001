use serde_json::json;

use super::super::ts10_out::migration_data;
use super::*;

fn read_text(value: Value) -> Read {
    read(value.as_object().unwrap().clone()).unwrap()
}

fn entries(read: &Read) -> Vec<Entry> {
    read.contents.list()
}

fn presentation() -> Value {
    json!({
        "transactionIdentifier": "t-1", "time": "2026-11-20T09:30:00", "transactionType": "Presentation",
        "transactionResult": "Completed",
        "presentation": {
            "interactingPartyIdentifier": { "type": "EUID", "identifier": "NL.1" }, "interactingPartyType": "ServiceProvider",
            "interactingPartyName": "Library", "interactingPartyContact": [{ "country": "NL" }], "isIntermediary": false,
            "registrarURL": "https://registrar.example", "purpose": [{ "lang": "nl", "content": "Lenen" }],
            "privacyPolicy": ["https://library.example/privacy"], "dpaName": "AP", "dpaCountry": "NL", "dpaContact": ["https://ap.example"],
            "listOfClaimsRequested": [{ "credentialIdentifier": "urn:eudi:pid:1", "claims": [["address", "locality"], ["nationalities", null]] }],
            "listOfClaimsPresented": [{ "credentialIdentifier": "urn:eudi:pid:1", "claims": [["address", "locality"]] }],
        },
    })
}

#[test]
fn the_table_form() {
    let out = read_text(json!({ "transactionLog": [presentation()] }));
    let entry = &entries(&out)[0];
    assert_eq!((entry.id.as_str(), entry.at), ("t-1", 1_795_167_000));
    assert_eq!(
        (entry.party_name.as_str(), entry.party_id.as_str()),
        ("Library", "NL.1")
    );
    assert_eq!((entry.requested.len(), entry.presented.len()), (2, 1));
    assert_eq!(entry.purpose.as_deref(), Some("Lenen"));
    assert_eq!(
        entry.policy_url.as_deref(),
        Some("https://library.example/privacy")
    );
    assert_eq!(
        entry.authority,
        Some(("AP".to_owned(), "https://ap.example".to_owned()))
    );
    assert_eq!(entry.outcome, Some(Outcome::Shared));
    assert!(out.notes.is_empty());
}

/// The example in the text of TS10: members flat beside the identifier, truth as text, names for paths.
#[test]
fn the_flat_form_of_the_example() {
    let mut flat = presentation();
    let Value::Object(body) = flat["presentation"].take() else {
        panic!()
    };
    let flat = flat.as_object_mut().unwrap();
    flat.remove("presentation");
    flat.extend(body);
    flat.insert("isIntermediary".into(), json!("FALSE"));
    flat.insert("purpose".into(), json!("Lenen"));
    flat.insert(
        "listOfClaimsPresented".into(),
        json!([{ "credentialIdentifier": "urn:eudi:pid:1", "claims": ["family_name", "given_name"] }]),
    );
    flat.insert("transactionResult".into(), json!("NotCompleted"));
    flat.insert("reasonOfNoncompletion".into(), json!("declined"));
    let out = read_text(json!({ "transactionLog": [flat] }));
    let entry = &entries(&out)[0];
    assert_eq!(entry.party_name, "Library");
    assert_eq!(
        entry.presented[1].path,
        ClaimsPath::keys(&["given_name"]).unwrap()
    );
    assert_eq!(entry.outcome, Some(Outcome::Declined));
    assert_eq!(entry.purpose.as_deref(), Some("Lenen"));
}

#[test]
fn what_we_write_comes_back_whole() {
    let first = read_text(json!({ "transactionLog": [presentation()] }));
    let again = read_text(migration_data(&first.contents));
    let pairs = |read: &Read| {
        let pairs = read.contents.iter();
        pairs
            .map(|(name, content)| (name.to_owned(), content.to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(pairs(&first), pairs(&again));
    // And what others see of it has all that the table demands.
    let data = migration_data(&first.contents);
    let body = &data["transactionLog"][0]["presentation"];
    for member in [
        "interactingPartyIdentifier",
        "interactingPartyType",
        "interactingPartyName",
        "interactingPartyContact",
        "isIntermediary",
        "registrarURL",
        "purpose",
        "privacyPolicy",
        "dpaName",
        "dpaCountry",
        "dpaContact",
        "listOfClaimsRequested",
        "listOfClaimsPresented",
    ] {
        assert!(!body[member].is_null(), "{member}");
    }
    assert_eq!(body["purpose"][0]["content"], "Lenen");
    assert_eq!(data["nonDeviceBoundCredentials"], json!([]));
}

#[test]
fn what_is_not_kept_here_is_counted() {
    let mut other = presentation();
    other["transactionType"] = json!("SigningSealing");
    let mut no_time = presentation();
    no_time["time"] = json!("yesterday");
    let out = read_text(json!({
        "transactionLog": [presentation(), presentation(), other, no_time, 7, { "transactionType": "Presentation" }],
        "listOfCredentials": [
            { "credentialIdentifier": "urn:x:1", "issuerName": "City", "issuerIdentifier": "https://city.example", "supplyPointURL": "javascript:alert(1)" },
            { "credentialIdentifier": "urn:eudi:pid:1", "issuerName": "State", "issuerIdentifier": "s", "supplyPointURL": "https://state.example/pid" },
            {},
        ],
        "nonDeviceBoundCredentials": [{ "format": "dc+sd-jwt", "credential": "x" }],
    }));
    assert_eq!(entries(&out).len(), 1);
    let note = |code: &str| {
        out.notes
            .iter()
            .find(|note| note.code == code)
            .map(|note| note.count)
    };
    assert_eq!(note("log-class-not-kept"), Some(1));
    assert_eq!(note("log-unreadable"), Some(4));
    assert_eq!(note("cards-without-key"), Some(1));
    // The identity card first; only links that a browser may open.
    assert_eq!(out.wanted[0].vct, "urn:eudi:pid:1");
    assert_eq!(
        (out.wanted[0].link.as_deref(), &out.wanted[1].link),
        (Some("https://state.example/pid"), &None)
    );
}

#[test]
fn hostile_logs_stay_in_bounds() {
    let mut entry = presentation();
    entry["transactionIdentifier"] = json!("../../card/\u{0}");
    entry["presentation"]["interactingPartyName"] = json!("é".repeat(5000));
    entry["presentation"]["listOfClaimsPresented"] =
        json!([{ "credentialIdentifier": "x", "claims": vec!["a"; 5000] }]);
    let out = read_text(json!({ "transactionLog": [entry] }));
    let entry = &entries(&out)[0];
    assert!(entry.id.len() <= 64 && !entry.id.contains('/'));
    assert!(entry.party_name.len() <= MAX_TEXT && entry.presented.len() <= MAX_CLAIMS);
    let many = json!({ "transactionLog": vec![Value::Null; MAX_ENTRIES + 1] });
    assert_eq!(
        read(many.as_object().unwrap().clone()).unwrap_err(),
        TransferError::TooLarge
    );
    for wrong in [
        json!({ "transactionLog": {} }),
        json!({ "listOfCredentials": "x" }),
    ] {
        assert_eq!(
            read(wrong.as_object().unwrap().clone()).unwrap_err(),
            TransferError::Damaged
        );
    }
    // An own entry under another transaction's name is not believed.
    let mut own = presentation();
    own[OWN] = json!({ "id": "other" });
    assert_eq!(
        entries(&read_text(json!({ "transactionLog": [own] })))[0].id,
        "t-1"
    );
}

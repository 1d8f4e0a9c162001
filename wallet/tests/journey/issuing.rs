//! What the wallet asks of an issuer, and what it cannot do yet.

use std::collections::BTreeSet;

use assent_core::encoding::form;
use assent_core::issuer::sandbox;
use serde_json::{Value, json};

use crate::city::{BASE, City};
use crate::person::{PASSPHRASE, Person};

/// CI-22: one nonce is enough for all the key proofs of a batch; some issuers give no second one.
#[test]
fn one_nonce_serves_the_whole_batch() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let before = city.asked.len();
    let cards = person.receive(&mut city, "residence");
    assert_eq!(cards["cards"][0]["copiesLeft"], 10);
    let asked = |end: &str| {
        city.asked
            .iter()
            .skip(before)
            .filter(|url| url.ends_with(end))
            .count()
    };
    assert_eq!(
        (
            asked("/issuer/nonce"),
            asked("/issuer/credential"),
            asked("/issuer/token")
        ),
        (1, 1, 1)
    );
}

/// An offer that wants a sign-in, of an issuer whose server knows none: nothing is asked for.
#[test]
fn an_offer_with_a_sign_in_needs_a_server_for_it() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let offer = json!({
        "credential_issuer": format!("{BASE}/issuer"),
        "credential_configuration_ids": ["residence"],
        "grants": { "authorization_code": { "issuer_state": "x" } },
    });
    let encoded: String = offer
        .to_string()
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    let link = format!("openid-credential-offer://?credential_offer={encoded}");
    let error = person.fails(&mut city, json!({ "type": "offerOpen", "link": link }));
    assert_eq!(error["code"], "issuer-no-authorization-server");
    assert!(!city.asked.iter().any(|url| url.ends_with("/issuer/token")));
}

/// §4.1.3: an offer by reference that its issuer gives no more.
#[test]
fn an_offer_that_was_used_says_so() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let uri = format!("{BASE}/issuer/offers/used");
    let link = format!(
        "openid-credential-offer://?{}",
        form::encode([("credential_offer_uri", uri.as_str())])
    );
    let error = person.fails(&mut city, json!({ "type": "offerOpen", "link": link }));
    assert_eq!(error["code"], "offer-gone");
    assert!(
        city.asked
            .last()
            .is_some_and(|line| line.ends_with("/issuer/offers/used"))
    );
    // The same link again, of an offer by value that wants no code: nobody typed one that could be wrong.
    let (link, _) = city.offer("identity", false);
    let open = json!({ "type": "offerOpen", "link": link });
    person.run(&mut city, open.clone()).unwrap();
    person.run(&mut city, json!({ "type": "offerAccept" })).unwrap();
    person.run(&mut city, open).unwrap();
    let error = person.fails(&mut city, json!({ "type": "offerAccept" }));
    assert_eq!(error["code"], "offer-gone");
}

fn cards(person: &mut Person, city: &mut City) -> Value {
    person.run(city, json!({ "type": "cards" })).unwrap()["cards"].clone()
}

fn show_residence(person: &mut Person, city: &mut City) -> Value {
    let query = json!({ "credentials": [{ "id": "a", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] }, "claims": [{ "path": ["municipality"] }] }] });
    let link = city.ask_query(query, None, assent_core::oid4vp::ResponseMode::DirectPost);
    person
        .run(city, json!({ "type": "requestOpen", "link": link }))
        .unwrap();
    person.run(city, json!({ "type": "requestShare" })).unwrap()["result"].clone()
}

/// The same card again: one card, its unused copies and the fresh ones, and every one of them works.
#[test]
fn the_same_card_again_brings_fresh_copies() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let first = person.receive(&mut city, "residence")["cards"][0].clone();
    assert_eq!(first["renewal"], Value::Null);
    for _ in 0..8 {
        show_residence(&mut person, &mut city);
    }
    let again = person.receive(&mut city, "residence")["cards"][0].clone();
    assert_eq!(
        (&again["id"], &again["renewal"]),
        (&first["id"], &json!("copies"))
    );
    let here = cards(&mut person, &mut city);
    assert_eq!(here.as_array().unwrap().len(), 1);
    assert_eq!(here[0]["copiesLeft"], 12);
    assert_eq!(here[0]["refresh"], false);
    let mut seen = BTreeSet::new();
    for _ in 0..12 {
        assert_eq!(show_residence(&mut person, &mut city)["outcome"], "shared");
        let body = city.responses.last().unwrap().clone();
        // The issuer's signature tells copies apart.
        let token = body
            .split("vp_token=")
            .nth(1)
            .unwrap()
            .split("%7E")
            .next()
            .unwrap();
        assert!(seen.insert(token.to_owned()), "a copy was shown twice");
    }
    assert_eq!(cards(&mut person, &mut city)[0]["state"], "usedUp");
    person.receive(&mut city, "residence");
    assert_eq!(cards(&mut person, &mut city)[0]["copiesLeft"], 10);
    // The card knows its whole past.
    let card = person
        .run(&mut city, json!({ "type": "card", "id": first["id"] }))
        .unwrap();
    assert_eq!(card["card"]["uses"].as_array().unwrap().len(), 20);
}

/// New details of the same person replace the old ones; the old copies are gone.
#[test]
fn a_renewed_card_replaces_the_old_one() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let first = person.receive(&mut city, "identity")["cards"][0].clone();
    (city.day, person.now) = (40, person.now.plus(40 * 86_400));
    city.details = Some(("family_name", json!("Voorbeeld-Nieuw")));
    let (link, _) = city.offer("identity", false);
    let offer = person
        .run(&mut city, json!({ "type": "offerOpen", "link": link }))
        .unwrap();
    assert_eq!(offer["offer"]["cards"][0]["alreadyHere"], true);
    let renewed = person.run(&mut city, json!({ "type": "offerAccept" })).unwrap()["cards"][0].clone();
    assert_eq!(
        (&renewed["id"], &renewed["renewal"]),
        (&first["id"], &json!("details"))
    );
    assert_eq!(renewed["copiesLeft"], 10);
    assert!(renewed["validUntil"].as_i64() > first["validUntil"].as_i64());
    let card = person
        .run(&mut city, json!({ "type": "card", "id": first["id"] }))
        .unwrap();
    assert!(card.to_string().contains("Voorbeeld-Nieuw"));
    let status = person.run(&mut city, json!({ "type": "sync" }));
    assert!(status.is_ok());
}

/// A card of the same kind about somebody else, or that nobody can tell, is a card of its own.
#[test]
fn somebody_elses_card_stays_beside() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    city.details = Some(("personal_administrative_number", json!("SANDBOX-000000002")));
    let other = person.receive(&mut city, "identity");
    assert_eq!(other["cards"][0]["renewal"], Value::Null);
    city.details = Some(("email", json!("child@voorbeeld.example")));
    person.receive(&mut city, "residence");
    assert_eq!(cards(&mut person, &mut city).as_array().unwrap().len(), 4);
}

/// Fresh copies wait on this device while another one uses an old copy: nothing is lost, nothing comes back.
#[test]
fn fresh_copies_wait_beside_what_another_device_does() {
    for stored in [true, false] {
        let mut city = City::new();
        let mut person = Person::with_vault(&mut city);
        person.receive(&mut city, "residence");
        let mut other = Person::new(1000);
        let open = json!({ "type": "openVault", "address": person.address, "passphrase": PASSPHRASE });
        other.run(&mut city, open).unwrap();
        let broken = if stored { &mut city.lost } else { &mut city.down };
        broken.insert("/commits");
        person.receive(&mut city, "residence");
        city.lost.clear();
        city.down.clear();
        assert_eq!(cards(&mut person, &mut city)[0]["copiesLeft"], 20);
        other.run(&mut city, json!({ "type": "sync" })).unwrap();
        show_residence(&mut other, &mut city);
        for device in [&mut person, &mut other] {
            device.run(&mut city, json!({ "type": "sync" })).unwrap();
            let here = cards(device, &mut city);
            assert_eq!(here.as_array().unwrap().len(), 1);
            assert_eq!(here[0]["copiesLeft"], 19, "stored: {stored}");
        }
        show_residence(&mut person, &mut city);
        other.run(&mut city, json!({ "type": "sync" })).unwrap();
        assert_eq!(cards(&mut other, &mut city)[0]["copiesLeft"], 18);
    }
}

/// The labels of the residence card from an issuer whose metadata has none, and whether the registry was asked.
fn labels(documents: Vec<String>) -> (Vec<String>, bool) {
    let mut city = City::new();
    city.types = documents;
    let residence = city.settings.configurations.get_mut(sandbox::RESIDENCE).unwrap();
    residence.claims.clear();
    let mut person = Person::with_vault(&mut city);
    let cards = person.receive(&mut city, "residence");
    let card = json!({ "type": "card", "id": cards["cards"][0]["id"] });
    let card = person.run(&mut city, card).unwrap();
    let label = |detail: &Value| detail["label"].as_str().unwrap().to_owned();
    let labels = card["card"]["details"].as_array().unwrap().iter().map(label);
    let asked = city.asked.iter().any(|url| url.ends_with("/v1/registry/types"));
    (labels.collect(), asked)
}

/// SV-7: the names of details come from the type's metadata when the issuer gives none, and only from the document that
/// the card itself names by hash.
#[test]
fn names_come_from_the_type_that_the_card_vouches_for() {
    let document = String::from_utf8(sandbox::types()[0].document().to_vec()).unwrap();
    let (right, asked) = labels(vec!["{\"vct\":\"other\"}".into(), document.clone()]);
    assert!(asked && right.contains(&"Email".to_owned()), "{right:?}");
    // A registry that lies: the wallet's own dictionary is used.
    let lie = document.replace("\"Email\"", "\"Favourite colour\"");
    assert_ne!(lie, document);
    for documents in [
        vec![lie.clone()],
        vec![],
        vec!["{\"vct\":\"urn:assent:residence:1\"}".into()],
    ] {
        let (labels, _) = labels(documents);
        assert!(labels.contains(&"E-mail".to_owned()), "{labels:?}");
        assert_eq!(labels.len(), right.len());
    }
    // Both: the right one is found.
    assert_eq!(labels(vec![lie, document]).0, right);
    // Nobody is asked where the issuer's own names are there.
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    person.receive(&mut city, "residence");
    assert!(!city.asked.iter().any(|url| url.ends_with("/v1/registry/types")));
}

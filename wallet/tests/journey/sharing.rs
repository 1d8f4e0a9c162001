//! Asking, sharing, refusing, withdrawing.

use assent_core::oid4vp::ResponseMode;
use assent_core::verifier::TransactionState;
use assent_wallet::app::Wallet;
use serde_json::{Value, json};

use crate::city::City;
use crate::person::{PASSPHRASE, Person, surroundings};

pub fn terms() -> Value {
    json!({
        "purpose": { "en": "Check that you may borrow films for 16 and over", "nl": "Nagaan of je films vanaf 16 mag lenen" },
        "purpose_type": "dpv:ServiceProvision",
        "legal_basis": "eu-gdpr:A6-1-a",
        "required": [
            { "vct": "urn:assent:residence:1", "path": ["age_equal_or_over", "16"] },
            { "vct": "urn:eudi:pid:1", "path": ["address", "locality"] },
        ],
        "optional": [
            { "vct": "urn:assent:residence:1", "path": ["email"], "purpose": { "en": "Send you reminders" } },
        ],
        "retention": "P30D", "validity": "P1Y", "recipients": [], "storage_locations": ["NL"], "jurisdiction": "NL",
        "controller": { "name": "City library", "contact": "privacy@library.example", "address": "Square 1, Voorbeeld" },
        "privacy_policy": "https://library.example/privacy", "rights_contact": "privacy@library.example",
        "authority": { "name": "Authority", "url": "https://authority.example" }, "language": "en",
    })
}

pub fn opened(person: &mut Person, city: &mut City) -> Value {
    let link = city.ask(&terms(), ResponseMode::DirectPostJwt);
    person
        .run(city, json!({ "type": "requestOpen", "link": link }))
        .unwrap()["request"]
        .clone()
}

#[test]
fn the_main_job_from_request_to_withdrawal() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    let view = opened(&mut person, &mut city);
    assert_eq!(view["service"]["name"], "City library");
    assert_eq!(view["service"]["trust"], "verified");
    assert_eq!(view["purpose"], "Check that you may borrow films for 16 and over");
    assert_eq!(view["required"].as_array().unwrap().len(), 2);
    assert_eq!(view["required"][0]["details"][0]["value"], "Yes");
    assert_eq!(view["optional"].as_array().unwrap().len(), 1);
    assert_eq!(view["optional"][0]["purpose"], "Send you reminders");
    assert_eq!(view["recognisability"]["level"], "not_at_all");
    assert_eq!(view["recognisability"]["withOptional"][0][1], "as_you");
    assert_eq!(view["retention"], json!({ "text": "P30D", "attested": false }));
    assert_eq!(view["canShare"], true);
    assert_eq!(view["missing"], json!([]));

    let shared = person.run(&mut city, json!({ "type": "requestShare" })).unwrap()["result"].clone();
    assert_eq!(shared["outcome"], "shared");
    assert_eq!(shared["count"], 2);
    assert_eq!(shared["countersigned"], true);
    assert!(
        shared["redirectUri"]
            .as_str()
            .unwrap()
            .starts_with("https://library.example/back?response_code=")
    );

    // The library has exactly the two details, and not the e-mail address.
    assert_eq!(city.transaction().state(), TransactionState::Verified);
    let verdict = city.transaction().verdict().unwrap().clone();
    let claims: Vec<&Value> = verdict
        .credentials
        .iter()
        .map(|credential| &credential.claims)
        .collect();
    assert_eq!(claims[0]["age_equal_or_over"], json!({ "16": true }));
    assert!(claims[1]["address"].as_object().unwrap().len() == 1);
    assert!(
        claims
            .iter()
            .all(|claims| claims.get("email").is_none() && claims.get("family_name").is_none())
    );

    // Copies are burnt, the log holds names and no values.
    let cards = person.run(&mut city, json!({ "type": "cards" })).unwrap();
    assert!(
        cards["cards"]
            .as_array()
            .unwrap()
            .iter()
            .all(|card| card["copiesLeft"] == 9)
    );
    let entry = person
        .run(&mut city, json!({ "type": "entry", "id": shared["entryId"] }))
        .unwrap()["entry"]
        .clone();
    assert_eq!(entry["presented"].as_array().unwrap().len(), 2);
    assert_eq!(entry["requested"].as_array().unwrap().len(), 3);
    let export: Value = serde_json::from_str(entry["export"].as_str().unwrap()).unwrap();
    assert_eq!(export["transactionResult"], "Completed");
    let town = claims[1]["address"]["locality"].as_str().unwrap();
    assert!(!entry.to_string().contains(town), "the log must not hold values");

    let receipt = person
        .run(&mut city, json!({ "type": "receipt", "id": shared["receiptId"] }))
        .unwrap()["receipt"]
        .clone();
    assert_eq!(
        (&receipt["receipt"], &receipt["countersignature"]),
        (&json!("valid"), &json!("valid"))
    );
    assert_eq!(receipt["withdrawal"], "absent");
    assert!(!receipt["export"].as_str().unwrap().contains(town));
    assert_eq!(
        city.receipt.as_ref().unwrap().receipt().linkability.level,
        assent_core::consent::Recognisability::NotAtAll
    );

    // Withdrawing with the library out of reach: stopped here at once, told later, never called confirmed before.
    let home = person.run(&mut city, json!({ "type": "home" })).unwrap();
    assert_eq!(home["home"]["sharingCount"], 1);
    city.down.insert("/vp/withdrawals");
    let stop = json!({ "type": "stopSharing", "id": shared["sharingId"], "askErasure": true });
    let item = person.run(&mut city, stop.clone()).unwrap()["item"].clone();
    assert_eq!(item["state"], "stopQueued");
    assert!(!city.stopped);
    assert_eq!(person.fails(&mut city, stop)["code"], "sharing-already-stopped");
    let home = person.run(&mut city, json!({ "type": "home" })).unwrap();
    assert_eq!(home["home"]["sharingCount"], 0);
    assert_eq!(home["home"]["status"]["pendingWithdrawals"], 1);
    city.down.clear();
    person.restart();
    person
        .run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
        .unwrap();
    let sharing = person.run(&mut city, json!({ "type": "retryPending" })).unwrap()["sharing"].clone();
    assert_eq!(sharing[0]["state"], "stopped");
    assert!(city.stopped && city.erasure_asked);
    let receipt = person
        .run(&mut city, json!({ "type": "receipt", "id": shared["receiptId"] }))
        .unwrap()["receipt"]
        .clone();
    assert_eq!(
        (&receipt["withdrawal"], &receipt["acknowledgement"]),
        (&json!("valid"), &json!("valid"))
    );

    // All of it on another device.
    let mut other = Person::new(5000);
    let code = person.code.join("-");
    other
        .run(
            &mut city,
            json!({ "type": "openVault", "address": person.address, "recoveryCode": code }),
        )
        .unwrap();
    let sharing = other.run(&mut city, json!({ "type": "sharing" })).unwrap()["sharing"].clone();
    assert_eq!(sharing[0]["state"], "stopped");
    let cards = other.run(&mut city, json!({ "type": "cards" })).unwrap();
    assert_eq!(cards["cards"][0]["copiesLeft"], 9);
}

/// The service renewed its certificate since: the same organisation under the same authority speaks for it. Another
/// organisation does not, nor the same number under another authority, trusted or not.
#[test]
fn a_renewed_certificate_acknowledges_and_another_one_does_not() {
    for (identifier, above, trusted, state) in [
        ("NTRNL-00000011", 12, false, "stopped"),
        ("NTRNL-00000099", 12, false, "stopDisputed"),
        ("NTRNL-00000011", 77, false, "stopDisputed"),
        ("NTRNL-00000011", 77, true, "stopDisputed"),
    ] {
        let mut city = City::new();
        let mut person = Person::with_cards(&mut city);
        opened(&mut person, &mut city);
        let shared = person.run(&mut city, json!({ "type": "requestShare" })).unwrap()["result"].clone();
        assert_eq!(shared["countersigned"], true);
        city.renew_library(identifier, above, trusted);
        person.run(&mut city, json!({ "type": "sync" })).unwrap();
        let stop = json!({ "type": "stopSharing", "id": shared["sharingId"], "askErasure": false });
        let item = person.run(&mut city, stop).unwrap()["item"].clone();
        assert_eq!(item["state"], state, "{identifier} under {above}");
        let receipt = person
            .run(&mut city, json!({ "type": "receipt", "id": shared["receiptId"] }))
            .unwrap()["receipt"]
            .clone();
        let acknowledged = if state == "stopped" { "valid" } else { "absent" };
        assert_eq!(receipt["acknowledgement"], acknowledged);
        assert_eq!(receipt["countersignature"], "valid");
        if state == "stopped" {
            // Long after the renewed certificate ended, it is still good for what was signed before.
            person.now = person.now.plus(3 * 365 * 86_400);
            let receipt = person
                .run(&mut city, json!({ "type": "receipt", "id": shared["receiptId"] }))
                .unwrap();
            assert_eq!(receipt["receipt"]["acknowledgement"], "valid");
        }
    }
}

#[test]
fn an_optional_detail_is_shared_only_when_switched_on() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    let view = opened(&mut person, &mut city);
    let set = view["optional"][0]["setId"].clone();
    let wrong = person.fails(
        &mut city,
        json!({ "type": "requestShare", "optional": ["set-99"] }),
    );
    assert_eq!(wrong["code"], "request-no-such-choice");
    let shared = person
        .run(&mut city, json!({ "type": "requestShare", "optional": [set] }))
        .unwrap()["result"]
        .clone();
    assert_eq!(shared["count"], 3);
    let verdict = city.transaction().verdict().unwrap();
    assert!(
        verdict
            .credentials
            .iter()
            .any(|credential| credential.claims.get("email").is_some())
    );
    let entry = person
        .run(&mut city, json!({ "type": "entry", "id": shared["entryId"] }))
        .unwrap();
    assert_eq!(entry["entry"]["recognisability"], "as_you");
}

/// ARF RPA_11, OpenID4VP §8.5: a refusal says the same whether the person has the cards or not.
#[test]
fn refusing_and_not_having_look_the_same() {
    let query = json!({ "credentials": [{ "id": "a", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] }, "claims": [{ "path": ["email"] }] }] });
    let mut bodies = Vec::new();
    for has_card in [true, false] {
        let mut city = City::new();
        let mut person = if has_card {
            Person::with_cards(&mut city)
        } else {
            Person::with_vault(&mut city)
        };
        let link = city.ask_query(query.clone(), None, ResponseMode::DirectPost);
        let view = person
            .run(&mut city, json!({ "type": "requestOpen", "link": link }))
            .unwrap()["request"]
            .clone();
        assert_eq!(view["canShare"], has_card);
        assert_eq!(view["missing"].as_array().unwrap().len(), usize::from(!has_card));
        if !has_card {
            let error = person.fails(&mut city, json!({ "type": "requestShare" }));
            assert_eq!(error["code"], "request-not-answerable");
            assert!(city.responses.is_empty());
        }
        let declined = person
            .run(&mut city, json!({ "type": "requestDecline" }))
            .unwrap();
        assert_eq!(declined["result"]["outcome"], "declined");
        assert_eq!(city.transaction().state(), TransactionState::Declined);
        let state = city.responses[0].split("state=").nth(1).unwrap().to_owned();
        bodies.push(city.responses[0].replace(&state, "STATE"));
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[0], "error=access_denied&state=STATE");
}

/// Burn before send: what is kept when the answer leaves has the copies burnt and the outcome unknown.
#[test]
fn a_copy_is_burnt_on_record_before_the_answer_leaves() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    opened(&mut person, &mut city);
    person.kept.clear();
    person.run(&mut city, json!({ "type": "requestShare" })).unwrap();
    // Requests of the command: commit, answer, commit. Look at what the device kept when the answer left.
    let at_answer = person.kept[1].clone();
    assert!(city.asked[city.asked.len() - 2].contains("/vp/responses/"));
    let mut crashed = Person::new(9000);
    crashed.wallet = Wallet::from_cache(surroundings(), &at_answer);
    crashed
        .run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
        .unwrap();
    let cards = crashed.run(&mut city, json!({ "type": "cards" })).unwrap();
    assert!(
        cards["cards"]
            .as_array()
            .unwrap()
            .iter()
            .all(|card| card["copiesLeft"] == 9)
    );
    let history = crashed.run(&mut city, json!({ "type": "history" })).unwrap();
    assert_eq!(history["entries"][0]["outcome"], "unknownWhetherReceived");
}

#[test]
fn nothing_leaves_when_the_burning_cannot_be_recorded() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    opened(&mut person, &mut city);
    city.down.insert("/commits");
    let error = person.fails(&mut city, json!({ "type": "requestShare" }));
    assert_eq!(error["code"], "vault-service-unreachable");
    assert_eq!(error["wasAnythingShared"], "no");
    assert!(city.responses.is_empty());
    let history = person.run(&mut city, json!({ "type": "history" })).unwrap();
    assert_eq!(history["entries"][0]["outcome"], "failedBeforeSending");
    // It can simply be tried again.
    city.down.clear();
    let shared = person.run(&mut city, json!({ "type": "requestShare" })).unwrap();
    assert_eq!(shared["result"]["outcome"], "shared");
}

/// The burning was stored but the answer to that got lost: nothing was shared, so no device may say it is.
#[test]
fn a_share_that_never_left_is_no_sharing() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    opened(&mut person, &mut city);
    city.lost.insert("/commits");
    let error = person.fails(&mut city, json!({ "type": "requestShare" }));
    assert_eq!(error["wasAnythingShared"], "no");
    city.lost.clear();
    person.run(&mut city, json!({ "type": "sync" })).unwrap();
    let sharing = person.run(&mut city, json!({ "type": "sharing" })).unwrap();
    assert_eq!(sharing["sharing"], json!([]));
    let history = person.run(&mut city, json!({ "type": "history" })).unwrap();
    assert_eq!(history["entries"][0]["outcome"], "failedBeforeSending");
    assert!(city.responses.is_empty());
}

#[test]
fn a_lost_answer_is_unknown_not_failed() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    opened(&mut person, &mut city);
    city.down.insert("/vp/responses/");
    let result = person.run(&mut city, json!({ "type": "requestShare" })).unwrap()["result"].clone();
    assert_eq!(result["outcome"], "unknownWhetherReceived");
    let cards = person.run(&mut city, json!({ "type": "cards" })).unwrap();
    assert!(
        cards["cards"]
            .as_array()
            .unwrap()
            .iter()
            .all(|card| card["copiesLeft"] == 9)
    );
}

#[test]
fn a_used_up_card_is_never_shown_again_in_silence() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    let query = json!({ "credentials": [{ "id": "a", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] }, "claims": [{ "path": ["age_equal_or_over", "16"] }] }] });
    for left in (0..10).rev() {
        let link = city.ask_query(query.clone(), None, ResponseMode::DirectPost);
        let view = person
            .run(&mut city, json!({ "type": "requestOpen", "link": link }))
            .unwrap()["request"]
            .clone();
        assert_eq!(view["recognisability"]["level"], "not_at_all", "{left}");
        person.run(&mut city, json!({ "type": "requestShare" })).unwrap();
        let cards = person.run(&mut city, json!({ "type": "cards" })).unwrap();
        assert!(
            cards["cards"]
                .as_array()
                .unwrap()
                .iter()
                .any(|card| card["copiesLeft"] == left)
        );
    }
    let link = city.ask_query(query, None, ResponseMode::DirectPost);
    let view = person
        .run(&mut city, json!({ "type": "requestOpen", "link": link }))
        .unwrap()["request"]
        .clone();
    assert_eq!(view["recognisability"]["level"], "same_visitor");
    assert_eq!(view["required"][0]["warnings"][0]["code"], "card-copy-reused");
    let asked = city.responses.len();
    let error = person.fails(&mut city, json!({ "type": "requestShare" }));
    assert_eq!(error["code"], "request-warning-not-understood");
    assert_eq!(city.responses.len(), asked);
    let understood = json!({ "type": "requestShare", "understood": ["card-copy-reused"] });
    let result = person.run(&mut city, understood).unwrap()["result"].clone();
    assert_eq!(result["outcome"], "shared");
}

/// A2: terms that say less than the query asks are not silently accepted.
#[test]
fn asking_for_more_than_the_terms_say_needs_a_word() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    // The signed terms stay; the query in the request asks one detail more.
    let link = city.ask_more(&terms());
    let view = person
        .run(&mut city, json!({ "type": "requestOpen", "link": link }))
        .unwrap()["request"]
        .clone();
    assert_ne!(view["service"]["trust"], "verified");
    let codes: Vec<_> = view["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|w| w["mustUnderstand"] == true)
        .collect();
    assert_eq!(codes.len(), 1, "{view}");
    assert_eq!(view["receipt"], false);
    let error = person.fails(&mut city, json!({ "type": "requestShare" }));
    assert_eq!(error["code"], "request-warning-not-understood");
    assert!(city.responses.is_empty());
}

#[test]
fn hostile_links_are_refused_before_anything_is_sent() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let asked = city.asked.len();
    let long = format!(
        "openid4vp://?client_id=x509_hash:a&request_uri=https://a.example/{}",
        "a".repeat(70_000)
    );
    for link in [
        "",
        "hello",
        "openid4vp://",
        "openid4vp://?client_id=x509_hash:abc&request_uri=http://a.example/r",
        "openid4vp://?client_id=origin:https://a.example&request_uri=https://a.example/r",
        "openid4vp://?client_id=x509_hash:abc&request_uri=https://a.example/r&request_uri_method=PUT",
        "openid4vp://?client_id=x509_hash:abc&client_id=x509_hash:abd&request_uri=https://a.example/r",
        &long,
    ] {
        let error = person.fails(&mut city, json!({ "type": "requestOpen", "link": link }));
        assert_eq!(error["wasAnythingShared"], "no");
    }
    for link in [
        "",
        "openid-credential-offer://?credential_offer_uri=http://a.example",
        &"x".repeat(100_000),
    ] {
        person.fails(&mut city, json!({ "type": "offerOpen", "link": link }));
    }
    assert_eq!(city.asked.len(), asked);
}

//! Making, opening, syncing and losing the vault.

use assent_wallet::app::Wallet;
use serde_json::json;

use crate::city::City;
use crate::person::{PASSPHRASE, Person, surroundings};

#[test]
fn nothing_is_stored_before_the_recovery_code_is_confirmed() {
    let mut city = City::new();
    let mut person = Person::new(1);
    let short = person.fails(&mut city, json!({ "type": "createVault", "passphrase": "short" }));
    assert_eq!(short["code"], "vault-passphrase-too-short");
    let made = person
        .run(
            &mut city,
            json!({ "type": "createVault", "passphrase": PASSPHRASE }),
        )
        .unwrap();
    assert!(city.asked.is_empty());
    assert!(person.wallet.cache().is_empty());
    let group = &made["recoveryCode"][0];
    for wrong in [
        json!([]),
        json!([{ "index": 0, "text": group }]),
        json!([{ "index": 0, "text": group }, { "index": 0, "text": group }]),
        json!([{ "index": 0, "text": group }, { "index": 1, "text": "0000" }]),
        json!([{ "index": 0, "text": group }, { "index": 99, "text": group }]),
    ] {
        let error = person.fails(&mut city, json!({ "type": "confirmRecovery", "groups": wrong }));
        assert_eq!(error["code"], "vault-bad-recovery-code");
    }
    assert!(city.asked.is_empty());
}

/// The vault was stored and the answer to that got lost: it is found again, at once or the next time, never twice.
#[test]
fn a_lost_answer_to_making_a_vault_leaves_one_vault_that_opens() {
    for also_the_next in [false, true] {
        let mut city = City::new();
        let mut person = Person::new(1);
        let made = person
            .run(
                &mut city,
                json!({ "type": "createVault", "passphrase": PASSPHRASE }),
            )
            .unwrap();
        let groups = json!([{ "index": 0, "text": made["recoveryCode"][0] }, { "index": 8, "text": made["recoveryCode"][8] }]);
        let confirm = json!({ "type": "confirmRecovery", "groups": groups });
        city.lost.insert(if also_the_next {
            "/vaults"
        } else {
            "Post /v1/vaults"
        });
        if also_the_next {
            let error = person.fails(&mut city, confirm.clone());
            assert_eq!(error["code"], "vault-service-unreachable");
            city.lost.clear();
        }
        let status = person.run(&mut city, confirm).unwrap();
        city.lost.clear();
        assert_eq!(status["status"]["state"], "open");
        assert_eq!(city.vaults(), 1);
        person.receive(&mut city, "residence");
        person.restart();
        person
            .run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
            .unwrap();
        let status = person.run(&mut city, json!({ "type": "sync" })).unwrap();
        assert_eq!(status["status"]["waiting"], 0);
    }
}

/// An id that somebody else has is no vault of ours.
#[test]
fn somebody_elses_vault_is_not_taken_for_ours() {
    let mut city = City::new();
    let mut person = Person::new(1);
    let made = person
        .run(
            &mut city,
            json!({ "type": "createVault", "passphrase": PASSPHRASE }),
        )
        .unwrap();
    let groups = json!([{ "index": 0, "text": made["recoveryCode"][0] }, { "index": 8, "text": made["recoveryCode"][8] }]);
    let confirm = json!({ "type": "confirmRecovery", "groups": groups });
    city.lost.insert("/vaults");
    person.fails(&mut city, confirm.clone());
    city.lost.clear();
    city.give_vault_away();
    assert_eq!(person.fails(&mut city, confirm)["code"], "vault-access-refused");
    assert!(person.wallet.cache().is_empty());
}

/// Damaged bytes are kept until the vault was opened from its service, or given up.
#[test]
fn a_damaged_device_says_so_and_opens_from_the_service() {
    let mut city = City::new();
    let person = Person::with_cards(&mut city);
    let good = person.wallet.cache().to_vec();
    let mut cut = good.clone();
    cut.truncate(good.len() - 10);
    for (bytes, knows_address) in [
        (cut, true),
        (b"not ours at all".to_vec(), false),
        (vec![0], false),
    ] {
        let mut device = Person::new(700);
        device.wallet = Wallet::from_cache(surroundings(), &bytes);
        let status = device.run(&mut city, json!({ "type": "status" })).unwrap()["status"].clone();
        assert_eq!(status["state"], "damaged");
        assert_eq!(status["vaultAddress"].is_string(), knows_address);
        assert_eq!(
            device.fails(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))["code"],
            "vault-cache-malformed"
        );
        let anew = json!({ "type": "createVault", "passphrase": PASSPHRASE });
        assert_eq!(
            device.fails(&mut city, anew.clone())["code"],
            "vault-already-here"
        );
        assert_eq!(device.wallet.cache(), bytes, "nothing is deleted in silence");
        let open =
            |secret: &str| json!({ "type": "openVault", "address": person.address, "passphrase": secret });
        assert_eq!(
            device.fails(&mut city, open("not my passphrase"))["code"],
            "vault-wrong-secret"
        );
        assert_eq!(device.wallet.cache(), bytes);
        device.run(&mut city, open(PASSPHRASE)).unwrap();
        let cards = device.run(&mut city, json!({ "type": "cards" })).unwrap();
        assert_eq!(cards["cards"].as_array().unwrap().len(), 2);

        device.wallet = Wallet::from_cache(surroundings(), &bytes);
        let status = device.run(&mut city, json!({ "type": "forgetHere" })).unwrap();
        assert_eq!(status["status"]["state"], "empty");
        assert!(device.wallet.cache().is_empty());
        device.run(&mut city, anew).unwrap();
    }
}

/// Damage deeper down shows only when unlocking; opening afresh leads out of it.
#[test]
fn what_cannot_be_unlocked_here_opens_afresh_from_the_service() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    let mut bytes = person.wallet.cache().to_vec();
    // Far inside the records: the frame can still be read.
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    person.wallet = Wallet::from_cache(surroundings(), &bytes);
    let unlock = person.fails(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }));
    assert_ne!(unlock["code"], "vault-wrong-secret");
    let open = |fresh: bool| json!({ "type": "openVault", "address": person.address, "passphrase": PASSPHRASE, "fresh": fresh });
    let (stays, fresh) = (open(false), open(true));
    assert_eq!(person.fails(&mut city, stays)["code"], unlock["code"]);
    person.run(&mut city, fresh).unwrap();
    let cards = person.run(&mut city, json!({ "type": "cards" })).unwrap();
    assert_eq!(cards["cards"].as_array().unwrap().len(), 2);
}

#[test]
fn opens_after_a_restart_and_on_a_second_device() {
    let mut city = City::new();
    let mut one = Person::with_cards(&mut city);
    one.restart();
    let locked = one.fails(&mut city, json!({ "type": "cards" }));
    assert_eq!(locked["code"], "vault-locked");
    let asked = city.asked.len();
    let wrong = one.fails(
        &mut city,
        json!({ "type": "unlock", "passphrase": "not my passphrase" }),
    );
    assert_eq!(wrong["code"], "vault-wrong-secret");
    one.run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
        .unwrap();
    let cards = one.run(&mut city, json!({ "type": "cards" })).unwrap();
    assert_eq!(cards["cards"].as_array().unwrap().len(), 2);
    assert_eq!(city.asked.len(), asked, "unlocking and reading need no network");

    let mut two = Person::new(1000);
    let code = one.code.join(" ").to_lowercase();
    two.run(
        &mut city,
        json!({ "type": "openVault", "address": one.address, "recoveryCode": code }),
    )
    .unwrap();
    let home = two.run(&mut city, json!({ "type": "home" })).unwrap();
    assert_eq!(home["home"]["cards"].as_array().unwrap().len(), 2);
    assert_eq!(home["home"]["latest"].as_array().unwrap().len(), 2);

    // What one device changes, the other gets; a change on old data is made again on the new.
    two.run(&mut city, json!({ "type": "setSettings", "language": "nl" }))
        .unwrap();
    let settings = one
        .run(&mut city, json!({ "type": "setSettings", "theme": "dark" }))
        .unwrap();
    assert_eq!(settings["settings"]["language"], "nl");
    assert_eq!(settings["settings"]["theme"], "dark");
    two.run(&mut city, json!({ "type": "sync" })).unwrap();
    let settings = two.run(&mut city, json!({ "type": "settings" })).unwrap();
    assert_eq!(settings["settings"]["theme"], "dark");
}

#[test]
fn cards_survive_an_unreachable_vault_service() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    city.down.insert("/commits");
    person.receive(&mut city, "residence");
    let status = person.run(&mut city, json!({ "type": "status" })).unwrap();
    assert!(
        status["status"]["waiting"].as_u64().unwrap() >= 11,
        "card, ten copies, log: {status}"
    );
    person.restart();
    person
        .run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
        .unwrap();
    let cards = person.run(&mut city, json!({ "type": "cards" })).unwrap();
    assert_eq!(cards["cards"][0]["copiesLeft"], 10);
    city.down.clear();
    let status = person.run(&mut city, json!({ "type": "sync" })).unwrap();
    assert_eq!(status["status"]["waiting"], 0);
    let mut other = Person::new(1000);
    other
        .run(
            &mut city,
            json!({ "type": "openVault", "address": person.address, "passphrase": PASSPHRASE }),
        )
        .unwrap();
    let cards = other.run(&mut city, json!({ "type": "cards" })).unwrap();
    assert_eq!(cards["cards"].as_array().unwrap().len(), 1);
}

/// A service that is asked too often says so; what can wait waits as it does without a network.
#[test]
fn a_busy_vault_service_is_said_and_loses_nothing() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    city.crowded.insert("/v1/vaults");
    for command in ["sync", "refresh"] {
        let error = person.fails(&mut city, json!({ "type": command }));
        assert_eq!(error["code"], "vault-service-busy");
        assert_eq!(error["blame"], "network");
    }
    person.receive(&mut city, "residence");
    let status = person.run(&mut city, json!({ "type": "status" })).unwrap();
    assert!(status["status"]["waiting"].as_u64().unwrap() >= 11);
    person.restart();
    let open = json!({ "type": "openVault", "address": person.address, "passphrase": PASSPHRASE });
    let status = person.run(&mut city, open).unwrap();
    assert_eq!(status["status"]["state"], "open");
    city.crowded.clear();
    let status = person.run(&mut city, json!({ "type": "sync" })).unwrap();
    assert_eq!(status["status"]["waiting"], 0);
}

/// New cards are stored but the answer to that gets lost; another device uses a copy. The first device, which still
/// has the cards waiting, must not bring the used copy back.
#[test]
fn a_copy_used_elsewhere_stays_used() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    city.lost.insert("/commits");
    person.receive(&mut city, "residence");
    city.lost.clear();
    let mut other = Person::new(1000);
    let open = json!({ "type": "openVault", "address": person.address, "passphrase": PASSPHRASE });
    other.run(&mut city, open.clone()).unwrap();
    let query = json!({ "credentials": [{ "id": "a", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] }, "claims": [{ "path": ["age_equal_or_over", "16"] }] }] });
    let link = city.ask_query(query, None, assent_core::oid4vp::ResponseMode::DirectPost);
    other
        .run(&mut city, json!({ "type": "requestOpen", "link": link }))
        .unwrap();
    other.run(&mut city, json!({ "type": "requestShare" })).unwrap();
    // Opening the vault that is here already keeps what is here.
    person.restart();
    person.run(&mut city, open).unwrap();
    let status = person.run(&mut city, json!({ "type": "status" })).unwrap();
    assert_ne!(status["status"]["waiting"], 0);
    person.run(&mut city, json!({ "type": "sync" })).unwrap();
    let cards = person.run(&mut city, json!({ "type": "cards" })).unwrap();
    assert_eq!(cards["cards"][0]["copiesLeft"], 9);
}

#[test]
fn a_card_shows_its_details_and_can_be_removed() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let (link, code) = city.offer("identity", true);
    let offer = person
        .run(&mut city, json!({ "type": "offerOpen", "link": link }))
        .unwrap();
    assert_eq!(offer["offer"]["txCode"]["length"], 6);
    let wrong = person.fails(&mut city, json!({ "type": "offerAccept" }));
    assert_eq!(wrong["code"], "offer-code-needed");
    let code = code.unwrap();
    let other = if code == "000000" { "000001" } else { "000000" };
    let wrong = person.fails(&mut city, json!({ "type": "offerAccept", "txCode": other }));
    assert_eq!(wrong["code"], "issuance-code-refused");
    let cards = person
        .run(&mut city, json!({ "type": "offerAccept", "txCode": code }))
        .unwrap();
    let id = &cards["cards"][0]["id"];
    let card = person
        .run(&mut city, json!({ "type": "card", "id": id }))
        .unwrap();
    let details = card["card"]["details"].as_array().unwrap();
    let labels: Vec<&str> = details
        .iter()
        .map(|detail| detail["label"].as_str().unwrap())
        .collect();
    assert!(labels.len() > 10, "{labels:?}");
    assert!(
        details
            .iter()
            .any(|detail| detail["path"] == json!(["address", "locality"]))
    );
    assert!(
        details
            .iter()
            .any(|detail| detail["path"] == json!(["picture"]) && detail["sensitive"] == true)
    );
    assert!(
        !details
            .iter()
            .any(|detail| detail["path"][0] == "cnf" || detail["path"][0] == "status")
    );
    person
        .run(&mut city, json!({ "type": "removeCard", "id": id }))
        .unwrap();
    let cards = person.run(&mut city, json!({ "type": "cards" })).unwrap();
    assert!(cards["cards"].as_array().unwrap().is_empty());
    let history = person.run(&mut city, json!({ "type": "history" })).unwrap();
    let kinds: Vec<_> = history["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["kind"].clone())
        .collect();
    assert!(kinds.contains(&json!("credentialDeletion")) && kinds.contains(&json!("credentialIssuance")));
}

#[test]
fn a_deleted_vault_is_gone() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let status = person.run(&mut city, json!({ "type": "deleteVault" })).unwrap();
    assert_eq!(status["status"]["state"], "empty");
    assert!(person.wallet.cache().is_empty());
    let gone = person.fails(
        &mut city,
        json!({ "type": "openVault", "address": person.address, "passphrase": PASSPHRASE }),
    );
    assert_eq!(gone["code"], "vault-not-found");
}

#[test]
fn a_revoked_card_is_seen_and_not_offered_any_more() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    // Index 0 belongs to the first card received, the identity card.
    city.revoked.push(0);
    city.down.insert("/status-lists/");
    person.run(&mut city, json!({ "type": "sync" })).unwrap();
    let states = |person: &mut Person, city: &mut City| -> Vec<String> {
        let cards = person.run(city, json!({ "type": "cards" })).unwrap();
        let cards = cards["cards"].as_array().unwrap().clone();
        cards
            .iter()
            .map(|card| card["state"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        states(&mut person, &mut city),
        ["valid", "valid"],
        "no answer takes no card away"
    );
    city.down.clear();
    person.run(&mut city, json!({ "type": "sync" })).unwrap();
    assert_eq!(states(&mut person, &mut city), ["revoked", "valid"]);
    let query = json!({ "credentials": [{ "id": "a", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:eudi:pid:1"] }, "claims": [{ "path": ["family_name"] }] }] });
    let link = city.ask_query(query, None, assent_core::oid4vp::ResponseMode::DirectPost);
    let view = person
        .run(&mut city, json!({ "type": "requestOpen", "link": link }))
        .unwrap();
    assert_eq!(view["request"]["canShare"], false);
    assert_eq!(view["request"]["missing"][0]["name"], "Identity card");
}

/// A service that shows one device another history than the other, under the same version, is found out at the next
/// sync, also when nothing seems to have changed.
#[test]
fn another_vault_under_the_same_version_is_noticed() {
    let mut city = City::new();
    let mut one = Person::with_vault(&mut city);
    let mut two = Person::new(1000);
    let open = json!({ "type": "openVault", "address": one.address, "passphrase": PASSPHRASE });
    two.run(&mut city, open).unwrap();
    let backup = city.keep_vault(&one.address);
    one.run(&mut city, json!({ "type": "setSettings", "theme": "dark" }))
        .unwrap();
    city.restore_vault(&one.address, backup);
    let error = one.fails(&mut city, json!({ "type": "sync" }));
    assert_eq!(error["code"], "vault-rolled-back");
    two.run(&mut city, json!({ "type": "setSettings", "language": "nl" }))
        .unwrap();
    let error = one.fails(&mut city, json!({ "type": "sync" }));
    assert_eq!(error["code"], "vault-forked");
    two.run(&mut city, json!({ "type": "sync" })).unwrap();
}

/// What a device does when it hears of a change: fetch it, without asking anybody after the cards.
#[test]
fn news_are_fetched_and_listening_needs_an_open_vault() {
    let mut city = City::new();
    let mut one = Person::with_cards(&mut city);
    let mut two = Person::new(1000);
    let open = json!({ "type": "openVault", "address": one.address, "passphrase": PASSPHRASE });
    two.run(&mut city, open).unwrap();
    let listen = two.run(&mut city, json!({ "type": "listen" })).unwrap();
    assert_eq!(listen["url"], format!("{}/events", one.address));
    assert!(listen["token"].as_str().unwrap().len() >= 32);
    one.run(&mut city, json!({ "type": "setSettings", "theme": "dark" }))
        .unwrap();
    let asked = city.asked.len();
    two.run(&mut city, json!({ "type": "refresh" })).unwrap();
    assert!(city.asked.len() > asked);
    assert!(
        city.asked[asked..]
            .iter()
            .all(|asked| asked.contains("/v1/vaults/"))
    );
    let settings = two.run(&mut city, json!({ "type": "settings" })).unwrap();
    assert_eq!(settings["settings"]["theme"], "dark");
    let heard = two.run(&mut city, json!({ "type": "listen" })).unwrap();
    assert_eq!(
        heard["version"].as_u64(),
        listen["version"].as_u64().map(|version| version + 1)
    );
    two.run(&mut city, json!({ "type": "lock" })).unwrap();
    for command in ["listen", "refresh"] {
        let locked = two.fails(&mut city, json!({ "type": command }));
        assert_eq!(locked["code"], "vault-locked");
    }
}

/// A code that was shown for one vault must not become the code of another, perhaps another person's, on the same device.
#[test]
fn what_was_begun_with_one_vault_does_not_go_on_with_another() {
    for leave in [true, false] {
        let mut city = City::new();
        let other = Person::with_vault_of(&mut city, 1 << 20);
        let mut person = Person::with_vault(&mut city);
        let begin = json!({ "type": "newRecoveryCode", "confirm": { "passphrase": PASSPHRASE } });
        let shown = person.run(&mut city, begin).unwrap();
        if leave {
            person.run(&mut city, json!({ "type": "forgetHere" })).unwrap();
        }
        let open = json!({ "type": "openVault", "address": other.address, "passphrase": PASSPHRASE });
        person.run(&mut city, open).unwrap();
        let groups = json!([{ "index": 0, "text": shown["recoveryCode"][0] }, { "index": 1, "text": shown["recoveryCode"][1] }]);
        let confirm = json!({ "type": "confirmNewRecoveryCode", "groups": groups });
        assert_eq!(
            person.fails(&mut city, confirm)["code"],
            "unlock-change-not-begun"
        );
    }
}

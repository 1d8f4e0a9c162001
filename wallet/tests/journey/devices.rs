//! The list of devices, and what becomes of one that is removed.

use assent_core::encoding::base64url;
use serde_json::{Value, json};

use crate::city::City;
use crate::pairing::pair;
use crate::person::{PASSPHRASE, Person};

fn register(person: &mut Person, city: &mut City, name: &str) -> Vec<Value> {
    let reply = person
        .run(city, json!({ "type": "registerDevice", "name": name }))
        .unwrap();
    reply["devices"].as_array().unwrap().clone()
}

fn devices(person: &mut Person, city: &mut City) -> Vec<Value> {
    person.run(city, json!({ "type": "sync" })).unwrap();
    let reply = person.run(city, json!({ "type": "devices" })).unwrap();
    reply["devices"].as_array().unwrap().clone()
}

fn remove(device: &Value) -> Value {
    json!({ "type": "removeDevice", "id": device["id"], "confirm": { "passphrase": PASSPHRASE } })
}

/// Two devices with one vault, both in the list.
fn two(city: &mut City) -> (Person, Person, Vec<Value>) {
    let mut old = Person::with_cards(city);
    register(&mut old, city, "laptop");
    let (mut new, _) = pair(&mut old, city, 7000);
    register(&mut new, city, "Firefox, Linux");
    let list = devices(&mut old, city);
    (old, new, list)
}

#[test]
fn each_device_is_listed_by_its_name_and_seen_once_a_day() {
    let mut city = City::new();
    let mut old = Person::with_cards(&mut city);
    let list = register(&mut old, &mut city, "laptop");
    assert_eq!(list.len(), 1);
    assert_eq!(
        (&list[0]["name"], &list[0]["thisOne"]),
        (&json!("laptop"), &json!(true))
    );
    let (mut new, _) = pair(&mut old, &mut city, 7000);
    // Added, and not heard of yet.
    let list = devices(&mut old, &mut city);
    assert_eq!(
        (&list[1]["name"], &list[1]["seenAt"]),
        (&json!("tablet"), &Value::Null)
    );
    let list = register(&mut new, &mut city, "Firefox, Linux");
    assert_eq!(list.len(), 2);
    assert_eq!(
        (&list[0]["name"], &list[0]["thisOne"], &list[0]["ownKey"]),
        (&json!("tablet"), &json!(true), &json!(true))
    );
    let first = list[0]["seenAt"].as_i64().unwrap();
    // Not at every opening.
    let version = city.keep_vault(&old.address).version;
    register(&mut new, &mut city, "Firefox, Linux");
    assert_eq!(city.keep_vault(&old.address).version, version);
    new.now = new.now.plus(90_000);
    let list = register(&mut new, &mut city, "Firefox, Linux");
    assert!(list[0]["seenAt"].as_i64().unwrap() > first + 86_400);
    assert_eq!(list[0]["addedAt"].as_i64().unwrap(), first);
    // A name given on one is there on the other, and stays after a restart.
    let rename = json!({ "type": "renameDevice", "id": list[0]["id"], "name": " Grandma's tablet " });
    old.run(&mut city, json!({ "type": "sync" })).unwrap();
    old.run(&mut city, rename).unwrap();
    new.restart();
    new.run(
        &mut city,
        json!({ "type": "openVault", "address": old.address, "passphrase": PASSPHRASE }),
    )
    .unwrap();
    let list = devices(&mut new, &mut city);
    assert_eq!(
        (&list[0]["name"], &list[0]["thisOne"]),
        (&json!("Grandma's tablet"), &json!(true))
    );
    let error = old.fails(
        &mut city,
        json!({ "type": "renameDevice", "id": "x", "name": "y" }),
    );
    assert_eq!(error["code"], "not-found");
    let error = old.fails(
        &mut city,
        json!({ "type": "renameDevice", "id": list[0]["id"], "name": "a\nb" }),
    );
    assert_eq!(error["code"], "vault-name-not-possible");
}

#[test]
fn a_removed_device_is_out_and_forgets_and_the_others_keep_all() {
    let mut city = City::new();
    let (mut old, mut new, list) = two(&mut city);
    let mut third = Person::new(8000);
    let open = json!({ "type": "openVault", "address": old.address, "passphrase": PASSPHRASE });
    third.run(&mut city, open.clone()).unwrap();
    register(&mut third, &mut city, "telephone");
    let before = city.keep_vault(&old.address);
    old.run(&mut city, json!({ "type": "sync" })).unwrap();
    // Not without the person, not the device in use, not one that is not there.
    let mut wrong = remove(&list[1]);
    wrong["confirm"]["passphrase"] = "not my passphrase".into();
    assert_eq!(old.fails(&mut city, wrong)["code"], "vault-wrong-secret");
    assert_eq!(
        old.fails(&mut city, remove(&list[0]))["code"],
        "device-is-this-one"
    );
    let unknown = json!({ "id": base64url::encode(&[9; 16]) });
    assert_eq!(
        old.fails(&mut city, remove(&unknown))["code"],
        "vault-no-such-unlock-method"
    );
    assert_eq!(city.keep_vault(&old.address).version, before.version);

    let left = old.run(&mut city, remove(&list[1])).unwrap();
    assert_eq!(left["devices"].as_array().unwrap().len(), 2);
    let after = city.keep_vault(&old.address);
    assert_eq!(
        (after.epoch, after.version),
        (before.epoch + 1, before.version + 1),
        "one commit"
    );
    assert_ne!(after.token_hash, before.token_hash);
    // It learns so at its next contact, in words, and keeps nothing: neither reading nor writing works.
    assert!(!new.wallet.cache().is_empty());
    let error = new.fails(&mut city, json!({ "type": "sync" }));
    assert_eq!(
        (&error["code"], &error["wasAnythingShared"]),
        (&json!("vault-device-removed"), &json!("no"))
    );
    assert!(new.wallet.cache().is_empty());
    let status = new.run(&mut city, json!({ "type": "status" })).unwrap();
    assert_eq!(status["status"]["state"], "empty");
    assert_eq!(
        new.fails(&mut city, json!({ "type": "cards" }))["code"],
        "vault-locked"
    );
    // The others go on with everything; the third unlocks once more.
    let cards = |person: &mut Person, city: &mut City| {
        let cards = person.run(city, json!({ "type": "cards" })).unwrap();
        cards["cards"].as_array().unwrap().len()
    };
    assert_eq!(cards(&mut old, &mut city), 2);
    assert_eq!(
        third.fails(&mut city, json!({ "type": "sync" }))["code"],
        "vault-unlock-again"
    );
    third.run(&mut city, open).unwrap();
    assert_eq!(cards(&mut third, &mut city), 2);
    assert_eq!(devices(&mut third, &mut city).len(), 2);
}

#[test]
fn a_locked_device_learns_it_too_and_can_be_let_in_again() {
    let mut city = City::new();
    let (mut old, mut new, list) = two(&mut city);
    old.run(&mut city, remove(&list[1])).unwrap();
    new.restart();
    // What it keeps from before still opens without the network: it had all of that.
    let unlock = json!({ "type": "unlock", "passphrase": PASSPHRASE });
    new.run(&mut city, unlock).unwrap();
    new.restart();
    let ask = json!({ "type": "unlockQuestions", "address": old.address });
    assert_eq!(new.fails(&mut city, ask.clone())["code"], "vault-device-removed");
    assert!(new.wallet.cache().is_empty());
    // Whoever knows the passphrase may come back; as another device.
    let open = json!({ "type": "openVault", "address": old.address, "passphrase": PASSPHRASE });
    new.run(&mut city, open).unwrap();
    let again = register(&mut new, &mut city, "tablet again");
    assert_eq!(again.len(), 2);
    assert_ne!(again[0]["id"], list[1]["id"]);
    new.run(&mut city, json!({ "type": "sync" })).unwrap();
    new.restart();
    new.run(&mut city, ask).unwrap();
    assert!(!new.wallet.cache().is_empty());
}

/// K-04 and the service: a lost answer, a removal on old data, and notices that are not from the vault.
#[test]
fn removal_is_all_or_nothing_and_only_the_vault_says_so() {
    let mut city = City::new();
    let (mut old, mut new, list) = two(&mut city);
    city.down.insert("/commits");
    assert_eq!(
        old.fails(&mut city, remove(&list[1]))["code"],
        "vault-service-unreachable"
    );
    city.down.clear();
    new.receive(&mut city, "residence");
    // Stored, but the answer is lost.
    old.run(&mut city, json!({ "type": "sync" })).unwrap();
    city.lost.insert("/commits");
    let lost = old.fails(&mut city, remove(&list[1]));
    assert_eq!(lost["code"], "vault-service-unreachable");
    city.lost.clear();
    assert_eq!(devices(&mut old, &mut city).len(), 1);
    assert_eq!(
        old.run(&mut city, json!({ "type": "cards" })).unwrap()["cards"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    // The service changes one byte of each notice, or shows it to the other device: nobody throws anything away.
    let kept = city.keep_vault(&old.address);
    let header = base64url::decode(kept.header.as_str().unwrap()).unwrap();
    for back in [1, 40, 64, 70, 78, 84] {
        let mut changed = kept.clone();
        let mut header = header.clone();
        let at = header.len() - back;
        header[at] ^= 1;
        changed.header = base64url::encode(&header).into();
        city.restore_vault(&old.address, changed);
        let error = new.fails(&mut city, json!({ "type": "sync" }));
        assert_ne!(error["code"], "vault-device-removed", "{back} from the end");
        assert!(!new.wallet.cache().is_empty());
    }
    city.restore_vault(&old.address, kept);
    old.run(
        &mut city,
        json!({ "type": "unlockQuestions", "address": old.address }),
    )
    .unwrap();
    assert_eq!(
        new.fails(&mut city, json!({ "type": "sync" }))["code"],
        "vault-device-removed"
    );
}

/// An app from before reads a vault of which no device was removed, and says so when it cannot.
#[test]
fn the_header_changes_its_label_with_the_first_notice() {
    let mut city = City::new();
    let (mut old, _, list) = two(&mut city);
    let label = |city: &City, old: &Person| {
        let header = city.keep_vault(&old.address).header;
        let header = base64url::decode(header.as_str().unwrap()).unwrap();
        String::from_utf8_lossy(&header[..26]).into_owned()
    };
    assert!(
        label(&city, &old).contains("vault-header/2"),
        "{}",
        label(&city, &old)
    );
    old.run(&mut city, remove(&list[1])).unwrap();
    assert!(
        label(&city, &old).contains("vault-header/3"),
        "{}",
        label(&city, &old)
    );
    // More notices than a header keeps.
    for round in 0..20 {
        let mut other = Person::new(10_000 + 100 * round);
        let open = json!({ "type": "openVault", "address": old.address, "passphrase": PASSPHRASE });
        other.run(&mut city, open).unwrap();
        register(&mut other, &mut city, "one more");
        let list = devices(&mut old, &mut city);
        let newest = list.last().unwrap();
        old.run(&mut city, remove(newest)).unwrap();
    }
    let header = city.keep_vault(&old.address).header;
    assert!(base64url::decode(header.as_str().unwrap()).unwrap().len() < 4096);
}

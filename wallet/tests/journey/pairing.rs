//! Adding a device, both sides through the app.

use assent_core::crypto::{PublicKey, Signer as _, SoftwareKey};
use assent_core::encoding::base64url;
use serde_json::{Value, json};

use crate::city::{City, Counter};
use crate::person::{PASSPHRASE, Person};

fn next() -> Value {
    json!({ "type": "pairNext" })
}

fn step(person: &mut Person, city: &mut City, command: Value) -> Value {
    person.run(city, command).unwrap()["pairing"].clone()
}

/// A new device with a key of its own.
fn newcomer(seed: u64) -> (Person, SoftwareKey, Value) {
    let key = SoftwareKey::generate(&mut Counter(seed + 500)).unwrap();
    let public = base64url::encode(key.public_key().as_bytes());
    let start = json!({ "type": "pairStart", "name": "tablet", "publicKey": public });
    (Person::new(seed), key, start)
}

/// Both sides up to the digits. Gives what each shows.
fn digits(old: &mut Person, new: &mut Person, city: &mut City, start: Value) -> (Value, Value) {
    let shown = step(new, city, start);
    assert_eq!(shown["state"], "code");
    let waiting = step(old, city, json!({ "type": "pairScan", "code": shown["code"] }));
    assert_eq!(waiting["state"], "waiting");
    assert_eq!(step(new, city, next())["state"], "waiting");
    let old_shows = step(old, city, next());
    let new_shows = step(new, city, next());
    (old_shows, new_shows)
}

fn yes(shown: &Value) -> Value {
    json!({ "type": "pairConfirm", "digits": shown["digits"] })
}

fn yes_it_is_me(shown: &Value) -> Value {
    json!({ "type": "pairConfirm", "digits": shown["digits"], "confirm": { "passphrase": PASSPHRASE } })
}

/// The whole of it.
pub fn pair(old: &mut Person, city: &mut City, seed: u64) -> (Person, SoftwareKey) {
    let (mut new, key, start) = newcomer(seed);
    let (_, new_shows) = digits(old, &mut new, city, start);
    assert_eq!(step(&mut new, city, yes(&new_shows))["state"], "receiving");
    assert_eq!(step(old, city, yes_it_is_me(&new_shows))["state"], "given");
    assert_eq!(step(&mut new, city, next())["state"], "received");
    new.address = old.address.clone();
    (new, key)
}

#[test]
fn a_new_device_gets_the_vault_and_opens_it_with_its_own_key() {
    let mut city = City::new();
    let mut old = Person::with_cards(&mut city);
    let (mut new, key, start) = newcomer(7000);
    let (old_shows, new_shows) = digits(&mut old, &mut new, &mut city, start);
    assert_eq!(
        (&old_shows["state"], &new_shows["state"]),
        (&json!("digits"), &json!("digits"))
    );
    assert_eq!(new_shows["digits"].as_str().unwrap().len(), 6);
    assert_eq!(old_shows["digits"], Value::Null, "typed, never compared");
    assert_eq!(old_shows["name"], "tablet");
    // Nothing of the vault has left yet, and nothing leaves without the person.
    assert_eq!(city.mailbox.messages(3), 0);
    for confirm in [
        Value::Null,
        json!({ "passphrase": "not my passphrase" }),
        json!({ "device": { "slot": "", "agreed": "" } }),
    ] {
        old.fails(
            &mut city,
            json!({ "type": "pairConfirm", "digits": new_shows["digits"], "confirm": confirm }),
        );
    }
    assert_eq!(city.mailbox.messages(3), 0);
    assert_eq!(step(&mut new, &mut city, yes(&new_shows))["state"], "receiving");
    assert_eq!(step(&mut new, &mut city, next())["state"], "receiving");
    let given = step(&mut old, &mut city, yes_it_is_me(&new_shows));
    assert_eq!(
        (&given["state"], &given["name"]),
        (&json!("given"), &json!("tablet"))
    );
    assert_eq!(step(&mut new, &mut city, next())["state"], "received");
    assert!(city.mailbox.is_empty(), "the service keeps nothing of it");
    let cards = |person: &mut Person, city: &mut City| {
        let cards = person.run(city, json!({ "type": "cards" })).unwrap();
        cards["cards"].as_array().unwrap().len()
    };
    assert_eq!(cards(&mut new, &mut city), 2);
    let methods = new.run(&mut city, json!({ "type": "unlockMethods" })).unwrap();
    let own = &methods["methods"][2];
    assert_eq!(
        (&own["kind"], &own["name"], &own["unlockedWith"]),
        (&json!("device"), &json!("tablet"), &json!(true))
    );

    // After a restart, without the network, by its own key; with it, also with the passphrase.
    new.restart();
    let asked = city.asked.len();
    let questions = new.run(&mut city, json!({ "type": "unlockQuestions" })).unwrap();
    let question = &questions["devices"][0];
    let point: [u8; 65] = base64url::decode(question["point"].as_str().unwrap())
        .unwrap()
        .try_into()
        .unwrap();
    let agreed = base64url::encode(&key.agree(&PublicKey::P256(point)).unwrap()[..]);
    let answer = json!({ "slot": question["slot"], "agreed": agreed });
    new.run(&mut city, json!({ "type": "unlock", "device": answer }))
        .unwrap();
    assert_eq!(city.asked.len(), asked);
    new.restart();
    new.run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
        .unwrap();
    // What one does, the other sees.
    new.receive(&mut city, "residence");
    old.run(&mut city, json!({ "type": "sync" })).unwrap();
    assert_eq!(cards(&mut old, &mut city), cards(&mut new, &mut city));
}

#[test]
fn a_device_without_a_key_of_its_own_goes_on_with_the_passphrase() {
    let mut city = City::new();
    let mut old = Person::with_cards(&mut city);
    let mut new = Person::new(7000);
    let start = json!({ "type": "pairStart", "name": "" });
    let (_, new_shows) = digits(&mut old, &mut new, &mut city, start);
    step(&mut old, &mut city, yes_it_is_me(&new_shows));
    step(&mut new, &mut city, yes(&new_shows));
    assert_eq!(step(&mut new, &mut city, next())["state"], "received");
    assert_eq!(city.keep_vault(&old.address).epoch, 1);
    new.restart();
    new.run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
        .unwrap();
}

/// K-03: whatever the mailbox changes, no vault is handed over, or the digits differ.
#[test]
fn a_mailbox_that_changes_a_message_gets_nowhere() {
    fn change(place: usize, wanted: usize, message: &mut [u8]) {
        if place == wanted {
            let last = message.len() - 1;
            message[last] ^= 1;
        }
    }
    let changes: [crate::mailbox::Change; 3] = [
        |place, message| change(place, 0, message),
        |place, message| change(place, 1, message),
        |place, message| change(place, 2, message),
    ];
    for (place, change) in changes.into_iter().enumerate() {
        let mut city = City::new();
        let mut old = Person::with_cards(&mut city);
        let (mut new, _, start) = newcomer(7000);
        city.mailbox.change = Some(change);
        let shown = step(&mut new, &mut city, start);
        step(
            &mut old,
            &mut city,
            json!({ "type": "pairScan", "code": shown["code"] }),
        );
        step(&mut new, &mut city, next());
        let old_shows = old.run(&mut city, next());
        let new_shows = new.run(&mut city, next());
        match (old_shows, new_shows) {
            (Ok(old_shows), Ok(new_shows)) => {
                assert_eq!(place, 1, "its name was changed on the way");
                assert_eq!(old_shows["pairing"]["state"], "digits");
                let there = &new_shows["pairing"];
                // The person types them: they are others than the ones here. It is over, for both.
                let wrong = json!({ "type": "pairConfirm", "digits": there["digits"], "confirm": { "passphrase": PASSPHRASE } });
                assert_eq!(old.fails(&mut city, wrong)["code"], "pairing-digits-differ");
                assert_eq!(step(&mut new, &mut city, yes(there))["state"], "receiving");
                assert_eq!(new.fails(&mut city, next())["code"], "pairing-closed");
            }
            (_, new_shows) => {
                assert_eq!(new_shows.unwrap_err().view().code, "pairing-broken");
                assert_eq!(
                    old.fails(&mut city, yes_it_is_me(&json!({ "digits": "000000" })))["code"],
                    "pairing-digits-differ"
                );
            }
        }
        assert!(city.mailbox.is_empty());
        assert_eq!(old.fails(&mut city, next())["code"], "pairing-not-begun");
        let status = new.run(&mut city, json!({ "type": "status" })).unwrap();
        assert_eq!(status["status"]["state"], "empty");
    }
    // The vault itself, changed on its way.
    let mut city = City::new();
    let mut old = Person::with_cards(&mut city);
    let (mut new, _, start) = newcomer(7000);
    city.mailbox.change = Some(|place, message| change(place, 3, message));
    let (_, new_shows) = digits(&mut old, &mut new, &mut city, start);
    step(&mut new, &mut city, yes(&new_shows));
    step(&mut old, &mut city, yes_it_is_me(&new_shows));
    assert_eq!(new.fails(&mut city, next())["code"], "pairing-broken");
}

#[test]
fn ended_taken_over_and_too_late() {
    let mut city = City::new();
    let mut old = Person::with_cards(&mut city);
    // The new device gives up.
    let (mut new, _, start) = newcomer(7000);
    let (_, new_shows) = digits(&mut old, &mut new, &mut city, start.clone());
    new.run(&mut city, json!({ "type": "pairCancel" })).unwrap();
    new.run(&mut city, json!({ "type": "pairCancel" })).unwrap();
    assert_eq!(new.fails(&mut city, next())["code"], "pairing-not-begun");
    assert_eq!(
        old.fails(&mut city, yes_it_is_me(&new_shows))["code"],
        "pairing-closed"
    );
    // The old one does.
    let (mut new, _, start) = newcomer(7100);
    let shown = step(&mut new, &mut city, start);
    step(
        &mut old,
        &mut city,
        json!({ "type": "pairScan", "code": shown["code"] }),
    );
    old.run(&mut city, json!({ "type": "pairCancel" })).unwrap();
    assert_eq!(new.fails(&mut city, next())["code"], "pairing-closed");
    // Somebody who saw the code was faster.
    let (mut new, _, start) = newcomer(7200);
    let mut thief = Person::with_vault_of(&mut city, 9000);
    let shown = step(&mut new, &mut city, start);
    step(
        &mut thief,
        &mut city,
        json!({ "type": "pairScan", "code": shown["code"] }),
    );
    let late = old.fails(&mut city, json!({ "type": "pairScan", "code": shown["code"] }));
    assert_eq!(late["code"], "pairing-broken");
    assert_eq!(new.fails(&mut city, next())["code"], "pairing-closed");
    // Ten minutes.
    let (mut new, _, start) = newcomer(7300);
    let (_, new_shows) = digits(&mut old, &mut new, &mut city, start);
    new.now = new.now.plus(601);
    old.now = old.now.plus(601);
    assert_eq!(new.fails(&mut city, yes(&new_shows))["code"], "pairing-expired");
    assert_eq!(
        old.fails(&mut city, yes_it_is_me(&new_shows))["code"],
        "pairing-expired"
    );
    let (mut new, _, start) = newcomer(7400);
    step(&mut new, &mut city, start);
    new.now = new.now.plus(601);
    assert_eq!(new.fails(&mut city, next())["code"], "pairing-expired");
    // Other codes, and no vault.
    let request = json!({ "type": "pairScan", "code": "openid4vp://?request_uri=https://x.example" });
    assert_eq!(old.fails(&mut city, request)["code"], "pairing-not-a-code");
    let code = json!({ "type": "pairScan", "code": shown["code"] });
    assert_eq!(Person::new(1).fails(&mut city, code)["code"], "vault-locked");
    let (_, _, start) = newcomer(7500);
    assert_eq!(old.fails(&mut city, start)["code"], "vault-already-here");
}

/// Every answer lost once, and the network gone in between: it goes on where it was.
#[test]
fn lost_answers_are_asked_for_again() {
    let mut city = City::new();
    let mut old = Person::with_cards(&mut city);
    let (mut new, _, start) = newcomer(7000);
    let shown = step(&mut new, &mut city, start);
    let unsure = |person: &mut Person, city: &mut City, command: Value| {
        for (broken, lost) in [(true, false), (false, true)] {
            if broken {
                city.down.insert("/v1/pairing/");
            }
            if lost {
                city.lost.insert("/v1/pairing/");
            }
            let view = step(person, city, command.clone());
            assert_eq!(view["reached"], false);
            city.down.clear();
            city.lost.clear();
        }
        step(person, city, command)
    };
    city.down.insert("/v1/pairing/");
    step(
        &mut old,
        &mut city,
        json!({ "type": "pairScan", "code": shown["code"] }),
    );
    city.down.clear();
    assert_eq!(unsure(&mut old, &mut city, next())["reached"], true);
    unsure(&mut new, &mut city, next());
    unsure(&mut new, &mut city, next());
    let mut old_shows = unsure(&mut old, &mut city, next());
    while old_shows["state"] != "digits" {
        old_shows = step(&mut old, &mut city, next());
    }
    let new_shows = unsure(&mut new, &mut city, next());
    step(&mut new, &mut city, yes(&new_shows));
    city.lost.insert("/v1/pairing/");
    let given = step(&mut old, &mut city, yes_it_is_me(&new_shows));
    assert_eq!(
        (&given["state"], &given["reached"]),
        (&json!("waiting"), &json!(false))
    );
    city.lost.clear();
    assert_eq!(step(&mut old, &mut city, next())["state"], "given");
    city.down.insert("/changes");
    assert_eq!(step(&mut new, &mut city, next())["reached"], false);
    city.down.clear();
    assert_eq!(step(&mut new, &mut city, next())["state"], "received");
}

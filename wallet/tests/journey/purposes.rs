//! Stopping one purpose of several.

use assent_core::consent::{EffectiveState, ReceiptBundle};
use assent_core::crypto::RustCrypto;
use assent_core::profile::Profile;
use assent_core::trust::TrustAnchors;
use serde_json::{Value, json};

use crate::city::City;
use crate::person::{PASSPHRASE, Person, texts};
use crate::sharing::opened;

/// Someone who shared for what is needed and for reminders: the result of sharing.
fn shared_for_two(city: &mut City) -> (Person, Value) {
    let mut person = Person::with_cards(city);
    let view = opened(&mut person, city);
    let set = view["optional"][0]["setId"].clone();
    let share = json!({ "type": "requestShare", "optional": [set] });
    let shared = person.run(city, share).unwrap()["result"].clone();
    (person, shared)
}

fn stop(id: &Value, purposes: &[&str], erase: bool) -> Value {
    json!({ "type": "stopSharing", "id": id, "purposes": purposes, "askErasure": erase })
}

fn sharing(person: &mut Person, city: &mut City) -> Vec<Value> {
    let reply = person.run(city, json!({ "type": "sharing" })).unwrap();
    reply["sharing"].as_array().unwrap().clone()
}

fn ids(item: &Value) -> Vec<&str> {
    let purposes = item["purposes"].as_array().unwrap().iter();
    purposes.map(|purpose| purpose["id"].as_str().unwrap()).collect()
}

fn receipt(person: &mut Person, city: &mut City, shared: &Value) -> Value {
    person
        .run(city, json!({ "type": "receipt", "id": shared["receiptId"] }))
        .unwrap()["receipt"]
        .clone()
}

/// The states of both purposes, as anyone computes them from the exported receipt.
fn states(person: &mut Person, city: &mut City, shared: &Value) -> Vec<EffectiveState> {
    let export = receipt(person, city, shared)["export"].clone();
    let bundle: ReceiptBundle = serde_json::from_str(export.as_str().unwrap()).unwrap();
    let anchors = TrustAnchors::from_json(&city.anchors()).unwrap();
    let verified = bundle.verify(&anchors, person.now, &Profile::BASELINE, &RustCrypto);
    let states = verified.unwrap().states(person.now);
    assert_eq!(states[0].0, "required");
    assert_eq!(states[1].0, "optional-1");
    states.into_iter().map(|(_, state)| state).collect()
}

#[test]
fn one_purpose_is_stopped_and_then_the_rest() {
    use EffectiveState::{Given, Withdrawn};
    let mut city = City::new();
    let (mut person, shared) = shared_for_two(&mut city);
    let [item] = &sharing(&mut person, &mut city)[..] else {
        panic!("one sharing")
    };
    assert_eq!(ids(item), ["required", "optional-1"]);
    assert_eq!(item["purposes"][1]["text"], "Send you reminders");
    assert_eq!(item["purposes"][1]["details"].as_array().unwrap().len(), 1);
    assert_eq!(item["details"].as_array().unwrap().len(), 3);

    let part = person
        .run(&mut city, stop(&shared["sharingId"], &["optional-1"], true))
        .unwrap()["item"]
        .clone();
    assert_ne!(part["id"], shared["sharingId"]);
    assert_eq!(
        (&part["state"], ids(&part)),
        (&json!("stopped"), vec!["optional-1"])
    );
    assert_eq!(
        (&part["purpose"], &part["erasureAsked"]),
        (&json!("Send you reminders"), &json!(true))
    );
    assert_eq!(part["details"], part["purposes"][0]["details"]);
    assert_eq!(city.withdrawals[0].purposes, Some(vec!["optional-1".to_owned()]));
    // The other goes on, without what was only for reminders.
    let all = sharing(&mut person, &mut city);
    assert_eq!(all.len(), 2);
    let rest = &all[0];
    assert_eq!(
        (&rest["id"], &rest["state"]),
        (&shared["sharingId"], &json!("active"))
    );
    assert_eq!(
        (ids(rest), &rest["erasureAsked"]),
        (vec!["required"], &json!(false))
    );
    assert_eq!(rest["details"].as_array().unwrap().len(), 2);
    assert!(!rest["details"].as_array().unwrap().contains(&part["details"][0]));
    assert_eq!(states(&mut person, &mut city, &shared), [Given, Withdrawn]);
    let history = person.run(&mut city, json!({ "type": "history" })).unwrap();
    let withdrawal = history["entries"].as_array().unwrap().iter();
    let withdrawal = withdrawal
        .clone()
        .find(|entry| entry["kind"] == "withdrawal")
        .unwrap();
    assert_eq!(withdrawal["count"], 1);

    // It cannot be stopped twice, and nothing can be that it was never for.
    let asked = city.withdrawals.len();
    for purpose in ["optional-1", "optional-2", ""] {
        let error = person.fails(&mut city, stop(&shared["sharingId"], &[purpose], false));
        assert_eq!(error["code"], "sharing-no-such-purpose");
    }
    let error = person.fails(&mut city, stop(&part["id"], &["optional-1"], false));
    assert_eq!(error["code"], "sharing-already-stopped");
    assert_eq!(city.withdrawals.len(), asked);

    let last = person
        .run(&mut city, stop(&shared["sharingId"], &[], false))
        .unwrap()["item"]
        .clone();
    assert_eq!(
        (&last["id"], &last["state"]),
        (&shared["sharingId"], &json!("stopped"))
    );
    assert_eq!(city.withdrawals[1].purposes, Some(vec!["required".to_owned()]));
    assert_eq!(city.withdrawals[1].seq, 2);
    assert_eq!(states(&mut person, &mut city, &shared), [Withdrawn, Withdrawn]);
    let receipt = receipt(&mut person, &mut city, &shared);
    assert_eq!(
        (&receipt["withdrawal"], &receipt["acknowledgement"]),
        (&json!("valid"), &json!("valid"))
    );
}

/// The one that cannot be left out when sharing can be stopped too; what both need stays.
#[test]
fn the_main_purpose_is_stopped_and_reminders_go_on() {
    let mut city = City::new();
    let (mut person, shared) = shared_for_two(&mut city);
    person
        .run(&mut city, stop(&shared["sharingId"], &["required"], false))
        .unwrap();
    let all = sharing(&mut person, &mut city);
    assert_eq!(
        (ids(&all[0]), &all[0]["state"]),
        (vec!["optional-1"], &json!("active"))
    );
    assert_eq!(all[0]["purpose"], "Send you reminders");
    assert_eq!(all[0]["details"].as_array().unwrap().len(), 1);
    assert_eq!(
        states(&mut person, &mut city, &shared),
        [EffectiveState::Withdrawn, EffectiveState::Given]
    );
}

/// Both at once by name is like all at once: one withdrawal that names nothing.
#[test]
fn naming_every_purpose_is_stopping_everything() {
    let mut city = City::new();
    let (mut person, shared) = shared_for_two(&mut city);
    let item = person
        .run(
            &mut city,
            stop(&shared["sharingId"], &["optional-1", "required"], false),
        )
        .unwrap()["item"]
        .clone();
    assert_eq!(item["id"], shared["sharingId"]);
    assert_eq!(city.withdrawals[0].purposes, None);
    assert_eq!(sharing(&mut person, &mut city).len(), 1);
}

/// The service is down for both: each is stopped here at once, and both arrive in the order of the chain.
#[test]
fn two_parts_wait_for_a_service_that_is_down() {
    for second_stop_reaches_it in [false, true] {
        let mut city = City::new();
        let (mut person, shared) = shared_for_two(&mut city);
        city.down.insert("/vp/withdrawals");
        let first = person
            .run(&mut city, stop(&shared["sharingId"], &["optional-1"], false))
            .unwrap()["item"]
            .clone();
        assert_eq!(
            (&first["state"], &first["attempts"]),
            (&json!("stopQueued"), &json!(1))
        );
        let view = receipt(&mut person, &mut city, &shared);
        assert_eq!(
            (&view["withdrawal"], &view["acknowledgement"]),
            (&json!("valid"), &json!("absent"))
        );
        if second_stop_reaches_it {
            city.down.clear();
        }
        let second = person
            .run(&mut city, stop(&shared["sharingId"], &[], false))
            .unwrap()["item"]
            .clone();
        if !second_stop_reaches_it {
            assert_eq!(second["state"], "stopQueued");
            assert!(city.withdrawals.is_empty());
            let home = person.run(&mut city, json!({ "type": "home" })).unwrap();
            assert_eq!(home["home"]["status"]["pendingWithdrawals"], 2);
            city.down.clear();
            person.restart();
            person
                .run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
                .unwrap();
            person.run(&mut city, json!({ "type": "retryPending" })).unwrap();
        }
        let arrived: Vec<u64> = city.withdrawals.iter().map(|one| one.seq).collect();
        assert_eq!(arrived, [1, 2]);
        assert_ne!(city.withdrawals[1].prev_hash, city.withdrawals[0].prev_hash);
        let all = sharing(&mut person, &mut city);
        assert!(all.iter().all(|item| item["state"] == "stopped"), "{all:?}");
        assert_eq!(
            states(&mut person, &mut city, &shared),
            [EffectiveState::Withdrawn; 2]
        );
        let view = receipt(&mut person, &mut city, &shared);
        assert_eq!(view["acknowledgement"], "valid");
        // Nothing waits: nothing is sent again.
        person.run(&mut city, json!({ "type": "retryPending" })).unwrap();
        assert_eq!(city.withdrawals.len(), 2);
    }
}

/// Two devices stop at the same time what the other does not know of yet.
#[test]
fn another_device_stopped_the_same_or_another_part() {
    for (here, there, left) in [
        (&["optional-1"][..], &["optional-1"][..], 1),
        (&["optional-1"][..], &["required"][..], 0),
        (&["optional-1"][..], &[][..], 0),
        (&[][..], &["optional-1"][..], 0),
    ] {
        let mut city = City::new();
        let (mut person, shared) = shared_for_two(&mut city);
        let mut other = Person::new(7000);
        let code = texts(&json!(person.code)).join("-");
        let open = json!({ "type": "openVault", "address": person.address, "recoveryCode": code });
        other.run(&mut city, open).unwrap();
        other
            .run(&mut city, stop(&shared["sharingId"], there, false))
            .unwrap();
        person
            .run(&mut city, stop(&shared["sharingId"], here, false))
            .unwrap();
        let all = sharing(&mut person, &mut city);
        let active = all.iter().filter(|item| item["state"] == "active").count();
        assert_eq!(active, left, "{here:?} {there:?}: {all:?}");
        let named: Vec<&str> = all.iter().flat_map(ids).collect();
        assert_eq!(named.len(), 2, "each purpose is in one place: {all:?}");
        let ended = states(&mut person, &mut city, &shared);
        let ended = ended.iter().filter(|state| **state == EffectiveState::Withdrawn);
        assert_eq!(ended.count(), 2 - left);
    }
}

/// A service that confirmed to one device cannot take that back by signing something else to another, which did not know yet.
#[test]
fn what_was_confirmed_is_not_taken_back() {
    let mut city = City::new();
    let (mut person, shared) = shared_for_two(&mut city);
    city.down.insert("/vp/withdrawals");
    person
        .run(&mut city, stop(&shared["sharingId"], &[], false))
        .unwrap();
    let mut other = Person::new(7000);
    let code = texts(&json!(person.code)).join("-");
    let open = json!({ "type": "openVault", "address": person.address, "recoveryCode": code });
    other.run(&mut city, open).unwrap();
    city.down.clear();
    person.run(&mut city, json!({ "type": "retryPending" })).unwrap();
    city.disputes = true;
    other.run(&mut city, json!({ "type": "retryPending" })).unwrap();
    assert_eq!(city.withdrawals.len(), 2, "both told the service");
    for device in [&mut person, &mut other] {
        device.run(&mut city, json!({ "type": "sync" })).unwrap();
        let all = sharing(device, &mut city);
        assert_eq!(all[0]["state"], "stopped", "{all:?}");
        let receipt = json!({ "type": "receipt", "id": shared["receiptId"] });
        let receipt = device.run(&mut city, receipt).unwrap()["receipt"].clone();
        assert_eq!(receipt["acknowledgement"], "valid");
    }
}

//! The citizen's own details: entering, changing, undoing, deleting, erasing, on one device and on several.

use assent_core::oid4vp::ResponseMode;
use serde_json::{Value, json};

use crate::city::City;
use crate::person::{PASSPHRASE, Person};
use crate::sharing::opened;

const DAY: i64 = 86_400;

fn save(person: &mut Person, city: &mut City, kind: &str, parts: Value) -> String {
    let saved = person
        .run(
            city,
            json!({ "type": "saveDetail", "kind": kind, "parts": parts }),
        )
        .unwrap();
    assert_eq!(saved["problems"], json!([]));
    saved["id"].as_str().unwrap().to_owned()
}

/// What the person sees of it, and edits.
fn look(person: &mut Person, city: &mut City, id: &str) -> Value {
    newest_first(person.run(city, json!({ "type": "detail", "id": id })).unwrap())
}

fn newest_first(mut seen: Value) -> Value {
    let versions = seen["versions"].as_array_mut().unwrap();
    versions.sort_by_key(|version| std::cmp::Reverse(version["at"].as_i64()));
    seen
}

fn edit(person: &mut Person, city: &mut City, seen: &Value, value: &str) {
    let saved = person
        .run(
            city,
            json!({
                "type": "saveDetail", "id": seen["detail"]["id"], "kind": seen["detail"]["kind"],
                "parts": { "value": value }, "seen": present(seen),
            }),
        )
        .unwrap();
    assert_eq!(saved["problems"], json!([]));
}

fn present(seen: &Value) -> Vec<String> {
    let versions = seen["versions"].as_array().unwrap();
    let present = versions.iter().filter(|version| version["present"] == true);
    present
        .map(|version| version["id"].as_str().unwrap().to_owned())
        .collect()
}

/// A change of what the person sees now.
fn change(person: &mut Person, city: &mut City, id: &str, change: &str) -> Value {
    let seen = look(person, city, id);
    let change = json!({ "type": "changeDetail", "id": id, "change": change, "seen": present(&seen) });
    newest_first(person.run(city, change).unwrap())
}

fn own(person: &mut Person, city: &mut City) -> Vec<Value> {
    let list = person.run(city, json!({ "type": "details" })).unwrap();
    list["own"].as_array().unwrap().clone()
}

fn value(seen: &Value) -> &str {
    seen["detail"]["parts"][0][1].as_str().unwrap()
}

/// A second device of the same person.
fn second(person: &Person, city: &mut City) -> Person {
    let mut other = Person::new(900);
    let open = json!({ "type": "openVault", "address": person.address, "passphrase": PASSPHRASE });
    other.run(city, open).unwrap();
    other.now = person.now;
    other
}

#[test]
fn a_detail_is_entered_changed_and_undone() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let id = save(
        &mut person,
        &mut city,
        "email",
        json!({ "value": " jo@mail.example " }),
    );
    let entered = person.now.0;
    let seen = look(&mut person, &mut city, &id);
    assert_eq!(value(&seen), "jo@mail.example");
    assert_eq!(seen["detail"]["enteredAt"], entered);
    assert_eq!(seen["detail"]["waiting"], false);
    assert_eq!(seen["versions"][0]["byKind"], "passphrase");
    edit(&mut person, &mut city, &seen, "jo@work.example");
    let seen = look(&mut person, &mut city, &id);
    assert_eq!(
        (value(&seen), seen["versions"].as_array().unwrap().len()),
        ("jo@work.example", 2)
    );
    assert_eq!(seen["detail"]["enteredAt"], entered);
    assert_eq!(seen["detail"]["changedAt"], person.now.0 - 1);
    let undone = change(&mut person, &mut city, &id, "undo");
    assert_eq!(value(&undone), "jo@mail.example");
    // Another device has all of it.
    let mut other = second(&person, &mut city);
    let there = look(&mut other, &mut city, &id);
    assert_eq!(there["versions"], undone["versions"]);
    // What is wrong is told at once, and nothing is kept of it.
    let bad =
        json!({ "type": "saveDetail", "kind": "address", "parts": { "postal_code": "1", "country": "NL" } });
    let refused = person.run(&mut city, bad).unwrap();
    assert_eq!(refused["id"], Value::Null);
    let problems = json!([
        ["street_address", "detail-empty"],
        ["postal_code", "detail-postcode"],
        ["locality", "detail-empty"]
    ]);
    assert_eq!(refused["problems"], problems);
    assert_eq!(own(&mut person, &mut city).len(), 1);
    let unknown = json!({ "type": "saveDetail", "kind": "shoe", "parts": {} });
    assert_eq!(person.fails(&mut city, unknown)["code"], "detail-unknown-kind");
    // A kind stays what it is, and one of which there is one is there once.
    let other_kind =
        json!({ "type": "saveDetail", "id": id, "kind": "nickname", "parts": { "value": "Jo" } });
    assert_eq!(person.fails(&mut city, other_kind)["code"], "detail-unknown-kind");
    save(&mut person, &mut city, "nickname", json!({ "value": "Jo" }));
    let again = json!({ "type": "saveDetail", "kind": "nickname", "parts": { "value": "Joe" } });
    assert_eq!(person.fails(&mut city, again)["code"], "detail-already-here");
    let missing =
        json!({ "type": "saveDetail", "id": "nothing", "kind": "email", "parts": { "value": "a@b.nl" } });
    assert_eq!(person.fails(&mut city, missing)["code"], "not-found");
}

/// Two devices edit what both saw: nothing is lost, both versions are shown, and choosing one ends it.
#[test]
fn two_devices_that_edit_the_same_detail_both_keep_theirs() {
    for offline in [false, true] {
        let mut city = City::new();
        let mut one = Person::with_vault(&mut city);
        let id = save(
            &mut one,
            &mut city,
            "phone",
            json!({ "value": "+31 6 1111 1111" }),
        );
        let mut two = second(&one, &mut city);
        let (seen_one, seen_two) = (look(&mut one, &mut city, &id), look(&mut two, &mut city, &id));
        edit(&mut one, &mut city, &seen_one, "+31622222222");
        if offline {
            city.down.insert("/vaults");
        }
        edit(&mut two, &mut city, &seen_two, "+31633333333");
        if offline {
            let waits = look(&mut two, &mut city, &id);
            assert_eq!(
                (value(&waits), &waits["detail"]["waiting"]),
                ("+31633333333", &json!(true))
            );
            // The device is locked and opened meanwhile.
            two.restart();
            two.run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
                .unwrap();
            city.down.clear();
            two.run(&mut city, json!({ "type": "sync" })).unwrap();
        }
        let seen = look(&mut two, &mut city, &id);
        assert_eq!(seen["detail"]["others"], 1, "offline: {offline}");
        one.run(&mut city, json!({ "type": "sync" })).unwrap();
        let same = look(&mut one, &mut city, &id);
        assert_eq!(same["versions"], seen["versions"]);
        assert_eq!(present(&same).len(), 2);
        let said: Vec<_> = same["versions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|version| version["parts"][0][1].clone())
            .collect();
        for number in ["+31611111111", "+31622222222", "+31633333333"] {
            assert!(said.contains(&json!(number)));
        }
        let other = present(&same).into_iter().find(|id| {
            same["versions"]
                .as_array()
                .unwrap()
                .iter()
                .any(|version| version["id"] == *id && version["shown"] == false)
        });
        let take = json!({ "type": "changeDetail", "id": id, "change": "take", "version": other });
        let taken = one.run(&mut city, take).unwrap();
        assert_eq!(taken["detail"]["others"], 0);
        assert_ne!(value(&taken), value(&same));
    }
}

#[test]
fn what_is_deleted_can_be_brought_back_for_thirty_days() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let id = save(&mut person, &mut city, "allergy", json!({ "value": "peanuts" }));
    // What is there cannot be erased in one step.
    let erase = json!({ "type": "changeDetail", "id": id, "change": "erase" });
    assert_eq!(
        person.fails(&mut city, erase)["code"],
        "detail-change-not-possible"
    );
    let deleted = change(&mut person, &mut city, &id, "delete");
    assert_eq!(deleted["detail"]["erasedAt"], person.now.0 + 30 * DAY);
    assert_eq!(
        value(&deleted),
        "peanuts",
        "one must see what one could bring back"
    );
    let restored = change(&mut person, &mut city, &id, "restore");
    assert_eq!(restored["detail"]["deletedAt"], Value::Null);
    change(&mut person, &mut city, &id, "delete");
    person.now = person.now.plus(30 * DAY - 10);
    assert_eq!(own(&mut person, &mut city).len(), 1);
    person.now = person.now.plus(20);
    assert_eq!(own(&mut person, &mut city).len(), 0);
    assert_eq!(
        person.fails(&mut city, json!({ "type": "detail", "id": id }))["code"],
        "not-found"
    );
    let mut other = second(&person, &mut city);
    assert_eq!(own(&mut other, &mut city).len(), 0);
}

/// Erasing deletes the record at the service. A device that was away brings nothing of it back but what it wrote itself.
#[test]
fn what_is_erased_stays_erased() {
    for edited_meanwhile in [false, true] {
        for erased_offline in [false, true] {
            let mut city = City::new();
            let mut one = Person::with_vault(&mut city);
            let before = city.records();
            let id = save(&mut one, &mut city, "passport", json!({ "value": "SECRET1" }));
            let seen = look(&mut one, &mut city, &id);
            edit(&mut one, &mut city, &seen, "SECRET2");
            let handle = city
                .records()
                .into_iter()
                .find(|handle| !before.contains(handle))
                .unwrap();
            let mut two = second(&one, &mut city);
            let seen = look(&mut two, &mut city, &id);
            let work = |two: &mut Person, city: &mut City| {
                if edited_meanwhile {
                    edit(two, city, &seen, "MINE3");
                } else {
                    change(two, city, &id, "delete");
                }
            };
            if !erased_offline {
                city.down.insert("/vaults");
                work(&mut two, &mut city);
                city.down.clear();
            }
            if erased_offline {
                city.down.insert("/vaults");
            }
            change(&mut one, &mut city, &id, "delete");
            let erased = change(&mut one, &mut city, &id, "erase");
            assert_eq!(
                erased,
                json!({ "type": "detail", "detail": null, "versions": [] })
            );
            if erased_offline {
                city.down.clear();
                work(&mut two, &mut city);
            }
            let sync = json!({ "type": "sync" });
            one.run(&mut city, sync.clone()).unwrap();
            two.run(&mut city, sync.clone()).unwrap();
            one.run(&mut city, sync).unwrap();
            assert_eq!(city.records().contains(&handle), edited_meanwhile);
            for device in [&mut one, &mut two] {
                let list = own(device, &mut city);
                assert_eq!(list.len(), usize::from(edited_meanwhile), "{list:?}");
                if edited_meanwhile {
                    let seen = look(device, &mut city, &id);
                    assert_eq!(value(&seen), "MINE3");
                    let text = seen.to_string();
                    assert!(!text.contains("SECRET"), "{text}");
                }
            }
        }
    }
}

/// A forgotten version is gone everywhere, and the record is under another key: what the service had opens no more.
#[test]
fn a_past_version_can_be_forgotten() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let before = city.records();
    let id = save(&mut person, &mut city, "bsn", json!({ "value": "123456782" }));
    let handle = city
        .records()
        .into_iter()
        .find(|handle| !before.contains(handle))
        .unwrap();
    let seen = look(&mut person, &mut city, &id);
    let key = city.key_of(&handle);
    edit(&mut person, &mut city, &seen, "999990019");
    assert_eq!(city.key_of(&handle), key, "the attribute key serves all versions");
    let mut other = second(&person, &mut city);
    let only = &present(&seen)[0];
    let forget = json!({ "type": "changeDetail", "id": id, "change": "forget", "version": only });
    let left = newest_first(person.run(&mut city, forget.clone()).unwrap());
    assert!(!left.to_string().contains("123456782"));
    assert_ne!(city.key_of(&handle), key);
    assert_eq!(left["versions"][1]["said"], "forgotten");
    // Nothing to go back to; and what is shown cannot be forgotten.
    let undo = json!({ "type": "changeDetail", "id": id, "change": "undo" });
    assert_eq!(
        person.fails(&mut city, undo)["code"],
        "detail-change-not-possible"
    );
    let shown = json!({ "type": "changeDetail", "id": id, "change": "forget", "version": present(&left)[0] });
    assert_eq!(
        person.fails(&mut city, shown)["code"],
        "detail-change-not-possible"
    );
    other.run(&mut city, json!({ "type": "sync" })).unwrap();
    let there = look(&mut other, &mut city, &id);
    assert!(!there.to_string().contains("123456782"));
}

/// Details of cards are beside the own ones; one can be taken over, and says where it is from until it is changed.
#[test]
fn a_detail_can_come_from_a_card() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    let list = person.run(&mut city, json!({ "type": "details" })).unwrap();
    let on_cards = list["onCards"].as_array().unwrap();
    let offer = on_cards
        .iter()
        .find(|detail| detail["kind"] == "family_name")
        .unwrap();
    assert!(
        on_cards.iter().any(|detail| detail["kind"].is_null()),
        "what is in no table is listed too"
    );
    let parts = json!({ "value": offer["detail"]["value"] });
    let take =
        json!({ "type": "saveDetail", "kind": "family_name", "parts": parts, "fromCard": offer["cardId"] });
    let id = person.run(&mut city, take).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let seen = look(&mut person, &mut city, &id);
    assert_eq!(seen["detail"]["origin"]["cardId"], offer["cardId"]);
    assert_eq!(seen["detail"]["origin"]["card"], offer["card"]);
    assert!(!seen["detail"]["origin"]["issuer"].as_str().unwrap().is_empty());
    edit(&mut person, &mut city, &seen, "Somebody Else");
    assert_eq!(look(&mut person, &mut city, &id)["detail"]["origin"], Value::Null);
    change(&mut person, &mut city, &id, "undo");
    assert_eq!(
        look(&mut person, &mut city, &id)["detail"]["origin"]["cardId"],
        offer["cardId"]
    );
    // A card that says something else is not where it is from.
    let lie = json!({ "type": "saveDetail", "kind": "given_name", "parts": { "value": "Nobody" }, "fromCard": offer["cardId"] });
    let id = person.run(&mut city, lie).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(look(&mut person, &mut city, &id)["detail"]["origin"], Value::Null);
}

/// A deletion that did not know an edit leaves it standing; and it cannot be erased behind the editor's back.
#[test]
fn an_edit_survives_a_deletion_that_did_not_know_it() {
    let mut city = City::new();
    let mut one = Person::with_vault(&mut city);
    let id = save(&mut one, &mut city, "employer", json!({ "value": "Mill" }));
    let mut two = second(&one, &mut city);
    let (seen_one, seen_two) = (look(&mut one, &mut city, &id), look(&mut two, &mut city, &id));
    edit(&mut two, &mut city, &seen_two, "Bakery");
    let delete = json!({ "type": "changeDetail", "id": id, "change": "delete", "seen": present(&seen_one) });
    let seen = one.run(&mut city, delete).unwrap();
    assert_eq!(
        (value(&seen), &seen["detail"]["deletedAt"]),
        ("Bakery", &Value::Null)
    );
    let erase = json!({ "type": "changeDetail", "id": id, "change": "erase" });
    assert_eq!(one.fails(&mut city, erase)["code"], "detail-change-not-possible");
}

/// Who got a detail is beside it: on the card it came from, and on the person's own of the same kind.
#[test]
fn who_has_it_follows_sharing_and_stopping() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    let id = save(
        &mut person,
        &mut city,
        "email",
        json!({ "value": "jo@mail.example" }),
    );
    assert_eq!(look(&mut person, &mut city, &id)["detail"]["holders"], json!([]));
    let view = opened(&mut person, &mut city);
    let optional = json!([view["optional"][0]["setId"]]);
    let shared = person
        .run(&mut city, json!({ "type": "requestShare", "optional": optional }))
        .unwrap()["result"]
        .clone();
    let holders = |person: &mut Person, city: &mut City| {
        let list = person.run(city, json!({ "type": "details" })).unwrap();
        let on_card = |claim: &str| {
            let all = list["onCards"].as_array().unwrap();
            let found = all
                .iter()
                .find(|detail| detail["detail"]["path"] == json!([claim]));
            found.unwrap()["holders"].clone()
        };
        (
            on_card("email"),
            on_card("family_name"),
            list["own"][0]["holders"].clone(),
        )
    };
    let (email, family_name, own) = holders(&mut person, &mut city);
    assert_eq!(family_name, json!([]), "it was not asked");
    assert_eq!(email, own);
    assert_eq!(email[0]["service"], "City library");
    assert_eq!(email[0]["state"], "active");
    assert_eq!(email[0]["sharingId"], shared["sharingId"]);
    assert_eq!(email[0]["entryId"], shared["entryId"]);
    let stop = json!({ "type": "stopSharing", "id": shared["sharingId"], "askErasure": false });
    person.run(&mut city, stop).unwrap();
    let (email, ..) = holders(&mut person, &mut city);
    assert_eq!(email[0]["state"], "stopped");
    // Without its entry in the history the sharing stays; nothing leads to what is not there.
    let delete = json!({ "type": "deleteEntry", "id": shared["entryId"] });
    person.run(&mut city, delete).unwrap();
    let (email, ..) = holders(&mut person, &mut city);
    assert_eq!(
        (&email[0]["entryId"], &email[0]["sharingId"]),
        (&Value::Null, &shared["sharingId"])
    );
    let sharing = person.run(&mut city, json!({ "type": "sharing" })).unwrap();
    assert_eq!(sharing["sharing"][0]["entryId"], Value::Null);
    // Shared once, without a consent to stop: from the history.
    let link = city.ask_query(
        json!({ "credentials": [{
            "id": "a", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:eudi:pid:1"] }, "claims": [{ "path": ["family_name"] }],
        }] }),
        None,
        ResponseMode::DirectPostJwt,
    );
    person
        .run(&mut city, json!({ "type": "requestOpen", "link": link }))
        .unwrap();
    let once = person.run(&mut city, json!({ "type": "requestShare" })).unwrap();
    assert_eq!(once["result"]["outcome"], "shared", "{once}");
    let (_, family_name, _) = holders(&mut person, &mut city);
    assert_eq!(family_name.as_array().unwrap().len(), 1);
    assert_eq!(
        (&family_name[0]["state"], &family_name[0]["sharingId"]),
        (&Value::Null, &Value::Null)
    );
}

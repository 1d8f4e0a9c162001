//! A vault taken out of one place and brought into another.

use assent_core::encoding::record::ToJson as _;
use assent_core::env::Env;
use assent_wallet::transfer::{
    CardFate, Choice, Contents, Format, Incoming, Making, Plan, Present, TransferError, Work, make,
};
use serde_json::{Value, json};

use crate::city::{City, Counter};
use crate::later::waiting;
use crate::other_app;
use crate::person::{PASSPHRASE, Person, texts};
use crate::sharing::opened;

const SEAL: &str = "a passphrase for the file";
const MOVED: Choice = Choice {
    moved: true,
    history: true,
};
const COPIED: Choice = Choice {
    moved: false,
    history: true,
};

/// Another vault, elsewhere.
fn newcomer(city: &mut City, seed: u64) -> Person {
    let mut person = Person::new(seed);
    let made = person
        .run(city, json!({ "type": "createVault", "passphrase": PASSPHRASE }))
        .unwrap();
    person.code = texts(&made["recoveryCode"]);
    person.address = made["vaultAddress"].as_str().unwrap().to_owned();
    let groups = json!([{ "index": 2, "text": person.code[2] }, { "index": 7, "text": person.code[7] }]);
    person
        .run(city, json!({ "type": "confirmRecovery", "groups": groups }))
        .unwrap();
    person
}

fn contents(person: &mut Person, city: &mut City) -> Present {
    let reply = person.run(city, json!({ "type": "takeOut" })).unwrap();
    Present::new(reply["records"].clone(), reply["version"].as_u64().unwrap()).unwrap()
}

fn pairs(contents: &Contents) -> Vec<(String, String)> {
    // Which devices open it is the vault's own.
    let theirs = contents.iter().filter(|(name, _)| !name.starts_with("device/"));
    theirs
        .map(|(name, content)| (name.to_owned(), content.to_owned()))
        .collect()
}

fn backup(person: &mut Person, city: &mut City) -> Vec<u8> {
    file(person, city, Format::Backup)
}

fn file(person: &mut Person, city: &mut City, format: Format) -> Vec<u8> {
    let present = contents(person, city);
    let making = Making {
        format,
        passphrase: Some(SEAL),
        language: "en",
        work: Work {
            scrypt: 4,
            pbkdf2: 1000,
        },
    };
    let mut env = Env {
        now: person.now,
        rng: &mut Counter(900),
    };
    make(&present.contents, &making, &mut env).unwrap().to_vec()
}

fn read(file: &[u8]) -> Incoming {
    Incoming::open(file, Some(SEAL), Work::BROWSER).unwrap()
}

/// Brings it in as the shells do, and gives the first plan.
fn bring_in(person: &mut Person, city: &mut City, file: &Incoming, choice: Choice) -> Plan {
    let mut first = None;
    for _ in 0..20 {
        let present = contents(person, city);
        let plan = Plan::new(file, &present.contents, choice, "en");
        let (done, next) = (plan.is_done(), plan.next());
        first.get_or_insert(plan);
        if done {
            return first.unwrap();
        }
        person
            .run(
                city,
                json!({ "type": "putIn", "records": next, "version": present.version }),
            )
            .unwrap();
    }
    panic!("it never ends");
}

fn cards(person: &mut Person, city: &mut City) -> Value {
    person.run(city, json!({ "type": "cards" })).unwrap()["cards"].clone()
}

#[test]
fn everything_moves_and_goes_on_there() {
    let mut city = City::new();
    let mut old = Person::with_cards(&mut city);
    opened(&mut old, &mut city);
    let shared = old.run(&mut city, json!({ "type": "requestShare" })).unwrap()["result"].clone();
    // A record that this version cannot read.
    let address = ("detail/address".to_owned(), "assent/versions/1.\u{1}any thing");
    other_app::writes(&mut city, &mut old, &[address]);
    let file = read(&backup(&mut old, &mut city));
    assert_eq!(
        Incoming::open(
            &backup(&mut old, &mut city),
            Some("something else"),
            Work::BROWSER
        )
        .unwrap_err(),
        TransferError::WrongPassphrase
    );

    let mut new = newcomer(&mut city, 50_000);
    let plan = bring_in(&mut new, &mut city, &file, MOVED);
    assert!(plan.cards().iter().all(|card| card.fate == CardFate::New));
    // Another vault with other keys, and the same in it, to the byte.
    assert_ne!(old.address, new.address);
    assert_eq!(
        pairs(&contents(&mut new, &mut city).contents),
        pairs(&contents(&mut old, &mut city).contents)
    );
    old.run(&mut city, json!({ "type": "deleteVault" })).unwrap();

    // The receipt is as valid here, and stopping works: with the key of the vault it was made in.
    let receipt = json!({ "type": "receipt", "id": shared["receiptId"] });
    assert_eq!(
        new.run(&mut city, receipt.clone()).unwrap()["receipt"]["countersignature"],
        "valid"
    );
    let stop = json!({ "type": "stopSharing", "id": shared["sharingId"], "askErasure": true });
    new.run(&mut city, stop).unwrap();
    assert_eq!(
        new.run(&mut city, receipt).unwrap()["receipt"]["withdrawal"],
        "valid"
    );
    // Presenting goes on with copies that were not shown.
    assert!(
        cards(&mut new, &mut city)
            .as_array()
            .unwrap()
            .iter()
            .all(|card| card["copiesLeft"] == 9)
    );
    let view = opened(&mut new, &mut city);
    assert_eq!(view["recognisability"]["level"], "not_at_all");
    new.run(&mut city, json!({ "type": "requestShare" })).unwrap();
}

#[test]
fn doing_it_again_changes_nothing_and_going_on_ends_the_same() {
    let mut city = City::new();
    let mut old = Person::with_cards(&mut city);
    let file = read(&backup(&mut old, &mut city));
    let mut new = newcomer(&mut city, 50_000);
    // The first half only, as after an interruption: no card may be there without its copies.
    let present = contents(&mut new, &mut city);
    let next = Plan::new(&file, &present.contents, MOVED, "en").next();
    let half: Vec<(String, Value)> = next.as_object().unwrap().clone().into_iter().collect();
    let copies = half
        .into_iter()
        .filter(|(name, _)| name.starts_with("copy/"))
        .take(5);
    let some: Value = Value::Object(copies.collect());
    new.run(
        &mut city,
        json!({ "type": "putIn", "records": some, "version": present.version }),
    )
    .unwrap();
    assert_eq!(cards(&mut new, &mut city), json!([]));
    bring_in(&mut new, &mut city, &file, MOVED);
    let once = contents(&mut new, &mut city);
    assert_eq!(
        pairs(&once.contents),
        pairs(&contents(&mut old, &mut city).contents)
    );
    let again = bring_in(&mut new, &mut city, &file, MOVED);
    assert!(again.is_done() && again.cards().iter().all(|card| card.fate == CardFate::Here));
    assert_eq!(contents(&mut new, &mut city).version, once.version);
}

#[test]
fn a_plan_for_another_version_puts_nothing_in() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let present = contents(&mut person, &mut city);
    person
        .run(&mut city, json!({ "type": "setSettings", "theme": "dark" }))
        .unwrap();
    let put = json!({ "type": "putIn", "records": { "entry/x": "{}" }, "version": present.version });
    assert_eq!(person.fails(&mut city, put)["code"], "vault-moved-on");
    assert_eq!(contents(&mut person, &mut city).contents.len(), 1);
}

/// A copy must not come back to be shown twice.
#[test]
fn a_backup_does_not_bring_used_copies_back() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    let file = read(&backup(&mut person, &mut city));
    opened(&mut person, &mut city);
    let shared = person.run(&mut city, json!({ "type": "requestShare" })).unwrap()["result"].clone();
    let stop = json!({ "type": "stopSharing", "id": shared["sharingId"], "askErasure": false });
    person.run(&mut city, stop).unwrap();
    let before = pairs(&contents(&mut person, &mut city).contents);
    bring_in(&mut person, &mut city, &file, MOVED);
    assert_eq!(pairs(&contents(&mut person, &mut city).contents), before);

    // In another vault, where nobody knows what was used since, every copy counts as shown.
    let mut other = newcomer(&mut city, 50_000);
    bring_in(&mut other, &mut city, &file, COPIED);
    for card in cards(&mut other, &mut city).as_array().unwrap() {
        assert_eq!(
            (&card["state"], &card["copiesLeft"]),
            (&json!("usedUp"), &json!(0))
        );
    }
    let view = opened(&mut other, &mut city);
    assert_ne!(view["recognisability"]["level"], "not_at_all");
    let unaware = other.fails(&mut city, json!({ "type": "requestShare" }));
    assert_eq!(unaware["wasAnythingShared"], "no", "{unaware}");
}

/// The same card received in both vaults is one card, with the copies of both.
#[test]
fn the_same_card_joins() {
    let mut city = City::new();
    let mut old = Person::with_cards(&mut city);
    let file = read(&backup(&mut old, &mut city));
    let mut new = newcomer(&mut city, 50_000);
    new.receive(&mut city, "identity");
    let plan = bring_in(&mut new, &mut city, &file, MOVED);
    let mut fates: Vec<CardFate> = plan.cards().iter().map(|card| card.fate).collect();
    fates.sort_by_key(|fate| *fate == CardFate::Joins);
    assert_eq!(fates, [CardFate::New, CardFate::Joins]);
    let held = cards(&mut new, &mut city);
    assert_eq!(held.as_array().unwrap().len(), 2);
    assert_eq!(
        (&held[0]["copiesLeft"], &held[1]["copiesLeft"]),
        (&json!(20), &json!(10))
    );
    let view = opened(&mut new, &mut city);
    assert_eq!(view["canShare"], true);
    new.run(&mut city, json!({ "type": "requestShare" })).unwrap();
    // Again: none of the copies comes a second time, also not the one that was used.
    let again = bring_in(&mut new, &mut city, &file, MOVED);
    assert!(again.is_done());
}

#[test]
fn a_withdrawal_known_to_the_file_only_stays_one() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    opened(&mut person, &mut city);
    let shared = person.run(&mut city, json!({ "type": "requestShare" })).unwrap()["result"].clone();
    let before = read(&backup(&mut person, &mut city));
    let stop = json!({ "type": "stopSharing", "id": shared["sharingId"], "askErasure": false });
    person.run(&mut city, stop).unwrap();
    let after = read(&backup(&mut person, &mut city));

    let mut new = newcomer(&mut city, 50_000);
    bring_in(&mut new, &mut city, &before, MOVED);
    let state = |person: &mut Person, city: &mut City| {
        person.run(city, json!({ "type": "sharing" })).unwrap()["sharing"][0]["state"].clone()
    };
    assert_eq!(state(&mut new, &mut city), "active");
    bring_in(&mut new, &mut city, &after, MOVED);
    assert_eq!(state(&mut new, &mut city), "stopped");
    // And an older file does not undo it.
    bring_in(&mut new, &mut city, &before, MOVED);
    assert_eq!(state(&mut new, &mut city), "stopped");
}

#[test]
fn the_history_stays_out_when_the_person_says_so() {
    let mut city = City::new();
    let mut old = Person::with_cards(&mut city);
    let file = read(&backup(&mut old, &mut city));
    let mut new = newcomer(&mut city, 50_000);
    let choice = Choice {
        moved: true,
        history: false,
    };
    let plan = bring_in(&mut new, &mut city, &file, choice);
    let entries = plan.kinds().iter().find(|kind| kind.kind == "entry").unwrap();
    assert_eq!((entries.new, entries.left), (0, 2));
    assert_eq!(
        new.run(&mut city, json!({ "type": "history" })).unwrap()["entries"],
        json!([])
    );
    assert!(plan.kinds().write_json().is_array());
}

/// A copy that two vaults hold is shown twice in the end, and makes the person recognisable: only a vault that moved takes
/// what is still awaited with it.
#[test]
fn an_awaited_card_comes_along_only_when_the_vault_moved() {
    for (choice, comes) in [(COPIED, 0), (MOVED, 1)] {
        let (mut city, mut old, awaited) = waiting(&["residence"], |_| {});
        let file = read(&backup(&mut old, &mut city));
        let mut new = newcomer(&mut city, 50_000);
        let plan = bring_in(&mut new, &mut city, &file, choice);
        let kind = plan.kinds().iter().find(|kind| kind.kind == "awaited").unwrap();
        assert_eq!((kind.new, kind.left), (comes, 1 - comes));
        let home = new.run(&mut city, json!({ "type": "home" })).unwrap()["home"].clone();
        let expected = if comes == 1 { awaited } else { json!([]) };
        assert_eq!(home["awaited"], expected);
    }
}

/// EU TS10: the log and the list of cards, and neither values nor keys.
#[test]
fn the_exchange_format_restores_the_log_and_names_the_cards() {
    let mut city = City::new();
    let mut old = Person::with_cards(&mut city);
    opened(&mut old, &mut city);
    old.run(&mut city, json!({ "type": "requestShare" })).unwrap();
    opened(&mut old, &mut city);
    old.run(&mut city, json!({ "type": "requestDecline" })).unwrap();
    let sealed = file(&mut old, &mut city, Format::Exchange);
    let incoming = read(&sealed);
    let mut new = newcomer(&mut city, 50_000);
    let plan = bring_in(&mut new, &mut city, &incoming, MOVED);
    assert!(
        plan.cards()
            .iter()
            .all(|card| card.fate == CardFate::Again && card.again.is_some())
    );
    assert_eq!(plan.cards().len(), 2);
    let entries = |person: &mut Person, city: &mut City| {
        person.run(city, json!({ "type": "history" })).unwrap()["entries"].clone()
    };
    assert_eq!(entries(&mut new, &mut city), entries(&mut old, &mut city));
    assert_eq!(cards(&mut new, &mut city), json!([]));
    // A card that was asked for again is here, and the log is not doubled.
    new.receive(&mut city, "identity");
    let again = bring_in(&mut new, &mut city, &incoming, MOVED);
    let here = again
        .cards()
        .iter()
        .filter(|card| card.fate == CardFate::Here)
        .count();
    assert_eq!((here, again.is_done()), (1, true));
}

#[test]
fn data_to_read_say_what_the_vault_shows_and_hold_no_keys() {
    let mut city = City::new();
    let mut old = Person::with_cards(&mut city);
    opened(&mut old, &mut city);
    let shared = old.run(&mut city, json!({ "type": "requestShare" })).unwrap()["result"].clone();
    let text = String::from_utf8(file(&mut old, &mut city, Format::Json)).unwrap();
    let data: Value = serde_json::from_str(&text).unwrap();
    let html = String::from_utf8(file(&mut old, &mut city, Format::Html)).unwrap();
    // Every detail of every card is in both, as the screens show it.
    let held = cards(&mut old, &mut city);
    let mut seen = 0;
    for (summary, written) in held
        .as_array()
        .unwrap()
        .iter()
        .zip(data["cards"].as_array().unwrap())
    {
        let card = old
            .run(&mut city, json!({ "type": "card", "id": summary["id"] }))
            .unwrap()["card"]
            .clone();
        assert_eq!(written["name"], summary["name"]);
        for (shown, detail) in card["details"]
            .as_array()
            .unwrap()
            .iter()
            .zip(written["details"].as_array().unwrap())
        {
            assert_eq!(
                (&shown["label"], &shown["path"]),
                (&detail["label"], &detail["path"])
            );
            let value = shown["value"].as_str().unwrap();
            let escaped = value.replace('&', "&amp;").replace('\'', "&#39;");
            assert!(value.starts_with("data:") || html.contains(&escaped), "{shown}");
            seen += 1;
        }
    }
    assert!(seen > 10);
    assert_eq!(data["history"].as_array().unwrap().len(), 3);
    assert_eq!(data["sharing"][0]["service"]["name"], "City library");
    assert_eq!(data["receipts"][0]["id"], shared["receiptId"]);
    assert!(html.contains("City library"));
    // No keys: neither of copies nor of receipts.
    let present = contents(&mut old, &mut city);
    for (name, content) in present.contents.iter() {
        let record: Value = serde_json::from_str(content).unwrap_or_default();
        if let Some(key) = record.get("key").and_then(Value::as_str) {
            assert!(!text.contains(key) && !html.contains(key), "{name}");
        }
    }

    // Back in: history and receipts; what is shared only from a backup, and that one repairs what this could not bring.
    let mut new = newcomer(&mut city, 50_000);
    let incoming = Incoming::open(text.as_bytes(), None, Work::BROWSER).unwrap();
    bring_in(&mut new, &mut city, &incoming, MOVED);
    let receipt = json!({ "type": "receipt", "id": shared["receiptId"] });
    assert_eq!(
        new.run(&mut city, receipt).unwrap()["receipt"]["receipt"],
        "valid"
    );
    assert_eq!(
        new.run(&mut city, json!({ "type": "sharing" })).unwrap()["sharing"],
        json!([])
    );
    assert!(
        incoming
            .notes
            .iter()
            .any(|note| note.code == "sharing-needs-backup" && note.count == 1)
    );
    let whole = read(&backup(&mut old, &mut city));
    bring_in(&mut new, &mut city, &whole, MOVED);
    let stop = json!({ "type": "stopSharing", "id": shared["sharingId"], "askErasure": false });
    assert_eq!(new.run(&mut city, stop).unwrap()["item"]["state"], "stopped");
}

//! What the request screen says about cards and choices.

use assent_core::oid4vp::ResponseMode;
use serde_json::{Value, json};

use crate::city::City;
use crate::other_app;
use crate::person::Person;

fn opened(person: &mut Person, city: &mut City, query: Value) -> Value {
    let link = city.ask_query(query, None, ResponseMode::DirectPost);
    person
        .run(city, json!({ "type": "requestOpen", "link": link }))
        .unwrap()["request"]
        .clone()
}

fn asks(vct: &str, path: Value) -> Value {
    json!({ "id": "a", "format": "dc+sd-jwt", "meta": { "vct_values": [vct] }, "claims": [{ "path": path }] })
}

/// Uses up every copy of the residence card.
fn use_up(person: &mut Person, city: &mut City) {
    let query = json!({ "credentials": [asks("urn:assent:residence:1", json!(["municipality"]))] });
    for _ in 0..10 {
        opened(person, city, query.clone());
        person.run(city, json!({ "type": "requestShare" })).unwrap();
    }
}

/// What another card would show is on the screen before it is chosen.
#[test]
fn another_card_brings_its_own_details() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    city.details = Some(("personal_administrative_number", json!("SANDBOX-000000002")));
    person.receive(&mut city, "identity");
    let query = json!({ "credentials": [{ "id": "a", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:eudi:pid:1"] }, "claims": [{ "path": ["nationalities", null] }, { "path": ["picture"] }] }] });
    let view = opened(&mut person, &mut city, query);
    let block = &view["required"][0];
    assert_eq!(block["otherCards"][0]["details"], block["details"]);
    assert_eq!(block["otherCards"][0]["warnings"][0]["code"], "portrait");
}

/// Recognisability is that of the cards really chosen: a used-up one makes the person the same visitor.
#[test]
fn another_card_makes_another_recognisability() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    use_up(&mut person, &mut city);
    let old = person.run(&mut city, json!({ "type": "cards" })).unwrap()["cards"][1]["id"].clone();
    city.details = Some(("library_number", json!("L-2026-000018")));
    person.receive(&mut city, "residence");
    let mut query = json!({ "credentials": [
        asks("urn:assent:residence:1", json!(["municipality"])),
        asks("urn:assent:residence:1", json!(["email"])),
    ] });
    query["credentials"][1]["id"] = json!("b");
    query["credential_sets"] = json!([{ "options": [["a"]] }, { "options": [["b"]], "required": false }]);
    let view = opened(&mut person, &mut city, query);
    assert_eq!(view["recognisability"]["level"], "not_at_all");
    assert_eq!(view["required"][0]["otherCards"][0]["id"], old);
    let mut weigh = |choice: Value| {
        let mut command = json!({ "type": "requestWeigh" });
        command
            .as_object_mut()
            .unwrap()
            .extend(choice.as_object().unwrap().clone());
        person
            .run(&mut city, command)
            .map(|reply| reply["recognisability"].clone())
    };
    assert_eq!(weigh(json!({})).unwrap()["level"], "not_at_all");
    let reused = weigh(json!({ "cards": { "a": old } })).unwrap();
    assert_eq!(reused["level"], "same_visitor");
    assert!(
        reused["reasons"]
            .as_array()
            .unwrap()
            .contains(&json!("copy_reused_here")),
        "{reused}"
    );
    let set = &view["optional"][0]["setId"];
    assert_eq!(weigh(json!({ "optional": [set] })).unwrap()["level"], "as_you");
    assert_eq!(
        weigh(json!({ "cards": { "a": "no such card" } }))
            .unwrap_err()
            .view()
            .code,
        "request-card-does-not-fit"
    );
}

/// A used-up card behind a switch that is off needs no word; switched on it does.
#[test]
fn a_used_up_card_counts_only_where_it_is_shared() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    use_up(&mut person, &mut city);
    let mut query = json!({ "credentials": [
        asks("urn:eudi:pid:1", json!(["nationalities", null])),
        asks("urn:assent:residence:1", json!(["municipality"])),
    ] });
    query["credentials"][1]["id"] = json!("b");
    query["credential_sets"] = json!([{ "options": [["a"]] }, { "options": [["b"]], "required": false }]);
    let view = opened(&mut person, &mut city, query);
    assert!(
        !view["warnings"].to_string().contains("card-copy-reused"),
        "{view}"
    );
    assert_eq!(view["required"][0]["warnings"], json!([]));
    assert_eq!(view["optional"][0]["warnings"][0]["code"], "card-copy-reused");
    let set = view["optional"][0]["setId"].clone();
    let on = json!({ "type": "requestShare", "optional": [set] });
    assert_eq!(
        person.fails(&mut city, on)["code"],
        "request-warning-not-understood"
    );
    let off = person.run(&mut city, json!({ "type": "requestShare" })).unwrap();
    assert_eq!(off["result"]["outcome"], "shared");
}

/// Records that cannot be read, cards among them, block nothing: they are counted and named, and can be removed.
#[test]
fn unreadable_records_block_nothing() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    let cards = person.run(&mut city, json!({ "type": "cards" })).unwrap()["cards"].clone();
    let identity = cards[0]["id"].as_str().unwrap().to_owned();
    let mut damage = vec![
        ("card/strange".to_owned(), r#"{"kind":"of a newer app"}"#),
        ("entry/strange".to_owned(), "not even JSON"),
        ("sharing/strange".to_owned(), "{}"),
        ("settings/mine".to_owned(), "{}"),
    ];
    // One copy of the residence card, and all of the identity card.
    let residence = cards[1]["id"].as_str().unwrap();
    damage.push((format!("copy/{residence}/000"), "{}"));
    for copy in 0..10 {
        damage.push((
            format!("copy/{identity}/{copy:03}"),
            r#"{"id":"x","credential":"a~b~","key":""}"#,
        ));
    }
    other_app::writes(&mut city, &mut person, &damage);

    let home = person.run(&mut city, json!({ "type": "home" })).unwrap()["home"].clone();
    assert_eq!(home["unreadable"], 2);
    let state = |id: &str| {
        let cards = home["cards"].as_array().unwrap();
        cards.iter().find(|card| card["id"] == id).unwrap()["state"].clone()
    };
    assert_eq!(state("strange"), "unreadable");
    assert_eq!(state(&identity), "unreadable");
    assert_eq!(state(residence), "valid");
    assert_eq!(home["latest"].as_array().unwrap().len(), 2);

    let query = json!({ "credentials": [asks("urn:assent:residence:1", json!(["municipality"]))] });
    let view = opened(&mut person, &mut city, query);
    assert_eq!(view["canShare"], true);
    let shared = person.run(&mut city, json!({ "type": "requestShare" })).unwrap();
    assert_eq!(shared["result"]["outcome"], "shared");
    let query = json!({ "credentials": [asks("urn:eudi:pid:1", json!(["family_name"]))] });
    assert_eq!(opened(&mut person, &mut city, query)["canShare"], false);

    for id in ["strange", identity.as_str()] {
        let card = person
            .run(&mut city, json!({ "type": "card", "id": id }))
            .unwrap();
        assert_eq!(card["card"]["summary"]["state"], "unreadable");
        assert_eq!(card["card"]["details"], json!([]));
        person
            .run(&mut city, json!({ "type": "removeCard", "id": id }))
            .unwrap();
    }
    let cards = person.run(&mut city, json!({ "type": "cards" })).unwrap();
    assert_eq!(cards["cards"].as_array().unwrap().len(), 1);
    let status = person
        .run(&mut city, json!({ "type": "setSettings", "theme": "dark" }))
        .unwrap();
    assert_eq!(status["settings"]["theme"], "dark");
}

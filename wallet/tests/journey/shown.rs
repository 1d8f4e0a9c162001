//! What is on the request screen is what leaves, and nothing else.

use assent_core::oid4vp::ResponseMode;
use serde_json::{Value, json};

use crate::city::City;
use crate::person::Person;

const RESIDENCE: &str = "urn:assent:residence:1";

fn asks(path: Value) -> Value {
    json!({ "credentials": [{ "id": "a", "format": "dc+sd-jwt", "meta": { "vct_values": [RESIDENCE] },
        "claims": [{ "path": path }] }] })
}

fn opened(person: &mut Person, city: &mut City, query: Value) -> Value {
    let link = city.ask_query(query, None, ResponseMode::DirectPost);
    let open = json!({ "type": "requestOpen", "link": link });
    person.run(city, open).unwrap()["request"].clone()
}

fn shares(request: &Value) -> Value {
    json!({ "type": "requestShare", "shown": request["shown"] })
}

fn paths(details: &Value) -> Value {
    let details = details.as_array().unwrap().iter();
    details.map(|detail| detail["path"].clone()).collect()
}

/// RFC 9901 §7.2, OpenID4VP 1.0 §6.4.1: what the issuer left in the open goes along with whatever is asked for. The
/// person sees it before, and finds it in the history after.
#[test]
fn what_goes_along_unasked_is_shown_and_on_record() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    city.always = vec!["email", "municipality"];
    person.receive(&mut city, "residence");
    let request = opened(&mut person, &mut city, asks(json!(["municipality"])));
    let shown = &request["required"][0]["details"];
    assert_eq!(paths(shown), json!([["municipality"], ["email"]]), "{shown}");
    assert_eq!(shown[1]["value"], "fenna@voorbeeld.example");
    let result = person.run(&mut city, shares(&request)).unwrap()["result"].clone();
    assert_eq!(result["count"], 2);
    let entry = person
        .run(&mut city, json!({ "type": "entry", "id": result["entryId"] }))
        .unwrap();
    assert_eq!(
        paths(&entry["entry"]["presented"]),
        json!([["municipality"], ["email"]])
    );
}

/// `sub` is the same in every copy of a card, so whoever gets it knows the holder again.
#[test]
fn a_number_of_the_holder_that_goes_along_is_shown_and_counted() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    city.details = Some(("sub", json!("person-17")));
    city.always = vec!["sub"];
    person.receive(&mut city, "residence");
    let request = opened(&mut person, &mut city, asks(json!(["municipality"])));
    assert_eq!(request["recognisability"]["level"], "as_you", "{request}");
    let shown = &request["required"][0]["details"];
    assert_eq!(paths(shown), json!([["municipality"], ["sub"]]), "{shown}");
}

/// ARF RPA_07c: a portrait wants a word of its own, also from a service that asks for what it is part of.
#[test]
fn a_portrait_inside_of_what_is_asked_wants_its_own_word() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    city.details = Some((
        "holder",
        json!({ "eyes": "brown", "faces": [{ "portrait": "data:," }] }),
    ));
    person.receive(&mut city, "residence");
    let request = opened(&mut person, &mut city, asks(json!(["holder"])));
    let block = &request["required"][0];
    assert_eq!(block["details"][0]["sensitive"], true, "{block}");
    assert_eq!(block["warnings"][0]["code"], "portrait", "{block}");
    assert_eq!(
        person.fails(&mut city, shares(&request))["code"],
        "request-warning-not-understood"
    );
}

/// The vault changes while somebody looks at a request: another card would be shown now. Nobody agreed to that.
#[test]
fn another_card_than_the_one_on_the_screen_is_not_shared() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    person.receive(&mut city, "residence");
    city.details = Some(("library_number", json!("L-2026-000018")));
    person.receive(&mut city, "residence");
    let request = opened(&mut person, &mut city, asks(json!(["library_number"])));
    let block = &request["required"][0];
    assert_eq!(block["details"][0]["value"], "L-2026-000017");
    let remove = json!({ "type": "removeCard", "id": block["card"]["id"] });
    person.run(&mut city, remove).unwrap();
    let refused = person.fails(&mut city, shares(&request));
    assert_eq!(
        (&refused["code"], &refused["wasAnythingShared"]),
        (&json!("request-changed"), &json!("no"))
    );
    assert_eq!(city.responses, [""; 0]);
    // Looked at again, it is what the person sees.
    let request = opened(&mut person, &mut city, asks(json!(["library_number"])));
    assert_eq!(request["required"][0]["details"][0]["value"], "L-2026-000018");
    let result = person.run(&mut city, shares(&request)).unwrap();
    assert_eq!(result["result"]["outcome"], "shared");
}

/// A screen of one request is no answer to another that was opened meanwhile: by a link, or by the service that gives out
/// something else when it is asked again.
#[test]
fn what_was_said_to_one_request_is_not_said_to_another() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    person.receive(&mut city, "residence");
    let harmless = opened(&mut person, &mut city, asks(json!(["municipality"])));
    opened(&mut person, &mut city, asks(json!(["email"])));
    assert_eq!(
        person.fails(&mut city, shares(&harmless))["code"],
        "request-changed"
    );
    // Also when both look the same.
    opened(&mut person, &mut city, asks(json!(["municipality"])));
    assert_eq!(
        person.fails(&mut city, shares(&harmless))["code"],
        "request-changed"
    );
    assert_eq!(city.responses, [""; 0]);
}

//! Offers of several cards, of which some do not come: what comes is kept, and the person hears of the rest.

use assent_core::http::HttpResponse;
use serde_json::{Value, json};

use crate::city::{City, Register};
use crate::person::{PASSPHRASE, Person};

const REGISTER: &str = "/register";
const RESIDENCE: &str = "Residence card (sandbox)";
const BOTH: [&str; 2] = ["residence", "identity"];

/// A register that gives its cards at once, or `later`.
fn meet(later: bool) -> (City, Person) {
    let mut city = City::new();
    let mut register = Register::new(REGISTER);
    register.later = later.then_some(600);
    city.registers.push(register);
    let person = Person::with_vault(&mut city);
    (city, person)
}

/// Lies in the answers to some requests for cards, counted from 0.
fn lies(city: &mut City, which: &'static [usize], lie: impl Fn(&mut HttpResponse) + 'static) {
    let mut count = 0;
    city.at(REGISTER).lie = Some(Box::new(move |end, answer| {
        if end == "credential" {
            if which.contains(&count) {
                lie(answer);
            }
            count += 1;
        }
    }));
}

fn refuses(error: &'static str, status: u16) -> impl Fn(&mut HttpResponse) {
    move |answer| {
        answer.status = status;
        answer.headers = vec![("content-type".into(), "application/json".into())];
        answer.body = json!({ "error": error }).to_string();
    }
}

/// Nobody answers.
fn nothing(answer: &mut HttpResponse) {
    answer.status = 503;
}

fn open(person: &mut Person, city: &mut City, signs_in: bool) -> Value {
    let register = city.at(REGISTER);
    let link = if signs_in {
        register.offer(&BOTH)
    } else {
        register.dpop = false;
        register.gift(&BOTH)
    };
    person
        .run(city, json!({ "type": "offerOpen", "link": link }))
        .unwrap()
}

fn accept() -> Value {
    json!({ "type": "offerAccept", "clientId": "https://wallet.example", "redirectUri": "https://wallet.example/" })
}

/// The command that brings the cards.
fn last_step(person: &mut Person, city: &mut City, signs_in: bool) -> Value {
    open(person, city, signs_in);
    if !signs_in {
        return accept();
    }
    let reply = person.run(city, accept()).unwrap();
    let answer = city.at(REGISTER).sign_in(reply["url"].as_str().unwrap());
    json!({ "type": "offerReturn", "answer": answer })
}

fn count(list: &Value) -> usize {
    list.as_array().unwrap().len()
}

fn home(person: &mut Person, city: &mut City) -> Value {
    person.run(city, json!({ "type": "home" })).unwrap()["home"].clone()
}

#[test]
fn what_came_is_kept_when_another_card_is_refused() {
    for signs_in in [false, true] {
        for (which, later) in [(0, false), (1, false), (0, true), (1, true)] {
            let (mut city, mut person) = meet(later);
            let step = last_step(&mut person, &mut city, signs_in);
            let which: &'static [usize] = if which == 0 { &[0] } else { &[1] };
            lies(&mut city, which, refuses("credential_request_denied", 400));
            let reply = person.run(&mut city, step.clone()).unwrap();
            let case = format!("{signs_in} {which:?} {later}: {reply}");
            let (came, comes) = (count(&reply["cards"]), count(&reply["awaited"]));
            assert_eq!((came, comes), if later { (0, 1) } else { (1, 0) }, "{case}");
            assert_eq!(count(&reply["failed"]), 1, "{case}");
            let failed = &reply["failed"][0];
            assert_eq!(failed["name"] == RESIDENCE, which == [0], "{case}");
            assert_eq!(failed["problem"]["code"], "issuance-denied");
            assert_eq!(failed["problem"]["blame"], "service");
            // It is in the vault, and what comes later comes.
            let shown = home(&mut person, &mut city);
            assert_eq!((count(&shown["cards"]), count(&shown["awaited"])), (came, comes));
            assert_eq!(count(&shown["latest"]), came);
            let told = city.at(REGISTER).told.clone();
            assert_eq!(told, vec!["credential_accepted"; came], "{case}");
            if later {
                city.at(REGISTER).clock += 660;
                person.now = person.now.plus(660);
                let due = json!({ "type": "fetchAwaited" });
                assert_eq!(count(&person.run(&mut city, due).unwrap()["cards"]), 1);
            }
            // There is nothing left of the offer to go on with.
            assert_eq!(person.fails(&mut city, accept())["code"], "offer-not-open");
            if signs_in {
                assert_eq!(person.fails(&mut city, step)["code"], "sign-in-not-expected");
            }
        }
    }
}

/// The issuer hears of each card what became of it.
#[test]
fn a_card_that_is_no_good_takes_no_other_with_it() {
    let (mut city, mut person) = meet(false);
    let step = last_step(&mut person, &mut city, false);
    lies(&mut city, &[0], |answer| {
        let mut body: Value = serde_json::from_str(&answer.body).unwrap();
        body["credentials"][0]["credential"] = "a.b.c~".into();
        answer.body = body.to_string();
    });
    let reply = person.run(&mut city, step).unwrap();
    assert_eq!((count(&reply["cards"]), count(&reply["failed"])), (1, 1));
    assert_eq!(reply["failed"][0]["name"], RESIDENCE);
    assert_eq!(
        city.at(REGISTER).told,
        ["credential_failure", "credential_accepted"]
    );
}

/// Where nobody answered, the rest is asked for again with the same token; nobody gets a card twice.
#[test]
fn the_rest_is_asked_for_again_after_the_network_failed() {
    for signs_in in [false, true] {
        let (mut city, mut person) = meet(false);
        let step = last_step(&mut person, &mut city, signs_in);
        lies(&mut city, &[1, 2], nothing);
        let reply = person.run(&mut city, step.clone()).unwrap();
        assert_eq!((count(&reply["cards"]), count(&reply["failed"])), (1, 1));
        assert_eq!(reply["failed"][0]["problem"]["blame"], "network");
        let error = person.fails(&mut city, accept());
        assert_eq!(error["blame"], "network");
        let rest = person.run(&mut city, accept()).unwrap();
        assert_eq!((count(&rest["cards"]), count(&rest["failed"])), (1, 0));
        assert_eq!(rest["cards"][0]["copiesLeft"], 10);
        assert_eq!(person.fails(&mut city, accept())["code"], "offer-not-open");
        assert_eq!(count(&home(&mut person, &mut city)["cards"]), 2);
        let asked = &city.at(REGISTER).asked;
        let tokens = asked.iter().filter(|asked| *asked == "token").count();
        assert_eq!(tokens, 1);
    }
    // It stays open until another one is opened, or this one is given up.
    for then in [json!({ "type": "offerCancel" }), json!({ "type": "lock" })] {
        let (mut city, mut person) = meet(false);
        let step = last_step(&mut person, &mut city, false);
        lies(&mut city, &[1], nothing);
        person.run(&mut city, step).unwrap();
        person.run(&mut city, then).unwrap();
        assert_eq!(person.fails(&mut city, accept())["code"], "offer-not-open");
    }
}

/// A token that the issuer takes no more is not shown to it for every card; with no card at all it is a mistake.
#[test]
fn no_card_at_all_is_an_error() {
    let (mut city, mut person) = meet(false);
    let step = last_step(&mut person, &mut city, false);
    lies(&mut city, &[0, 1], refuses("invalid_token", 401));
    let error = person.fails(&mut city, step);
    assert_eq!(error["code"], "issuance-token-refused");
    let asked = city
        .at(REGISTER)
        .asked
        .iter()
        .filter(|asked| *asked == "credential");
    assert_eq!(asked.count(), 1);
    assert_eq!(person.fails(&mut city, accept())["code"], "offer-not-open");
    // Of several reasons the one that can be helped.
    let (mut city, mut person) = meet(false);
    let step = last_step(&mut person, &mut city, false);
    let mut count = 0;
    city.at(REGISTER).lie = Some(Box::new(move |end, answer| {
        if end == "credential" {
            match count {
                0 => refuses("credential_request_denied", 400)(answer),
                1 => nothing(answer),
                _ => {}
            }
            count += 1;
        }
    }));
    let error = person.fails(&mut city, step);
    assert_eq!(error["blame"], "network");
    let rest = person.run(&mut city, accept()).unwrap();
    assert_eq!(rest["cards"][0]["copiesLeft"], 10);
}

/// What did not come is a record of the vault: it survives a lock and the end of the program, comes by itself, on another
/// device too, and the link of the offer leads to it.
#[test]
fn the_rest_is_not_lost_with_the_program() {
    for (signs_in, how) in [
        (false, "link"),
        (true, "link"),
        (false, "due"),
        (true, "other device"),
    ] {
        let (mut city, mut person) = meet(false);
        let register = city.at(REGISTER);
        register.dpop = signs_in;
        let link = if signs_in {
            register.offer(&BOTH)
        } else {
            register.gift(&BOTH)
        };
        let open = json!({ "type": "offerOpen", "link": link });
        person.run(&mut city, open.clone()).unwrap();
        let mut step = accept();
        if signs_in {
            let reply = person.run(&mut city, step).unwrap();
            let answer = city.at(REGISTER).sign_in(reply["url"].as_str().unwrap());
            step = json!({ "type": "offerReturn", "answer": answer });
        }
        lies(&mut city, &[1], nothing);
        let reply = person.run(&mut city, step).unwrap();
        assert_eq!(count(&reply["failed"]), 1);
        assert_eq!(reply["awaited"], json!([]), "nobody put it off");
        assert_eq!(reply["failed"][0]["again"], true);
        person.restart();
        person
            .run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
            .unwrap();
        let shown = home(&mut person, &mut city);
        assert_eq!((count(&shown["cards"]), count(&shown["awaited"])), (1, 1));
        assert_eq!(shown["awaited"][0]["name"], reply["failed"][0]["name"]);
        let rest = match how {
            "link" => {
                let asked = city.at(REGISTER).asked.len();
                let offer = person.run(&mut city, open).unwrap()["offer"].clone();
                assert_eq!(offer["warnings"][0]["code"], "offer-rest");
                assert_eq!(count(&offer["cards"]), 1);
                assert_eq!(offer["cards"][0]["name"], reply["failed"][0]["name"]);
                assert_eq!((&offer["txCode"], &offer["signIn"]), (&Value::Null, &Value::Null));
                assert_eq!(
                    city.at(REGISTER).asked.len(),
                    asked,
                    "the issuer is not asked for it"
                );
                person.run(&mut city, accept()).unwrap()
            }
            "due" => {
                person.now = person.now.plus(60);
                city.at(REGISTER).clock += 60;
                person.run(&mut city, json!({ "type": "fetchAwaited" })).unwrap()
            }
            _ => {
                let mut other = Person::new(1000);
                other.now = person.now;
                let open =
                    json!({ "type": "openVault", "address": person.address, "passphrase": PASSPHRASE });
                other.run(&mut city, open).unwrap();
                let fetch = json!({ "type": "fetchAwaited", "id": shown["awaited"][0]["id"] });
                let rest = other.run(&mut city, fetch).unwrap();
                person.run(&mut city, json!({ "type": "sync" })).unwrap();
                rest
            }
        };
        assert_eq!(rest["cards"][0]["copiesLeft"], 10, "{how}: {rest}");
        let shown = home(&mut person, &mut city);
        assert_eq!((count(&shown["cards"]), count(&shown["awaited"])), (2, 0));
        let asked = &city.at(REGISTER).asked;
        assert_eq!(asked.iter().filter(|asked| *asked == "token").count(), 1);
    }
}

/// Also where nothing came; and no longer than the issuer lets it.
#[test]
fn the_rest_lasts_as_long_as_its_token() {
    let (mut city, mut person) = meet(false);
    let register = city.at(REGISTER);
    register.dpop = false;
    let link = register.gift(&["residence"]);
    let open = json!({ "type": "offerOpen", "link": link });
    person.run(&mut city, open.clone()).unwrap();
    lies(&mut city, &[0, 1], nothing);
    assert_eq!(person.fails(&mut city, accept())["blame"], "network");
    person.run(&mut city, json!({ "type": "lock" })).unwrap();
    person
        .run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
        .unwrap();
    // Nobody answers: that changes nothing.
    person.run(&mut city, open.clone()).unwrap();
    assert_eq!(person.fails(&mut city, accept())["blame"], "network");
    assert_eq!(count(&home(&mut person, &mut city)["awaited"]), 1);
    // Too late: it is not asked for again, and the link is an offer like any other.
    city.at(REGISTER).clock += 7200;
    person.now = person.now.plus(7200);
    let due = json!({ "type": "fetchAwaited" });
    assert_eq!(count(&person.run(&mut city, due).unwrap()["cards"]), 0);
    let shown = home(&mut person, &mut city);
    assert_eq!(shown["awaited"][0]["nextTryAt"], Value::Null);
    let offer = person.run(&mut city, open).unwrap()["offer"].clone();
    assert_eq!(offer["warnings"], json!([]));
}

//! Cards that their issuer gives later (§9), and what an issuer that lies about it gets.

use assent_core::http::HttpResponse;
use assent_core::oid4vci::encryption::EncryptionRule;
use serde_json::{Value, json};

use crate::city::{City, NOW, Register};
use crate::person::{PASSPHRASE, Person};

const REGISTER: &str = "/register";
const HOUR: i64 = 3600;

/// A city whose register gives everything an hour later, and somebody who asked for these cards.
pub fn waiting(cards: &[&str], set: impl FnOnce(&mut Register)) -> (City, Person, Value) {
    let mut city = City::new();
    let mut register = Register::new(REGISTER);
    register.later = Some(HOUR as u64);
    set(&mut register);
    city.registers.push(register);
    let mut person = Person::with_vault(&mut city);
    let reply = ask(&mut person, &mut city, cards);
    assert_eq!(reply["cards"], json!([]));
    (city, person, reply["awaited"].clone())
}

/// Behind a sign-in where tokens can be bound to keys, else without.
fn ask(person: &mut Person, city: &mut City, cards: &[&str]) -> Value {
    let register = city.at(REGISTER);
    let link = if register.dpop {
        register.offer(cards)
    } else {
        register.gift(cards)
    };
    person
        .run(city, json!({ "type": "offerOpen", "link": link }))
        .unwrap();
    let accept = json!({ "type": "offerAccept", "clientId": "https://wallet.example", "redirectUri": "https://wallet.example/" });
    let reply = person.run(city, accept).unwrap();
    if reply["type"] == "cards" {
        return reply;
    }
    let answer = city.at(REGISTER).sign_in(reply["url"].as_str().unwrap());
    person
        .run(city, json!({ "type": "offerReturn", "answer": answer }))
        .unwrap()
}

fn pass(city: &mut City, people: &mut [&mut Person], seconds: i64) {
    city.at(REGISTER).clock += seconds;
    for person in people {
        person.now = person.now.plus(seconds);
    }
}

fn fetch(id: &Value) -> Value {
    json!({ "type": "fetchAwaited", "id": id })
}

fn due() -> Value {
    json!({ "type": "fetchAwaited" })
}

fn home(person: &mut Person, city: &mut City) -> Value {
    person.run(city, json!({ "type": "home" })).unwrap()["home"].clone()
}

fn second_device(person: &Person, city: &mut City, seed: u64) -> Person {
    let mut other = Person::new(seed);
    other.now = person.now;
    let open = json!({ "type": "openVault", "address": person.address, "passphrase": PASSPHRASE });
    other.run(city, open).unwrap();
    other
}

#[test]
fn a_card_that_comes_later_is_awaited_and_fetched() {
    for (dpop, nonces, encryption, life) in [
        (true, true, EncryptionRule::Required, 300),
        (true, false, EncryptionRule::Off, 2 * HOUR),
        (false, false, EncryptionRule::Off, 2 * HOUR),
    ] {
        let (mut city, mut person, awaited) = waiting(&["residence"], |register| {
            (register.dpop, register.dpop_nonces) = (dpop, nonces);
            (register.encryption, register.token_life) = (encryption, life);
        });
        let card = &awaited[0];
        assert_eq!(
            (&card["name"], &card["issuer"]),
            (&json!("Residence card (sandbox)"), &json!("city.example"))
        );
        let due_at = card["nextTryAt"].as_i64().unwrap();
        assert!((NOW.0 + HOUR..NOW.0 + HOUR + 60).contains(&due_at));
        let shown = home(&mut person, &mut city);
        assert_eq!(
            (&shown["awaited"], &shown["status"]["awaitedAt"]),
            (&awaited, &card["nextTryAt"])
        );
        assert_eq!(shown["latest"], json!([]), "nothing was received yet");
        // Too early: nothing is due, and who asks anyway is told when.
        let nothing = person.run(&mut city, due()).unwrap();
        assert_eq!(
            (&nothing["cards"], city.at(REGISTER).times("deferred")),
            (&json!([]), 0)
        );
        pass(&mut city, &mut [&mut person], 1800);
        let early = person.run(&mut city, fetch(&card["id"])).unwrap();
        assert_eq!(early["cards"], json!([]));
        assert!((due_at - 60..due_at + 60).contains(&early["awaited"][0]["nextTryAt"].as_i64().unwrap()));
        // On another device, which knows it from the vault.
        pass(&mut city, &mut [&mut person], 2400);
        let mut other = second_device(&person, &mut city, 1000);
        let status = other.run(&mut city, json!({ "type": "sync" })).unwrap();
        assert!(status["status"]["awaitedAt"].as_i64().unwrap() <= other.now.0);
        let came = other.run(&mut city, due()).unwrap();
        assert_eq!(came["cards"][0]["copiesLeft"], 10);
        assert_eq!(came["awaited"], json!([]));
        assert_eq!(
            home(&mut other, &mut city)["latest"][0]["kind"],
            "credentialIssuance"
        );
        // The first one hears of it, and asks nobody.
        let before = city.at(REGISTER).times("deferred");
        person.run(&mut city, json!({ "type": "sync" })).unwrap();
        let shown = home(&mut person, &mut city);
        assert_eq!(
            (&shown["awaited"], &shown["status"]["awaitedAt"]),
            (&json!([]), &Value::Null)
        );
        assert_eq!(shown["cards"].as_array().unwrap().len(), 1);
        assert_eq!(city.at(REGISTER).times("deferred"), before);
    }
}

/// A card may be awaited for longer than its issuer keeps a key: what it announces is read anew, once.
#[test]
fn an_issuer_may_change_its_encryption_key_meanwhile() {
    let demand = |register: &mut Register| register.encryption = EncryptionRule::Required;
    let (mut city, mut person, _) = waiting(&["residence"], demand);
    city.at(REGISTER).change_encryption_key();
    pass(&mut city, &mut [&mut person], 1800);
    let read = city.at(REGISTER).times("metadata");
    let early = person.run(&mut city, due()).unwrap();
    assert_eq!(
        (&early["cards"], city.at(REGISTER).times("metadata")),
        (&json!([]), read)
    );
    pass(&mut city, &mut [&mut person], 2400);
    let came = person.run(&mut city, due()).unwrap();
    assert_eq!(came["cards"].as_array().unwrap().len(), 1);
    assert_eq!(city.at(REGISTER).times("metadata"), read + 1);

    // One that never likes it is asked no more often, and later again.
    let (mut city, mut person, awaited) = waiting(&["residence"], demand);
    city.at(REGISTER).lie = Some(Box::new(|end, answer| {
        if end == "deferred" {
            answer.status = 400;
            answer.headers = vec![("content-type".into(), "application/json".into())];
            answer.body = r#"{"error":"invalid_encryption_parameters"}"#.into();
        }
    }));
    pass(&mut city, &mut [&mut person], HOUR + 60);
    let error = person.fails(&mut city, fetch(&awaited[0]["id"]));
    assert_eq!(error["code"], "issuance-refused");
    assert_eq!(city.at(REGISTER).times("deferred"), 2);
    let kept = home(&mut person, &mut city)["awaited"][0]["nextTryAt"].as_i64();
    assert!(kept.unwrap() > person.now.0);
}

/// Cards of one issuance share their tokens: renewing them for one renews them for all.
#[test]
fn tokens_are_renewed_for_all_cards_of_an_issuance() {
    let (mut city, mut person, awaited) =
        waiting(&["residence", "identity"], |register| register.token_life = 300);
    assert_eq!(awaited.as_array().unwrap().len(), 2);
    pass(&mut city, &mut [&mut person], HOUR + 60);
    let before = city.at(REGISTER).times("token");
    let came = person.run(&mut city, due()).unwrap();
    assert_eq!(came["cards"].as_array().unwrap().len(), 2);
    assert_eq!(city.at(REGISTER).times("token"), before + 1);
}

/// A device that picks up what another one has picked up or given up meanwhile.
#[test]
fn two_devices_and_one_card() {
    let (mut city, mut person, awaited) = waiting(&["residence"], |_| {});
    let mut other = second_device(&person, &mut city, 1000);
    pass(&mut city, &mut [&mut person, &mut other], HOUR + 60);
    other.run(&mut city, due()).unwrap();
    // This one has not heard of it: the issuer does not know the transaction, and that is no mistake.
    let late = person.run(&mut city, due()).unwrap();
    assert_eq!((&late["cards"], &late["awaited"]), (&json!([]), &json!([])));
    let error = person.fails(&mut city, fetch(&awaited[0]["id"]));
    assert_eq!(error["code"], "not-found");
    // The vault changes between the pick-up and its commit: the commit is made again on what is there then.
    let id = ask(&mut person, &mut city, &["identity"])["awaited"][0]["id"].clone();
    other.run(&mut city, json!({ "type": "sync" })).unwrap();
    pass(&mut city, &mut [&mut person, &mut other], HOUR + 60);
    other
        .run(&mut city, json!({ "type": "setSettings", "language": "nl" }))
        .unwrap();
    assert_eq!(
        person.run(&mut city, due()).unwrap()["cards"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // Given up there after it came here: it stays.
    assert_eq!(
        other.fails(&mut city, json!({ "type": "forgetAwaited", "id": "nothing" }))["code"],
        "not-found"
    );
    other
        .run(&mut city, json!({ "type": "forgetAwaited", "id": id }))
        .unwrap();
    for device in [&mut person, &mut other] {
        device.run(&mut city, json!({ "type": "sync" })).unwrap();
        let shown = home(device, &mut city);
        assert_eq!(
            (shown["cards"].as_array().unwrap().len(), &shown["awaited"]),
            (2, &json!([]))
        );
    }
}

/// An issuer that cannot know whether its answer arrived gives the card again: the wallet has it once.
#[test]
fn an_answer_that_was_lost_is_given_again() {
    let again = |register: &mut Register| (register.gives_again, register.token_life) = (true, 9 * HOUR);
    let (mut city, mut person, awaited) = waiting(&["residence"], again);
    let mut other = second_device(&person, &mut city, 1000);
    pass(&mut city, &mut [&mut person, &mut other], HOUR + 60);
    city.at(REGISTER).lie = Some(Box::new(|end, answer| {
        if end == "deferred" {
            answer.status = 502;
        }
    }));
    let lost = person.run(&mut city, due()).unwrap();
    assert_eq!((&lost["cards"], &lost["awaited"]), (&json!([]), &awaited));
    city.at(REGISTER).lie = None;
    let came = other.run(&mut city, due()).unwrap();
    assert_eq!(came["cards"][0]["copiesLeft"], 10);
    // This device has not heard of it, and gets the same copies: they are not kept twice.
    let late = person.run(&mut city, due()).unwrap();
    assert_eq!((&late["cards"], &late["awaited"]), (&json!([]), &json!([])));
    assert_eq!(city.at(REGISTER).times("deferred"), 3);
    for device in [&mut person, &mut other] {
        device.run(&mut city, json!({ "type": "sync" })).unwrap();
        let shown = home(device, &mut city);
        assert_eq!(shown["cards"].as_array().unwrap().len(), 1);
        assert_eq!(shown["cards"][0]["copiesLeft"], 10);
        assert_eq!(shown["latest"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn what_is_given_up_is_gone_everywhere() {
    let (mut city, mut person, awaited) = waiting(&["residence"], |_| {});
    let forget = json!({ "type": "forgetAwaited", "id": awaited[0]["id"] });
    assert_eq!(person.run(&mut city, forget).unwrap()["type"], "done");
    let mut other = second_device(&person, &mut city, 1000);
    pass(&mut city, &mut [&mut person, &mut other], HOUR + 60);
    for device in [&mut person, &mut other] {
        assert_eq!(home(device, &mut city)["awaited"], json!([]));
        assert_eq!(device.run(&mut city, due()).unwrap()["cards"], json!([]));
    }
    assert_eq!(city.at(REGISTER).times("deferred"), 0);
}

/// The vault's service does not answer while the card comes: the card waits here, and nobody fetches it twice.
#[test]
fn a_card_that_came_waits_for_the_vault_service() {
    for broken in ["down", "lost"] {
        let (mut city, mut person, _) = waiting(&["residence"], |_| {});
        pass(&mut city, &mut [&mut person], HOUR + 60);
        let set = if broken == "down" {
            &mut city.down
        } else {
            &mut city.lost
        };
        set.insert("/commits");
        assert_eq!(
            person.run(&mut city, due()).unwrap()["cards"][0]["copiesLeft"],
            10
        );
        city.down.clear();
        city.lost.clear();
        person.restart();
        person
            .run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
            .unwrap();
        person.run(&mut city, json!({ "type": "sync" })).unwrap();
        let mut other = second_device(&person, &mut city, 1000);
        for device in [&mut person, &mut other] {
            let shown = home(device, &mut city);
            assert_eq!(
                (&shown["cards"][0]["copiesLeft"], &shown["awaited"]),
                (&json!(10), &json!([])),
                "{broken}"
            );
        }
        assert_eq!(city.at(REGISTER).times("deferred"), 1);
    }
}

/// What became of the awaited card when it was asked for: the error's code, and when it is tried again.
fn after(
    set: fn(&mut Register),
    lie: impl FnMut(&mut HttpResponse) + 'static,
    end: &'static str,
) -> (String, Option<i64>, usize) {
    let (mut city, mut person, awaited) = waiting(&["residence"], set);
    pass(&mut city, &mut [&mut person], HOUR + 60);
    let mut lie = lie;
    city.at(REGISTER).lie = Some(Box::new(move |at, answer| {
        if at == end {
            lie(answer);
        }
    }));
    let id = &awaited[0]["id"];
    let error = person.fails(&mut city, fetch(id));
    assert_eq!(error["wasAnythingShared"], "no");
    // Asked for with others, it is no mistake of the command.
    pass(&mut city, &mut [&mut person], 2 * HOUR);
    let others = person.run(&mut city, due()).unwrap();
    assert_eq!(
        (&others["cards"], others["awaited"].as_array().unwrap().len()),
        (&json!([]), 1)
    );
    let shown = home(&mut person, &mut city);
    assert_eq!(shown["cards"], json!([]));
    let tried = city.at(REGISTER).times("deferred");
    let next = shown["awaited"][0]["nextTryAt"]
        .as_i64()
        .map(|at| at - (person.now.0 - 1));
    (error["code"].as_str().unwrap().to_owned(), next, tried)
}

fn body(answer: &mut HttpResponse, status: u16, body: &Value) {
    answer.status = status;
    answer.headers = vec![("content-type".into(), "application/json".into())];
    answer.body = body.to_string();
}

#[test]
fn lies_about_what_comes_later() {
    let refused = |error: &'static str, status| {
        move |answer: &mut HttpResponse| body(answer, status, &json!({ "error": error }))
    };
    let set: fn(&mut Register) = |_| {};
    // The issuer gives it no more: nobody asks again by itself.
    for error in ["invalid_transaction_id", "credential_request_denied"] {
        let (_, next, tried) = after(set, refused(error, 400), "deferred");
        assert_eq!((next, tried), (None, 1), "{error}");
    }
    let (code, next, tried) = after(
        |register| register.dpop = false,
        refused("invalid_token", 401),
        "deferred",
    );
    assert_eq!((code.as_str(), next, tried), ("issuance-token-refused", None, 1));
    // A token that is refused is renewed once.
    let lasts: fn(&mut Register) = |register| register.token_life = 9 * HOUR;
    let (_, next, tried) = after(lasts, refused("invalid_token", 401), "deferred");
    assert_eq!((next, tried), (None, 2));
    let (code, next, _) = after(
        |register| register.token_life = 300,
        refused("invalid_grant", 400),
        "token",
    );
    assert_eq!((code.as_str(), next), ("issuance-code-refused", None));
    // Nonsense: later again.
    let (code, next, _) = after(
        set,
        |answer| {
            body(
                answer,
                202,
                &json!({ "transaction_id": "another", "interval": 5 }),
            )
        },
        "deferred",
    );
    assert_eq!((code.as_str(), next), ("issuance-deferred", Some(HOUR)));
    for nonsense in [
        json!({ "transaction_id": "t", "interval": 5, "credentials": [{ "credential": "x" }] }),
        json!({ "transaction_id": "t" }),
        json!([]),
    ] {
        let (code, next, _) = after(set, move |answer| body(answer, 202, &nonsense), "deferred");
        assert_eq!((code.as_str(), next), ("issuer-bad-answer", Some(HOUR)));
    }
    // Nobody there.
    let (code, next, _) = after(set, |answer| body(answer, 503, &json!({})), "deferred");
    assert_eq!(code, "issuer-bad-status");
    assert!(next.is_some_and(|next| next < 0), "still due");
    // A key that the token was bound to is no longer wanted.
    let downgrade = |answer: &mut HttpResponse| {
        let mut token: Value = serde_json::from_str(&answer.body).unwrap();
        token["token_type"] = "Bearer".into();
        answer.body = token.to_string();
    };
    let (code, _, tried) = after(|register| register.token_life = 300, downgrade, "token");
    assert_eq!((code.as_str(), tried), ("issuer-token-downgraded", 0));
}

/// Absurd waits are cut: at least a second, at most thirty days.
#[test]
fn absurd_waits_are_cut() {
    for (said, is) in [(0, 1), (u64::MAX, 30 * 86_400)] {
        let (mut city, mut person, _) = waiting(&["identity"], |_| {});
        city.at(REGISTER).lie = Some(Box::new(move |end, answer| {
            if end == "credential" {
                body(answer, 202, &json!({ "transaction_id": "t", "interval": said }));
            }
        }));
        let awaited = ask(&mut person, &mut city, &["residence"])["awaited"][0].clone();
        assert_eq!(awaited["nextTryAt"], person.now.0 + is);
    }
}

/// Cards that nobody answers for stay due. However many there are, others come.
#[test]
fn an_issuer_that_is_gone_keeps_no_other_card_away() {
    let (mut city, mut person, awaited) = waiting(&["residence"], |_| {});
    let mut gone = Register::new("/gone");
    gone.later = Some(1);
    city.registers.push(gone);
    for _ in 0..12 {
        let link = city.at("/gone").offer(&["identity", "residence"]);
        person
            .run(&mut city, json!({ "type": "offerOpen", "link": link }))
            .unwrap();
        let accept = json!({ "type": "offerAccept", "clientId": "https://wallet.example", "redirectUri": "https://wallet.example/" });
        let url = person.run(&mut city, accept).unwrap()["url"].clone();
        let answer = city.at("/gone").sign_in(url.as_str().unwrap());
        person
            .run(&mut city, json!({ "type": "offerReturn", "answer": answer }))
            .unwrap();
    }
    city.down.insert("/gone/");
    pass(&mut city, &mut [&mut person], HOUR + 60);
    let id = &awaited[0]["id"];
    let came = (0..60).any(|_| {
        let reply = person.run(&mut city, due()).unwrap();
        let left = reply["awaited"].as_array().unwrap();
        !left.iter().any(|card| card["id"] == *id)
    });
    assert!(came, "a card was never asked for");
}

/// A card of another type, or bound to another key, is not what was awaited; and the issuer counts it as given.
#[test]
fn another_card_than_was_awaited_is_not_kept() {
    let (mut city, mut person, awaited) = waiting(&["residence", "identity"], |_| {});
    let id_of = |name: &str| {
        let all = awaited.as_array().unwrap();
        all.iter().find(|card| card["name"] == name).unwrap()["id"].clone()
    };
    pass(&mut city, &mut [&mut person], HOUR + 60);
    let kept = std::rc::Rc::new(std::cell::RefCell::new(None));
    let (first, keep) = (id_of("Residence card (sandbox)"), std::rc::Rc::clone(&kept));
    city.at(REGISTER).lie = Some(Box::new(move |end, answer| {
        if end == "deferred" {
            let answered: HttpResponse = answer.clone();
            *answer = keep.borrow().clone().unwrap_or(answered.clone());
            keep.borrow_mut().get_or_insert(answered);
        }
    }));
    person.run(&mut city, fetch(&first)).unwrap();
    let second = awaited
        .as_array()
        .unwrap()
        .iter()
        .find(|card| card["id"] != first)
        .unwrap()["id"]
        .clone();
    let error = person.fails(&mut city, fetch(&second));
    assert_eq!(error["code"], "card-of-other-type");
    let shown = home(&mut person, &mut city);
    assert_eq!(shown["cards"].as_array().unwrap().len(), 1);
    assert_eq!(shown["awaited"][0]["nextTryAt"], Value::Null);
    assert_eq!(shown["status"]["awaitedAt"], Value::Null);
}

//! Issuers that want somebody to vouch for the wallet, or for its keys (HP-3).

use assent_core::oid4vci::attestation::level;
use serde_json::{Value, json};

use crate::city::{City, Register};
use crate::person::Person;

const REGISTER: &str = "/register";
const WALLET: &str = "wallet-provider/wallet-attestation";
const KEYS: &str = "wallet-provider/key-attestation";

fn city(set: impl FnOnce(&mut Register)) -> (City, Person) {
    let mut city = City::new();
    let mut register = Register::new(REGISTER);
    set(&mut register);
    city.registers.push(register);
    let person = Person::with_vault(&mut city);
    (city, person)
}

fn open(person: &mut Person, city: &mut City, link: &str) -> Value {
    let command = json!({ "type": "offerOpen", "link": link });
    person.run(city, command).unwrap()["offer"].clone()
}

fn accept() -> Value {
    json!({ "type": "offerAccept", "clientId": "https://wallet.example", "redirectUri": "https://wallet.example/" })
}

/// Gets a card, with a sign-in or without.
fn get(person: &mut Person, city: &mut City, sign_in: bool) -> Value {
    let register = city.at(REGISTER);
    let link = if sign_in {
        register.offer(&["residence"])
    } else {
        register.gift(&["residence"])
    };
    open(person, city, &link);
    let reply = person.run(city, accept()).unwrap();
    if !sign_in {
        return reply;
    }
    let answer = city.at(REGISTER).sign_in(reply["url"].as_str().unwrap());
    person
        .run(city, json!({ "type": "offerReturn", "answer": answer }))
        .unwrap()
}

fn asked(city: &City, what: &str) -> usize {
    city.asked.iter().filter(|line| line.contains(what)).count()
}

/// The operator is asked where it is demanded, and only there.
#[test]
fn nobody_vouches_where_nobody_asks() {
    for sign_in in [true, false] {
        let (mut city, mut person) = city(|_| {});
        assert_eq!(get(&mut person, &mut city, sign_in)["cards"][0]["copiesLeft"], 10);
        assert_eq!(asked(&city, "wallet-provider"), 0);
    }
}

#[test]
fn attested_keys_are_asked_for_once_a_batch() {
    for (proofs, sign_in) in [
        ("jwt", true),
        ("jwt", false),
        ("attestation", true),
        ("attestation", false),
    ] {
        let (mut city, mut person) = city(|register| register.attested_keys = Some(proofs));
        assert_eq!(
            get(&mut person, &mut city, sign_in)["cards"][0]["copiesLeft"],
            10,
            "{proofs}"
        );
        assert_eq!((asked(&city, KEYS), asked(&city, WALLET)), (1, 0));
        // The operator learns keys and a nonce, and not for whom.
        assert!(!city.vouched[0].contains("register"));
        let proof: Value = serde_json::from_str(&city.vouched[0]).unwrap();
        let proof = proof["proofs"][0].as_str().unwrap();
        let claims = assent_core::encoding::jws::UnverifiedJws::parse(proof)
            .unwrap()
            .unverified_claims()
            .unwrap();
        let names: Vec<&String> = claims.keys().collect();
        assert_eq!(names, ["aud", "iat", "nonce"]);
    }
}

/// One key for one issuance, from the pushed request to the last token; another for the next.
#[test]
fn a_wallet_is_vouched_for_under_a_fresh_key_each_time() {
    let (mut city, mut person) = city(|register| {
        register.attested_wallets = true;
        register.attested_keys = Some("jwt");
    });
    for number in 1..=2 {
        get(&mut person, &mut city, true);
        assert_eq!(city.at(REGISTER).instances.len(), 2 * number);
    }
    let keys = city.at(REGISTER).instances.clone();
    assert!(keys[0] == keys[1] && keys[2] == keys[3] && keys[0] != keys[2]);
    assert!(city.vouched.iter().all(|body| !body.contains("register")));

    // Without a sign-in, where the server wants to know the wallet all the same.
    get(&mut person, &mut city, false);
    assert_eq!(city.at(REGISTER).instances.len(), 5);
    assert!(!keys.contains(&city.at(REGISTER).instances[4]));
}

/// A challenge that is no longer good: once more with the one that came along, at each endpoint.
#[test]
fn a_challenge_is_taken_from_the_refusal() {
    let (mut city, mut person) = city(|register| {
        register.attested_wallets = true;
        register.stale_challenges = true;
        register.dpop_nonces = true;
    });
    assert_eq!(get(&mut person, &mut city, true)["cards"][0]["copiesLeft"], 10);
}

/// Later tokens are asked for with the same key.
#[test]
fn what_comes_later_is_fetched_under_the_same_key() {
    let (mut city, mut person) = city(|register| {
        register.attested_wallets = true;
        register.later = Some(3 * 3600);
        register.token_life = 600;
    });
    let reply = get(&mut person, &mut city, true);
    assert_eq!(reply["cards"], json!([]));
    city.at(REGISTER).clock += 4 * 3600;
    person.now = person.now.plus(4 * 3600);
    let reply = person.run(&mut city, json!({ "type": "fetchAwaited" })).unwrap();
    assert_eq!(reply["cards"][0]["copiesLeft"], 10);
    let keys = &city.at(REGISTER).instances;
    assert_eq!(keys.len(), 3, "pushed, first token, refreshed");
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[test]
fn an_operator_that_does_not_vouch_is_named() {
    for wallets in [true, false] {
        let (mut city, mut person) = city(|register| {
            register.attested_wallets = wallets;
            register.attested_keys = (!wallets).then_some("jwt");
        });
        city.vouches = false;
        let link = city.at(REGISTER).gift(&["residence"]);
        open(&mut person, &mut city, &link);
        assert_eq!(
            person.fails(&mut city, accept())["code"],
            "wallet-not-vouched-for"
        );
        // Down: it may be tried again.
        city.vouches = true;
        city.down.insert("wallet-provider");
        open(&mut person, &mut city, &link);
        assert_eq!(
            person.fails(&mut city, accept())["code"],
            "wallet-provider-unreachable"
        );
    }
}

/// A code is good once: what it was redeemed for is kept until somebody vouches.
#[test]
fn what_the_issuer_gave_waits_for_the_operator() {
    for (sign_in, unreachable) in [(true, true), (true, false), (false, true), (false, false)] {
        let (mut city, mut person) = city(|register| register.attested_keys = Some("jwt"));
        let link = match sign_in {
            true => city.at(REGISTER).offer(&["residence"]),
            false => city.at(REGISTER).gift(&["residence"]),
        };
        open(&mut person, &mut city, &link);
        let mut go_on = accept();
        if sign_in {
            let reply = person.run(&mut city, accept()).unwrap();
            let answer = city.at(REGISTER).sign_in(reply["url"].as_str().unwrap());
            go_on = json!({ "type": "offerReturn", "answer": answer });
        }
        let code = if unreachable {
            city.down.insert("wallet-provider");
            "wallet-provider-unreachable"
        } else {
            city.vouches = false;
            "wallet-not-vouched-for"
        };
        for _ in 0..2 {
            assert_eq!(person.fails(&mut city, go_on.clone())["code"], code);
        }
        city.down.clear();
        city.vouches = true;
        if !sign_in {
            // Also where the offer is opened again.
            open(&mut person, &mut city, &link);
        }
        let reply = person.run(&mut city, go_on.clone()).unwrap();
        assert_eq!(reply["cards"][0]["copiesLeft"], 10);
        assert_eq!(asked(&city, "/register/token"), 1, "the code was redeemed once");
        // Nothing of it is left over.
        let again = person.fails(&mut city, go_on)["code"].clone();
        assert_eq!(
            again,
            if sign_in {
                "sign-in-not-expected"
            } else {
                "offer-not-open"
            }
        );
    }
}

/// What was redeemed for one offer is not used for another, nor after the person said no.
#[test]
fn what_the_issuer_gave_is_for_this_offer_alone() {
    let begin = || {
        let (mut city, mut person) = city(|register| register.attested_keys = Some("jwt"));
        let link = city.at(REGISTER).gift(&["residence"]);
        open(&mut person, &mut city, &link);
        city.down.insert("wallet-provider");
        person.fails(&mut city, accept());
        city.down.clear();
        (city, person, link)
    };
    let (mut city, mut person, link) = begin();
    let other = link.replace("gift", "give");
    assert_ne!(other, link);
    open(&mut person, &mut city, &other);
    person.fails(&mut city, accept());
    assert_eq!(asked(&city, "/register/token"), 2, "another code");

    let (mut city, mut person, link) = begin();
    person.run(&mut city, json!({ "type": "offerCancel" })).unwrap();
    open(&mut person, &mut city, &link);
    person.run(&mut city, accept()).unwrap();
    assert_eq!(asked(&city, "/register/token"), 2);
}

/// What the operator says goes into headers and bodies for somebody else: nothing but a JWT gets there.
#[test]
fn an_operator_that_says_something_else_is_not_passed_on() {
    for wrong in ["", "a.b", "a.b.c\r\nauthorization: x", "a b.c.d", "é.b.c"] {
        for wallets in [true, false] {
            let (mut city, mut person) = city(|register| {
                register.attested_wallets = wallets;
                register.attested_keys = (!wallets).then_some("attestation");
            });
            city.instead_of_attestations = Some(wrong);
            let link = city.at(REGISTER).gift(&["residence"]);
            open(&mut person, &mut city, &link);
            assert_eq!(
                person.fails(&mut city, accept())["code"],
                "wallet-not-vouched-for",
                "{wrong}"
            );
        }
    }
}

/// Software keys are never called more than they are, so there is no sense in asking.
#[test]
fn cards_for_better_keys_are_not_supported() {
    let (mut city, mut person) = city(|register| {
        register.attested_keys = Some("jwt");
        register.key_storage = vec![level::HIGH, level::MODERATE];
    });
    let link = city.at(REGISTER).gift(&["residence"]);
    let command = json!({ "type": "offerOpen", "link": link });
    assert_eq!(person.fails(&mut city, command)["code"], "offer-not-supported");
    assert_eq!(asked(&city, "wallet-provider"), 0);
}

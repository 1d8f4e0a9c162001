//! Cards of issuers that want to see the person first, or that give them later; and what lying ones get.

use assent_core::http::HttpResponse;
use assent_core::oid4vci::encryption::EncryptionRule;
use serde_json::{Value, json};

use crate::city::{City, Register};
use crate::person::{PASSPHRASE, Person};

const REGISTER: &str = "/register";
const HERE: &str = "https://wallet.example/";

fn city() -> City {
    let mut city = City::new();
    city.registers.push(Register::new(REGISTER));
    city
}

fn open(person: &mut Person, city: &mut City, cards: &[&str]) -> Value {
    let link = city.at(REGISTER).offer(cards);
    person
        .run(city, json!({ "type": "offerOpen", "link": link }))
        .unwrap()["offer"]
        .clone()
}

fn accept() -> Value {
    json!({ "type": "offerAccept", "clientId": "https://wallet.example", "redirectUri": HERE })
}

/// Opens and accepts; where to sign in.
fn leave(person: &mut Person, city: &mut City, cards: &[&str]) -> String {
    open(person, city, cards);
    let reply = person.run(city, accept()).unwrap();
    assert_eq!(reply["type"], "signIn");
    reply["url"].as_str().unwrap().to_owned()
}

fn back(answer: &str) -> Value {
    json!({ "type": "offerReturn", "answer": answer })
}

#[test]
fn a_card_behind_a_sign_in_is_received() {
    for (dpop, nonces, encryption, pushes, scopes) in [
        (true, true, EncryptionRule::Required, true, true),
        (true, false, EncryptionRule::Offered, true, false),
        (false, false, EncryptionRule::Off, false, true),
    ] {
        let mut city = city();
        let register = city.at(REGISTER);
        (register.dpop, register.dpop_nonces, register.encryption) = (dpop, nonces, encryption);
        (register.pushes, register.scopes) = (pushes, scopes);
        let mut person = Person::with_vault(&mut city);
        let offer = open(&mut person, &mut city, &["residence"]);
        assert_eq!(offer["signIn"], "city.example");
        let url = person.run(&mut city, accept()).unwrap()["url"]
            .as_str()
            .unwrap()
            .to_owned();
        if pushes {
            let request = &city.at(REGISTER).pushed[0].1;
            assert_eq!(request.issuer_state.as_deref(), Some("as it came"));
            let by_scope = (vec!["scope.residence".to_owned()], Vec::new());
            let by_details = (Vec::new(), vec!["residence".to_owned()]);
            let asked = (request.scope.clone(), request.configuration_ids.clone());
            assert_eq!(asked, if scopes { by_scope } else { by_details });
            assert_eq!(request.dpop_jkt.is_some(), dpop);
            assert_eq!(request.resource, None);
        }
        let answer = city.at(REGISTER).sign_in(&url);
        let reply = person.run(&mut city, back(&answer)).unwrap();
        assert_eq!(reply["cards"][0]["copiesLeft"], 10);
        assert_eq!(reply["awaited"], json!([]));
        assert_eq!(
            city.at(REGISTER).times("par"),
            usize::from(pushes) * (1 + usize::from(nonces))
        );
        assert_eq!(city.at(REGISTER).times("token"), 1 + usize::from(nonces));
        // Nothing is left of the sign-in.
        let again = person.fails(&mut city, back(&answer));
        assert_eq!(again["code"], "sign-in-not-expected");
        assert_eq!(again["wasAnythingShared"], "no");
        let history = person.run(&mut city, json!({ "type": "history" })).unwrap();
        assert_eq!(history["entries"][0]["kind"], "credentialIssuance");
    }
}

/// Lies from now on, in every answer of one endpoint.
fn lies(city: &mut City, end: &'static str, mut lie: impl FnMut(&mut HttpResponse) + 'static) {
    city.at(REGISTER).lie = Some(Box::new(move |at, answer| {
        if at == end {
            lie(answer);
        }
    }));
}

/// Changes the JSON of an answer.
fn changed(answer: &mut HttpResponse, change: impl FnOnce(&mut Value)) {
    let mut body = serde_json::from_str(&answer.body).unwrap();
    change(&mut body);
    answer.body = body.to_string();
}

/// RFC 6749 §10.12, RFC 9207: what is not the answer to what was asked, from whom it was asked, leads to no token.
#[test]
fn only_the_answer_that_was_asked_for_leads_on() {
    let mut city = city();
    city.registers.push(Register::new("/other"));
    let mut person = Person::with_vault(&mut city);
    type Wrong = fn(&str) -> String;
    let wrong: [(&str, Wrong); 8] = [
        ("sign-in-not-expected", |_| HERE.to_owned()),
        ("sign-in-not-expected", |answer| {
            answer.replace("state=", "state=x")
        }),
        ("sign-in-not-expected", |answer| {
            answer.replace("state=", "estate=")
        }),
        ("sign-in-not-expected", |answer| format!("{answer}&state=again")),
        ("sign-in-not-expected", |answer| {
            format!("{answer}&more={}", "x".repeat(20_000))
        }),
        ("sign-in-other-issuer", |answer| {
            answer
                .replace("register&", "other&")
                .replace("%2Fregister", "%2Fother")
        }),
        ("sign-in-other-issuer", |answer| answer.replace("&iss=", "&uss=")),
        ("sign-in-malformed", |answer| answer.replace("code=", "kode=")),
    ];
    for (code, wrong) in wrong {
        let url = leave(&mut person, &mut city, &["residence"]);
        let answer = city.at(REGISTER).sign_in(&url);
        let error = person.fails(&mut city, back(&wrong(&answer)));
        assert_eq!(error["code"], code, "{}", wrong(&answer));
        assert_eq!(error["wasAnythingShared"], "no");
        // A stranger's answer takes nothing from whoever waits.
        let then = person.run(&mut city, back(&answer));
        assert_eq!(then.is_ok(), code == "sign-in-not-expected");
    }
    // Without a sign-in that was begun there is none to come back from.
    let answer = "https://wallet.example/?code=a&state=b&iss=https%3A%2F%2Fcity.example%2Fregister";
    let error = person.fails(&mut city, back(answer));
    assert_eq!(error["code"], "sign-in-not-expected");
    assert_eq!(city.at(REGISTER).times("token"), 5);
}

/// RFC 9207 §1: two issuers, one of them evil, and a code of the honest one brought to the wallet as the evil one's.
#[test]
fn a_code_of_another_issuer_is_not_redeemed() {
    let mut city = city();
    city.registers.push(Register::new("/other"));
    let mut person = Person::with_vault(&mut city);
    let evil = leave(&mut person, &mut city, &["residence"]);
    let link = city.at("/other").offer(&["residence"]);
    person
        .run(&mut city, json!({ "type": "offerOpen", "link": link }))
        .unwrap();
    let honest = person.run(&mut city, accept()).unwrap()["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let (evil, honest) = (
        city.at(REGISTER).sign_in(&evil),
        city.at("/other").sign_in(&honest),
    );
    let parameter = |answer: &str, name: &str| {
        let at = answer.find(name).unwrap();
        answer[at..].split('&').next().unwrap().to_owned()
    };
    let mixed = evil.replace(&parameter(&evil, "code="), &parameter(&honest, "code="));
    let mixed = mixed.replace(&parameter(&evil, "iss="), &parameter(&honest, "iss="));
    assert_ne!(mixed, evil);
    assert_eq!(
        person.fails(&mut city, back(&mixed))["code"],
        "sign-in-other-issuer"
    );
    assert_eq!(
        city.at(REGISTER).times("token"),
        0,
        "the evil one does not see the code"
    );
    // The other sign-in goes on.
    assert_eq!(person.run(&mut city, back(&honest)).unwrap()["type"], "cards");
}

#[test]
fn saying_no_at_the_issuer_ends_it() {
    let mut city = city();
    let mut person = Person::with_vault(&mut city);
    let url = leave(&mut person, &mut city, &["residence"]);
    let answer = city.at(REGISTER).decline(&url);
    assert_eq!(person.fails(&mut city, back(&answer))["code"], "sign-in-declined");
    assert_eq!(
        person.fails(&mut city, back(&answer))["code"],
        "sign-in-not-expected"
    );
    // So does an app that says nothing of itself.
    open(&mut person, &mut city, &["residence"]);
    let error = person.fails(&mut city, json!({ "type": "offerAccept" }));
    assert_eq!(
        (&error["code"], &error["blame"]),
        (&json!("offer-needs-sign-in"), &json!("you"))
    );
}

/// The page ends when the browser leaves, and the vault is locked when it comes back.
#[test]
fn the_sign_in_survives_the_end_of_the_page() {
    let mut city = city();
    let mut person = Person::with_vault(&mut city);
    let url = leave(&mut person, &mut city, &["residence"]);
    let kept = person.wallet.cache().to_vec();
    let code_verifier_is_sealed = !String::from_utf8_lossy(&kept).contains("as it came");
    assert!(code_verifier_is_sealed);
    person.restart();
    let answer = city.at(REGISTER).sign_in(&url);
    assert_eq!(person.fails(&mut city, back(&answer))["code"], "vault-locked");
    person
        .run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
        .unwrap();
    assert_eq!(
        person.run(&mut city, back(&answer)).unwrap()["cards"][0]["copiesLeft"],
        10
    );
    // Not on another device, and not after an hour.
    let url = leave(&mut person, &mut city, &["identity"]);
    let answer = city.at(REGISTER).sign_in(&url);
    let mut other = Person::new(1000);
    let open = json!({ "type": "openVault", "address": person.address, "passphrase": PASSPHRASE });
    other.run(&mut city, open).unwrap();
    assert_eq!(
        other.fails(&mut city, back(&answer))["code"],
        "sign-in-not-expected"
    );
    person.now = person.now.plus(3600);
    city.at(REGISTER).clock += 3600;
    assert_eq!(
        person.fails(&mut city, back(&answer))["code"],
        "sign-in-not-expected"
    );
}

/// Four wait at most; of a fifth the oldest makes room.
#[test]
fn only_a_few_sign_ins_wait() {
    let mut city = city();
    let mut person = Person::with_vault(&mut city);
    let urls: Vec<String> = (0..5)
        .map(|_| leave(&mut person, &mut city, &["residence"]))
        .collect();
    let answers: Vec<String> = urls.iter().map(|url| city.at(REGISTER).sign_in(url)).collect();
    assert_eq!(
        person.fails(&mut city, back(&answers[0]))["code"],
        "sign-in-not-expected"
    );
    for answer in &answers[1..] {
        person.run(&mut city, back(answer)).unwrap();
    }
}

/// When nobody answers, the same answer may be brought again: nobody signs in twice for it.
#[test]
fn a_sign_in_goes_on_after_the_network_failed() {
    for end in ["register/token", "register/nonce", "register/credential"] {
        let mut city = city();
        let mut person = Person::with_vault(&mut city);
        let url = leave(&mut person, &mut city, &["residence", "identity"]);
        let answer = city.at(REGISTER).sign_in(&url);
        city.down.insert(end);
        let error = person.fails(&mut city, back(&answer));
        assert_eq!(
            (&error["code"], &error["blame"]),
            (&json!("issuer-unreachable"), &json!("network"))
        );
        city.down.clear();
        let cards = person.run(&mut city, back(&answer)).unwrap();
        assert_eq!(cards["cards"].as_array().unwrap().len(), 2, "{end}");
        assert_eq!(city.at(REGISTER).times("token"), 1);
    }
}

/// CI-16: an issuer that wants another nonce each time is asked twice, not for ever; and what it says ends it.
#[test]
fn nonces_do_not_go_round_in_circles() {
    for end in ["par", "token", "credential"] {
        let mut city = city();
        let mut person = Person::with_vault(&mut city);
        let mut counted = 0;
        lies(&mut city, end, move |answer| {
            counted += 1;
            answer.status = if end == "credential" { 401 } else { 400 };
            answer.body = json!({ "error": "use_dpop_nonce" }).to_string();
            answer
                .headers
                .push(("dpop-nonce".into(), format!("nonce{counted}")));
        });
        open(&mut person, &mut city, &["residence"]);
        let mut ended = person.run(&mut city, accept());
        if let Ok(reply) = &ended {
            let answer = city.at(REGISTER).sign_in(reply["url"].as_str().unwrap());
            ended = person.run(&mut city, back(&answer));
            assert_eq!(
                person.fails(&mut city, back(&answer))["code"],
                "sign-in-not-expected"
            );
        }
        assert_eq!(ended.unwrap_err().view().blame, "service");
        assert_eq!(city.at(REGISTER).times(end), 2, "{end}");
    }
}

/// What answers of an issuer must not be, and where it ends.
#[test]
fn lies_of_an_issuer_lead_to_no_card() {
    type Change = fn(&mut HttpResponse);
    let cases: &[(&str, Change)] = &[
        ("par", |answer| {
            changed(answer, |body| body["request_uri"] = 7.into())
        }),
        ("par", |answer| {
            changed(answer, |body| body["expires_in"] = 0.into())
        }),
        ("par", |answer| answer.status = 302),
        ("token", |answer| {
            changed(answer, |body| body["token_type"] = "mac".into())
        }),
        ("token", |answer| {
            changed(answer, |body| body["access_token"] = "".into())
        }),
        ("token", |answer| {
            changed(answer, |body| body["access_token"] = "x".repeat(10_000).into())
        }),
        ("credential", |answer| {
            changed(answer, |body| body["transaction_id"] = "t".into())
        }),
        ("credential", |answer| answer.status = 202),
        ("credential", |answer| {
            answer.status = 202;
            answer.body = json!({ "transaction_id": "t" }).to_string();
        }),
        ("metadata", |answer| {
            changed(answer, |body| {
                body["credential_issuer"] = "https://city.example/other".into()
            })
        }),
        ("server-metadata", |answer| {
            changed(answer, |body| {
                body["issuer"] = "https://city.example/other".into()
            })
        }),
        ("server-metadata", |answer| {
            changed(answer, |body| {
                body["code_challenge_methods_supported"] = json!(["plain"])
            });
        }),
        ("server-metadata", |answer| {
            changed(answer, |body| {
                body["authorization_endpoint"] = "javascript:alert(1)".into()
            });
        }),
        ("server-metadata", |answer| {
            changed(answer, |body| {
                body["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic"])
            });
        }),
    ];
    for (end, lie) in cases {
        let mut city = city();
        let mut person = Person::with_vault(&mut city);
        lies(&mut city, end, lie);
        let link = city.at(REGISTER).offer(&["residence"]);
        let mut ended = person.run(&mut city, json!({ "type": "offerOpen", "link": link }));
        if ended.is_ok() {
            ended = person.run(&mut city, accept());
        }
        if let Ok(reply) = &ended {
            let answer = city.at(REGISTER).sign_in(reply["url"].as_str().unwrap());
            ended = person.run(&mut city, back(&answer));
            let again = person.fails(&mut city, back(&answer));
            assert_eq!(again["code"], "sign-in-not-expected");
        }
        let error = ended.unwrap_err().view();
        assert_eq!(error.blame, "service", "{end}: {}", error.code);
        let home = person.run(&mut city, json!({ "type": "home" })).unwrap();
        assert_eq!(
            (&home["home"]["cards"], &home["home"]["awaited"]),
            (&json!([]), &json!([]))
        );
    }
}

/// RFC 9449 §5, RFC 6749 §7.1: a token is used as what it is, and one that is bound to a key nobody showed is refused.
#[test]
fn a_token_is_what_the_issuer_says_or_nothing() {
    // A proof was sent and ignored: a bearer token, used as one.
    let mut city = city();
    let mut person = Person::with_vault(&mut city);
    city.at(REGISTER).ignores_proofs = true;
    let url = leave(&mut person, &mut city, &["identity"]);
    let answer = city.at(REGISTER).sign_in(&url);
    assert_eq!(person.run(&mut city, back(&answer)).unwrap()["type"], "cards");
    city.at(REGISTER).asked.clear();
    city.at(REGISTER).ignores_proofs = false;
    city.at(REGISTER).dpop = false;
    lies(&mut city, "token", |answer| {
        changed(answer, |body| body["token_type"] = "DPoP".into());
    });
    let url = leave(&mut person, &mut city, &["residence"]);
    let answer = city.at(REGISTER).sign_in(&url);
    assert_eq!(
        person.fails(&mut city, back(&answer))["code"],
        "issuer-bad-answer"
    );
    assert_eq!(city.at(REGISTER).times("credential"), 0);
}

/// CI-29: the answer comes as it was demanded, or not at all.
#[test]
fn encrypted_answers_are_for_this_request_alone() {
    let plain = json!({ "credentials": [{ "credential": "x" }] }).to_string();
    let mut city = city();
    let mut person = Person::with_vault(&mut city);
    city.at(REGISTER).encryption = EncryptionRule::Required;
    let first = std::rc::Rc::new(std::cell::RefCell::new(None));
    for case in ["plain", "kept", "other key"] {
        let (kept, plain) = (std::rc::Rc::clone(&first), plain.clone());
        lies(&mut city, "credential", move |answer| match case {
            "plain" => *answer = crate::city::respond(200, "application/json", &plain),
            "kept" => *kept.borrow_mut() = Some(answer.clone()),
            _ => *answer = kept.borrow().clone().unwrap(),
        });
        let url = leave(&mut person, &mut city, &["residence"]);
        let answer = city.at(REGISTER).sign_in(&url);
        let ended = person.run(&mut city, back(&answer));
        assert_eq!(ended.is_ok(), case == "kept", "{case}");
    }
    // Demanded in a way that nobody has.
    lies(&mut city, "metadata", |answer| {
        changed(answer, |body| {
            body["credential_response_encryption"]["enc_values_supported"] = json!(["A128CBC-HS256"]);
        });
    });
    let url = leave(&mut person, &mut city, &["identity"]);
    let answer = city.at(REGISTER).sign_in(&url);
    let error = person.fails(&mut city, back(&answer));
    assert_eq!(error["code"], "issuer-encryption-unknown");
}

/// CI-3: the offer names one of several servers; the person sees where, and the request says for which issuer.
#[test]
fn a_server_elsewhere_is_named_and_told_for_whom() {
    let mut city = city();
    city.at(REGISTER).other_server = Some("/signing-in");
    let mut person = Person::with_vault(&mut city);
    let url = leave(&mut person, &mut city, &["residence"]);
    assert!(url.starts_with("https://city.example/signing-in/authorize?"));
    let resource = city.at(REGISTER).pushed[0].1.resource.clone();
    assert_eq!(resource.as_deref(), Some("https://city.example/register"));
    let answer = city.at(REGISTER).sign_in(&url);
    assert_eq!(person.run(&mut city, back(&answer)).unwrap()["type"], "cards");
}

/// CI-13: what the server names is asked for by that name.
#[test]
fn cards_are_asked_for_by_the_names_that_were_given() {
    let mut city = city();
    city.at(REGISTER).identifiers = true;
    let mut person = Person::with_vault(&mut city);
    let url = leave(&mut person, &mut city, &["residence", "identity"]);
    let answer = city.at(REGISTER).sign_in(&url);
    let cards = person.run(&mut city, back(&answer)).unwrap();
    assert_eq!(cards["cards"].as_array().unwrap().len(), 2);
}

/// §4.1.1: a code that asks less of the person goes first; without any grant the server's metadata says what goes.
#[test]
fn what_an_offer_leaves_open_is_decided_for_the_person() {
    let mut city = city();
    let mut person = Person::with_vault(&mut city);
    let offer = |grants: Value| {
        let offer = json!({ "credential_issuer": "https://city.example/register",
            "credential_configuration_ids": ["residence", "unheard of"], "grants": grants });
        let query = assent_core::encoding::form::encode([("credential_offer", offer.to_string().as_str())]);
        json!({ "type": "offerOpen", "link": format!("haip-vci://?{query}") })
    };
    let code = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
    let both = json!({ code: { "pre-authorized_code": "gift" }, "authorization_code": {} });
    let reply = person.run(&mut city, offer(both)).unwrap();
    assert_eq!(reply["offer"]["signIn"], Value::Null);
    assert_eq!(reply["offer"]["warnings"][0]["code"], "offer-partly-supported");
    assert_eq!(
        person.run(&mut city, accept()).unwrap()["cards"][0]["copiesLeft"],
        10
    );
    let reply = person.run(&mut city, offer(json!({}))).unwrap();
    assert_eq!(reply["offer"]["signIn"], "city.example");
    let url = person.run(&mut city, accept()).unwrap()["url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(city.at(REGISTER).pushed[0].1.issuer_state, None);
    let answer = city.at(REGISTER).sign_in(&url);
    assert_eq!(
        person.run(&mut city, back(&answer)).unwrap()["cards"][0]["renewal"],
        "copies"
    );
}

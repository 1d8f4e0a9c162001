//! Unlock methods through the app: passkeys, device keys, changed passphrases, and keys that change under other devices.

use assent_core::crypto::{PublicKey, Signer as _, SoftwareKey, sha256};
use assent_core::encoding::base64url;
use assent_core::encoding::record::FromJson as _;
use assent_core::env::Env;
use assent_wallet::app::{Command, Step};
use serde_json::{Value, json};

use crate::city::{CHALLENGE, City, Counter, NOW, SIGNED};
use crate::person::{PASSPHRASE, Person, texts};

const NEW_PASSPHRASE: &str = "a louder orange market";

/// A passkey as a platform holds it: answers salts with what only it knows.
fn passkey_answers(secret: &str, current: &Value, next: &Value) -> Value {
    let answer = |salt: &Value| {
        let salt = base64url::decode(salt.as_str().unwrap()).unwrap();
        base64url::encode(&sha256(&[secret.as_bytes(), &salt].concat()))
    };
    json!({ "credentialId": base64url::encode(secret.as_bytes()), "current": answer(current), "next": answer(next) })
}

fn confirm() -> Value {
    json!({ "passphrase": PASSPHRASE })
}

fn change(person: &mut Person, city: &mut City, change: Value) -> Value {
    person
        .run(
            city,
            json!({ "type": "changeMethods", "change": change, "confirm": confirm() }),
        )
        .unwrap()
}

pub fn add_passkey(person: &mut Person, city: &mut City, secret: &str) -> Value {
    let salts = person
        .run(city, json!({ "type": "newPasskey", "confirm": confirm() }))
        .unwrap();
    let passkey = passkey_answers(secret, &salts["current"], &salts["next"]);
    let change = json!({ "kind": "addPasskey", "passkey": passkey, "name": secret });
    person
        .run(city, json!({ "type": "changeMethods", "change": change }))
        .unwrap()
}

fn ask_passkey(person: &mut Person, city: &mut City, address: Option<&str>, secret: &str) -> Value {
    let questions = person
        .run(city, json!({ "type": "unlockQuestions", "address": address }))
        .unwrap();
    let id = base64url::encode(secret.as_bytes());
    let all = questions["passkeys"].as_array().unwrap();
    let question = all
        .iter()
        .find(|question| question["credentialId"] == id.as_str())
        .unwrap();
    passkey_answers(secret, &question["current"], &question["next"])
}

fn method_of(reply: &Value, kind: &str) -> Value {
    let methods = reply["methods"].as_array().unwrap();
    methods.iter().find(|method| method["kind"] == kind).unwrap()["id"].clone()
}

/// What a passkey signed, with authenticator data of these bytes.
pub fn signed(secret: &str, data: &[u8]) -> Value {
    json!({ "credentialId": base64url::encode(secret.as_bytes()), "clientData": "e30",
            "authenticatorData": base64url::encode(data), "signature": SIGNED })
}

#[test]
fn a_passkey_that_signs_gets_the_slots_without_asking_by_address() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    let salts = person
        .run(&mut city, json!({ "type": "newPasskey", "confirm": confirm() }))
        .unwrap();
    let mut passkey = passkey_answers("telephone", &salts["current"], &salts["next"]);
    passkey["made"] = base64url::encode(b"what it said").into();
    let add = json!({ "kind": "addPasskey", "passkey": passkey, "name": "" });
    let methods = person
        .run(&mut city, json!({ "type": "changeMethods", "change": add }))
        .unwrap();
    let address = person.address.clone();
    let vault = address.rsplit_once('/').unwrap().1.to_owned();
    let id = base64url::encode(b"telephone");
    let known = |city: &City| city.keep_vault(&address).passkeys;
    assert_eq!(known(&city)[&id], base64url::encode(b"what it said"));

    // A new device: the passkey is asked who it is, then for the key. Both times it signs.
    let mut other = Person::new(1000);
    let given = other
        .run(&mut city, json!({ "type": "passkeyChallenge" }))
        .unwrap();
    assert_eq!(
        given,
        json!({ "type": "passkeyChallenge", "challenge": CHALLENGE })
    );
    let slots = |city: &City, from: usize| -> Vec<bool> {
        let asked = city.asked[from..].iter();
        let asked = asked.filter(|line| line.contains("/header") || line.contains("/sign-in/passkey"));
        asked.map(|line| line.contains("/header")).collect()
    };
    let from = city.asked.len();
    let question =
        json!({ "type": "unlockQuestions", "address": vault, "assertion": signed("telephone", b"data") });
    let questions = other.run(&mut city, question).unwrap();
    let salts = &questions["passkeys"][0];
    let mut answer = passkey_answers("telephone", &salts["current"], &salts["next"]);
    answer["assertion"] = signed("telephone", b"data");
    let open = |passkey: &Value, address: &str| json!({ "type": "openVault", "address": address, "passkey": passkey });
    other.run(&mut city, open(&answer, &address)).unwrap();
    assert_eq!(slots(&city, from), [false, false]);

    // What the service refuses, and what holds the key in the clear or would go elsewhere, is asked for by address.
    let mut refused = answer.clone();
    refused["assertion"]["signature"] = "AA".into();
    let mut leaking = answer.clone();
    for name in ["current", "next"] {
        let key = base64url::decode(answer[name].as_str().unwrap()).unwrap();
        leaking["assertion"]["authenticatorData"] =
            base64url::encode(&[b"data", &key[..], b"more"].concat()).into();
        let mut third = Person::new(1001);
        let from = city.asked.len();
        third.run(&mut city, open(&leaking, &address)).unwrap();
        assert_eq!(slots(&city, from), [true], "{name}");
    }
    let mut third = Person::new(1002);
    let from = city.asked.len();
    third.run(&mut city, open(&refused, &address)).unwrap();
    assert_eq!(slots(&city, from), [false, true]);
    let elsewhere = address.replace("/v1/", "/other/v1/");
    let mut env = Env {
        now: NOW,
        rng: &mut Counter(1003),
    };
    let command = Command::read_json(open(&answer, &elsewhere)).unwrap();
    let Step::Send(first) = Person::new(1004).wallet.start(command, &mut env).unwrap() else {
        panic!("nothing is asked");
    };
    assert_eq!(first.url, format!("{elsewhere}/header"));

    // A removed passkey is forgotten with its slot.
    let slot = method_of(&methods, "passkey");
    change(&mut person, &mut city, json!({ "kind": "remove", "slot": slot }));
    assert!(known(&city).is_empty());
}

/// What the service answers to a passkey is believed as little as the rest.
#[test]
fn a_service_that_lies_to_a_passkey_gets_nowhere() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    add_passkey(&mut person, &mut city, "telephone");
    let mut stranger = Person::with_vault_of(&mut city, 7);
    add_passkey(&mut stranger, &mut city, "telephone");
    let vault = |person: &Person| person.address.rsplit_once('/').unwrap().1.to_owned();
    for person in [&person, &stranger] {
        let mut vault = city.keep_vault(&person.address);
        vault.passkeys.values_mut().for_each(|made| *made = "AAAA".into());
        city.restore_vault(&person.address, vault);
    }
    let question = |person: &Person| json!({ "type": "unlockQuestions", "address": vault(person), "assertion": signed("telephone", b"data") });
    let mut other = Person::new(1000);
    let honest = other.run(&mut city, question(&person)).unwrap();
    assert_eq!(honest["passkeys"].as_array().unwrap().len(), 1);
    city.restore_vault(&person.address, city.keep_vault(&stranger.address));
    let error = other.fails(&mut city, question(&person));
    assert_eq!(error["code"], "vault-slots-changed", "another vault's slots");
    type Lie = fn(&str, &mut Value);
    let lies: [(&str, Lie); 5] = [
        ("vault-malformed", |_, body| body["vaults"] = json!([])),
        ("vault-malformed", |_, body| body["vaults"] = json!("none")),
        ("vault-malformed", |_, body| {
            body["vaults"][0]["header"] = Value::Null
        }),
        ("vault-malformed", |_, body| {
            body["vaults"][0]["header"] = "AA".into()
        }),
        ("vault-malformed", |_, body| *body = json!([[[[[[1]]]]]])),
    ];
    for (at, (code, lie)) in lies.into_iter().enumerate() {
        city.lie = Some(lie);
        assert_eq!(other.fails(&mut city, question(&stranger))["code"], code, "{at}");
    }
    // A challenge that is none, or a book: none.
    let challenges: [Lie; 3] = [
        |_, body| body["challenge"] = base64url::encode(&[1; 300]).into(),
        |_, body| body["challenge"] = "AAAA".into(),
        |_, body| body["challenge"] = json!(["AAAA"]),
    ];
    for lie in challenges {
        city.lie = Some(lie);
        let given = other
            .run(&mut city, json!({ "type": "passkeyChallenge" }))
            .unwrap();
        assert_eq!(given, json!({ "type": "passkeyChallenge" }));
    }
}

#[test]
fn a_passkey_is_added_named_used_and_removed() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    let methods = add_passkey(&mut person, &mut city, "telephone");
    assert_eq!(methods["methods"].as_array().unwrap().len(), 3);
    assert_eq!(methods["epoch"], 1);
    let id = method_of(&methods, "passkey");
    let named = person
        .run(
            &mut city,
            json!({ "type": "changeMethods", "change": { "kind": "rename", "slot": id, "name": "my telephone" } }),
        )
        .unwrap();
    assert_eq!(named["methods"][2]["name"], "my telephone");

    // On this device without the network, on another with it.
    person.restart();
    let asked = city.asked.len();
    let passkey = ask_passkey(&mut person, &mut city, None, "telephone");
    person
        .run(&mut city, json!({ "type": "unlock", "passkey": passkey }))
        .unwrap();
    assert_eq!(city.asked.len(), asked);
    let mut other = Person::new(1000);
    let address = person.address.clone();
    let passkey = ask_passkey(&mut other, &mut city, Some(&address), "telephone");
    other
        .run(
            &mut city,
            json!({ "type": "openVault", "address": address, "passkey": passkey }),
        )
        .unwrap();
    let cards = other.run(&mut city, json!({ "type": "cards" })).unwrap();
    assert_eq!(cards["cards"].as_array().unwrap().len(), 2);

    // Somebody else's passkey, a constant, zeros: nothing opens.
    other.restart();
    let wrong = ask_passkey(&mut other, &mut city, None, "telephone");
    let mut wrong_answer = wrong.clone();
    wrong_answer["current"] = base64url::encode(&[7; 32]).into();
    let error = other.fails(&mut city, json!({ "type": "unlock", "passkey": wrong_answer }));
    assert_eq!(error["code"], "vault-wrong-secret");
    for constant in [[0u8; 32], [5; 32]] {
        let mut answer = wrong.clone();
        answer["current"] = base64url::encode(&constant).into();
        answer["next"] = answer["current"].clone();
        let error = other.fails(&mut city, json!({ "type": "unlock", "passkey": answer }));
        assert_eq!(error["code"], "vault-passkey-unusable");
    }

    // Removed: new keys, and the other device is asked to unlock once more.
    let methods = change(&mut person, &mut city, json!({ "kind": "remove", "slot": id }));
    assert_eq!(methods["epoch"], 2);
    assert_eq!(methods["methods"].as_array().unwrap().len(), 2);
    // Without the network, what the other device keeps still opens there, but no further.
    let open = json!({ "type": "openVault", "address": address, "passkey": wrong });
    city.down.insert("/header");
    other.run(&mut city, open.clone()).unwrap();
    city.down.clear();
    assert_eq!(
        other.fails(&mut city, json!({ "type": "sync" }))["code"],
        "vault-unlock-again"
    );
    other.restart();
    assert_eq!(
        other.fails(&mut city, open.clone())["code"],
        "vault-no-such-unlock-method",
        "with it, the newest methods count"
    );
    let mut elsewhere = Person::new(3000);
    assert_eq!(
        elsewhere.fails(&mut city, open)["code"],
        "vault-no-such-unlock-method"
    );
}

#[test]
fn a_passkey_moves_to_its_next_salt() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let slot = method_of(&add_passkey(&mut person, &mut city, "telephone"), "passkey");
    let old = ask_passkey(&mut person, &mut city, None, "telephone");
    let renew = |passkey: &Value| {
        json!({ "type": "changeMethods", "confirm": { "passkey": passkey },
            "change": { "kind": "renewPasskey", "slot": slot, "passkey": passkey } })
    };
    let methods = person.run(&mut city, renew(&old)).unwrap();
    assert_eq!(methods["epoch"], 1);
    let new = ask_passkey(&mut person, &mut city, None, "telephone");
    assert_eq!(new["current"], old["next"]);
    assert_eq!(person.fails(&mut city, renew(&old))["code"], "vault-wrong-secret");
    let open =
        |passkey: &Value| json!({ "type": "openVault", "address": person.address, "passkey": passkey });
    assert_eq!(
        Person::new(2000).fails(&mut city, open(&old))["code"],
        "vault-wrong-secret"
    );
    Person::new(3000).run(&mut city, open(&new)).unwrap();
}

#[test]
fn changes_of_keys_want_the_person() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let methods = person.run(&mut city, json!({ "type": "unlockMethods" })).unwrap();
    let slot = method_of(&methods, "passphrase");
    let kinds = [
        json!({ "kind": "newKeys" }),
        json!({ "kind": "remove", "slot": slot }),
        json!({ "kind": "changePassphrase", "slot": slot, "passphrase": NEW_PASSPHRASE }),
        json!({ "kind": "addPassphrase", "passphrase": NEW_PASSPHRASE }),
    ];
    for kind in kinds {
        let asked = city.asked.len();
        let bare = person.fails(&mut city, json!({ "type": "changeMethods", "change": kind }));
        assert_eq!(bare["code"], "unlock-change-not-begun");
        let wrong = json!({ "passphrase": "not my passphrase" });
        let wrong = person.fails(
            &mut city,
            json!({ "type": "changeMethods", "change": kind, "confirm": wrong }),
        );
        assert_eq!(wrong["code"], "vault-wrong-secret");
        let device = json!({ "device": { "slot": "", "agreed": "" } });
        let device = person.fails(
            &mut city,
            json!({ "type": "changeMethods", "change": kind, "confirm": device }),
        );
        assert_eq!(device["code"], "unlock-method-missing");
        assert_eq!(city.asked.len(), asked);
    }
    // A passkey's salts come after the proof, and those given out before the vault was open are no proof.
    let bare = person.fails(&mut city, json!({ "type": "newPasskey" }));
    assert_eq!(bare["code"], "unlock-change-not-begun");
    person.restart();
    let salts = person.run(&mut city, json!({ "type": "newPasskey" })).unwrap();
    let passkey = passkey_answers("laptop", &salts["current"], &salts["next"]);
    person
        .run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
        .unwrap();
    let add = json!({ "type": "changeMethods", "change": { "kind": "addPasskey", "passkey": passkey } });
    assert_eq!(person.fails(&mut city, add)["code"], "unlock-change-not-begun");
    let remove = json!({ "kind": "remove", "slot": slot });
    let few = person.fails(
        &mut city,
        json!({ "type": "changeMethods", "change": remove, "confirm": confirm() }),
    );
    assert_eq!(few["code"], "vault-too-few-unlock-methods");
    let code = person.fails(
        &mut city,
        json!({ "type": "newRecoveryCode", "confirm": { "passphrase": "no" } }),
    );
    assert_eq!(code["code"], "vault-wrong-secret");
}

#[test]
fn a_vault_can_begin_with_a_passkey_and_a_recovery_code() {
    let mut city = City::new();
    let mut person = Person::new(1);
    let early = json!({ "credentialId": "AA", "current": base64url::encode(&[1; 32]), "next": base64url::encode(&[2; 32]) });
    let error = person.fails(&mut city, json!({ "type": "createVault", "passkey": early }));
    assert_eq!(error["code"], "unlock-change-not-begun");
    let none = person.fails(&mut city, json!({ "type": "createVault" }));
    assert_eq!(none["code"], "vault-too-few-unlock-methods");
    let salts = person.run(&mut city, json!({ "type": "newPasskey" })).unwrap();
    let passkey = passkey_answers("laptop", &salts["current"], &salts["next"]);
    let made = person
        .run(&mut city, json!({ "type": "createVault", "passkey": passkey }))
        .unwrap();
    assert!(
        made["vaultAddress"]
            .as_str()
            .unwrap()
            .ends_with(salts["user"].as_str().unwrap())
    );
    let code = texts(&made["recoveryCode"]);
    let groups = json!([{ "index": 0, "text": code[0] }, { "index": 8, "text": code[8] }]);
    let status = person
        .run(&mut city, json!({ "type": "confirmRecovery", "groups": groups }))
        .unwrap();
    assert_eq!(
        status["status"]["unlockMethods"],
        json!(["passkey", "recoveryCode"])
    );
    // The passkey says which vault it is for: another device needs nothing else.
    let mut found = Person::new(1000);
    let passkey = ask_passkey(&mut found, &mut city, salts["user"].as_str(), "laptop");
    let open = json!({ "type": "openVault", "address": salts["user"], "passkey": passkey });
    let status = found.run(&mut city, open).unwrap();
    assert_eq!(status["status"]["vaultAddress"], made["vaultAddress"]);
    // The passkey is lost: the recovery code opens the vault elsewhere.
    let mut other = Person::new(1000);
    let open =
        json!({ "type": "openVault", "address": made["vaultAddress"], "recoveryCode": code.join("-") });
    let status = other.run(&mut city, open).unwrap();
    assert_eq!(status["status"]["state"], "open");
}

#[test]
fn a_devices_own_key_opens_on_its_device() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    let key = SoftwareKey::generate(&mut Counter(5000)).unwrap();
    let public_key = base64url::encode(key.public_key().as_bytes());
    change(
        &mut person,
        &mut city,
        json!({ "kind": "addDevice", "publicKey": public_key, "name": "laptop" }),
    );
    person.restart();
    let questions = person
        .run(&mut city, json!({ "type": "unlockQuestions" }))
        .unwrap();
    let question = &questions["devices"][0];
    let point = base64url::decode(question["point"].as_str().unwrap()).unwrap();
    let agreed = key.agree(&PublicKey::P256(point.try_into().unwrap())).unwrap();
    let answer = json!({ "slot": question["slot"], "agreed": base64url::encode(agreed.as_slice()) });
    let status = person
        .run(&mut city, json!({ "type": "unlock", "device": answer }))
        .unwrap();
    assert_eq!(status["status"]["state"], "open");
    // On a device that never saw the vault nothing says that it is the right one.
    let mut other = Person::new(1000);
    let open = json!({ "type": "openVault", "address": person.address, "device": answer });
    assert_eq!(other.fails(&mut city, open)["code"], "vault-replaced");
}

#[test]
fn a_device_that_gets_a_key_of_its_own_stays_one_device() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    let register = json!({ "type": "registerDevice", "name": "laptop" });
    person.run(&mut city, register).unwrap();
    let key = SoftwareKey::generate(&mut Counter(5000)).unwrap();
    let public_key = base64url::encode(key.public_key().as_bytes());
    change(
        &mut person,
        &mut city,
        json!({ "kind": "addDevice", "publicKey": public_key, "name": "" }),
    );
    let questions = person
        .run(&mut city, json!({ "type": "unlockQuestions" }))
        .unwrap();
    let slot = &questions["devices"][0]["slot"];
    let register = json!({ "type": "registerDevice", "name": "", "slot": slot });
    let reply = person.run(&mut city, register).unwrap();
    let devices = reply["devices"].as_array().unwrap();
    assert_eq!(devices.len(), 1);
    assert_eq!(
        (&devices[0]["name"], &devices[0]["ownKey"]),
        (&json!("laptop"), &json!(true))
    );
}

#[test]
fn a_changed_passphrase_reaches_a_device_with_things_waiting() {
    let mut city = City::new();
    let mut one = Person::with_vault(&mut city);
    let mut two = Person::new(1000);
    let open = json!({ "type": "openVault", "address": one.address, "passphrase": PASSPHRASE });
    two.run(&mut city, open).unwrap();
    city.down.insert("/commits");
    two.receive(&mut city, "residence");
    city.down.clear();
    let methods = one.run(&mut city, json!({ "type": "unlockMethods" })).unwrap();
    let slot = method_of(&methods, "passphrase");
    let changed = change(
        &mut one,
        &mut city,
        json!({ "kind": "changePassphrase", "slot": slot, "passphrase": NEW_PASSPHRASE }),
    );
    assert_eq!(changed["epoch"], 2);
    one.run(&mut city, json!({ "type": "sync" })).unwrap();

    let again = two.fails(&mut city, json!({ "type": "sync" }));
    assert_eq!(again["code"], "vault-unlock-again");
    // While it is open; the old passphrase does not do.
    let old = json!({ "type": "openVault", "address": one.address, "passphrase": PASSPHRASE });
    assert_eq!(two.fails(&mut city, old)["code"], "vault-wrong-secret");
    let new = json!({ "type": "openVault", "address": one.address, "passphrase": NEW_PASSPHRASE });
    let mut locked = Person::new(2000);
    locked.wallet = assent_wallet::app::Wallet::from_cache(crate::person::surroundings(), two.wallet.cache());
    for device in [&mut two, &mut locked] {
        let status = device.run(&mut city, new.clone()).unwrap();
        assert_eq!(status["status"]["state"], "open");
        assert_ne!(status["status"]["waiting"], 0, "what waited still waits");
    }
    let status = two.run(&mut city, json!({ "type": "sync" })).unwrap();
    assert_eq!(status["status"]["waiting"], 0);
    one.run(&mut city, json!({ "type": "sync" })).unwrap();
    let cards = one.run(&mut city, json!({ "type": "cards" })).unwrap();
    assert_eq!(cards["cards"][0]["copiesLeft"], 10);
}

#[test]
fn a_replaced_recovery_code_opens_and_the_old_one_does_not() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let made = person
        .run(
            &mut city,
            json!({ "type": "newRecoveryCode", "confirm": confirm() }),
        )
        .unwrap();
    let code = texts(&made["recoveryCode"]);
    let open = |code: &[String]| json!({ "type": "openVault", "address": person.address, "recoveryCode": code.join(" ") });
    let (old, new) = (open(&person.code), open(&code));
    // Until it is confirmed the old one works.
    Person::new(1000).run(&mut city, old.clone()).unwrap();
    let wrong = json!([{ "index": 0, "text": code[0] }, { "index": 1, "text": "0000" }]);
    let wrong = person.fails(
        &mut city,
        json!({ "type": "confirmNewRecoveryCode", "groups": wrong }),
    );
    assert_eq!(wrong["code"], "vault-bad-recovery-code");
    let groups = json!([{ "index": 3, "text": code[3] }, { "index": 4, "text": code[4] }]);
    person
        .run(
            &mut city,
            json!({ "type": "confirmNewRecoveryCode", "groups": groups }),
        )
        .unwrap();
    assert_eq!(
        Person::new(2000).fails(&mut city, old)["code"],
        "vault-wrong-secret"
    );
    Person::new(3000).run(&mut city, new).unwrap();
    let again = person.fails(
        &mut city,
        json!({ "type": "confirmNewRecoveryCode", "groups": groups }),
    );
    assert_eq!(again["code"], "unlock-change-not-begun");
}

/// The service stored the new root key, but its answer got lost, before or after a restart: nobody is asked anything.
#[test]
fn a_lost_answer_to_new_keys_is_found_out() {
    for restart in [false, true] {
        let mut city = City::new();
        let mut person = Person::with_cards(&mut city);
        city.lost.insert("/commits");
        let new_keys =
            json!({ "type": "changeMethods", "change": { "kind": "newKeys" }, "confirm": confirm() });
        let lost = person.fails(&mut city, new_keys);
        assert_eq!(lost["code"], "vault-service-unreachable");
        city.lost.clear();
        if restart {
            person.restart();
            person
                .run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
                .unwrap();
        }
        person.run(&mut city, json!({ "type": "sync" })).unwrap();
        let methods = person.run(&mut city, json!({ "type": "unlockMethods" })).unwrap();
        assert_eq!(methods["epoch"], 2);
        person
            .run(&mut city, json!({ "type": "setSettings", "theme": "dark" }))
            .unwrap();
        let mut other = Person::new(1000);
        let open = json!({ "type": "openVault", "address": person.address, "passphrase": PASSPHRASE });
        other.run(&mut city, open).unwrap();
        let cards = other.run(&mut city, json!({ "type": "cards" })).unwrap();
        assert_eq!(cards["cards"].as_array().unwrap().len(), 2);
    }
}

/// K-04: the device is killed at every request of a removal, before or after the service carried it out. What it kept then
/// leads to the old state or the new one, never to a mixture, and to no question it could answer itself.
#[test]
fn killed_at_every_step_of_a_removal() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    let id = method_of(&add_passkey(&mut person, &mut city, "lost"), "passkey");
    let (before, address) = (city.keep_vault(&person.address), person.address.clone());
    person.kept.clear();
    let removed = change(&mut person, &mut city, json!({ "kind": "remove", "slot": id }));
    assert_eq!(removed["epoch"], 2);
    let after = city.keep_vault(&address);
    let mut kept = std::mem::take(&mut person.kept);
    kept.push(person.wallet.cache().to_vec());
    for (step, cache) in kept.iter().enumerate() {
        let last = step + 1 == kept.len();
        for (stored, epoch) in [(&before, 1), (&after, 2)] {
            if last && epoch == 1 {
                continue; // The service said that it was stored.
            }
            city.restore_vault(&address, stored.clone());
            let mut again = Person::new(5000 + step as u64);
            again.wallet = assent_wallet::app::Wallet::from_cache(crate::person::surroundings(), cache);
            again
                .run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
                .unwrap();
            again.run(&mut city, json!({ "type": "sync" })).unwrap();
            let methods = again.run(&mut city, json!({ "type": "unlockMethods" })).unwrap();
            assert_eq!(methods["epoch"], epoch, "step {step}");
            assert_eq!(
                methods["methods"].as_array().unwrap().len(),
                if epoch == 1 { 3 } else { 2 }
            );
            again
                .run(&mut city, json!({ "type": "setSettings", "theme": "dark" }))
                .unwrap();
            let cards = again.run(&mut city, json!({ "type": "cards" })).unwrap();
            assert_eq!(cards["cards"].as_array().unwrap().len(), 2);
        }
    }
}

/// The request never arrived: the vault goes on under the old keys, and can change them later.
#[test]
fn new_keys_that_never_arrived_change_nothing() {
    let mut city = City::new();
    let mut person = Person::with_cards(&mut city);
    city.down.insert("/commits");
    let new_keys = json!({ "type": "changeMethods", "change": { "kind": "newKeys" }, "confirm": confirm() });
    assert_eq!(
        person.fails(&mut city, new_keys.clone())["code"],
        "vault-service-unreachable"
    );
    city.down.clear();
    let status = person
        .run(&mut city, json!({ "type": "setSettings", "theme": "dark" }))
        .unwrap();
    assert_eq!(status["settings"]["theme"], "dark");
    let methods = person.run(&mut city, new_keys).unwrap();
    assert_eq!(methods["epoch"], 2);
}

/// Two devices at once: the second finds the first's change and makes its own on top.
#[test]
fn two_devices_change_methods_at_once() {
    let mut city = City::new();
    let mut one = Person::with_vault(&mut city);
    let mut two = Person::new(1000);
    let open = json!({ "type": "openVault", "address": one.address, "passphrase": PASSPHRASE });
    two.run(&mut city, open).unwrap();
    add_passkey(&mut one, &mut city, "telephone");
    let methods = add_passkey(&mut two, &mut city, "laptop");
    assert_eq!(methods["methods"].as_array().unwrap().len(), 4);
    let methods = change(&mut one, &mut city, json!({ "kind": "newKeys" }));
    assert_eq!(
        (methods["methods"].as_array().unwrap().len(), &methods["epoch"]),
        (4, &json!(2))
    );
}

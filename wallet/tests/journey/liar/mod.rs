//! A vault service that lies in every field a wallet reads. Each lie is told to a device that never saw the vault, and to
//! one that knows an earlier state of it. Nothing is accepted, and the citizen is told why by a code of its own.

mod answers;
mod every;
mod fields;
mod records;
mod slots;
mod talks;
mod world;

use std::collections::BTreeSet;

use assent_core::encoding::base64url;
use assent_wallet::app::Wallet;
use serde_json::{Value, json};

use answers::ANSWERS;
use world::*;

use crate::city::{City, StoredVault};
use crate::methods::add_passkey;
use crate::person::{PASSPHRASE, Person, surroundings};
use crate::sharing::opened;

struct Stage {
    city: City,
    world: World,
    address: String,
    code: String,
    /// The cache of a device that knows `world.known`, and of one that knows `world.honest`.
    cache: Vec<u8>,
    newest_cache: Vec<u8>,
    shown: Value,
}

impl Stage {
    fn new() -> Self {
        let mut city = City::new();
        let mut one = Person::with_cards(&mut city);
        let (address, code) = (one.address.clone(), one.code.join(" "));
        let open = json!({ "type": "openVault", "address": address, "recoveryCode": code });
        let mut two = Person::new(1 << 20);
        two.run(&mut city, open).unwrap();
        let known = city.keep_vault(&address);
        let cache = two.wallet.cache().to_vec();
        // What truly happens.
        one.run(&mut city, json!({ "type": "setSettings", "theme": "dark" }))
            .unwrap();
        add_passkey(&mut one, &mut city, "telephone");
        let before: BTreeSet<_> = city.keep_vault(&address).records.into_keys().collect();
        opened(&mut one, &mut city);
        one.run(&mut city, json!({ "type": "requestShare" })).unwrap();
        let honest = city.keep_vault(&address);
        let shared = honest
            .records
            .keys()
            .filter(|handle| !before.contains(*handle))
            .cloned()
            .collect();
        let newest_cache = one.wallet.cache().to_vec();
        let mut person = Person::new(1 << 21);
        let shown = person.unlocked_from(&newest_cache, &code, &mut city);
        let new_keys = json!({ "type": "changeMethods", "change": { "kind": "newKeys" }, "confirm": { "passphrase": PASSPHRASE } });
        one.run(&mut city, new_keys).unwrap();
        let rotated = city.keep_vault(&address);
        // A branch from what was known, until it is as long as the truth, and on.
        city.restore_vault(&address, known.clone());
        let mut branch = || {
            let theme = if city.keep_vault(&address).version.is_multiple_of(2) {
                "light"
            } else {
                "dark"
            };
            two.run(&mut city, json!({ "type": "setSettings", "theme": theme }))
                .unwrap();
            city.keep_vault(&address)
        };
        let mut fork = branch();
        while fork.version < honest.version {
            fork = branch();
        }
        let long_fork = (0..3).map(|_| branch()).last().unwrap();
        let mut elsewhere = Person::new(1 << 22);
        let made = elsewhere
            .run(
                &mut city,
                json!({ "type": "createVault", "passphrase": PASSPHRASE }),
            )
            .unwrap();
        let groups = json!([{ "index": 0, "text": made["recoveryCode"][0] }, { "index": 1, "text": made["recoveryCode"][1] }]);
        elsewhere
            .run(&mut city, json!({ "type": "confirmRecovery", "groups": groups }))
            .unwrap();
        let other = city.keep_vault(made["vaultAddress"].as_str().unwrap());
        let world = World {
            known,
            honest,
            rotated,
            fork,
            long_fork,
            other,
            shared,
        };
        Self {
            city,
            world,
            address,
            code,
            cache,
            newest_cache,
            shown,
        }
    }

    fn open(&self, with: With) -> Value {
        match with {
            With::Code => json!({ "type": "openVault", "address": self.address, "recoveryCode": self.code }),
            With::Passphrase => {
                json!({ "type": "openVault", "address": self.address, "passphrase": PASSPHRASE })
            }
        }
    }

    /// Tells a new device; what it says, and what it shows when it opens.
    fn tell_new(&mut self, vault: StoredVault, with: With) -> Result<Value, String> {
        self.city.restore_vault(&self.address, vault);
        let (mut device, open) = (Person::new(1 << 30), self.open(with));
        device
            .run(&mut self.city, open)
            .map_err(|error| error.view().code)?;
        Ok(device.shows(&mut self.city))
    }

    /// Tells a device that knows an earlier state; afterwards that state must still open.
    fn tell_known(&mut self, vault: StoredVault, cache: &[u8]) -> Result<Value, String> {
        self.city.restore_vault(&self.address, vault);
        let mut device = Person::new(1 << 31);
        let before = device.unlocked_from(cache, &self.code, &mut self.city);
        let mut told = device.run(&mut self.city, json!({ "type": "sync" }));
        if told
            .as_ref()
            .is_err_and(|error| error.view().code == "vault-unlock-again")
        {
            let open = self.open(With::Code);
            told = device.run(&mut self.city, open);
        }
        if let Err(error) = told {
            assert_eq!(
                device.shows(&mut self.city),
                before,
                "a refused lie changes nothing"
            );
            return Err(error.view().code);
        }
        Ok(device.shows(&mut self.city))
    }
}

impl Person {
    fn unlocked_from(&mut self, cache: &[u8], code: &str, city: &mut City) -> Value {
        self.wallet = Wallet::from_cache(surroundings(), cache);
        self.run(city, json!({ "type": "unlock", "recoveryCode": code }))
            .unwrap();
        self.shows(city)
    }

    /// Everything the citizen sees.
    fn shows(&mut self, city: &mut City) -> Value {
        ["cards", "history", "sharing", "settings", "unlockMethods"]
            .map(|screen| self.run(city, json!({ "type": screen })).unwrap())
            .map(|mut screen| {
                // Which way in was taken is not the service's to say.
                for method in screen["methods"].as_array_mut().into_iter().flatten() {
                    method["unlockedWith"] = Value::Null;
                }
                screen
            })
            .into_iter()
            .collect()
    }
}

#[test]
fn no_lie_of_the_vault_service_is_accepted() {
    let mut stage = Stage::new();
    let silent: fn(&str, &mut Value) = |_, _| {};
    // The truth is believed, else the rest would prove nothing.
    stage.city.lie = Some(silent);
    let (honest, rotated) = (stage.world.honest.clone(), stage.world.rotated.clone());
    let (cache, newest) = (stage.cache.clone(), stage.newest_cache.clone());
    for with in [With::Code, With::Passphrase] {
        assert_eq!(stage.tell_new(honest.clone(), with).unwrap(), stage.shown);
    }
    assert_eq!(stage.tell_known(honest, &cache).unwrap(), stage.shown);
    let told = stage.tell_known(rotated, &cache).unwrap();
    assert_eq!(told[1], stage.shown[1]);

    let mut told = BTreeSet::new();
    let mut accepted = Vec::new();
    for Lie(name, with, new, known, tell) in slots::LIES.iter().chain(records::LIES) {
        assert!(told.insert(*name), "{name} is told twice");
        for (device, says) in [("a new device", new), ("a device that knows the vault", known)] {
            let vault = tell(&stage.world);
            let heard = match (device, says) {
                (_, NotAsked) => continue,
                ("a new device", _) => stage.tell_new(vault, *with),
                // A step back, or aside, is one only from where the device is.
                (_, Refused("vault-rolled-back" | "vault-forked")) => stage.tell_known(vault, &newest),
                _ => stage.tell_known(vault, &cache),
            };
            let right = match (&heard, says) {
                (Err(code), Refused(expected)) => code == expected,
                (Ok(shown), Ignored) => *shown == stage.shown,
                _ => false,
            };
            if !right {
                let heard = heard.map(|_| "believed it");
                accepted.push(format!("{name}: {device} said {heard:?}"));
            }
        }
    }
    assert!(accepted.is_empty(), "{}", accepted.join("\n"));
    assert!(told.len() >= 75, "{}", told.len());
}

#[test]
fn no_lie_in_the_conversation_is_accepted() {
    let mut stage = Stage::new();
    let honest = stage.world.honest.clone();
    let cache = stage.cache.clone();
    for (name, new, known, lie) in ANSWERS {
        for (device, says) in [("a new device", new), ("a device that knows the vault", known)] {
            stage.city.lie = Some(*lie);
            let heard = if device == "a new device" {
                stage.tell_new(honest.clone(), With::Code)
            } else {
                stage.tell_known(honest.clone(), &cache)
            };
            let Refused(expected) = says else { unreachable!() };
            assert_eq!(heard.map(|_| ()), Err((*expected).to_owned()), "{name}: {device}");
        }
    }
}

/// Receipts: a service that countersigns something else, and acknowledges nothing.
#[test]
fn no_forged_countersignature_or_acknowledgement_is_kept() {
    let lies: [fn(&str, &mut Value); 4] = [
        |path, body| {
            if path.contains("/vp/responses/") {
                let jwt = body["receipt_countersignature"].as_str().unwrap();
                let (signed, _) = jwt.rsplit_once('.').unwrap();
                body["receipt_countersignature"] = format!("{signed}.{}", "A".repeat(86)).into();
            }
        },
        |path, body| {
            if path.contains("/vp/responses/") {
                body["receipt_countersignature"] = "not a signature".into();
            }
        },
        |path, body| {
            if path.contains("/vp/responses/") {
                let jwt = body["receipt_countersignature"].as_str().unwrap();
                let mut parts: Vec<_> = jwt.split('.').map(str::to_owned).collect();
                let mut payload: Value =
                    serde_json::from_slice(&base64url::decode(&parts[1]).unwrap()).unwrap();
                payload["receipt_sha256"] = base64url::encode(&[7; 32]).into();
                parts[1] = base64url::encode(payload.to_string().as_bytes());
                body["receipt_countersignature"] = parts.join(".").into();
            }
        },
        |path, body| {
            if path.contains("/vp/responses/") {
                body.as_object_mut().unwrap().remove("receipt_countersignature");
            }
        },
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        let mut city = City::new();
        let mut person = Person::with_cards(&mut city);
        opened(&mut person, &mut city);
        city.lie = Some(lie);
        let shared = person.run(&mut city, json!({ "type": "requestShare" })).unwrap();
        assert_eq!(shared["result"]["countersigned"], false, "lie {number}");
        let sharing = person.run(&mut city, json!({ "type": "sharing" })).unwrap();
        let receipt = sharing["sharing"][0]["receiptId"].clone();
        let receipt = person
            .run(&mut city, json!({ "type": "receipt", "id": receipt }))
            .unwrap();
        assert!(!receipt.to_string().contains("not a signature"), "lie {number}");
    }
}

/// Each lie ends in words of both languages.
#[test]
fn every_refusal_has_words() {
    let codes: BTreeSet<_> = slots::LIES
        .iter()
        .chain(records::LIES)
        .flat_map(|lie| [lie.2, lie.3])
        .chain(ANSWERS.iter().flat_map(|answer| [answer.1, answer.2]))
        .chain(fields::rows().iter().flat_map(|row| {
            let told = row.lies.iter().map(|lie| lie.2);
            told.chain([row.gone, row.garbled]).collect::<Vec<_>>()
        }))
        .filter_map(|says| {
            if let Refused(code) = says {
                Some(code)
            } else {
                None
            }
        })
        .collect();
    assert!(codes.len() >= 10, "{codes:?}");
    for language in ["en", "nl"] {
        let file = format!(
            "{}/../web/ui/messages/{language}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let words: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for code in &codes {
            for part in ["title", "next"] {
                assert!(
                    words[format!("problem.{code}.{part}")].is_string(),
                    "{language}: {code}"
                );
            }
        }
    }
}

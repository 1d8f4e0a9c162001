//! What wallets do that read the answers of a vault service. Each talk gives what the citizen sees of it, or the code of the
//! refusal; with a service that tells the truth it gives the same each time.

use serde_json::{Value, json};

use super::Stage;
use super::world::With;
use crate::city::City;
use crate::mailbox::Mailbox;
use crate::methods::signed;
use crate::person::{PASSPHRASE, Person, texts};

pub type Talk = fn(&mut Stage) -> Result<Value, String>;

type Outcome = Result<Value, String>;

impl Person {
    fn says(&mut self, city: &mut City, command: Value) -> Outcome {
        self.run(city, command).map_err(|error| error.view().code)
    }
}

/// A device that never saw the vault opens it.
pub fn opens(stage: &mut Stage) -> Outcome {
    stage.tell_new(stage.world.honest.clone(), With::Code)
}

/// Somebody mistypes the address, or the vault was deleted.
pub fn opens_what_is_not_there(stage: &mut Stage) -> Outcome {
    let (service, _) = stage.address.rsplit_once('/').unwrap();
    let address = format!("{service}/{}", "A".repeat(22));
    let open = json!({ "type": "openVault", "address": address, "recoveryCode": stage.code });
    Person::new(1 << 30).says(&mut stage.city, open)
}

/// The device that knows the newest state, unlocked.
fn owner(stage: &mut Stage) -> Person {
    stage
        .city
        .restore_vault(&stage.address, stage.world.honest.clone());
    let mut device = Person::new(1 << 31);
    device.unlocked_from(&stage.newest_cache, &stage.code, &mut stage.city);
    device
}

pub fn hears_of_nothing_new(stage: &mut Stage) -> Outcome {
    let mut owner = owner(stage);
    owner.says(&mut stage.city, json!({ "type": "sync" }))?;
    Ok(owner.shows(&mut stage.city))
}

pub fn changes_a_setting(stage: &mut Stage) -> Outcome {
    let mut owner = owner(stage);
    let set = json!({ "type": "setSettings", "autoLockMinutes": 10 });
    let told = owner.says(&mut stage.city, set);
    if told.is_err() {
        // What was stored all the same is found again.
        stage.city.field_lie = None;
        owner.says(&mut stage.city, json!({ "type": "sync" })).unwrap();
        let settings = owner.says(&mut stage.city, json!({ "type": "settings" }))?;
        assert_eq!(settings["settings"]["autoLockMinutes"], 10);
    }
    told
}

pub fn makes_a_vault(stage: &mut Stage) -> Outcome {
    let mut person = Person::new(1 << 23);
    let city = &mut stage.city;
    let made = person.says(city, json!({ "type": "createVault", "passphrase": PASSPHRASE }))?;
    let groups = json!([{ "index": 0, "text": made["recoveryCode"][0] }, { "index": 1, "text": made["recoveryCode"][1] }]);
    let confirmed = person.says(city, json!({ "type": "confirmRecovery", "groups": groups }));
    let shown = confirmed.and_then(|_| person.says(city, json!({ "type": "settings" })));
    city.forget_vault(made["vaultAddress"].as_str().unwrap());
    shown
}

pub fn declares(stage: &mut Stage) -> Outcome {
    let mut owner = owner(stage);
    let begin =
        json!({ "type": "documentBegin", "name": "a", "mediaType": "image/png", "size": 10, "replaces": "" });
    let upload = owner.says(&mut stage.city, begin)?;
    let id = upload["upload"]["id"].as_str().unwrap();
    owner.wallet.measure_piece(id, 0, &[7; 10]).unwrap();
    owner.says(
        &mut stage.city,
        json!({ "type": "documentDeclare", "upload": id }),
    )
}

pub fn asks_for_room(stage: &mut Stage) -> Outcome {
    stage.city.blobs.room =
        json!({ "blobs": 2, "bytes": 100, "most_blobs": 10, "most_bytes": 1000, "most_blob_bytes": 500 });
    owner(stage).says(&mut stage.city, json!({ "type": "room" }))
}

/// Emergency access with the truth told; gives the owner and the contact's half.
fn set_up(stage: &mut Stage) -> (Person, String) {
    let lie = stage.city.field_lie.take();
    let (owner, half) = set(stage);
    stage.city.field_lie = lie;
    (owner, half.unwrap())
}

fn set(stage: &mut Stage) -> (Person, Result<String, String>) {
    stage.city.find_anew();
    let mut owner = owner(stage);
    let set = json!({ "type": "emergencySet", "name": "Ben", "waitSeconds": 172_800, "confirm": { "recoveryCode": stage.code } });
    let half = owner.says(&mut stage.city, set);
    let half = half.map(|shown| texts(&shown["recoveryCode"]).join(" "));
    (owner, half)
}

pub fn sets_emergency(stage: &mut Stage) -> Outcome {
    let (_, half) = set(stage);
    half.map(Value::String)
}

pub fn looks_after_emergency(stage: &mut Stage) -> Outcome {
    let (mut owner, _) = set_up(stage);
    owner.says(&mut stage.city, json!({ "type": "emergency", "step": "status" }))
}

pub fn stops_emergency(stage: &mut Stage) -> Outcome {
    let (mut owner, _) = set_up(stage);
    owner.says(&mut stage.city, json!({ "type": "emergency", "step": "stop" }))
}

fn contact(stage: &mut Stage, command: &str) -> (Person, Outcome) {
    let (_, half) = set_up(stage);
    let ask = json!({ "type": command, "step": "ask", "address": stage.address, "code": half });
    let mut contact = Person::new(1 << 24);
    let told = contact.says(&mut stage.city, ask);
    (contact, told)
}

pub fn asks(stage: &mut Stage) -> Outcome {
    contact(stage, "emergency").1
}

pub fn takes(stage: &mut Stage) -> Outcome {
    let (mut contact, told) = contact(stage, "emergencyOpen");
    told?;
    contact.says(&mut stage.city, json!({ "type": "cards" }))
}

fn sign_in(step: &str) -> Value {
    json!({ "type": "signIn", "step": step, "code": "c", "verifier": "v" })
}

pub fn asks_for_logins(stage: &mut Stage) -> Outcome {
    Person::new(1 << 24).says(&mut stage.city, sign_in("ways"))
}

pub fn finds(stage: &mut Stage) -> Outcome {
    Person::new(1 << 24).says(&mut stage.city, sign_in("find"))
}

pub fn links(stage: &mut Stage) -> Outcome {
    stage.city.find_anew();
    let mut owner = owner(stage);
    owner.says(&mut stage.city, sign_in("link"))
}

pub fn lists_links(stage: &mut Stage) -> Outcome {
    let lie = stage.city.field_lie.take();
    stage.city.find_anew();
    let mut owner = owner(stage);
    owner.says(&mut stage.city, sign_in("link"))?;
    stage.city.field_lie = lie;
    owner.says(&mut stage.city, sign_in("list"))
}

pub fn asks_for_a_challenge(stage: &mut Stage) -> Outcome {
    Person::new(1 << 24).says(&mut stage.city, json!({ "type": "passkeyChallenge" }))
}

/// A new device whose passkey signed asks for the slots.
pub fn asks_with_a_passkey(stage: &mut Stage) -> Outcome {
    let mut vault = stage.world.honest.clone();
    assert!(!vault.passkeys.is_empty());
    vault.passkeys.values_mut().for_each(|made| *made = "AAAA".into());
    stage.city.restore_vault(&stage.address, vault);
    let assertion = signed("telephone", b"data");
    let ask = json!({ "type": "unlockQuestions", "address": stage.address, "assertion": assertion });
    Person::new(1 << 24).says(&mut stage.city, ask)
}

/// Both devices, up to the digits.
pub fn pairs(stage: &mut Stage) -> Outcome {
    let (mut old, mut new) = (owner(stage), Person::new(1 << 24));
    let city = &mut stage.city;
    city.mailbox = Mailbox::default();
    let shown = new.says(city, json!({ "type": "pairStart", "name": "tablet" }))?;
    old.says(
        city,
        json!({ "type": "pairScan", "code": shown["pairing"]["code"] }),
    )?;
    let next = || json!({ "type": "pairNext" });
    new.says(city, next())?;
    old.says(city, next())?;
    new.says(city, next())
}

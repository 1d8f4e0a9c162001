//! Someone at a wallet: runs commands and passes HTTP between wallet and city.

use assent_core::encoding::record::{FromJson as _, ToJson as _};
use assent_core::env::{Env, Timestamp};
use assent_wallet::app::{Command, NetworkFailure, Reply, Step, Surroundings, Wallet, WalletError};
use serde_json::{Value, json};

use crate::city::{BASE, City, Counter, NOW};

pub const PASSPHRASE: &str = "a quiet green harbour";

pub struct Person {
    pub wallet: Wallet,
    pub now: Timestamp,
    pub code: Vec<String>,
    pub address: String,
    /// What the last request screen showed.
    pub shown: Value,
    /// What the wallet keeps at the moment each request leaves.
    pub kept: Vec<Vec<u8>>,
    rng: Counter,
}

impl Person {
    /// With a fresh device, on which `seed` makes the randomness.
    pub fn new(seed: u64) -> Self {
        let wallet = Wallet::new(surroundings());
        Self {
            wallet,
            now: NOW,
            code: vec![],
            address: String::new(),
            shown: Value::Null,
            kept: vec![],
            rng: Counter(seed),
        }
    }

    /// With a vault.
    pub fn with_vault(city: &mut City) -> Self {
        Self::with_vault_of(city, 1)
    }

    /// With a vault made on a device on which `seed` makes the randomness.
    pub fn with_vault_of(city: &mut City, seed: u64) -> Self {
        let mut person = Self::new(seed);
        let made = person
            .run(city, json!({ "type": "createVault", "passphrase": PASSPHRASE }))
            .unwrap();
        person.code = texts(&made["recoveryCode"]);
        person.address = made["vaultAddress"].as_str().unwrap().to_owned();
        let groups = json!([{ "index": 2, "text": person.code[2] }, { "index": 7, "text": person.code[7].to_lowercase() }]);
        person
            .run(city, json!({ "type": "confirmRecovery", "groups": groups }))
            .unwrap();
        person
    }

    /// With a vault and both cards.
    pub fn with_cards(city: &mut City) -> Self {
        let mut person = Self::with_vault(city);
        person.receive(city, "identity");
        person.receive(city, "residence");
        person
    }

    pub fn receive(&mut self, city: &mut City, card: &str) -> Value {
        let (link, _) = city.offer(card, false);
        self.run(city, json!({ "type": "offerOpen", "link": link }))
            .unwrap();
        self.run(city, json!({ "type": "offerAccept" })).unwrap()
    }

    /// Runs a command to its end; the reply as JSON.
    pub fn run(&mut self, city: &mut City, mut command: Value) -> Result<Value, WalletError> {
        // Who shares means what they see.
        if command["type"] == "requestShare" && command.get("shown").is_none() {
            command["shown"] = self.shown.clone();
        }
        let command = Command::read_json(command).unwrap();
        self.now = self.now.plus(1);
        let mut env = Env {
            now: self.now,
            rng: &mut self.rng,
        };
        let mut step: Step<Reply> = self.wallet.start(command, &mut env)?;
        for _ in 0..130 {
            match step {
                Step::Done(reply) => {
                    let reply = reply.write_json();
                    if let Some(shown) = reply["request"].get("shown") {
                        self.shown = shown.clone();
                    }
                    return Ok(reply);
                }
                Step::Send(request) => {
                    self.kept.push(self.wallet.cache().to_vec());
                    let answer = city.answer(&request).ok_or(NetworkFailure);
                    let mut env = Env {
                        now: self.now,
                        rng: &mut self.rng,
                    };
                    step = self.wallet.resume(answer, &mut env)?;
                }
            }
        }
        panic!("the wallet never stops asking");
    }

    pub fn fails(&mut self, city: &mut City, command: Value) -> Value {
        self.run(city, command)
            .expect_err("the command must fail")
            .view()
            .write_json()
    }

    /// The same device after a restart, locked.
    pub fn restart(&mut self) {
        self.wallet = Wallet::from_cache(surroundings(), self.wallet.cache());
    }
}

pub fn surroundings() -> Surroundings {
    Surroundings {
        operator: BASE.to_owned(),
        sandbox: false,
    }
}

pub fn texts(list: &Value) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

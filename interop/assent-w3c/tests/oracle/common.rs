//! Keys, time and randomness for the tests.
#![expect(clippy::unwrap_used, reason = "test support")]

use assent_core::crypto::{PublicKey, Signer as _, SoftwareKey};
use assent_core::encoding::json::Object;
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use serde_json::{Value, json};
use ssi::JWK;

/// 2026-11-20T12:00:00Z.
pub const NOW: Timestamp = Timestamp(1_795_176_000);

/// Counts up: different values every time, the same in every run.
#[derive(Debug, Default)]
pub struct Counter(u64);

impl SecureRandom for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in out.chunks_mut(8) {
            self.0 += 1;
            let digest = assent_core::crypto::sha256(&self.0.to_be_bytes());
            chunk.copy_from_slice(&digest[..chunk.len()]);
        }
        Ok(())
    }
}

pub fn with_env<T>(use_it: impl FnOnce(&mut Env<'_>) -> T) -> T {
    let mut rng = Counter::default();
    use_it(&mut Env {
        now: NOW,
        rng: &mut rng,
    })
}

/// A key of ours, from one byte.
pub fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_bytes(&[seed; 32]).unwrap()
}

pub fn object(value: Value) -> Object {
    value.as_object().unwrap().clone()
}

/// The public key of a JWK of ssi, as ours.
pub fn public(jwk: &JWK) -> PublicKey {
    let jwk = serde_json::to_value(jwk.to_public()).unwrap();
    PublicKey::from_jwk(&object(jwk)).unwrap()
}

/// A public JWK of ours, as ssi's.
pub fn jwk(key: &SoftwareKey) -> JWK {
    serde_json::from_value(Value::Object(key.public_key().to_jwk())).unwrap()
}

/// Claims with nesting, arrays, and numbers of every kind.
pub fn claims() -> Value {
    json!({
        "family_name": "Jansen",
        "address": { "locality": "Voorbeeld", "country": "NL" },
        "nationalities": ["NL", "BE"],
        "height": 1.82,
        "points": 9_007_199_254_740_993_i64,
        "balance": -3,
        "age_equal_or_over": { "16": true, "18": false }
    })
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

//! The wallet for the browser: [`AssentWallet`] wraps `assent_wallet::app::Wallet`. No logic here: texts in, texts
//! out, randomness from the platform.
//!
//! It does no I/O either. The page (best a worker of its own) sends the requests it is told to send, keeps
//! [`AssentWallet::cache`] after every step, and reads the clock.

mod host;
mod step;

use assent_core::env::{Env, Timestamp};
use assent_wallet::app::{NetworkFailure, Surroundings, Wallet};
use wasm_bindgen::prelude::*;

use host::PlatformRandom;

/// A citizen's wallet.
#[wasm_bindgen]
#[derive(Debug)]
pub struct AssentWallet {
    wallet: Wallet,
}

#[wasm_bindgen]
impl AssentWallet {
    /// A wallet without a vault. `operator` is the base URL of vault service and registry; `sandbox` also accepts
    /// plain http to this machine.
    #[wasm_bindgen(constructor)]
    pub fn new(operator: String, sandbox: bool) -> Self {
        Self {
            wallet: Wallet::new(Surroundings { operator, sandbox }),
        }
    }

    /// A locked wallet from the bytes [`AssentWallet::cache`] gave. Bytes that are not such a cache make a wallet in
    /// the state `damaged`.
    #[wasm_bindgen(js_name = fromCache)]
    pub fn from_cache(operator: String, sandbox: bool, cache: &[u8]) -> Self {
        Self {
            wallet: Wallet::from_cache(Surroundings { operator, sandbox }, cache),
        }
    }

    /// Starts a command (JSON text) and returns the first step (JSON text):
    /// `{"type":"send","request":…}`, `{"type":"done","reply":…}` or `{"type":"error","error":…}`.
    pub fn start(&mut self, command: &str, now_seconds: f64) -> String {
        let Some(command) = step::read(command) else {
            return step::not_a_command();
        };
        self.step(now_seconds, |wallet, env| wallet.start(command, env))
    }

    /// Goes on with the answer to the request that was sent, as JSON text `{status, headers, body}`, or `undefined`
    /// when none came. Returns the next step.
    pub fn resume(&mut self, response: Option<String>, now_seconds: f64) -> String {
        let answer = response
            .and_then(|response| step::read(&response))
            .ok_or(NetworkFailure);
        self.step(now_seconds, |wallet, env| wallet.resume(answer, env))
    }

    /// What to keep on this device: ciphertext. Empty when there is nothing to keep; then delete what was kept.
    pub fn cache(&self) -> Vec<u8> {
        self.wallet.cache().to_vec()
    }

    fn step(
        &mut self,
        now_seconds: f64,
        run: impl FnOnce(&mut Wallet, &mut Env<'_>) -> step::Outcome,
    ) -> String {
        let mut rng = PlatformRandom;
        // Seconds since 1970 fit a float without loss until long after any certificate.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturates, and the fraction is not wanted"
        )]
        let now = Timestamp(now_seconds as i64);
        let mut env = Env { now, rng: &mut rng };
        step::write(run(&mut self.wallet, &mut env))
    }
}

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
use zeroize::Zeroizing;

use host::PlatformRandom;

#[wasm_bindgen]
extern "C" {
    /// Bytes of the page.
    #[wasm_bindgen(js_name = Uint8Array)]
    pub type PageBytes;

    /// A copy: what was copied stays ours, to be wiped. A `Vec` that is returned is copied, too, and freed as it is.
    #[wasm_bindgen(constructor, js_class = "Uint8Array")]
    fn of(bytes: &[u8]) -> PageBytes;
}

/// A citizen's wallet.
#[wasm_bindgen]
pub struct AssentWallet {
    wallet: Wallet,
    /// What [`AssentWallet::take_bytes`] gives.
    bytes: Zeroizing<Vec<u8>>,
}

// The bytes are a piece of a document.
impl std::fmt::Debug for AssentWallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AssentWallet").finish_non_exhaustive()
    }
}

#[wasm_bindgen]
impl AssentWallet {
    /// A wallet without a vault. `operator` is the base URL of vault service and registry; `sandbox` also accepts
    /// plain http to this machine.
    #[wasm_bindgen(constructor)]
    pub fn new(operator: String, sandbox: bool) -> Self {
        Self {
            wallet: Wallet::new(Surroundings { operator, sandbox }),
            bytes: Zeroizing::default(),
        }
    }

    /// A locked wallet from the bytes [`AssentWallet::cache`] gave. Bytes that are not such a cache make a wallet in
    /// the state `damaged`.
    #[wasm_bindgen(js_name = fromCache)]
    pub fn from_cache(operator: String, sandbox: bool, cache: &[u8]) -> Self {
        Self {
            wallet: Wallet::from_cache(Surroundings { operator, sandbox }, cache),
            bytes: Zeroizing::default(),
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

    /// Notes what piece `number` of an upload holds, in order from 0. Returns `{"type":"done"}` or an error, as every
    /// method about pieces does; none of them disturbs the command that runs.
    #[wasm_bindgen(js_name = measurePiece)]
    pub fn measure_piece(&mut self, upload: &str, number: usize, content: &[u8]) -> String {
        step::outcome(self.wallet.measure_piece(upload, number, content))
    }

    /// The request that sends piece `number`, as `{"type":"send","request":…}`; its body is what
    /// [`AssentWallet::take_bytes`] gives.
    #[wasm_bindgen(js_name = sendPiece)]
    pub fn send_piece(&mut self, upload: &str, number: usize, content: &[u8]) -> String {
        let piece = self.wallet.send_piece(upload, number, content);
        step::request(piece.map(|(request, bytes)| {
            self.bytes = Zeroizing::new(bytes);
            request
        }))
    }

    /// What became of a piece that was sent; without a status when no answer came.
    #[wasm_bindgen(js_name = pieceSent)]
    pub fn piece_sent(&self, status: Option<u16>) -> String {
        step::outcome(self.wallet.piece_sent(status.ok_or(NetworkFailure)))
    }

    /// The request that reads piece `number` of a document's file.
    #[wasm_bindgen(js_name = readPiece)]
    pub fn read_piece(&self, document: &str, file: &str, number: usize) -> String {
        step::request(self.wallet.read_piece(document, file, number))
    }

    /// Opens the answer to that request; [`AssentWallet::take_bytes`] gives the content.
    #[wasm_bindgen(js_name = openPiece)]
    pub fn open_piece(
        &mut self,
        document: &str,
        file: &str,
        number: usize,
        status: Option<u16>,
        sealed: &[u8],
    ) -> String {
        let answer = status.map(|status| (status, sealed)).ok_or(NetworkFailure);
        let opened = self.wallet.open_piece(document, file, number, answer);
        step::outcome(opened.map(|content| self.bytes = content))
    }

    /// The bytes that belong to the last answer about a piece, once.
    #[wasm_bindgen(js_name = takeBytes)]
    pub fn take_bytes(&mut self) -> PageBytes {
        PageBytes::of(&std::mem::take(&mut self.bytes))
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

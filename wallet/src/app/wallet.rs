//! The engine: one running command at a time, as a chain of one-shot continuations.

use std::fmt;

use assent_core::env::Env;
use assent_core::error::Blame;
use assent_core::http::{HttpRequest, HttpResponse, Step};

use super::{Command, NetworkFailure, Reply, WalletError};

/// What the wallet must know about its surroundings.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Base URL of the operator: vault service and registry, e.g. `https://wallet.example`.
    pub operator: String,
    /// True only for a sandbox: plain http to this very machine is accepted.
    pub sandbox: bool,
}

/// What a flow does next.
pub(crate) enum Next {
    /// Send this and continue with the outcome.
    Send(HttpRequest, Then),
    /// The command is done.
    Done(Reply),
}

/// The rest of a flow, consumed when the answer arrives: no step can run twice.
pub(crate) type Then = Box<
    dyn FnOnce(&mut Core, Result<HttpResponse, NetworkFailure>, &mut Env<'_>) -> Result<Next, WalletError>
        + Send,
>;

/// What flows work on.
pub(crate) struct Core {
    pub(crate) surroundings: Surroundings,
}

/// The wallet.
pub struct Wallet {
    core: Core,
    running: Option<Then>,
}

impl Wallet {
    /// A wallet without a vault.
    #[must_use]
    pub fn new(surroundings: Surroundings) -> Self {
        Self {
            core: Core { surroundings },
            running: None,
        }
    }

    /// A locked wallet from what [`Wallet::cache`] gave, or an empty one when `cache` is empty.
    ///
    /// # Errors
    /// `vault-cache-malformed` when the bytes are not such a cache.
    pub fn from_cache(surroundings: Surroundings, cache: &[u8]) -> Result<Self, WalletError> {
        if cache.is_empty() {
            return Ok(Self::new(surroundings));
        }
        Err(not_ready())
    }

    /// What to keep on this device until the next start: ciphertext and public facts only. Empty without a vault.
    #[must_use]
    pub fn cache(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Starts a command. A command that was running is given up.
    ///
    /// # Errors
    /// [`WalletError`] with its code, and whether anything was shared.
    pub fn start(&mut self, command: Command, env: &mut Env<'_>) -> Result<Step<Reply>, WalletError> {
        self.running = None;
        let _ = (command, env, &self.core.surroundings);
        Err(not_ready())
    }

    /// Goes on with the running command after its request was sent.
    ///
    /// # Errors
    /// [`WalletError`]; `nothing-running` when no command waits for an answer.
    pub fn resume(
        &mut self,
        answer: Result<HttpResponse, NetworkFailure>,
        env: &mut Env<'_>,
    ) -> Result<Step<Reply>, WalletError> {
        let then = self.running.take().ok_or_else(nothing_running)?;
        let next = then(&mut self.core, answer, env)?;
        Ok(self.settle(next))
    }

    fn settle(&mut self, next: Next) -> Step<Reply> {
        match next {
            Next::Send(request, then) => {
                self.running = Some(then);
                Step::Send(request)
            }
            Next::Done(reply) => Step::Done(reply),
        }
    }
}

fn nothing_running() -> WalletError {
    WalletError::new(
        "nothing-running",
        "no command waits for an answer",
        "Start the command again.",
        Blame::Us,
    )
}

fn not_ready() -> WalletError {
    WalletError::new(
        "not-ready",
        "this part of the wallet is being built",
        "",
        Blame::Us,
    )
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wallet")
            .field("running", &self.running.is_some())
            .finish_non_exhaustive()
    }
}

//! One face for every failure: what happened, what to do, and whether anything left the wallet.

use std::fmt;

use assent_core::encoding::record::ToJson;
use assent_core::error::{Audience, Blame, ErrorCode};

/// The shell could not get an answer: no connection, time-out, a body too large or not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no usable answer came back")]
pub struct NetworkFailure;

/// Whether details left the wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub enum Shared {
    /// Nothing left.
    No,
    /// The answer was sent, but nobody confirmed that it arrived.
    Unknown,
    /// It arrived.
    Yes,
}

/// A failed command.
///
/// It keeps the code of the error of the operation below it; the user interface looks its text up by code.
///
/// Behind one pointer: nearly every function here hands it on, and each would copy it in pieces.
#[derive(Clone, PartialEq, Eq)]
pub struct WalletError(Box<Failure>);

#[derive(Clone, PartialEq, Eq)]
struct Failure {
    code: &'static str,
    message: String,
    hint: &'static str,
    blame: Blame,
    shared: Shared,
}

impl WalletError {
    /// An error of the engine itself.
    #[must_use]
    pub(crate) fn new(code: &'static str, message: &str, hint: &'static str, blame: Blame) -> Self {
        Self(Box::new(Failure {
            code,
            message: message.to_owned(),
            hint,
            blame,
            shared: Shared::No,
        }))
    }

    /// From the error of an operation. Its message is kept unless it may contain personal data.
    #[must_use]
    pub(crate) fn from_code<E: ErrorCode>(error: &E) -> Self {
        // Not `&dyn ErrorCode`: that would bring the `Debug` of every error into the browser's download.
        let message: Option<&dyn fmt::Display> = if error.is_personal() { None } else { Some(error) };
        Self::below(error.code(), error.blame(), message)
    }

    /// What was entered cannot be.
    pub(crate) fn not_possible(code: &'static str, message: &str) -> Self {
        Self::new(code, message, "Check what you entered.", Blame::Caller)
    }

    /// There is nothing with the id that was given.
    pub(crate) fn not_found() -> Self {
        Self::new(
            "not-found",
            "there is nothing with this id",
            "Go back and try again.",
            Blame::Caller,
        )
    }

    fn below(code: &'static str, blame: Blame, message: Option<&dyn fmt::Display>) -> Self {
        Self(Box::new(Failure {
            code,
            message: message.map(ToString::to_string).unwrap_or_default(),
            hint: hint(blame),
            blame,
            shared: Shared::No,
        }))
    }

    /// The same error, saying whether details left the wallet.
    #[must_use]
    pub(crate) fn shared(mut self, shared: Shared) -> Self {
        self.0.shared = shared;
        self
    }

    /// Whether the network, not the other side, is to blame: what was asked may have been done.
    pub(crate) fn is_network(&self) -> bool {
        self.0.blame == Blame::Network
    }

    /// What to show.
    #[must_use]
    pub fn view(&self) -> ErrorView {
        ErrorView {
            code: self.0.code.to_owned(),
            message: self.0.message.clone(),
            hint: self.0.hint.to_owned(),
            blame: match self.0.blame {
                Blame::Peer => "service",
                Blame::Caller => "you",
                Blame::Network => "network",
                Blame::Us => "wallet",
            },
            was_anything_shared: self.0.shared,
        }
    }
}

fn hint(blame: Blame) -> &'static str {
    match blame {
        Blame::Peer => "Ask the other side: only they can change it.",
        Blame::Caller => "Check what you entered.",
        Blame::Network => "Check your connection and try again.",
        Blame::Us => "Try again. If it stays, report it.",
    }
}

impl fmt::Debug for WalletError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WalletError")
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("shared", &self.0.shared)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for WalletError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for WalletError {}

impl ErrorCode for WalletError {
    fn code(&self) -> &'static str {
        self.0.code
    }

    fn blame(&self) -> Blame {
        self.0.blame
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

/// An error as the user interface gets it.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct ErrorView {
    /// Stable kebab-case code; texts are looked up by it.
    pub code: String,
    /// What happened, in English.
    pub message: String,
    /// What to do, in English.
    pub hint: String,
    /// Whose fault: `service`, `you`, `network` or `wallet`.
    pub blame: &'static str,
    /// Whether details left the wallet.
    pub was_anything_shared: Shared,
}

//! A failed command: what happened, why, what to do, and a stable code.

use std::borrow::Cow;

use assent_core::error::ErrorCode;
use assent_wallet::app::{ErrorView, Shared, WalletError};

use crate::exit::Exit;

/// Where error codes are explained.
const DOCS: &str = "https://assent.example/problems/";

/// An error to show and the exit code to end with.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct CliError {
    /// Stable kebab-case code.
    pub code: Cow<'static, str>,
    /// What happened, in one sentence.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// How the program ends.
    pub exit: Exit,
    /// Whether details left the wallet; `None` for a command that shares nothing.
    pub shared: Option<Shared>,
}

impl CliError {
    /// An error of the command line itself.
    pub fn new(exit: Exit, code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code: Cow::Borrowed(code),
            message: message.into(),
            hint: hint.into(),
            exit,
            shared: None,
        }
    }

    /// A verification that said no: stable code and reason of the check, and what to do about it.
    pub fn refuted(
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            hint: hint.into(),
            exit: Exit::Refuted,
            shared: None,
        }
    }

    /// The same error, saying whether details left the wallet, unless it says so already.
    #[must_use]
    pub fn sharing(mut self, shared: Shared) -> Self {
        self.shared = self.shared.or(Some(shared));
        self
    }

    /// From an error of core: `exit` says what it means for this command, `hint` what to do.
    pub fn from_core(exit: Exit, error: &dyn ErrorCode, hint: &str) -> Self {
        Self::new(exit, error.code(), error.to_string(), hint)
    }

    /// Where to read more.
    pub fn docs(&self) -> String {
        format!("{DOCS}{}", self.code)
    }
}

impl From<WalletError> for CliError {
    fn from(error: WalletError) -> Self {
        Self::from(error.view())
    }
}

impl From<ErrorView> for CliError {
    fn from(view: ErrorView) -> Self {
        let exit = match view.code.as_str() {
            code if code.contains("not-found") => Exit::NotFound,
            "sign-in-not-expected" => Exit::NotFound,
            "sign-in-declined" => Exit::Refused,
            code if code.contains("conflict") || code == "vault-busy" => Exit::Conflict,
            "vault-cache-malformed" => Exit::Configuration,
            code if code.contains("locked") || code.contains("wrong-secret") => Exit::Refused,
            // What was given as a link is none.
            "offer-not-an-offer" | "request-link" => Exit::Usage,
            // The words of `ErrorView::blame`.
            _ => match view.blame {
                "network" => Exit::Unreachable,
                "service" => Exit::Refused,
                "you" => Exit::Usage,
                _ => Exit::Failed,
            },
        };
        // The engine's words are for a screen; here there is something better to say.
        let hint = match view.code.as_str() {
            "offer-not-an-offer" => {
                "Give the whole link of the offer: it begins with openid-credential-offer://, or has credential_offer in it."
            }
            "request-link" => {
                "Give the whole link of the request: it begins with openid4vp:// or haip-vp://, or has request_uri in it."
            }
            "request-fetch" => {
                "If you are online, the request is over or was answered already: start again at the service."
            }
            "not-found" => "Give an id as the list of the same kind shows it.",
            _ => &view.hint,
        };
        Self {
            code: Cow::Owned(view.code),
            message: view.message,
            hint: hint.to_owned(),
            exit,
            shared: Some(view.was_anything_shared),
        }
    }
}

//! Why a request could not be answered. In every case nothing was sent.

use assent_core::error::{Audience, Blame, ErrorCode};

/// Why a request could not be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PresentError {
    /// The service did not answer.
    #[error("the service could not be reached")]
    Unreachable,
    /// Cards are missing for a required part, or for a switch that was put on.
    #[error("you do not have the cards this needs")]
    NotAnswerable,
    /// A card was chosen that does not fit the query.
    #[error("this card does not fit")]
    CardDoesNotFit,
    /// A switch that does not exist.
    #[error("there is no such choice")]
    NoSuchChoice,
    /// A warning was not confirmed; its code.
    #[error("first confirm that you understand the warning {0}")]
    NotUnderstood(String),
    /// The screen showed something else, or another request.
    #[error("this is not what was shown")]
    Changed,
    /// The request ended.
    #[error("the request has expired")]
    Expired,
    /// The answer could not be made.
    #[error("the answer could not be made")]
    Build,
}

impl ErrorCode for PresentError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable => "service-unreachable",
            Self::NotAnswerable => "request-not-answerable",
            Self::CardDoesNotFit => "request-card-does-not-fit",
            Self::NoSuchChoice => "request-no-such-choice",
            Self::NotUnderstood(_) => "request-warning-not-understood",
            Self::Changed => "request-changed",
            Self::Expired => "request-expired",
            Self::Build => "response-not-built",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Unreachable => Blame::Network,
            Self::Expired => Blame::Peer,
            Self::Build => Blame::Us,
            _ => Blame::Caller,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

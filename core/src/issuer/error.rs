//! Failures of the issuer itself. What the wallet did wrong is an [`crate::oid4vci::Rejection`].

use crate::env::RandomUnavailable;
use crate::error::{Audience, Blame, ErrorCode};
use crate::sd_jwt::IssueError;

/// Why an offer or a credential could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssuanceError {
    /// A configuration this issuer does not have, or the same one twice.
    #[error("this issuer cannot offer {0:?}")]
    UnknownConfiguration(String),
    /// Not one status index per copy, or the same one twice.
    #[error("there must be one status index of its own for each copy")]
    StatusIndexes,
    /// The record and the request do not belong together, or the record is in another state.
    #[error("the issuance is not in a state to issue")]
    WrongState,
    /// The credential could not be built or signed.
    #[error("the credential could not be made: {0}")]
    Issue(#[from] IssueError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl ErrorCode for IssuanceError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownConfiguration(_) => "issuer-unknown-configuration",
            Self::StatusIndexes => "issuer-status-indexes",
            Self::WrongState => "issuer-wrong-state",
            Self::Issue(_) => "issuer-credential-not-made",
            Self::Random(_) => "issuer-no-randomness",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::UnknownConfiguration(_) => Blame::Caller,
            _ => Blame::Us,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Operator
    }
}

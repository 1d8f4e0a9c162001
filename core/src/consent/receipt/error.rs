//! Why a receipt was refused.

use crate::encoding::record::Malformed;
use crate::env::RandomUnavailable;
use crate::error::{Audience, Blame, ErrorCode};
use crate::sd_jwt::{IssueError, SdJwtError, VcError};

/// Why a receipt could not be made or was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not an SD-JWT, or its signature is wrong.
    #[error("the receipt is not acceptable: {0}")]
    SdJwt(#[from] SdJwtError),
    /// Not an SD-JWT VC, or the key binding is wrong.
    #[error("the receipt is not acceptable: {0}")]
    Vc(#[from] VcError),
    /// Of another type.
    #[error("this is not a consent receipt")]
    Type,
    /// It has disclosures, or a member that a receipt does not have there.
    #[error("the receipt is malformed: {0}")]
    Malformed(String),
    /// `iss` is not the thumbprint of the key in `cnf`.
    #[error("the receipt does not name its own key")]
    Key,
    /// It does not belong to this consent request, or says something else than it.
    #[error("the receipt does not answer this request: {0}")]
    OtherRequest(&'static str),
    /// A purpose that the request does not have, or the required one is missing.
    #[error("not a purpose of this request: {0}")]
    Purpose(String),
    /// It could not be made.
    #[error("the receipt could not be made: {0}")]
    Issue(#[from] IssueError),
    /// No randomness for its identifiers.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The clock is outside the years 0–9999.
    #[error("the clock is wrong")]
    Clock,
}

impl From<Malformed> for ReceiptError {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl ErrorCode for ReceiptError {
    fn code(&self) -> &'static str {
        match self {
            Self::SdJwt(_) | Self::Vc(_) => "receipt-not-valid",
            Self::Type | Self::Malformed(_) => "receipt-malformed",
            Self::Key => "receipt-key-mismatch",
            Self::OtherRequest(_) => "receipt-other-request",
            Self::Purpose(_) => "receipt-unknown-purpose",
            Self::Issue(_) | Self::Random(_) | Self::Clock => "receipt-not-made",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Issue(_) | Self::Random(_) | Self::Clock => Blame::Us,
            Self::Purpose(_) => Blame::Caller,
            _ => Blame::Peer,
        }
    }

    fn audience(&self) -> Audience {
        match self {
            Self::Issue(_) | Self::Random(_) | Self::Clock | Self::Purpose(_) => Audience::Citizen,
            _ => Audience::ServiceProvider,
        }
    }
}

//! Why a query was refused.

use crate::error::ErrorCode;

/// Why a DCQL query was refused. A wallet answers `invalid_request` (OpenID4VP 1.0 §8.5).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A member is missing, empty or of the wrong type; the text names it, e.g. `credentials[0].meta`.
    #[error("`{0}` is missing, empty or of the wrong type")]
    Member(String),
    /// An id is used twice.
    #[error("the id in `{0}` is used twice")]
    DuplicateId(String),
    /// A reference to an id that does not exist.
    #[error("`{0}` refers to an id that does not exist")]
    UnknownId(String),
    /// `claim_sets` without `claims` (OpenID4VP 1.0 §6.1).
    #[error("`{0}` has claim_sets but no claims")]
    ClaimSetsWithoutClaims(String),
    /// More than [`super::limits`] allows.
    #[error("`{0}` is larger than this implementation accepts")]
    TooLarge(String),
}

impl ErrorCode for QueryError {
    fn code(&self) -> &'static str {
        match self {
            Self::Member(_) => "dcql-member",
            Self::DuplicateId(_) => "dcql-duplicate-id",
            Self::UnknownId(_) => "dcql-unknown-id",
            Self::ClaimSetsWithoutClaims(_) => "dcql-claim-sets-without-claims",
            Self::TooLarge(_) => "dcql-too-large",
        }
    }
}

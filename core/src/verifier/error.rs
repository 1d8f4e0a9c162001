//! What can go wrong, by operation.

use crate::dcql::{CheckError, Mismatch, QueryError};
use crate::env::RandomUnavailable;
use crate::error::{Blame, ErrorCode};
use crate::oid4vp::response::ReadError;
use crate::sd_jwt::type_metadata::TypeRuleError;
use crate::sd_jwt::{SdJwtError, VcError};
use crate::trust::{CredentialError, StatusTrustError, WebCredentialError};

/// A transaction could not be created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    /// The query is not valid.
    #[error("the query: {0}")]
    Query(#[from] QueryError),
    /// The query asks only for formats this verifier cannot check.
    #[error("none of the formats asked for can be verified here; only dc+sd-jwt can")]
    Formats,
    /// `self_issued` names a credential query that does not exist.
    #[error("a self-issued query is named that does not exist")]
    UnknownQuery,
    /// The transactions to authorise do not fit the query, or the way of asking.
    #[error("the transaction data cannot be asked for like this")]
    TransactionData,
    /// The addresses do not fit together.
    #[error("the address of the service cannot be used")]
    Address,
    /// The platform gave no randomness.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl ErrorCode for CreateError {
    fn code(&self) -> &'static str {
        match self {
            Self::Query(error) => error.code(),
            Self::Formats => "presentation-formats",
            Self::UnknownQuery => "presentation-unknown-query",
            Self::TransactionData => "presentation-bad-transaction-data",
            Self::Address => "presentation-address",
            Self::Random(_) => "random-unavailable",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Random(_) => Blame::Us,
            _ => Blame::Caller,
        }
    }
}

/// A transaction is not in a state that allows this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// It was answered, refused or has failed: each is good for one answer.
    #[error("this request was already answered")]
    Closed,
    /// Its time is over.
    #[error("this request has expired")]
    Expired,
    /// Requests of this client identifier are not signed and have no Request Object.
    #[error("this request has no request object")]
    Unsigned,
    /// The wallet does not say that it knows the types of transactions to authorise. It would have to refuse them.
    #[error("the wallet does not know the kind of transaction it should authorise")]
    TransactionData,
    /// The request was already given to a wallet and cannot be changed.
    #[error("this request was already given out")]
    GivenOut,
    /// The signing key failed.
    #[error("the request could not be signed")]
    Sign,
}

impl ErrorCode for TransactionError {
    fn code(&self) -> &'static str {
        match self {
            Self::Closed => "transaction-closed",
            Self::Expired => "transaction-expired",
            Self::Unsigned => "transaction-unsigned",
            Self::TransactionData => "transaction-data-not-supported",
            Self::GivenOut => "transaction-given-out",
            Self::Sign => "transaction-sign",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Sign => Blame::Us,
            Self::GivenOut => Blame::Caller,
            _ => Blame::Peer,
        }
    }
}

/// A response was not taken. The transaction stays as it is: what cannot be read, or does not know the secrets of
/// the request, did not come from the wallet that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// The transaction is closed or expired.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// The response cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// `state` is not that of the request.
    #[error("the response belongs to another request")]
    State,
    /// The platform gave no randomness.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl ErrorCode for ReceiveError {
    fn code(&self) -> &'static str {
        match self {
            Self::Transaction(error) => error.code(),
            Self::Read(error) => error.code(),
            Self::State => "response-state",
            Self::Random(_) => "random-unavailable",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Random(_) => Blame::Us,
            _ => Blame::Peer,
        }
    }
}

/// Why one presentation was discarded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresentationError {
    /// Not a string.
    #[error("the presentation is not a string")]
    NotAString,
    /// A format this verifier cannot check, e.g. mdoc.
    #[error("credentials of this format cannot be verified here")]
    FormatNotSupported,
    /// The credential, its issuer or its holder binding was refused.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The credential of an issuer known by its address was refused.
    #[error(transparent)]
    WebIssuer(WebCredentialError),
    /// The credential breaks the rules of its type.
    #[error(transparent)]
    TypeRule(TypeRuleError),
    /// It authorises transactions that were not asked for, or in a way that cannot be read.
    #[error("the presentation authorises something else than was asked")]
    TransactionData,
    /// A self-issued credential was refused.
    #[error("the self-issued credential: {0}")]
    SelfIssued(SelfIssuedError),
    /// It is not what was asked for.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The status list could not be had, or says nothing: not good enough.
    #[error("the status of the credential is not known")]
    StatusUnknown,
    /// The status list was refused.
    #[error(transparent)]
    Status(StatusTrustError),
    /// The credential is revoked.
    #[error("the credential is revoked")]
    Revoked,
    /// The credential is suspended.
    #[error("the credential is suspended")]
    Suspended,
    /// The same credential was presented twice for one query.
    #[error("the same credential was presented twice")]
    Repeated,
}

/// Why a self-issued credential was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SelfIssuedError {
    /// The SD-JWT was refused.
    #[error(transparent)]
    SdJwt(#[from] SdJwtError),
    /// It breaks a rule of SD-JWT VC or of key binding.
    #[error(transparent)]
    Vc(#[from] VcError),
    /// `cnf` has no usable key.
    #[error("the credential does not say which key signed it")]
    Key,
}

impl ErrorCode for PresentationError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAString => "presentation-not-a-string",
            Self::FormatNotSupported => "presentation-format-not-supported",
            Self::Credential(error) => error.code(),
            Self::WebIssuer(error) => error.code(),
            Self::TypeRule(error) => error.code(),
            Self::TransactionData => "presentation-transaction-data",
            Self::SelfIssued(SelfIssuedError::SdJwt(error)) => error.code(),
            Self::SelfIssued(SelfIssuedError::Vc(error)) => error.code(),
            Self::SelfIssued(SelfIssuedError::Key) => "self-issued-key",
            Self::Mismatch(error) => error.code(),
            Self::StatusUnknown => "status-unknown",
            Self::Status(error) => error.code(),
            Self::Revoked => "credential-revoked",
            Self::Suspended => "credential-suspended",
            Self::Repeated => "presentation-repeated",
        }
    }
}

/// Why an answer as a whole was refused: the record that is kept and shown to the service.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Stable code of the error that decided, e.g. `key-binding-nonce`.
    pub code: String,
    /// The credential query it was about, when it was about one.
    pub query_id: Option<String>,
    /// What happened, in a sentence without personal data.
    pub message: String,
}

impl Failure {
    pub(super) fn of_shape(error: &CheckError) -> Self {
        Self {
            code: error.code().to_owned(),
            query_id: None,
            message: error.to_string(),
        }
    }

    pub(super) fn of_presentation(query_id: &str, error: &PresentationError) -> Self {
        Self {
            code: error.code().to_owned(),
            query_id: Some(query_id.to_owned()),
            message: error.to_string(),
        }
    }
}

//! Digital Credentials Query Language: what a verifier asks for, and which credentials answer it.
//!
//! Pure functions, used by both sides: the wallet calls [`evaluate`] over what it holds; the verifier calls
//! [`check_shape`], [`check_presentation`] and [`check_sets`] over what came back, because it must not rely on
//! the wallet to enforce the query (OpenID4VP 1.0 §8.6). Both use the same matching code.
//!
//! Specification: OpenID4VP 1.0 §6 (query), §7 (claims path pointer), Appendix B (`meta` per format). A query
//! is bounded when it is read ([`limits`]), and the work of evaluating one is bounded too.

mod candidate;
mod check;
mod error;
mod evaluate;
pub mod limits;
mod matching;
mod parse;
mod query;
mod value;

pub use candidate::{Authorities, Candidate, CredentialType};
pub use check::{CheckError, check_presentation, check_sets, check_shape};
pub use error::QueryError;
pub use evaluate::{
    Evaluation, EvaluationError, Match, NotAnswerable, QueryEvaluation, SetEvaluation, evaluate,
};
pub use matching::{Matched, Mismatch};
pub use query::{
    ClaimQuery, CredentialQuery, CredentialSet, DcqlQuery, Meta, TrustedAuthority, TrustedAuthorityKind,
};
pub use value::ClaimValue;

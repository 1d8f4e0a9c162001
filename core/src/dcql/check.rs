//! The verifier's questions: does what came back answer what was asked? (OpenID4VP 1.0 §8.6)

use serde_json::Value;

use super::candidate::Candidate;
use super::limits::MAX_PRESENTATIONS;
use super::matching::{Budget, Matched, Mismatch, match_credential};
use super::query::{CredentialQuery, DcqlQuery};
use crate::encoding::json::Object;
use crate::error::ErrorCode;

/// Why a `vp_token` does not answer the query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The `vp_token` is empty (§8.1: that is not a way to say no).
    #[error("the vp_token is empty")]
    Empty,
    /// An entry for a credential query that was not asked.
    #[error("the vp_token answers a credential query that was not asked")]
    UnknownQuery,
    /// An entry is not an array of presentations (§8.1: always an array).
    #[error("the answer to `{0}` is not an array")]
    NotAnArray(String),
    /// No presentation, or more than one although `multiple` is not set.
    #[error("the answer to `{0}` has a wrong number of presentations")]
    Count(String),
    /// A required credential set is not satisfied by any of its options.
    #[error("a required credential set is not answered")]
    SetNotSatisfied,
}

impl ErrorCode for CheckError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "vp-token-empty",
            Self::UnknownQuery => "vp-token-unknown-query",
            Self::NotAnArray(_) => "vp-token-not-an-array",
            Self::Count(_) => "vp-token-count",
            Self::SetNotSatisfied => "vp-token-set-not-satisfied",
        }
    }
}

/// Checks the shape of a `vp_token` before any presentation is looked at: only known ids, arrays of the right
/// size, and enough entries for the required sets. Returns the presentations per credential query.
///
/// # Errors
/// [`CheckError`].
pub fn check_shape<'q, 't>(
    query: &'q DcqlQuery,
    vp_token: &'t Object,
) -> Result<Vec<(&'q CredentialQuery, &'t [Value])>, CheckError> {
    if vp_token.is_empty() {
        return Err(CheckError::Empty);
    }
    let mut answers = Vec::with_capacity(vp_token.len());
    for (id, presentations) in vp_token {
        let credential = query.credential(id).ok_or(CheckError::UnknownQuery)?;
        let presentations = presentations
            .as_array()
            .ok_or_else(|| CheckError::NotAnArray(id.clone()))?;
        // §6.1: exactly one unless `multiple` is true.
        let most = if credential.multiple() {
            MAX_PRESENTATIONS
        } else {
            1
        };
        if !(1..=most).contains(&presentations.len()) {
            return Err(CheckError::Count(id.clone()));
        }
        answers.push((credential, presentations.as_slice()));
    }
    let ids: Vec<&str> = answers.iter().map(|(credential, _)| credential.id()).collect();
    check_sets(query, &ids)?;
    Ok(answers)
}

/// Checks one verified presentation against its credential query: type, holder binding, authorities, claims
/// and `values`. The wallet is not relied on for any of them (§8.6).
///
/// # Errors
/// [`Mismatch`].
pub fn check_presentation(query: &CredentialQuery, presented: &Candidate<'_>) -> Result<Matched, Mismatch> {
    match_credential(query, presented, &mut Budget::new())
}

/// Checks that `answered` (ids of credential queries with at least one valid presentation) satisfies every
/// required credential set (§6.4.2).
///
/// # Errors
/// [`CheckError::SetNotSatisfied`].
pub fn check_sets(query: &DcqlQuery, answered: &[&str]) -> Result<(), CheckError> {
    let satisfied = query.sets().iter().filter(|set| set.required).all(|set| {
        set.options
            .iter()
            .any(|option| option.iter().all(|id| answered.contains(&id.as_str())))
    });
    if satisfied {
        Ok(())
    } else {
        Err(CheckError::SetNotSatisfied)
    }
}

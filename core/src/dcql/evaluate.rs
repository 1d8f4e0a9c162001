//! The wallet's question: what do I have that answers this query?

use super::candidate::Candidate;
use super::matching::{Budget, Mismatch, match_credential};
use super::query::DcqlQuery;
use crate::claims::ClaimsPath;
use crate::error::ErrorCode;

/// What answers a query (OpenID4VP 1.0 §6.4).
///
/// Nothing of it may reach the verifier before the person agreed, not even whether there is an answer (§15.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    queries: Vec<QueryEvaluation>,
    sets: Vec<SetEvaluation>,
}

/// What answers one credential query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryEvaluation {
    /// The id of the credential query.
    pub id: String,
    /// True when more than one of the matches may be returned.
    pub multiple: bool,
    /// The credentials that match, in the order of the candidates. When there are several, the person chooses.
    pub matches: Vec<Match>,
}

/// A credential that matches a credential query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The candidate's id.
    pub candidate: String,
    /// Which of `claim_sets` is used, when the query has them.
    pub claim_set: Option<usize>,
    /// What to disclose: concrete paths. Nothing else may be disclosed (§6.4.1).
    pub disclose: Vec<ClaimsPath>,
}

/// What answers one credential set; the index in [`Evaluation::sets`] is that in [`DcqlQuery::sets`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetEvaluation {
    /// False when the set may be left out.
    pub required: bool,
    /// The options in the verifier's order of preference: credential query ids.
    pub options: Vec<Vec<String>>,
    /// The first option that can be answered.
    pub first_satisfiable: Option<usize>,
}

/// The query could not be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// It costs more work than [`super::limits::MAX_WORK`].
    #[error("the query costs too much work")]
    TooMuchWork,
}

impl ErrorCode for EvaluationError {
    fn code(&self) -> &'static str {
        "dcql-too-much-work"
    }
}

/// A required set cannot be answered, or an optional set that was chosen cannot. Nothing may be returned
/// (OpenID4VP 1.0 §6.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the wallet has no credentials that answer the request")]
pub struct NotAnswerable;

impl ErrorCode for NotAnswerable {
    fn code(&self) -> &'static str {
        "dcql-not-answerable"
    }
}

/// Matches every credential query with every candidate, and every set with the outcome.
///
/// # Errors
/// [`EvaluationError::TooMuchWork`].
pub fn evaluate(query: &DcqlQuery, candidates: &[Candidate<'_>]) -> Result<Evaluation, EvaluationError> {
    let mut budget = Budget::new();
    let mut queries = Vec::with_capacity(query.credentials().len());
    for credential in query.credentials() {
        let mut matches = Vec::new();
        for candidate in candidates {
            match match_credential(credential, candidate, &mut budget) {
                Ok(matched) => matches.push(Match {
                    candidate: candidate.id.to_owned(),
                    claim_set: matched.claim_set,
                    disclose: matched.paths,
                }),
                Err(Mismatch::TooMuchWork) => return Err(EvaluationError::TooMuchWork),
                Err(_) => {}
            }
        }
        queries.push(QueryEvaluation {
            id: credential.id().to_owned(),
            multiple: credential.multiple(),
            matches,
        });
    }
    let answered = |id: &String| {
        queries
            .iter()
            .any(|query| query.id == *id && !query.matches.is_empty())
    };
    let sets = query
        .sets()
        .iter()
        .map(|set| SetEvaluation {
            required: set.required,
            options: set.options.clone(),
            first_satisfiable: set.options.iter().position(|option| option.iter().all(answered)),
        })
        .collect();
    Ok(Evaluation { queries, sets })
}

impl Evaluation {
    /// One entry per credential query, in the order of the query.
    #[must_use]
    pub fn queries(&self) -> &[QueryEvaluation] {
        &self.queries
    }

    /// The entry of one credential query.
    #[must_use]
    pub fn query(&self, id: &str) -> Option<&QueryEvaluation> {
        self.queries.iter().find(|query| query.id == id)
    }

    /// One entry per set of [`DcqlQuery::sets`].
    #[must_use]
    pub fn sets(&self) -> &[SetEvaluation] {
        &self.sets
    }

    /// True when every required set can be answered.
    #[must_use]
    pub fn is_answerable(&self) -> bool {
        self.sets
            .iter()
            .all(|set| !set.required || set.first_satisfiable.is_some())
    }

    /// The credential queries that keep required sets from being answered: those without a match in the first
    /// option of each such set. For telling the person which card is missing.
    #[must_use]
    pub fn missing(&self) -> Vec<&str> {
        let mut missing: Vec<&str> = Vec::new();
        let stuck = self
            .sets
            .iter()
            .filter(|set| set.required && set.first_satisfiable.is_none());
        for id in stuck.filter_map(|set| set.options.first()).flatten() {
            let unanswered = self.query(id).is_none_or(|query| query.matches.is_empty());
            if unanswered && !missing.contains(&id.as_str()) {
                missing.push(id);
            }
        }
        missing
    }

    /// The ids of the credential queries to answer: the first satisfiable option of every required set and of
    /// the optional sets in `optional` (indexes into [`Evaluation::sets`]), each id once, in query order.
    ///
    /// # Errors
    /// [`NotAnswerable`]: then no credential at all may be returned.
    pub fn to_answer(&self, optional: &[usize]) -> Result<Vec<&str>, NotAnswerable> {
        if optional.iter().any(|index| *index >= self.sets.len()) {
            return Err(NotAnswerable);
        }
        let mut chosen: Vec<&str> = Vec::new();
        for (index, set) in self.sets.iter().enumerate() {
            if !set.required && !optional.contains(&index) {
                continue;
            }
            let option = set.first_satisfiable.ok_or(NotAnswerable)?;
            chosen.extend(set.options.get(option).into_iter().flatten().map(String::as_str));
        }
        Ok(self
            .queries
            .iter()
            .map(|query| query.id.as_str())
            .filter(|id| chosen.contains(id))
            .collect())
    }
}

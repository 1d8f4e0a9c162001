//! The answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::error::{Failure, PresentationError, ReceiveError};
use super::published::Published;
use super::transaction::{Closed, Open, Transaction};
use super::verdict::{DiscardedPresentation, Verdict};
use super::verify::Checked;
use super::{RESPONSE_CODE, status, transaction_data, verify};
use crate::crypto::{CryptoProvider, constant_time_eq};
use crate::dcql::{DcqlQuery, check_sets, check_shape};
use crate::encoding::json::Object;
use crate::env::{Env, Timestamp};
use crate::error::ErrorCode as _;
use crate::oid4vp::response::{self, AuthorizationResponse, Expected};
use crate::status::UnverifiedStatusListToken;
use crate::trust::TrustAnchors;

/// What answers are checked against.
#[derive(Clone, Copy)]
pub struct VerificationContext<'a> {
    /// Issuers, and what each may issue.
    pub anchors: &'a TrustAnchors,
    /// Verifies signatures.
    pub crypto: &'a dyn CryptoProvider,
    /// Types and issuers that were looked up beforehand; `None` when there are none.
    pub published: Option<&'a Published>,
}

impl fmt::Debug for VerificationContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationContext").finish_non_exhaustive()
    }
}

/// What came of an answer.
#[derive(Debug)]
pub enum Received {
    /// It is over: the wallet refused, or the answer failed.
    Ended(Box<Finished>),
    /// It is good so far; the status is still to be checked.
    Pending(Box<PendingVerification>),
}

/// A transaction that came to its end.
#[derive(Debug)]
pub struct Finished {
    /// To be stored.
    pub transaction: Transaction,
    /// `redirect_uri` for the answer to the wallet, with its `response_code`. Given out here and never again.
    pub redirect_uri: Option<String>,
}

/// An answer whose presentations are good so far.
pub struct PendingVerification {
    closed: Closed,
    redirect_uri: Option<String>,
    query: DcqlQuery,
    /// How many transactions were to be authorised.
    transactions: usize,
    checked: Vec<Checked>,
    discarded: Vec<(String, PresentationError)>,
}

impl Transaction {
    /// Takes the body of a POST to `response_uri`.
    ///
    /// # Errors
    /// [`ReceiveError`]: the answer was not taken, and the stored transaction stays as it is.
    pub fn receive_response(
        self,
        body: &str,
        with: &VerificationContext<'_>,
        env: &mut Env<'_>,
    ) -> Result<Received, ReceiveError> {
        // §14.4.2: unknown, used or expired requests are refused.
        let open = self.open_at(env.now)?;
        let expected = match &open.response_key {
            Some(key) => Expected::Encrypted {
                key: &key.0,
                kid: &open.response_kid,
            },
            None => Expected::Clear,
        };
        let answer = response::read(body, expected)?;
        check_state(&open, &answer)?;
        let (closed, redirect_uri) = close(&open, env)?;
        match answer {
            AuthorizationResponse::Refused { error, .. } => Ok(Received::Ended(Box::new(Finished {
                transaction: Self::Declined(Box::new(closed), error),
                redirect_uri,
            }))),
            AuthorizationResponse::Presented { vp_token, .. } => {
                Ok(examine(&open, &vp_token, closed, redirect_uri, with, env.now))
            }
        }
    }
}

/// §8.2, RFC 6749 §4.1.1: `state` comes back unchanged. Some wallets leave it out; then the path of the response
/// address and, when encrypted, the key tie the answer to this request. Without holder binding there is no nonce
/// in the answer, so `state` must be there (§5.3).
fn check_state(open: &Open, answer: &AuthorizationResponse) -> Result<(), ReceiveError> {
    let (AuthorizationResponse::Presented { state, .. } | AuthorizationResponse::Refused { state, .. }) =
        answer;
    match state {
        Some(state) if constant_time_eq(state.as_bytes(), open.state.as_bytes()) => Ok(()),
        Some(_) => Err(ReceiveError::State),
        None => {
            let bound = DcqlQuery::parse(&open.dcql_query).is_ok_and(|query| {
                query
                    .credentials()
                    .iter()
                    .all(|credential| credential.requires_holder_binding())
            });
            let refused = matches!(answer, AuthorizationResponse::Refused { .. });
            if bound || refused {
                Ok(())
            } else {
                Err(ReceiveError::State)
            }
        }
    }
}

/// §8.2, §13.3: a fresh `response_code` goes with every `redirect_uri`, whatever the outcome.
fn close(open: &Open, env: &mut Env<'_>) -> Result<(Closed, Option<String>), ReceiveError> {
    let Some(redirect_uri) = &open.redirect_uri else {
        return Ok((open.close(None), None));
    };
    let code = env.random_token()?;
    let closed = open.close(Some(&code));
    Ok((closed, Some(redirect_uri.with_parameter(RESPONSE_CODE, &code))))
}

fn examine(
    open: &Open,
    vp_token: &Object,
    closed: Closed,
    redirect_uri: Option<String>,
    with: &VerificationContext<'_>,
    now: Timestamp,
) -> Received {
    let failed = |closed: Closed, redirect_uri: Option<String>, failure: Failure| {
        Received::Ended(Box::new(Finished {
            transaction: Transaction::Failed(Box::new(closed), failure),
            redirect_uri,
        }))
    };
    // It was valid when the transaction was created; a store that changed it is a failure like any other.
    let query = match DcqlQuery::parse(&open.dcql_query) {
        Ok(query) => query,
        Err(error) => {
            let failure = Failure {
                code: error.code().to_owned(),
                query_id: None,
                message: error.to_string(),
            };
            return failed(closed, redirect_uri, failure);
        }
    };
    let answers = match check_shape(&query, vp_token) {
        Ok(answers) => answers,
        Err(error) => return failed(closed, redirect_uri, Failure::of_shape(&error)),
    };
    let mut checked = Vec::new();
    let mut discarded = Vec::new();
    for (credential, presentations) in answers {
        let mut seen = BTreeSet::new();
        for presentation in presentations {
            let outcome = if seen.insert(presentation.as_str()) {
                verify::check(open, credential, presentation, with, now)
            } else {
                Err(PresentationError::Repeated)
            };
            match outcome {
                Ok(good) => checked.push(good),
                Err(error) => discarded.push((credential.id().to_owned(), error)),
            }
        }
    }
    let pending = PendingVerification {
        closed,
        redirect_uri,
        query,
        transactions: open.transaction_data.len(),
        checked,
        discarded,
    };
    match pending.failure() {
        Some(failure) => failed(pending.closed, pending.redirect_uri, failure),
        None => Received::Pending(Box::new(pending)),
    }
}

impl PendingVerification {
    /// What to store before the status lists are fetched: from now on no other answer is taken.
    #[must_use]
    pub fn transaction(&self) -> Transaction {
        Transaction::Answering(Box::new(self.closed.clone()))
    }

    /// The addresses of the status lists that are needed. Only those named by credentials of trusted issuers are
    /// here: nothing is fetched on the word of a stranger.
    #[must_use]
    pub fn status_lists(&self) -> BTreeSet<&str> {
        self.checked
            .iter()
            .filter(|checked| checked.status_trust.is_some())
            .filter_map(|checked| Some(checked.status.as_ref()?.uri.as_str()))
            .collect()
    }

    /// Decides. `tokens` has the status list tokens by address; one that is missing makes its credentials fail.
    #[must_use]
    pub fn finish(
        mut self,
        tokens: &BTreeMap<String, UnverifiedStatusListToken>,
        with: &VerificationContext<'_>,
        now: Timestamp,
    ) -> Finished {
        let mut good = Vec::with_capacity(self.checked.len());
        for mut checked in std::mem::take(&mut self.checked) {
            match status::check(&mut checked, tokens, with, now) {
                Ok(()) => good.push(checked),
                Err(error) => self.discarded.push((checked.presentation.query_id, error)),
            }
        }
        self.checked = good;
        let transaction = match self.failure() {
            Some(failure) => Transaction::Failed(Box::new(self.closed), failure),
            None => {
                let mut credentials: Vec<_> = self
                    .checked
                    .into_iter()
                    .map(|checked| checked.presentation)
                    .collect();
                let place = |id: &str| self.query.credentials().iter().position(|query| query.id() == id);
                credentials.sort_by_key(|presentation| place(&presentation.query_id));
                let discarded = self
                    .discarded
                    .into_iter()
                    .map(|(query_id, error)| DiscardedPresentation {
                        query_id,
                        code: error.code().to_owned(),
                    })
                    .collect();
                let verdict = Verdict {
                    credentials,
                    discarded,
                    verified_at: now,
                };
                Transaction::Verified(Box::new(self.closed), Box::new(verdict))
            }
        };
        Finished {
            transaction,
            redirect_uri: self.redirect_uri,
        }
    }

    /// The reason the answer as a whole fails, if it does: what is left does not satisfy the required sets, or
    /// nothing is left. The first discarded presentation is named, since it is the cause.
    fn failure(&self) -> Option<Failure> {
        let ids: Vec<&str> = self
            .checked
            .iter()
            .map(|checked| checked.presentation.query_id.as_str())
            .collect();
        let sets = check_sets(&self.query, &ids);
        let authorised = transaction_data::all_authorised(self.transactions, &self.checked);
        match (sets, self.discarded.first()) {
            (Ok(()), _) if !ids.is_empty() && authorised => None,
            (Ok(()), None) if !authorised => Some(transaction_data::not_authorised()),
            (_, Some((query_id, error))) => Some(Failure::of_presentation(query_id, error)),
            (Err(error), None) => Some(Failure::of_shape(&error)),
            (Ok(()), None) => Some(Failure::of_shape(&crate::dcql::CheckError::Empty)),
        }
    }
}

impl fmt::Debug for PendingVerification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingVerification")
            .field("presentations", &self.checked.len())
            .field("discarded", &self.discarded.len())
            .finish_non_exhaustive()
    }
}

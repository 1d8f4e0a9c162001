//! The record of one presentation, and its transitions.

use std::fmt;

use serde_json::Value;

use super::error::{Failure, TransactionError};
use super::secret::{CodeHash, ResponseKey};
use super::transaction_data::{TransactionDatum, wallet_knows};
use super::verdict::Verdict;
use crate::crypto::{PublicKey, Signer as _};
use crate::env::Timestamp;
use crate::oid4vp::{
    AuthorizationError, AuthorizationRequest, AuthorizationRequestLink, ClientId, RequestSigner,
    RequestUriMethod, RequestUriPost, ResponseMode, VerifierInfo, client_metadata,
};
use crate::profile::{Endpoint, Profile};

/// One presentation from question to answer. The variants carry what their state needs and nothing more: secrets
/// of the request are gone once it is answered.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transaction {
    /// Asked; no wallet has fetched the request.
    Created(Box<Open>),
    /// A wallet has fetched the request, perhaps several times.
    Fetched(Box<Open>),
    /// An answer arrived and is being checked. No other will be taken.
    Answering(Box<Closed>),
    /// The answer passed.
    Verified(Box<Closed>, Box<Verdict>),
    /// The wallet refused: no consent, or nothing that matches. The two cannot be told apart.
    Declined(Box<Closed>, AuthorizationError),
    /// The answer failed.
    Failed(Box<Closed>, Failure),
    /// Nobody answered in time.
    Expired(Box<Closed>),
}

/// The state of a transaction, without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionState {
    /// Asked.
    Created,
    /// Fetched by a wallet, or being checked.
    Fetched,
    /// Passed.
    Verified,
    /// Refused by the wallet.
    Declined,
    /// Failed.
    Failed,
    /// Expired.
    Expired,
}

/// A transaction that still takes an answer.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct Open {
    pub(super) transaction_id: String,
    pub(super) request_id: String,
    pub(super) client_id: ClientId,
    pub(super) dcql_query: Value,
    pub(super) response_mode: ResponseMode,
    pub(super) request_uri: Endpoint,
    pub(super) request_uri_method: RequestUriMethod,
    pub(super) response_uri: Endpoint,
    pub(super) nonce: String,
    pub(super) state: String,
    pub(super) response_key: Option<ResponseKey>,
    pub(super) response_kid: String,
    pub(super) redirect_uri: Option<Endpoint>,
    pub(super) verifier_info: Vec<VerifierInfo>,
    pub(super) self_issued: Vec<String>,
    #[serde(default)]
    pub(super) transaction_data: Vec<TransactionDatum>,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// What is left of a transaction that takes no answer any more.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct Closed {
    pub(super) transaction_id: String,
    pub(super) request_id: String,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) response_code: Option<CodeHash>,
    pub(super) collected: bool,
    #[serde(default)]
    pub(super) erased: bool,
}

/// What [`Transaction::collect`] gives out.
#[derive(Debug, Clone, PartialEq)]
pub enum Collected {
    /// Not answered yet, or expired: only the state.
    State(TransactionState),
    /// The result needs the `response_code` that came back to the browser; none was given.
    CodeRequired(TransactionState),
    /// There was a checked answer, and its details were erased since.
    Erased(TransactionState),
    /// The `response_code` is wrong, or was used before. It is worthless now, right or wrong (§13.3).
    CodeRefused,
    /// The checked answer.
    Verified(Box<Verdict>),
    /// The wallet refused.
    Declined(AuthorizationError),
    /// The answer failed.
    Failed(Failure),
}

impl Transaction {
    /// The id the service knows it by. A secret of the service.
    #[must_use]
    pub fn transaction_id(&self) -> &str {
        match self.parts() {
            Ok(open) => &open.transaction_id,
            Err(closed) => &closed.transaction_id,
        }
    }

    /// The id the wallet knows it by: the last part of `request_uri` and `response_uri`.
    #[must_use]
    pub fn request_id(&self) -> &str {
        match self.parts() {
            Ok(open) => &open.request_id,
            Err(closed) => &closed.request_id,
        }
    }

    /// When it stops taking an answer.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        match self.parts() {
            Ok(open) => open.expires_at,
            Err(closed) => closed.expires_at,
        }
    }

    /// The state.
    #[must_use]
    pub fn state(&self) -> TransactionState {
        match self {
            Self::Created(_) => TransactionState::Created,
            Self::Fetched(_) | Self::Answering(_) => TransactionState::Fetched,
            Self::Verified(..) => TransactionState::Verified,
            Self::Declined(..) => TransactionState::Declined,
            Self::Failed(..) => TransactionState::Failed,
            Self::Expired(_) => TransactionState::Expired,
        }
    }

    /// The checked answer, for the verifier's own bookkeeping. Services get it from [`Transaction::collect`].
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::Verified(_, verdict) => Some(verdict),
            _ => None,
        }
    }

    /// The nonce, client identifier and query of a request that is still open: what a signed consent request is
    /// bound to.
    #[must_use]
    pub fn binding(&self) -> Option<(&str, &ClientId, &Value)> {
        let open = self.parts().ok()?;
        Some((&open.nonce, &open.client_id, &open.dcql_query))
    }

    /// Adds facts about the verifier to a request no wallet has seen.
    ///
    /// # Errors
    /// [`TransactionError::GivenOut`].
    pub fn with_verifier_info(self, mut entries: Vec<VerifierInfo>) -> Result<Self, TransactionError> {
        match self {
            Self::Created(mut open) => {
                open.verifier_info.append(&mut entries);
                Ok(Self::Created(open))
            }
            _ => Err(TransactionError::GivenOut),
        }
    }

    /// The link for the wallet: by reference when the request is signed, by value when it is not. `start` is a
    /// wallet scheme with `//` (`openid4vp://`) or the address of a wallet.
    ///
    /// # Errors
    /// [`TransactionError::Closed`].
    pub fn link(&self, start: &str, profile: &Profile) -> Result<String, TransactionError> {
        let open = self.parts().map_err(|_| TransactionError::Closed)?;
        Ok(if open.client_id.prefix().is_signed() {
            AuthorizationRequestLink::to_reference(
                start,
                &open.client_id,
                &open.request_uri,
                open.request_uri_method,
            )
        } else {
            AuthorizationRequestLink::to_parameters(start, &open.request(profile).to_parameters())
        })
    }

    /// The signed Request Object, for a GET (`post` is `None`) or POST of `request_uri`. May be asked for
    /// repeatedly until there is an answer. A GET is answered also where POST was announced, since wallets may
    /// fall back to it (§5.1).
    ///
    /// # Errors
    /// [`TransactionError`].
    pub fn request_object(
        self,
        post: Option<&RequestUriPost>,
        signer: &RequestSigner<'_>,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<(Self, String), TransactionError> {
        let open = self.open_at(now)?;
        if !open.client_id.prefix().is_signed() {
            return Err(TransactionError::Unsigned);
        }
        // §5.1: a wallet must refuse types it does not know, so they are sent to those only that do.
        if !wallet_knows(&open.transaction_data, post) {
            return Err(TransactionError::TransactionData);
        }
        let wallet_nonce = post.and_then(|post| post.wallet_nonce.as_deref());
        let jwt = open
            .request(profile)
            .sign(wallet_nonce, signer)
            .map_err(|_| TransactionError::Sign)?;
        Ok((Self::Fetched(open), jwt))
    }

    /// Ends a transaction that nobody answered in time, and one whose check never came to an end. Others stay as
    /// they are.
    #[must_use]
    pub fn expire(self, now: Timestamp) -> Self {
        match self {
            Self::Created(open) | Self::Fetched(open) if now >= open.expires_at => {
                Self::Expired(Box::new(open.close(None)))
            }
            Self::Answering(closed) if now >= closed.expires_at => Self::Expired(closed),
            other => other,
        }
    }

    /// What the service may see. Where a `redirect_uri` was given, the result needs the `response_code` that came
    /// back to the person's own browser: it proves that whoever answered sits at the session that asked (§13.3,
    /// §14.2). It is good for one try, also a wrong one.
    #[must_use]
    pub fn collect(self, response_code: Option<&str>) -> (Self, Collected) {
        let state = self.state();
        let mut ended = self;
        let (Self::Verified(closed, _) | Self::Declined(closed, _) | Self::Failed(closed, _)) = &mut ended
        else {
            return (ended, Collected::State(state));
        };
        if let Some(expected) = &closed.response_code {
            let Some(code) = response_code else {
                return (ended, Collected::CodeRequired(state));
            };
            let fits = expected.matches(code) && !closed.collected;
            closed.collected = true;
            if !fits {
                return (ended, Collected::CodeRefused);
            }
        }
        let result = match &ended {
            Self::Verified(closed, _) if closed.erased => Collected::Erased(state),
            Self::Verified(_, verdict) => Collected::Verified(verdict.clone()),
            Self::Declined(_, error) => Collected::Declined(error.clone()),
            Self::Failed(_, failure) => Collected::Failed(failure.clone()),
            _ => Collected::State(state),
        };
        (ended, result)
    }

    /// True when the result can be read with a `response_code` only.
    #[must_use]
    pub fn needs_code(&self) -> bool {
        self.parts().is_err_and(|closed| closed.response_code.is_some())
    }

    /// Erases the details of an answer; the state stays. For when the service has them, or may not have them any more.
    #[must_use]
    pub fn erase(self) -> Self {
        match self {
            Self::Verified(mut closed, mut verdict) => {
                closed.erased = true;
                verdict.credentials.clear();
                Self::Verified(closed, verdict)
            }
            other => other,
        }
    }

    /// Erases the details that answer some of the credential queries; the others stay.
    #[must_use]
    pub fn erase_queries(self, query_ids: &[String]) -> Self {
        match self {
            Self::Verified(closed, mut verdict) => {
                verdict
                    .credentials
                    .retain(|presentation| !query_ids.contains(&presentation.query_id));
                Self::Verified(closed, verdict)
            }
            other => other,
        }
    }

    /// The transaction, when it still takes an answer at `now`.
    pub(super) fn open_at(self, now: Timestamp) -> Result<Box<Open>, TransactionError> {
        match self {
            Self::Created(open) | Self::Fetched(open) if now < open.expires_at => Ok(open),
            Self::Created(_) | Self::Fetched(_) | Self::Expired(_) => Err(TransactionError::Expired),
            _ => Err(TransactionError::Closed),
        }
    }

    fn parts(&self) -> Result<&Open, &Closed> {
        match self {
            Self::Created(open) | Self::Fetched(open) => Ok(open),
            Self::Answering(closed)
            | Self::Verified(closed, _)
            | Self::Declined(closed, _)
            | Self::Failed(closed, _)
            | Self::Expired(closed) => Err(closed),
        }
    }
}

impl Open {
    fn request(&self, profile: &Profile) -> AuthorizationRequest {
        let public: Option<PublicKey> = self.response_key.as_ref().map(|key| key.0.public_key());
        AuthorizationRequest {
            client_id: self.client_id.clone(),
            response_mode: self.response_mode,
            response_uri: self.response_uri.clone(),
            nonce: self.nonce.clone(),
            state: self.state.clone(),
            dcql_query: self.dcql_query.clone(),
            client_metadata: client_metadata(
                public.as_ref().map(|key| (key, self.response_kid.as_str())),
                profile,
            ),
            verifier_info: self.verifier_info.clone(),
            transaction_data: self
                .transaction_data
                .iter()
                .map(|datum| datum.encoded.clone())
                .collect(),
            issued_at: self.created_at,
            expires_at: self.expires_at,
        }
    }

    pub(super) fn close(&self, response_code: Option<&str>) -> Closed {
        Closed {
            transaction_id: self.transaction_id.clone(),
            request_id: self.request_id.clone(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            response_code: response_code.map(CodeHash::of),
            collected: false,
            erased: false,
        }
    }
}

// Ids, nonces and claims: only the state is printed.
impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transaction").field(&self.state()).finish()
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open").finish_non_exhaustive()
    }
}

impl fmt::Debug for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}

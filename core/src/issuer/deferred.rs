//! Cards that are issued later (OpenID4VCI 1.0 §9; CI-25, CI-27).

use super::client::Presented;
use super::error::IssuanceError;
use super::issuance::{Deferred, Issuance};
use super::request::ReadyRequest;
use crate::crypto::{PublicKey, constant_time_eq};
use crate::env::{Env, Timestamp};
use crate::oid4vci::{CredentialAnswer, DeferredRequest, Rejection, RejectionCode, SecretText};

/// Seconds a wallet has between the moment its cards are ready and the end of its last token.
const TIME_TO_COME: i64 = 60;

/// What to store and what to answer when cards are not ready yet.
#[derive(Debug)]
pub struct Deferring {
    /// Store this before answering.
    pub issuance: Issuance,
    /// Send this.
    pub answer: CredentialAnswer,
}

/// What a wallet that comes back gets.
#[derive(Debug)]
pub enum PickUp {
    /// Not yet: send this.
    Later(CredentialAnswer),
    /// Now: mint it.
    Ready(ReadyRequest),
}

impl Issuance {
    /// Seconds until the cards are ready, when not at once.
    #[must_use]
    pub fn later(&self) -> Option<u32> {
        match self {
            Self::Authorized(authorized) => authorized.later,
            _ => None,
        }
    }

    /// Answers a wallet that comes back with `presented` for what was not ready. The caller found this record by the
    /// access token.
    ///
    /// # Errors
    /// [`Rejection`] to answer with; nothing changes then.
    pub fn pick_up(
        &self,
        presented: &Presented<'_>,
        request: &DeferredRequest,
        now: Timestamp,
    ) -> Result<PickUp, Rejection> {
        let authorized = self.with_token(presented, now)?;
        let fingerprint = SecretText::new(request.transaction_id.as_str()).fingerprint();
        // CI-27, §9: good until the wallet has the cards. It says so with a notification, or not at all: then time ends it.
        let deferred = authorized
            .deferred
            .iter()
            .find(|one| constant_time_eq(one.transaction_fingerprint.as_bytes(), fingerprint.as_bytes()))
            .filter(|one| !one.given.as_ref().is_some_and(|given| given.is_over(now)))
            .ok_or_else(|| {
                let why = "not a transaction of this token";
                Rejection::new(RejectionCode::InvalidTransactionId, why)
            })?;
        let left = deferred.ready_at.0.saturating_sub(now.0);
        if left > 0 {
            return Ok(PickUp::Later(CredentialAnswer::Later {
                transaction_id: request.transaction_id.clone(),
                interval: u64::try_from(left).unwrap_or(1),
            }));
        }
        // They were keys when they were stored.
        let keys = deferred
            .keys
            .iter()
            .filter_map(|jwk| PublicKey::from_jwk(jwk).ok());
        Ok(PickUp::Ready(ReadyRequest {
            configuration_id: deferred.configuration_id.clone(),
            keys: keys.collect(),
            transaction: Some(fingerprint),
            given: deferred.given.clone(),
        }))
    }
}

impl ReadyRequest {
    /// Puts the request off by `seconds`, or as long as the wallet can come back: with a refresh token while that is good, else
    /// while the access token is.
    ///
    /// # Errors
    /// [`IssuanceError`]; nothing was changed then.
    pub fn defer(
        self,
        issuance: Issuance,
        seconds: u32,
        env: &mut Env<'_>,
    ) -> Result<Deferring, IssuanceError> {
        let Issuance::Authorized(mut authorized) = issuance else {
            return Err(IssuanceError::WrongState);
        };
        let transaction_id = env.random_token()?;
        let end = authorized
            .refresh
            .as_ref()
            .map_or(authorized.expires_at, |refresh| refresh.expires_at);
        let left = end.since(env.now).saturating_sub(TIME_TO_COME);
        let interval = i64::from(seconds).min(left).max(1);
        authorized.deferred.push(Deferred {
            transaction_fingerprint: SecretText::new(transaction_id.as_str()).fingerprint(),
            configuration_id: self.configuration_id,
            keys: self.keys.iter().map(PublicKey::to_jwk).collect(),
            ready_at: env.now.plus(interval),
            given: None,
        });
        Ok(Deferring {
            issuance: Issuance::Authorized(authorized),
            answer: CredentialAnswer::Later {
                transaction_id,
                interval: u64::try_from(interval).unwrap_or(1),
            },
        })
    }
}

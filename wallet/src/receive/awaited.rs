//! A card that its issuer gives later (§9), or that did not come and can still be asked for. All that is needed to fetch it
//! is one record of the vault, so any device of the person can, and it is gone in the commit that stores the card.

use assent_core::crypto::{CryptoProvider, SoftwareKey};
use assent_core::encoding::base64url;
use assent_core::encoding::json::JsonError;
use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::{Env, Timestamp};
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::encryption::Exchange;
use assent_core::oid4vci::{
    Access, AnswerError, CredentialAnswer, DeferredRequest, IssuerMetadata, Rejection, RejectionCode,
};
use assent_core::profile::{Endpoint, Profile};
use assent_core::trust::TrustAnchors;
use zeroize::Zeroizing;

use super::issue::{Authorised, notifications, opened, sealed};
use super::origin::{Offering, Origin};
use super::verify::{ReceivedCard, verified};
use super::{MAX_KEPT, ReceiveError, Tokens};
use crate::app::view::AwaitedCard;
use crate::records::Record;

/// Seconds until an issuer that answered nonsense is asked again by itself.
const AFTER_NONSENSE: i64 = 3600;

/// Seconds until what nobody answered for is asked for again by itself.
const AFTER_NOBODY: i64 = 60;

/// What is kept of a card that comes later. The first four members are those of
/// [`AwaitedCard`], which is how screens read it.
#[derive(Clone, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Awaited {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) issuer: String,
    /// `None` when the issuer gives it no more.
    pub(crate) next_try_at: Option<i64>,
    asked_at: i64,
    /// Cards that were asked for together have their tokens together.
    pub(crate) issuance: String,
    /// What tells that a link is of the same offer.
    pub(crate) offer: Option<String>,
    pub(crate) origin: Origin,
    pub(crate) offering: Offering,
    pub(crate) client_id: Option<String>,
    pub(crate) tokens: Tokens,
    /// `None` for a card that nobody put off: it is still to be asked for, with keys made then.
    transaction_id: Option<String>,
    keys: Vec<Zeroizing<String>>,
}

impl Record for Awaited {
    const KIND: &'static str = AwaitedCard::KIND;

    fn id(&self) -> &str {
        &self.id
    }
}

/// True when the issuer does not take the encryption of a request: its keys may have changed (§8.3.1.2).
pub(crate) fn wants_other_encryption(response: &HttpResponse) -> bool {
    let code = Rejection::from_response(response).map(|rejection| rejection.code);
    response.status == 400 && code == Some(RejectionCode::InvalidEncryptionParameters)
}

/// What an issuer said about a card that comes later.
pub(crate) enum Delivery {
    /// Here it is, and how to tell the issuer that it arrived.
    Card(Box<ReceivedCard>, Vec<String>),
    /// Not yet.
    Later(Timestamp),
}

impl Awaited {
    /// A card that its issuer put off.
    pub(super) fn new(
        of: &Authorised,
        offering: Offering,
        keys: &[SoftwareKey],
        transaction_id: String,
        interval: u64,
        env: &mut Env<'_>,
    ) -> Result<Self, ReceiveError> {
        if of.origin.metadata.deferred_credential_endpoint.is_none() {
            return Err(AnswerError::Deferred.into());
        }
        let keys = keys
            .iter()
            .map(|key| Zeroizing::new(base64url::encode(key.to_bytes().as_slice())));
        let at = after(env.now, interval).0;
        Self::made(of, offering, keys.collect(), Some(transaction_id), at, env)
    }

    /// A card that did not come, and can be asked for with what was given so far.
    pub(super) fn rest(of: &Authorised, offering: Offering, env: &mut Env<'_>) -> Result<Self, ReceiveError> {
        let at = env.now.plus(AFTER_NOBODY).0;
        Self::made(of, offering, Vec::new(), None, at, env)
    }

    fn made(
        of: &Authorised,
        offering: Offering,
        keys: Vec<Zeroizing<String>>,
        transaction_id: Option<String>,
        next_try_at: i64,
        env: &mut Env<'_>,
    ) -> Result<Self, ReceiveError> {
        let (origin, client_id, tokens, issuance) = of.kept();
        let awaited = Self {
            id: env.random_token().map_err(|_| ReceiveError::Keys)?,
            name: String::new(),
            issuer: String::new(),
            next_try_at: Some(next_try_at),
            asked_at: env.now.0,
            issuance,
            offer: of.offer.clone(),
            origin,
            offering,
            client_id,
            tokens,
            transaction_id,
            keys,
        };
        if awaited.write_json().to_string().len() > MAX_KEPT {
            return Err(AnswerError::Json(JsonError::TooLong).into());
        }
        Ok(awaited)
    }

    /// For screens.
    pub(crate) fn view(&self) -> AwaitedCard {
        AwaitedCard {
            id: self.id.clone(),
            name: self.name.clone(),
            issuer: self.issuer.clone(),
            next_try_at: self.next_try_at,
        }
    }

    /// True when it was never put off, but did not come.
    pub(crate) fn is_rest(&self) -> bool {
        self.transaction_id.is_none()
    }

    /// True when it is of this offer, did not come, and the issuer may still give it.
    pub(crate) fn is_rest_of(&self, offer: &str, now: Timestamp) -> bool {
        let alive = !self.tokens.is_over(now) || self.tokens.can_be_renewed();
        self.is_rest() && self.offer.as_deref() == Some(offer) && self.next_try_at.is_some() && alive
    }

    /// Where tokens are renewed.
    pub(crate) fn token_endpoint(&self) -> Result<&Endpoint, ReceiveError> {
        let endpoint = self.origin.server.token_endpoint.as_ref();
        endpoint.ok_or(ReceiveError::Answer(AnswerError::NoAuthorizationServer))
    }

    /// How the next request and its answer are encrypted: anew each time (CI-27).
    pub(crate) fn encryption(&self, env: &mut Env<'_>) -> Result<Option<Exchange>, ReceiveError> {
        Ok(Exchange::with(&self.origin.metadata, env)?)
    }

    /// Asks what the issuer announces now.
    pub(crate) fn announcement_request(&self, profile: &Profile) -> HttpRequest {
        IssuerMetadata::request(&self.origin.metadata.credential_issuer, profile)
    }

    /// Takes how it wants messages encrypted from now on.
    pub(crate) fn announced(
        &mut self,
        response: &HttpResponse,
        profile: &Profile,
    ) -> Result<(), ReceiveError> {
        let kept = &mut self.origin.metadata;
        let now = IssuerMetadata::from_response(response, &kept.credential_issuer, profile)?;
        kept.request_encryption = now.request_encryption;
        kept.response_encryption = now.response_encryption;
        Ok(())
    }

    /// The deferred credential request (§9.1).
    pub(crate) fn request(
        &self,
        encryption: Option<&Exchange>,
        access: &Access,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Result<HttpRequest, ReceiveError> {
        let endpoint = self.origin.metadata.deferred_credential_endpoint.as_ref();
        let request = DeferredRequest {
            transaction_id: self.transaction_id.clone().ok_or(AnswerError::Deferred)?,
        }
        .to_http(endpoint.ok_or(AnswerError::Deferred)?, access, profile, env);
        sealed(encryption, request.map_err(|_| ReceiveError::Keys)?, env)
    }

    /// Takes the answer.
    pub(crate) fn receive(
        &self,
        encryption: Option<&Exchange>,
        response: HttpResponse,
        anchors: &TrustAnchors,
        crypto: &dyn CryptoProvider,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Result<Delivery, ReceiveError> {
        let response = opened(encryption, response)?;
        match CredentialAnswer::from_response(&response, self.keys.len(), profile)? {
            CredentialAnswer::Issued(answer) => {
                let keys = self.keys.iter().map(|key| {
                    let bytes = Zeroizing::new(base64url::decode(key).map_err(|_| ReceiveError::Keys)?);
                    SoftwareKey::from_bytes(&bytes).map_err(|_| ReceiveError::Keys)
                });
                let keys = keys.collect::<Result<Vec<_>, ReceiveError>>()?;
                let issuer = &self.origin.metadata.credential_issuer;
                let offering = &self.offering;
                let card = verified(&answer.credentials, keys, offering, issuer, anchors, crypto, env)?;
                Ok(Delivery::Card(
                    Box::new(card),
                    answer.notification_id.into_iter().collect(),
                ))
            }
            // CI-27, §9.2: the same transaction. Another one would be another card.
            CredentialAnswer::Later { transaction_id, .. }
                if Some(&transaction_id) != self.transaction_id.as_ref() =>
            {
                Err(AnswerError::Deferred.into())
            }
            CredentialAnswer::Later { interval, .. } => Ok(Delivery::Later(after(env.now, interval))),
        }
    }

    /// When to try again after this error: never, when the issuer has no such card for us any more.
    pub(crate) fn after(&self, error: &ReceiveError, now: Timestamp) -> Option<i64> {
        let code = match error {
            // Nobody answered: that says nothing about the card.
            error if error.is_network() => return self.next_try_at,
            // The issuer counts it as fetched.
            ReceiveError::Credential(_)
            | ReceiveError::OtherType
            | ReceiveError::NotBound
            | ReceiveError::CopiesDiffer
            | ReceiveError::Count => return None,
            ReceiveError::Answer(AnswerError::Refused(rejection)) => &rejection.code,
            _ => return Some(now.plus(AFTER_NONSENSE).0),
        };
        match code {
            RejectionCode::InvalidTransactionId
            | RejectionCode::CredentialRequestDenied
            | RejectionCode::InvalidToken
            | RejectionCode::InvalidGrant => None,
            _ => Some(now.plus(AFTER_NONSENSE).0),
        }
    }

    /// Tells the issuer what became of it.
    pub(crate) fn notifications(
        &self,
        ids: &[String],
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Vec<HttpRequest> {
        notifications(ids, true, &self.origin, &self.tokens.access, profile, env)
    }
}

fn after(now: Timestamp, interval: u64) -> Timestamp {
    now.plus(i64::try_from(interval).unwrap_or(i64::MAX))
}

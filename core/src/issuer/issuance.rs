//! One offer and what became of it.

use super::client::Presented;
use crate::crypto::constant_time_eq;
use crate::encoding::json::Object;
use crate::env::Timestamp;
use crate::oid4vci::{Notification, NotificationEvent, Rejection, RejectionCode};
use crate::status::StatusReference;

/// One offer, at rest. Every step consumes it and gives back the next state; store that before answering.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Issuance {
    /// An offer with a pre-authorised code was made; the code has not been used.
    Offered(Offered),
    /// An offer was made for which a person signs in; nobody came yet.
    Invited(Invited),
    /// An authorization request waits for a person.
    Pushed(Pushed),
    /// The person agreed; the authorization code has not been used.
    Approved(Approved),
    /// The code was exchanged for a token; credentials can be requested.
    Authorized(Authorized),
    /// Over.
    Closed(Closed),
}

/// An offer that waits for its pre-authorised code.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Offered {
    /// Id of the offer.
    pub id: String,
    /// What is offered.
    pub configuration_ids: Vec<String>,
    /// Fingerprint of the pre-authorised code.
    pub code_fingerprint: String,
    /// HMAC of the transaction code under the pre-authorised code, when one is needed.
    pub tx_code_mac: Option<String>,
    /// Wrong transaction codes until the offer is closed.
    pub attempts_left: u8,
    /// From when the code is no longer good.
    pub expires_at: Timestamp,
    /// Seconds until the cards are ready, when not at once.
    #[serde(default)]
    pub later: Option<u32>,
}

/// An offer that waits for someone to sign in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Invited {
    /// Id of the offer.
    pub id: String,
    /// What is offered.
    pub configuration_ids: Vec<String>,
    /// From when it is no longer good.
    pub expires_at: Timestamp,
    /// Seconds until the cards are ready, when not at once.
    pub later: Option<u32>,
}

/// What a wallet may request, from the first time it asks to the end.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Wanted {
    /// Of these configurations.
    pub configuration_ids: Vec<String>,
    /// Those of them that were named in `authorization_details`: requested by credential identifier only (CI-13).
    #[serde(default)]
    pub by_details: Vec<String>,
    /// The scope to tell the wallet: what was left when values that name nothing here were ignored.
    #[serde(default)]
    pub scope: Option<String>,
}

/// An authorization request that was found to be good.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Requested {
    /// Id of the offer, or of the request when there was no offer.
    pub id: String,
    /// What is asked for.
    #[serde(flatten)]
    pub wanted: Wanted,
    /// The offer it answers: as long as no code was redeemed, the wallet may begin again.
    pub offer: Option<Invited>,
    /// Who asks.
    pub client_id: String,
    /// Where the person goes back to; one that is registered for the client.
    pub redirect_uri: String,
    /// PKCE, S256.
    pub code_challenge: String,
    /// The DPoP key that the code will be bound to, when the wallet said so.
    pub dpop_jkt: Option<String>,
    /// The key of the client's attestation, when it brought one: the code will be bound to it.
    #[serde(default)]
    pub instance_jkt: Option<String>,
}

/// An authorization request that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Pushed {
    /// The request.
    #[serde(flatten)]
    pub request: Requested,
    /// Fingerprint of the `request_uri`.
    pub request_fingerprint: String,
    /// `state`, to be given back.
    pub client_state: Option<String>,
    /// From when it is no longer good.
    pub expires_at: Timestamp,
}

/// A person agreed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Approved {
    /// To this request.
    #[serde(flatten)]
    pub request: Requested,
    /// Fingerprint of the authorization code.
    pub code_fingerprint: String,
    /// From when the code is no longer good.
    pub expires_at: Timestamp,
}

/// An offer whose code was exchanged.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Authorized {
    /// Id of the offer.
    pub id: String,
    /// What may be requested.
    #[serde(flatten)]
    pub wanted: Wanted,
    /// Fingerprint of the access token.
    pub token_fingerprint: String,
    /// From when the token is no longer good.
    pub expires_at: Timestamp,
    /// What was issued so far.
    pub pickups: Vec<Pickup>,
    /// Who may use it: the client of the authorization code, else `None`.
    #[serde(default)]
    pub client_id: Option<String>,
    /// What the client of a pre-authorised code called itself, if anything. Good for nothing but to be repeated in key
    /// proofs (CI-23).
    #[serde(default)]
    pub named: Option<String>,
    /// Fingerprint of the authorization code it came from: a second use ends everything.
    #[serde(default)]
    pub code_fingerprint: Option<String>,
    /// The key the tokens are bound to; `None` for bearer tokens.
    #[serde(default)]
    pub dpop_jkt: Option<String>,
    /// For the next access token; only with a key.
    #[serde(default)]
    pub refresh: Option<Refresh>,
    /// Seconds until the cards are ready, when not at once.
    #[serde(default)]
    pub later: Option<u32>,
    /// What was requested and is not ready, not picked up, or perhaps did not arrive.
    #[serde(default)]
    pub deferred: Vec<Deferred>,
}

/// A refresh token.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refresh {
    /// Its fingerprint.
    pub fingerprint: String,
    /// From when it is no longer good.
    pub expires_at: Timestamp,
    /// The key of the client's attestation, when it had one: only this very wallet can use it (Attestation-Based Client
    /// Authentication §11.2).
    #[serde(default)]
    pub instance_jkt: Option<String>,
}

/// Copies that are issued later. The keys were proved when they were requested.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Deferred {
    /// Fingerprint of the transaction id.
    pub transaction_fingerprint: String,
    /// The configuration.
    pub configuration_id: String,
    /// The keys, as JWK, one for each copy.
    pub keys: Vec<Object>,
    /// From when they can be had.
    pub ready_at: Timestamp,
    /// Once they were given out.
    #[serde(default)]
    pub given: Option<Given>,
}

/// Copies that were given out, which may not have arrived: whoever asks again gets the same ones, made anew.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Given {
    /// The id the wallet uses to tell that it has them.
    pub notification_id: String,
    /// Their places, one for each key.
    pub statuses: Vec<StatusReference>,
    /// The day they are of.
    pub issued_at: Timestamp,
    /// From when they are not given again.
    pub until: Timestamp,
    /// How often they still are.
    pub times: u8,
}

impl Given {
    /// True when they are not given again.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.until || self.times == 0
    }
}

/// One answered credential request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Pickup {
    /// The configuration.
    pub configuration_id: String,
    /// How many copies.
    pub copies: usize,
    /// The id the wallet uses to tell what became of them.
    pub notification_id: String,
    /// What the wallet said last, if anything.
    pub event: Option<NotificationEvent>,
}

/// An offer that is over.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Closed {
    /// Id of the offer.
    pub id: String,
    /// Why.
    pub because: ClosedBecause,
}

/// Why an offer is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBecause {
    /// Too many wrong transaction codes (CI-6).
    TooManyAttempts,
    /// Nobody came in time.
    Expired,
    /// The person said no.
    Declined,
    /// An authorization code was used again (RFC 6749 §4.1.2).
    CodeReused,
}

impl Authorized {
    /// Without a token yet.
    pub(super) fn new(id: String, wanted: Wanted, now: Timestamp) -> Self {
        Self {
            id,
            wanted,
            token_fingerprint: String::new(),
            expires_at: now,
            pickups: Vec::new(),
            client_id: None,
            named: None,
            code_fingerprint: None,
            dpop_jkt: None,
            refresh: None,
            later: None,
            deferred: Vec::new(),
        }
    }
}

impl Issuance {
    /// The id of the offer.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Offered(offered) => &offered.id,
            Self::Invited(invited) => &invited.id,
            Self::Pushed(pushed) => &pushed.request.id,
            Self::Approved(approved) => &approved.request.id,
            Self::Authorized(authorized) => &authorized.id,
            Self::Closed(closed) => &closed.id,
        }
    }

    /// Until when anything can come of it: keep the record at least as long. `None` when it is over.
    #[must_use]
    pub fn useful_until(&self) -> Option<Timestamp> {
        match self {
            Self::Offered(offered) => Some(offered.expires_at),
            Self::Invited(invited) => Some(invited.expires_at),
            Self::Pushed(Pushed {
                request, expires_at, ..
            })
            | Self::Approved(Approved {
                request, expires_at, ..
            }) => {
                let offer = request.offer.as_ref().map(|offer| offer.expires_at);
                offer.max(Some(*expires_at))
            }
            Self::Authorized(authorized) => {
                let refresh = authorized.refresh.as_ref().map(|refresh| refresh.expires_at);
                refresh.max(Some(authorized.expires_at))
            }
            Self::Closed(_) => None,
        }
    }

    /// What the token is good for.
    ///
    /// # Errors
    /// [`RejectionCode::InvalidToken`], also for a token without the proof it is bound to, or with one it is not (RFC 9449
    /// §7.1, §7.2).
    pub(super) fn with_token(
        &self,
        presented: &Presented<'_>,
        now: Timestamp,
    ) -> Result<&Authorized, Rejection> {
        let refused = || Rejection::new(RejectionCode::InvalidToken, "the access token is not good");
        let Self::Authorized(authorized) = self else {
            return Err(refused());
        };
        let fingerprint = presented.token.fingerprint();
        let known = constant_time_eq(fingerprint.as_bytes(), authorized.token_fingerprint.as_bytes());
        let bound = authorized.dpop_jkt.as_deref() == presented.dpop_jkt;
        if known && bound && now < authorized.expires_at {
            Ok(authorized)
        } else {
            Err(refused())
        }
    }

    /// Records a notification. The caller found this record by the access token.
    ///
    /// # Errors
    /// [`RejectionCode::InvalidNotificationId`] for an id that was not given out for this token (CI-28);
    /// [`RejectionCode::InvalidToken`] without the proof that the token is bound to.
    pub fn notify(self, presented: &Presented<'_>, notification: &Notification) -> Result<Self, Rejection> {
        let unknown = || Rejection::new(RejectionCode::InvalidNotificationId, "not an id of this issuance");
        let Self::Authorized(mut authorized) = self else {
            return Err(unknown());
        };
        // A late notification is welcome: the token only says whose it is, so its end does not matter.
        if authorized.dpop_jkt.as_deref() != presented.dpop_jkt {
            return Err(Rejection::new(
                RejectionCode::InvalidToken,
                "the access token is not good",
            ));
        }
        let pickup = authorized
            .pickups
            .iter_mut()
            .find(|pickup| pickup.notification_id == notification.notification_id)
            .ok_or_else(unknown)?;
        // §11: sending the same notification again is not an error.
        pickup.event = Some(notification.event);
        // CI-27, §9: the transaction ends when the wallet has the cards. What it could not use or keep it may ask for again.
        if notification.event != NotificationEvent::CredentialFailure {
            let has = |given: &Given| given.notification_id == notification.notification_id;
            authorized
                .deferred
                .retain(|deferred| !deferred.given.as_ref().is_some_and(has));
        }
        Ok(Self::Authorized(authorized))
    }

    pub(super) fn close(self, because: ClosedBecause) -> Self {
        Self::Closed(Closed {
            id: self.id().to_owned(),
            because,
        })
    }
}

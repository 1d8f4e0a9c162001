//! One offer and what became of it.

use std::fmt;

use super::error::IssuanceError;
use super::settings::IssuerSettings;
use crate::env::{Env, Timestamp};
use crate::oid4vci::{
    CredentialOffer, InputMode, Notification, NotificationEvent, PreAuthorizedCodeGrant, Rejection,
    RejectionCode, SecretText, TxCode,
};

/// One offer, at rest. Every step consumes it and gives back the next state; store that before answering.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Issuance {
    /// The offer was made; its code has not been used.
    Offered(Offered),
    /// The code was exchanged for a token; credentials can be requested.
    Authorized(Authorized),
    /// Over.
    Closed(Closed),
}

/// An offer that waits for its code.
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
}

/// An offer whose code was exchanged.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Authorized {
    /// Id of the offer.
    pub id: String,
    /// What may be requested.
    pub configuration_ids: Vec<String>,
    /// Fingerprint of the access token.
    pub token_fingerprint: String,
    /// From when the token is no longer good.
    pub expires_at: Timestamp,
    /// What was issued so far.
    pub pickups: Vec<Pickup>,
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
}

/// A new offer, with the secrets that are not kept.
pub struct NewOffer {
    /// To be stored.
    pub issuance: Issuance,
    /// To be put into a link or served by reference, once.
    pub offer: CredentialOffer,
    /// To be given to the person by another way than the offer (§13.6).
    pub tx_code: Option<SecretText>,
}

// The offer holds the code.
impl fmt::Debug for NewOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewOffer")
            .field("issuance", &self.issuance)
            .finish_non_exhaustive()
    }
}

impl Issuance {
    /// Makes an offer for `configuration_ids`, with a six-digit transaction code when `tx_code` is set.
    ///
    /// # Errors
    /// [`IssuanceError::UnknownConfiguration`], [`IssuanceError::Random`].
    pub fn offer(
        settings: &IssuerSettings,
        configuration_ids: &[&str],
        tx_code: bool,
        env: &mut Env<'_>,
    ) -> Result<NewOffer, IssuanceError> {
        for (index, id) in configuration_ids.iter().enumerate() {
            if !settings.configurations.contains_key(*id) || configuration_ids[..index].contains(id) {
                return Err(IssuanceError::UnknownConfiguration((*id).to_owned()));
            }
        }
        if configuration_ids.is_empty() {
            return Err(IssuanceError::UnknownConfiguration(String::new()));
        }
        let configuration_ids: Vec<String> = configuration_ids.iter().map(|id| (*id).to_owned()).collect();
        let code = SecretText::new(env.random_token()?);
        let typed = if tx_code {
            Some(super::token::new_tx_code(env)?)
        } else {
            None
        };
        let issuance = Self::Offered(Offered {
            id: env.random_token()?,
            configuration_ids: configuration_ids.clone(),
            code_fingerprint: code.fingerprint(),
            tx_code_mac: typed
                .as_ref()
                .map(|typed| super::token::tx_code_mac(&code, typed)),
            attempts_left: settings.tx_code_attempts.max(1),
            expires_at: env.now.plus(settings.offer_life),
        });
        let offer = CredentialOffer {
            credential_issuer: settings.identifier.clone(),
            credential_configuration_ids: configuration_ids,
            authorization_code: None,
            pre_authorized_code: Some(PreAuthorizedCodeGrant {
                pre_authorized_code: code,
                tx_code: typed.as_ref().map(|_| TxCode {
                    input_mode: InputMode::Numeric,
                    length: Some(super::token::TX_CODE_LENGTH),
                    description: Some("The code that was shown next to the offer".to_owned()),
                }),
                authorization_server: None,
            }),
        };
        Ok(NewOffer {
            issuance,
            offer,
            tx_code: typed,
        })
    }

    /// The id of the offer.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Offered(offered) => &offered.id,
            Self::Authorized(authorized) => &authorized.id,
            Self::Closed(closed) => &closed.id,
        }
    }

    /// Records a notification. The caller found this record by the access token.
    ///
    /// # Errors
    /// [`RejectionCode::InvalidNotificationId`] for an id that was not given out for this token (CI-28).
    pub fn notify(self, notification: &Notification) -> Result<Self, Rejection> {
        let unknown = || Rejection::new(RejectionCode::InvalidNotificationId, "not an id of this issuance");
        let Self::Authorized(mut authorized) = self else {
            return Err(unknown());
        };
        let pickup = authorized
            .pickups
            .iter_mut()
            .find(|pickup| pickup.notification_id == notification.notification_id)
            .ok_or_else(unknown)?;
        // §11: sending the same notification again is not an error.
        pickup.event = Some(notification.event);
        Ok(Self::Authorized(authorized))
    }

    pub(super) fn close(self, because: ClosedBecause) -> Self {
        Self::Closed(Closed {
            id: self.id().to_owned(),
            because,
        })
    }
}

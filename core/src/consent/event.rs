//! Signed events after the receipt: renewing, pausing, narrowing, revoking. (A withdrawal is an event with a message
//! of its own, [`super::Withdrawal`].)

use super::digest::Digest;
use super::fold::{Author, Event};
use super::receipt::VerifiedReceipt;
use crate::crypto::{CryptoProvider, PublicKey, SignError, Signer};
use crate::encoding::json::Object;
use crate::encoding::jws::{self, JwsError, UnverifiedJws};
use crate::encoding::record::{self, FromJson, Malformed, ToJson, Value};
use crate::env::Timestamp;
use crate::error::ErrorCode;

/// The `typ` of an event.
pub const TYP: &str = "consent-event+jwt";

/// What an event says; names of the Data Privacy Vocabulary where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub enum EventState {
    /// The notice was shown (start of a notice record).
    NoticeShown,
    /// Consent was asked for.
    ConsentRequested,
    /// To be decided later.
    ConsentRequestDeferred,
    /// Refused.
    ConsentRefused,
    /// Agreed.
    ConsentGiven,
    /// Agreed again, with a new validity.
    RenewedConsentGiven,
    /// Shorter or less often than before (our extension).
    ConsentNarrowed,
    /// Paused (our extension).
    ConsentSuspended,
    /// No longer paused (our extension).
    ConsentResumed,
    /// Ended by the person.
    ConsentWithdrawn,
    /// Ended by the service or another party.
    ConsentRevoked,
    /// Found never to have been valid.
    ConsentInvalidated,
}

/// The payload of an event.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct ConsentEvent {
    /// The receipt it belongs to.
    pub receipt_sha256: Digest,
    /// Its number; the receipt is 0.
    pub seq: u64,
    /// The hash of the event (or receipt) with the number before.
    pub prev_hash: Digest,
    /// What it says.
    pub event_state: EventState,
    /// When.
    pub iat: Timestamp,
    /// The purposes; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purposes: Option<Vec<String>>,
    /// For given, renewed and narrowed: until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// For given, renewed and narrowed: how often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u64>,
}

/// Why an event was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Not a JWS, or signed with neither the key of the receipt nor that of the service.
    #[error("the event is not acceptable: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is not that of an event or a withdrawal.
    #[error("this is not a consent event")]
    Type,
    /// A claim is missing or of the wrong type.
    #[error("the event is malformed: {0}")]
    Malformed(String),
    /// It belongs to another receipt.
    #[error("the event belongs to another receipt")]
    OtherReceipt,
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl From<Malformed> for EventError {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl ErrorCode for EventError {
    fn code(&self) -> &'static str {
        match self {
            Self::Jws(JwsError::Signature) => "consent-event-signature",
            Self::Jws(_) | Self::Type | Self::Malformed(_) => "consent-event-malformed",
            Self::OtherReceipt => "consent-event-other-receipt",
            Self::Sign(_) => "consent-event-not-signed",
        }
    }
}

impl ConsentEvent {
    /// Signs the event: with the key of the receipt, or with the access certificate (`x5c`) of the service.
    ///
    /// # Errors
    /// [`EventError::Sign`].
    pub fn sign(&self, x5c: &[Vec<u8>], signer: &dyn Signer) -> Result<String, EventError> {
        Ok(jws::sign_jwt(TYP, x5c, &to_object(self)?, signer)?)
    }

    /// Verifies a signed event (or a withdrawal, which is one) of `receipt`. `controller` is the key of the service's
    /// access certificate.
    ///
    /// # Errors
    /// [`EventError`].
    pub fn verify(
        jwt: &str,
        receipt: &VerifiedReceipt,
        controller: Option<&PublicKey>,
        crypto: &dyn CryptoProvider,
    ) -> Result<Event, EventError> {
        let jws = UnverifiedJws::parse(jwt)?;
        let withdrawal = jws.header().is_type(super::withdrawal::TYP);
        if !withdrawal && !jws.header().is_type(TYP) {
            return Err(EventError::Type);
        }
        // Whose key verifies it says who made it; the event itself cannot claim an author.
        let (claims, author) = match (jws.verify(receipt.key(), crypto), controller) {
            (Ok(verified), _) => (verified.claims()?, Author::Principal),
            (Err(_), Some(key)) => (jws.verify(key, crypto)?.claims()?, Author::Controller),
            (Err(error), None) => return Err(error.into()),
        };
        let event: Self = from_object(claims)?;
        if event.receipt_sha256 != receipt.sha256() {
            return Err(EventError::OtherReceipt);
        }
        if event.seq == 0 {
            return Err(EventError::Malformed("seq 0 is the receipt".into()));
        }
        // One form for each meaning: a withdrawal must carry what makes it one (audience, wish for erasure).
        if withdrawal != (event.event_state == EventState::ConsentWithdrawn) {
            return Err(EventError::Type);
        }
        Ok(Event {
            hash: Digest::of(jwt),
            prev_hash: Some(event.prev_hash),
            seq: event.seq,
            author,
            purposes: event.purposes,
            state: event.event_state,
            time: event.iat,
            valid_until: event.valid_until,
            max_uses: event.max_uses,
        })
    }
}

pub(super) fn to_object<T: ToJson>(value: &T) -> Result<Object, EventError> {
    Ok(record::object(value.write_json())?)
}

pub(super) fn from_object<T: FromJson>(object: Object) -> Result<T, EventError> {
    Ok(T::read_json(Value::Object(object))?)
}

//! Withdrawing: what the wallet sends, what the service must answer, and how far it got.
//!
//! A withdrawal takes effect when the person makes it, not when the service hears of it. It then travels: told,
//! acknowledged or disputed, or not reachable and tried again.

use super::digest::Digest;
use super::event::{EventError, EventState, from_object, to_object};
use super::legal::{LegalBasis, RecordKind};
use super::receipt::VerifiedReceipt;
use super::texts::{is_date, is_text};
use crate::claims::ClaimsPath;
use crate::crypto::{CryptoProvider, PublicKey, SignError, Signer};
use crate::encoding::jws::{self, JwsError, UnverifiedJws};
use crate::encoding::record::{FromJson, ToJson};
use crate::env::{Env, RandomUnavailable, Timestamp};
use crate::error::{Audience, Blame, ErrorCode};
use crate::profile::CLOCK_LEEWAY;

/// Most entries of `retained`.
const MAX_RETAINED: usize = 64;

/// The `typ` of a withdrawal.
pub const TYP: &str = "consent-withdrawal+jwt";

/// The `typ` of an acknowledgement.
pub const ACKNOWLEDGEMENT_TYP: &str = "consent-withdrawal-ack+jwt";

/// The payload of a withdrawal: an event of the chain, addressed to the service.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct Withdrawal {
    /// The thumbprint URI of the receipt's key.
    pub iss: String,
    /// The full client identifier of the service.
    pub aud: String,
    /// When.
    pub iat: Timestamp,
    /// UUID; the same withdrawal sent twice is one.
    pub jti: String,
    /// The receipt, by hash.
    pub receipt_sha256: Digest,
    /// Its number in the chain.
    pub seq: u64,
    /// The hash of the event before.
    pub prev_hash: Digest,
    /// Always `ConsentWithdrawn`.
    pub event_state: EventState,
    /// The purposes; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purposes: Option<Vec<String>>,
    /// The person also asks for erasure (GDPR Article 17): a separate wish.
    pub erasure_requested: bool,
}

/// The payload of an acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct WithdrawalAcknowledgement {
    /// The full client identifier of the service.
    pub iss: String,
    /// When.
    pub iat: Timestamp,
    /// The withdrawal, by hash.
    pub withdrawal_sha256: Digest,
    /// The receipt, by hash.
    pub receipt_sha256: Digest,
    /// False when the service disputes it; then `retained` says why.
    pub accepted: bool,
    /// The purposes for which processing has stopped.
    pub stopped: Vec<String>,
    /// What is kept nevertheless; empty when nothing is.
    pub retained: Vec<Retained>,
    /// The answer to the wish for erasure; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erasure: Option<ErasureAnswer>,
}

/// Data that is kept after a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct Retained {
    /// What, as claims paths; never values. Empty for data that is not an attribute, such as an invoice.
    pub paths: Vec<ClaimsPath>,
    /// On which basis.
    pub legal_basis: LegalBasis,
    /// Why, in the service's words.
    pub reason: String,
    /// Until when, RFC 3339 date, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// The answer to a wish for erasure; names of the Data Privacy Vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub enum ErasureAnswer {
    /// Will be done.
    RequestAccepted,
    /// Is done.
    RequestFulfilled,
    /// Will not be done; `retained` says why.
    RequestRejected,
}

/// How far a withdrawal got. At rest in the wallet.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Propagation {
    /// Signed; the service has not heard of it yet.
    Withdrawn,
    /// Sent; the service has not answered.
    Notified,
    /// The service could not be reached; it is tried again, and shown.
    Unreachable {
        /// How often it was tried.
        attempts: u32,
        /// When it is tried next.
        next_try: Timestamp,
    },
    /// The service acknowledged with a signature.
    Acknowledged,
    /// The service signed that it does not agree.
    Disputed,
}

/// Why a withdrawal or acknowledgement was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawalError {
    /// Not a JWS, or its signature is wrong.
    #[error("the message is not acceptable: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is another one.
    #[error("this is not the message expected here")]
    Type,
    /// A claim is missing, of the wrong type, or not allowed.
    #[error("the message is malformed: {0}")]
    Malformed(String),
    /// It belongs to another receipt, withdrawal or service.
    #[error("the message is for something else: {0}")]
    Other(&'static str),
    /// There is nothing to withdraw: the processing does not rest on consent.
    #[error("this record does not rest on consent")]
    NotConsent,
    /// It is from the future.
    #[error("the message is from the future")]
    Time,
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// No randomness for its id.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl From<EventError> for WithdrawalError {
    fn from(error: EventError) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl ErrorCode for WithdrawalError {
    fn code(&self) -> &'static str {
        match self {
            Self::Jws(JwsError::Signature) => "withdrawal-signature",
            Self::Jws(_) | Self::Type | Self::Malformed(_) => "withdrawal-malformed",
            Self::Other(_) => "withdrawal-other-receipt",
            Self::NotConsent => "withdrawal-no-consent",
            Self::Time => "withdrawal-from-the-future",
            Self::Sign(_) | Self::Random(_) => "withdrawal-not-made",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::NotConsent => Blame::Caller,
            Self::Sign(_) | Self::Random(_) => Blame::Us,
            _ => Blame::Peer,
        }
    }

    fn audience(&self) -> Audience {
        match self {
            Self::NotConsent | Self::Sign(_) | Self::Random(_) => Audience::Citizen,
            _ => Audience::ServiceProvider,
        }
    }
}

/// What the person wants to withdraw.
#[derive(Debug, Clone, Default)]
pub struct WithdrawalWish {
    /// The purposes; `None` for all.
    pub purposes: Option<Vec<String>>,
    /// Erasure is wanted too.
    pub erasure: bool,
    /// The last event of the chain (number and hash), when there is one after the receipt.
    pub last_event: Option<(u64, Digest)>,
}

impl Withdrawal {
    /// Makes and signs a withdrawal with the key of the receipt.
    ///
    /// # Errors
    /// [`WithdrawalError::NotConsent`] for a notice record, `Malformed` for purposes the receipt does not have,
    /// `Sign` when `key` is another key, `Random`.
    pub fn sign(
        receipt: &VerifiedReceipt,
        wish: WithdrawalWish,
        key: &dyn Signer,
        env: &mut Env<'_>,
    ) -> Result<String, WithdrawalError> {
        if receipt.receipt().record.record_kind != RecordKind::Consent {
            return Err(WithdrawalError::NotConsent);
        }
        if key.public_key() != *receipt.key() {
            return Err(SignError.into());
        }
        let (last, prev_hash) = wish.last_event.unwrap_or((0, receipt.sha256()));
        let payload = Self {
            iss: super::receipt::thumbprint_uri(receipt.key()),
            aud: receipt.receipt().evidence.client_id.clone(),
            iat: env.now,
            jti: super::receipt::uuid_v4(env)?,
            receipt_sha256: receipt.sha256(),
            seq: last.saturating_add(1),
            prev_hash,
            event_state: EventState::ConsentWithdrawn,
            purposes: wish.purposes,
            erasure_requested: wish.erasure,
        };
        payload.check_purposes(receipt)?;
        Ok(jws::sign_jwt(TYP, &[], &to_object(&payload)?, key)?)
    }

    /// The receipt a withdrawal is about, before anything is verified: to find the record.
    ///
    /// # Errors
    /// [`WithdrawalError`] when it cannot be read.
    pub fn unverified_receipt_sha256(jwt: &str) -> Result<Digest, WithdrawalError> {
        let jws = UnverifiedJws::parse(jwt)?;
        if !jws.header().is_type(TYP) {
            return Err(WithdrawalError::Type);
        }
        Ok(from_object::<Self>(jws.unverified_claims()?)?.receipt_sha256)
    }

    /// Verifies a withdrawal of `receipt` with the receipt's own key. However old it is, it counts: a withdrawal that
    /// arrives late is still one.
    ///
    /// # Errors
    /// [`WithdrawalError`].
    pub fn verify(
        jwt: &str,
        receipt: &VerifiedReceipt,
        now: Timestamp,
        crypto: &dyn CryptoProvider,
    ) -> Result<Self, WithdrawalError> {
        let jws = UnverifiedJws::parse(jwt)?;
        if !jws.header().is_type(TYP) {
            return Err(WithdrawalError::Type);
        }
        let payload: Self = from_object(jws.verify(receipt.key(), crypto)?.claims()?)?;
        if payload.receipt_sha256 != receipt.sha256() {
            return Err(WithdrawalError::Other("receipt"));
        }
        if payload.aud != receipt.receipt().evidence.client_id {
            return Err(WithdrawalError::Other("service"));
        }
        if payload.iss != super::receipt::thumbprint_uri(receipt.key()) {
            return Err(WithdrawalError::Other("key"));
        }
        if payload.event_state != EventState::ConsentWithdrawn || payload.seq == 0 {
            return Err(WithdrawalError::Malformed("not a withdrawal event".into()));
        }
        if receipt.receipt().record.record_kind != RecordKind::Consent {
            return Err(WithdrawalError::NotConsent);
        }
        if payload.iat > now.plus(CLOCK_LEEWAY) {
            return Err(WithdrawalError::Time);
        }
        payload.check_purposes(receipt)?;
        Ok(payload)
    }

    /// The purposes it ends, by id.
    #[must_use]
    pub fn purposes_of(&self, receipt: &VerifiedReceipt) -> Vec<String> {
        match &self.purposes {
            Some(purposes) => purposes.clone(),
            None => all_purposes(receipt),
        }
    }

    fn check_purposes(&self, receipt: &VerifiedReceipt) -> Result<(), WithdrawalError> {
        let Some(purposes) = &self.purposes else {
            return Ok(());
        };
        // Bounded before it is compared: a purpose named twice must not count as two.
        let all = receipt.receipt().record.processing.len();
        let repeated = |index: usize, id: &String| purposes[..index].contains(id);
        if !(1..=all).contains(&purposes.len())
            || purposes
                .iter()
                .enumerate()
                .any(|(index, id)| receipt.processing(id).is_none() || repeated(index, id))
        {
            return Err(WithdrawalError::Malformed(
                "a purpose the receipt does not have, or one named twice".into(),
            ));
        }
        Ok(())
    }
}

impl WithdrawalAcknowledgement {
    /// An acknowledgement that everything withdrawn has stopped and nothing is kept.
    #[must_use]
    pub fn accept(
        withdrawal_jwt: &str,
        withdrawal: &Withdrawal,
        receipt: &VerifiedReceipt,
        now: Timestamp,
    ) -> Self {
        Self {
            iss: receipt.receipt().evidence.client_id.clone(),
            iat: now,
            withdrawal_sha256: Digest::of(withdrawal_jwt),
            receipt_sha256: receipt.sha256(),
            accepted: true,
            stopped: withdrawal.purposes_of(receipt),
            retained: Vec::new(),
            erasure: withdrawal
                .erasure_requested
                .then_some(ErasureAnswer::RequestAccepted),
        }
    }

    /// Signs it with the access certificate (`x5c`, leaf first) of the service.
    ///
    /// # Errors
    /// [`WithdrawalError::Sign`].
    pub fn sign(&self, x5c: &[Vec<u8>], signer: &dyn Signer) -> Result<String, WithdrawalError> {
        Ok(jws::sign_jwt(
            ACKNOWLEDGEMENT_TYP,
            x5c,
            &to_object(self)?,
            signer,
        )?)
    }

    /// Verifies the acknowledgement of `withdrawal_jwt` with the key of the service's access certificate.
    ///
    /// # Errors
    /// [`WithdrawalError`].
    pub fn verify(
        jwt: &str,
        withdrawal_jwt: &str,
        receipt: &VerifiedReceipt,
        key: &PublicKey,
        crypto: &dyn CryptoProvider,
    ) -> Result<Self, WithdrawalError> {
        let jws = UnverifiedJws::parse(jwt)?;
        if !jws.header().is_type(ACKNOWLEDGEMENT_TYP) {
            return Err(WithdrawalError::Type);
        }
        let payload: Self = from_object(jws.verify(key, crypto)?.claims()?)?;
        if payload.withdrawal_sha256 != Digest::of(withdrawal_jwt) {
            return Err(WithdrawalError::Other("withdrawal"));
        }
        if payload.receipt_sha256 != receipt.sha256() {
            return Err(WithdrawalError::Other("receipt"));
        }
        if payload.iss != receipt.receipt().evidence.client_id {
            return Err(WithdrawalError::Other("service"));
        }
        // The reasons end on the person's screen. Bounds of specs/formats/consent-withdrawal-ack.schema.json.
        let fits = |kept: &Retained| is_text(&kept.reason) && kept.until.as_deref().is_none_or(is_date);
        if payload.retained.len() > MAX_RETAINED || !payload.retained.iter().all(fits) {
            return Err(WithdrawalError::Malformed(
                "what is retained is not said in plain words".into(),
            ));
        }
        // "Accepted" must mean that everything withdrawn has stopped.
        let withdrawn: Withdrawal = from_object(UnverifiedJws::parse(withdrawal_jwt)?.unverified_claims()?)?;
        let wanted = withdrawn.purposes_of(receipt);
        if payload.accepted && !wanted.iter().all(|id| payload.stopped.contains(id)) {
            return Err(WithdrawalError::Malformed(
                "accepted, but not everything stopped".into(),
            ));
        }
        Ok(payload)
    }
}

impl Propagation {
    /// Longest time between two tries, in seconds.
    const LONGEST_WAIT: i64 = 24 * 3600;

    /// The message was handed to the network.
    #[must_use]
    pub fn sent(self) -> Self {
        match self {
            Self::Withdrawn | Self::Unreachable { .. } => Self::Notified,
            done => done,
        }
    }

    /// No answer came; wait a minute, then twice as long each time, up to a day.
    #[must_use]
    pub fn failed(self, attempts_before: u32, now: Timestamp) -> Self {
        match self {
            Self::Acknowledged | Self::Disputed => self,
            _ => {
                let wait = 60_i64
                    .saturating_mul(1 << attempts_before.min(20))
                    .min(Self::LONGEST_WAIT);
                Self::Unreachable {
                    attempts: attempts_before.saturating_add(1),
                    next_try: now.plus(wait),
                }
            }
        }
    }

    /// A verified acknowledgement came.
    #[must_use]
    pub fn answered(self, acknowledgement: &WithdrawalAcknowledgement) -> Self {
        if acknowledgement.accepted {
            Self::Acknowledged
        } else {
            Self::Disputed
        }
    }

    /// True when it must be sent (again) at `now`.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        match self {
            Self::Withdrawn | Self::Notified => true,
            Self::Unreachable { next_try, .. } => now >= *next_try,
            Self::Acknowledged | Self::Disputed => false,
        }
    }
}

fn all_purposes(receipt: &VerifiedReceipt) -> Vec<String> {
    let processing = &receipt.receipt().record.processing;
    processing
        .iter()
        .map(|entry| entry.processing_id.clone())
        .collect()
}

//! Everything needed to check a receipt later, offline: the receipt, the request it answers, the countersignature
//! with the service's certificate chain, and the events since.

use super::countersignature::{Countersignature, CountersignatureError};
use super::event::{ConsentEvent, EventError};
use super::fold::{EffectiveState, Event, fold};
use super::receipt::{ReceiptError, VerifiedReceipt};
use super::request::{ConsentRequest, ConsentRequestError};
use super::speaker::{Moment, speaker_key};
use crate::crypto::CryptoProvider;
use crate::encoding::jws::{JwsError, UnverifiedJws};
use crate::encoding::record::{FromJson, ToJson};
use crate::env::Timestamp;
use crate::error::ErrorCode;
use crate::profile::Profile;
use crate::sd_jwt::KeyBindingCheck;
use crate::trust::{ChainError, Role, TrustAnchors, VerifiedChain, verify_chain};

/// The version of the bundle format.
pub const FORMAT: &str = "assent-receipt-bundle-1";

/// Most events in one bundle.
const MAX_EVENTS: usize = 1000;

/// A bundle: what a person exports and anyone can check. Holds no claim values.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct ReceiptBundle {
    /// [`FORMAT`].
    pub format: String,
    /// The receipt, ending in `~`.
    pub receipt: String,
    /// The consent request it answers.
    pub consent_request: String,
    /// The countersignature; absent while the service has not sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub countersignature: Option<String>,
    /// Events and withdrawals, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// Acknowledgements of withdrawals. Kept as evidence; they do not change the state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acknowledgements: Vec<String>,
}

/// What a checked bundle proves.
#[derive(Debug, Clone)]
pub struct VerifiedBundle {
    /// The receipt.
    pub receipt: VerifiedReceipt,
    /// The request it answers.
    pub request: ConsentRequest,
    /// Who the service is, by its certificate.
    pub service: VerifiedChain,
    /// When the service countersigned; `None` when it did not.
    pub countersigned_at: Option<Timestamp>,
    /// The events, the receipt first.
    pub events: Vec<Event>,
}

/// Why a bundle was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Another format, or too many events.
    #[error("this is not a receipt bundle we can read")]
    Format,
    /// The receipt.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// The consent request.
    #[error(transparent)]
    Request(#[from] ConsentRequestError),
    /// The countersignature.
    #[error(transparent)]
    Countersignature(#[from] CountersignatureError),
    /// An event.
    #[error(transparent)]
    Event(#[from] EventError),
    /// A signature cannot be read.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// The certificate chain of the service.
    #[error("the service's certificate is not trusted: {0}")]
    Chain(#[from] ChainError),
    /// Two messages of the service have different certificates.
    #[error("request and countersignature were signed by different services")]
    DifferentService,
}

impl ErrorCode for BundleError {
    fn code(&self) -> &'static str {
        match self {
            Self::Format => "receipt-bundle-format",
            Self::Receipt(inner) => inner.code(),
            Self::Request(inner) => inner.code(),
            Self::Countersignature(inner) => inner.code(),
            Self::Event(inner) => inner.code(),
            Self::Jws(_) => "receipt-bundle-malformed",
            Self::Chain(_) => "receipt-bundle-untrusted-service",
            Self::DifferentService => "receipt-bundle-different-service",
        }
    }
}

impl ReceiptBundle {
    /// A bundle of a receipt and its request.
    #[must_use]
    pub fn new(receipt: &VerifiedReceipt, consent_request: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            receipt: receipt.compact().to_owned(),
            consent_request: consent_request.to_owned(),
            countersignature: None,
            events: Vec::new(),
            acknowledgements: Vec::new(),
        }
    }

    /// Checks the bundle without any network. The service's chain is checked as of the moment the request was made: a
    /// certificate that has run out since was good then.
    ///
    /// # Errors
    /// [`BundleError`] naming the part.
    pub fn verify(
        &self,
        anchors: &TrustAnchors,
        now: Timestamp,
        profile: &Profile,
        crypto: &dyn CryptoProvider,
    ) -> Result<VerifiedBundle, BundleError> {
        if self.format != FORMAT || self.events.len() > MAX_EVENTS {
            return Err(BundleError::Format);
        }
        let receipt = VerifiedReceipt::verify(&self.receipt, KeyBindingCheck::NotRequired, now, crypto)?;
        let request_jws = UnverifiedJws::parse(&self.consent_request)?;
        let x5c = &request_jws.header().x5c;
        let service = verify_chain(x5c, anchors, Role::AccessCertificate, receipt.issued_at(), crypto)?;
        let request =
            ConsentRequest::verify_archived(&self.consent_request, &service.leaf_key, profile, crypto)?;
        receipt.check_answers(&request)?;
        // The same certificate or a renewed one: one of somebody else with the same anchor proves nothing.
        let key = |jwt: &str| speaker_key(jwt, &service, anchors, Moment::Archive(now), crypto);
        let countersigned_at = self
            .countersignature
            .as_deref()
            .map(|jwt| {
                let key = key(jwt).ok_or(BundleError::DifferentService)?;
                Ok::<_, BundleError>(Countersignature::verify(jwt, &receipt, &key, crypto)?.iat)
            })
            .transpose()?;
        let mut events = vec![receipt.first_event()];
        for event in &self.events {
            events.push(ConsentEvent::verify(
                event,
                &receipt,
                key(event).as_ref(),
                crypto,
            )?);
        }
        Ok(VerifiedBundle {
            receipt,
            request,
            service,
            countersigned_at,
            events,
        })
    }
}

impl VerifiedBundle {
    /// The state of each purpose at `now`.
    #[must_use]
    pub fn states(&self, now: Timestamp) -> Vec<(String, EffectiveState)> {
        let processing = &self.receipt.receipt().record.processing;
        processing
            .iter()
            .map(|entry| {
                let id = entry.processing_id.clone();
                let state = fold(&self.events, &id, now, 0);
                (id, state)
            })
            .collect()
    }
}

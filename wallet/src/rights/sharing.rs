//! One sharing that rests on consent.

use assent_core::consent::{ErasureAnswer, Recognisability as Level, WithdrawalAcknowledgement};
use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::Timestamp;

use crate::app::view::{Recognisability, RetentionView, ServiceView, SharingState};
use crate::history::DetailRef;
use crate::records::Record;

/// A sharing.
#[derive(Debug, Clone, ToJson, FromJson)]
pub(crate) struct Sharing {
    pub(crate) id: String,
    pub(crate) service: ServiceView,
    pub(crate) details: Vec<DetailRef>,
    pub(crate) purpose: Option<String>,
    pub(crate) since: i64,
    pub(crate) until: Option<i64>,
    pub(crate) retention: Option<RetentionView>,
    pub(crate) recognisability: Recognisability,
    /// Never [`SharingState::Expired`]: that follows from the time.
    pub(crate) state: SharingState,
    pub(crate) stopped_at: Option<i64>,
    pub(crate) erasure_asked: bool,
    pub(crate) kept: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) receipt_id: String,
    pub(crate) entry_id: String,
    pub(crate) rights_contact: Option<String>,
    pub(crate) withdrawal_endpoint: String,
}

impl Sharing {
    /// Its state at `now`.
    pub(crate) fn state(&self, now: Timestamp) -> SharingState {
        match self.state {
            SharingState::Active if self.until.is_some_and(|end| end <= now.0) => SharingState::Expired,
            state => state,
        }
    }

    /// True while the service has not confirmed a stop.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.state, SharingState::StopQueued | SharingState::StopDisputed)
    }

    /// Stops it, here and now.
    pub(crate) fn stop(&mut self, ask_erasure: bool, now: Timestamp) {
        self.state = SharingState::StopQueued;
        self.stopped_at = Some(now.0);
        self.erasure_asked = ask_erasure;
    }

    /// The service confirmed or disputed with a verified signature.
    pub(crate) fn answered(&mut self, acknowledgement: &WithdrawalAcknowledgement) {
        self.state = if acknowledgement.accepted {
            SharingState::Stopped
        } else {
            SharingState::StopDisputed
        };
        let mut kept: Vec<String> = acknowledgement
            .retained
            .iter()
            .map(|retained| match &retained.until {
                Some(until) => format!("{} ({until})", retained.reason),
                None => retained.reason.clone(),
            })
            .collect();
        if acknowledgement.erasure == Some(ErasureAnswer::RequestRejected) && kept.is_empty() {
            kept.push("erasure-rejected".to_owned());
        }
        self.kept = (!kept.is_empty()).then(|| kept.join("; "));
    }
}

impl Record for Sharing {
    const KIND: &'static str = "sharing";

    fn id(&self) -> &str {
        &self.id
    }
}

impl From<Level> for Recognisability {
    fn from(level: Level) -> Self {
        match level {
            Level::NotAtAll => Self::NotAtAll,
            Level::SameVisitor => Self::SameVisitor,
            Level::AsYou => Self::AsYou,
        }
    }
}

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
    /// What it is for, each part of which can be stopped by itself.
    #[serde(default)]
    pub(crate) purposes: Vec<SharedPurpose>,
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

/// One purpose of a sharing.
#[derive(Debug, Clone, ToJson, FromJson)]
pub(crate) struct SharedPurpose {
    /// `processing_id` of the receipt.
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) details: Vec<DetailRef>,
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

    /// True when `purposes` is all that is left of it.
    pub(crate) fn is_all(&self, purposes: &[String]) -> bool {
        self.purposes.iter().all(|one| purposes.contains(&one.id))
    }

    /// Takes `purposes` out, into a sharing of their own named `id`. What a purpose that goes on needs too stays here
    /// as well.
    pub(crate) fn split(&mut self, purposes: &[String], id: String) -> Self {
        let mut part = self.clone();
        part.id = id;
        part.purposes.retain(|one| purposes.contains(&one.id));
        self.purposes.retain(|one| !purposes.contains(&one.id));
        let is_in = |purposes: &[SharedPurpose], detail: &DetailRef| {
            purposes.iter().any(|one| one.details.contains(detail))
        };
        let (gone, left) = (&part.purposes, &self.purposes);
        self.details
            .retain(|detail| is_in(left, detail) || !is_in(gone, detail));
        part.details.retain(|detail| is_in(gone, detail));
        for sharing in [self, &mut part] {
            sharing.purpose = sharing.purposes.first().map(|one| one.text.clone());
        }
        part
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

//! History, receipts and active sharing.

use assent_core::encoding::record::{FromJson, ToJson};
use serde_json::Value;

use super::{Outcome, Recognisability, RetentionView, ServiceView};

/// A detail by name, never with its value.
#[derive(Debug, Clone, PartialEq, Eq, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub struct SharedDetail {
    /// Credential type it came from.
    pub vct: String,
    /// Claims path (JSON array).
    pub path: Value,
    /// Label in the language of the settings.
    pub label: String,
}

/// A history entry in a list.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct EntrySummary {
    /// Entry id.
    pub id: String,
    /// When.
    pub at: i64,
    /// `presentation`, `credentialIssuance`, `credentialDeletion`, `withdrawal`, `erasureRequest`.
    pub kind: String,
    /// Name of the service or issuer.
    pub name: String,
    /// Stable identifier of the service or issuer.
    pub service_id: String,
    /// How a presentation ended.
    pub outcome: Option<Outcome>,
    /// Number of details shared.
    pub count: usize,
}

/// A history entry.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct EntryView {
    /// The entry in short.
    pub summary: EntrySummary,
    /// Who asked, for presentations.
    pub service: Option<ServiceView>,
    /// Why.
    pub purpose: Option<String>,
    /// Privacy policy.
    pub policy_url: Option<String>,
    /// What was asked.
    pub requested: Vec<SharedDetail>,
    /// What was shared.
    pub presented: Vec<SharedDetail>,
    /// Why it was not completed, as a code.
    pub reason: Option<String>,
    /// Recognisability that was achieved.
    pub recognisability: Option<Recognisability>,
    /// Receipt, when there is one.
    pub receipt_id: Option<String>,
    /// Sharing, when there is one.
    pub sharing_id: Option<String>,
    /// Authority to complain to: name and URL.
    pub authority: Option<(String, String)>,
    /// The entry in the shape of EU TS10, as JSON text, for export.
    pub export: String,
}

/// Where a sharing is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub enum SharingState {
    /// The service may use the details.
    Active,
    /// The stated period is over.
    Expired,
    /// Stopped here; the service was not reached yet and will be tried again.
    StopQueued,
    /// Stopped; the service signed that it stopped.
    Stopped,
    /// Stopped here; the service answered with something that is not a valid confirmation.
    StopDisputed,
}

/// One sharing.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct SharingView {
    /// Sharing id.
    pub id: String,
    /// With whom.
    pub service: ServiceView,
    /// Which details.
    pub details: Vec<SharedDetail>,
    /// Why.
    pub purpose: Option<String>,
    /// Why, by purpose; each can be stopped by itself.
    pub purposes: Vec<PurposeView>,
    /// Since when.
    pub since: i64,
    /// Until when the service says it keeps them, when it says so.
    pub until: Option<i64>,
    /// The stated period.
    pub retention: Option<RetentionView>,
    /// Recognisability that was achieved.
    pub recognisability: Recognisability,
    /// Where it is in its life.
    pub state: SharingState,
    /// When it was stopped.
    pub stopped_at: Option<i64>,
    /// True when erasure was asked too.
    pub erasure_asked: bool,
    /// What the service says it keeps and why, after it confirmed.
    pub kept: Option<String>,
    /// How often the service was tried.
    pub attempts: u32,
    /// Receipt.
    pub receipt_id: String,
    /// History entry; nothing when it was deleted.
    pub entry_id: Option<String>,
    /// Contact for rights, as the service stated it.
    pub rights_contact: Option<String>,
}

/// One purpose of a sharing.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct PurposeView {
    /// What to call it when stopping it.
    pub id: String,
    /// Why, in the service's words.
    pub text: String,
    /// Which details.
    pub details: Vec<SharedDetail>,
}

/// Outcome of checking one proof now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub enum Proof {
    /// Not there.
    Absent,
    /// There, and right.
    Valid,
    /// There, and wrong.
    Invalid,
}

/// A receipt with its proofs.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptView {
    /// Receipt id.
    pub id: String,
    /// Name of the service.
    pub service: String,
    /// When.
    pub at: i64,
    /// Our signature over the receipt.
    pub receipt: Proof,
    /// The service's signature over the same bytes.
    pub countersignature: Proof,
    /// Our signature over the withdrawal.
    pub withdrawal: Proof,
    /// The service's signature that it stopped.
    pub acknowledgement: Proof,
    /// Everything needed to check it elsewhere, as JSON text. Names of details, no values.
    pub export: String,
}

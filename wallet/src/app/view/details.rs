//! The person's own details, and those on cards, in one place.

use assent_core::encoding::record::ToJson;

use super::{CardState, DetailView, SecretText, SharingState};

/// Texts by part of a detail.
pub type Parts = Vec<(String, SecretText)>;

/// Who got a detail, and how.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct HolderView {
    /// Name of the service.
    pub service: String,
    /// When it got it first.
    pub at: i64,
    /// How the sharing stands; nothing when it was shared once, without a consent to stop.
    pub state: Option<SharingState>,
    /// The sharing.
    pub sharing_id: Option<String>,
    /// The history entry; nothing when it was deleted.
    pub entry_id: Option<String>,
    /// Name of the card it came from.
    pub card: String,
}

/// The card that a detail was taken from.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct OriginView {
    /// Its id; nothing when it is not here any more.
    pub card_id: Option<String>,
    /// Its name.
    pub card: String,
    /// Its issuer.
    pub issuer: String,
}

/// One of the person's own details.
#[derive(Debug, Clone, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct OwnDetail {
    /// Its id.
    pub id: String,
    /// Its kind; one that this app does not know, when a newer app made it.
    pub kind: String,
    /// What the person calls it.
    pub own_name: SecretText,
    /// What it says.
    pub parts: Parts,
    /// When it was first entered.
    pub entered_at: i64,
    /// Its last change.
    pub changed_at: i64,
    /// The card it was taken from; entered by the person when there is none.
    pub origin: Option<OriginView>,
    /// It came out of a file and was not changed since.
    pub imported: bool,
    /// When it was deleted.
    pub deleted_at: Option<i64>,
    /// When a deleted one is erased for good.
    pub erased_at: Option<i64>,
    /// How many other versions are there beside this one, made on other devices at the same time.
    pub others: usize,
    /// Waits on this device for the vault service.
    pub waiting: bool,
    /// Who got such a detail from a card.
    pub holders: Vec<HolderView>,
}

/// A detail on a card.
#[derive(Debug, Clone, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct CardDetail {
    /// The card.
    pub card_id: String,
    /// Its name.
    pub card: String,
    /// Its issuer.
    pub issuer: String,
    /// When it was received.
    pub received_at: i64,
    /// Whether it can be used.
    pub state: CardState,
    /// The kind that it is, or is a part of.
    pub kind: Option<&'static str>,
    /// The detail.
    pub detail: DetailView,
    /// Who got it.
    pub holders: Vec<HolderView>,
}

/// One version of an own detail.
#[derive(Debug, Clone, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct DetailVersion {
    /// Its id.
    pub id: String,
    /// When.
    pub at: i64,
    /// Name of the unlock method that the device was opened with.
    pub by: String,
    /// Kind of that method; empty when it is not there any more.
    pub by_kind: &'static str,
    /// `content`, `deleted` or `forgotten`.
    pub said: &'static str,
    /// What the person called it then.
    pub own_name: SecretText,
    /// What it said.
    pub parts: Parts,
    /// True for what is shown, and for what another device said at the same time.
    pub present: bool,
    /// True for what is shown.
    pub shown: bool,
}

//! One log entry.

use assent_core::claims::ClaimsPath;
use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::Timestamp;

use crate::app::view::{Outcome, Recognisability, ServiceView};
use crate::holdings::Card;
use crate::records::Record;

/// A detail by name: credential type and path.
#[derive(Debug, Clone, PartialEq, Eq, ToJson, FromJson)]
pub(crate) struct DetailRef {
    pub(crate) vct: String,
    pub(crate) path: ClaimsPath,
}

/// What an entry is about (EU TS10 `transactionType`, those that occur here).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EntryKind {
    Presentation,
    CredentialIssuance,
    CredentialDeletion,
    Withdrawal,
    ErasureRequest,
}

impl EntryKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Presentation => "presentation",
            Self::CredentialIssuance => "credentialIssuance",
            Self::CredentialDeletion => "credentialDeletion",
            Self::Withdrawal => "withdrawal",
            Self::ErasureRequest => "erasureRequest",
        }
    }
}

/// One log entry.
#[derive(Debug, Clone, ToJson, FromJson)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) at: i64,
    pub(crate) kind: EntryKind,
    pub(crate) party_name: String,
    pub(crate) party_id: String,
    /// Who asked, for presentations.
    pub(crate) service: Option<ServiceView>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) requested: Vec<DetailRef>,
    pub(crate) presented: Vec<DetailRef>,
    /// Cards that were used or are meant.
    pub(crate) cards: Vec<String>,
    /// Their types.
    pub(crate) types: Vec<String>,
    pub(crate) purpose: Option<String>,
    pub(crate) policy_url: Option<String>,
    /// Why it was not completed, as a code.
    pub(crate) reason: Option<String>,
    pub(crate) recognisability: Option<Recognisability>,
    pub(crate) receipt_id: Option<String>,
    pub(crate) sharing_id: Option<String>,
    /// Name and address of the supervisory authority the service named.
    pub(crate) authority: Option<(String, String)>,
}

impl Entry {
    /// A presentation about to be answered. Until something else is known, nobody knows whether it was received.
    pub(crate) fn presentation(id: String, at: Timestamp, service: ServiceView) -> Self {
        Self {
            party_name: service.name.clone(),
            party_id: service.id.clone(),
            service: Some(service),
            outcome: Some(Outcome::UnknownWhetherReceived),
            ..Self::new(id, at, EntryKind::Presentation)
        }
    }

    /// Cards were received.
    pub(crate) fn issuance(id: String, at: Timestamp, card: &Card, types: Vec<String>) -> Self {
        Self {
            types,
            ..Self::about(id, at, EntryKind::CredentialIssuance, card)
        }
    }

    /// A card was removed.
    pub(crate) fn deletion(id: String, at: Timestamp, card: &Card) -> Self {
        Self::about(id, at, EntryKind::CredentialDeletion, card)
    }

    /// A consent was withdrawn, or erasure asked.
    pub(crate) fn right(id: String, at: Timestamp, kind: EntryKind, service: ServiceView) -> Self {
        Self {
            kind,
            outcome: None,
            ..Self::presentation(id, at, service)
        }
    }

    /// One from another wallet's log.
    pub(crate) fn restored(id: String, at: Timestamp, kind: EntryKind) -> Self {
        Self::new(id, at, kind)
    }

    fn about(id: String, at: Timestamp, kind: EntryKind, card: &Card) -> Self {
        Self {
            party_name: card.issuer_name.clone(),
            party_id: card.issuer_id.clone(),
            cards: vec![card.id.clone()],
            types: vec![card.vct.clone()],
            ..Self::new(id, at, kind)
        }
    }

    fn new(id: String, at: Timestamp, kind: EntryKind) -> Self {
        Self {
            id,
            at: at.0,
            kind,
            party_name: String::new(),
            party_id: String::new(),
            service: None,
            outcome: None,
            requested: Vec::new(),
            presented: Vec::new(),
            cards: Vec::new(),
            types: Vec::new(),
            purpose: None,
            policy_url: None,
            reason: None,
            recognisability: None,
            receipt_id: None,
            sharing_id: None,
            authority: None,
        }
    }
}

impl Record for Entry {
    const KIND: &'static str = "entry";

    fn id(&self) -> &str {
        &self.id
    }
}

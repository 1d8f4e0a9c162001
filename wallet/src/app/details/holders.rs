//! Who got a detail: from what is being shared, and from what was shared once.

use assent_core::env::Timestamp;

use super::super::WalletError;
use super::super::session::Core;
use super::super::view::{HolderView, Outcome};
use crate::history::{DetailRef, Entry, EntryKind};
use crate::holdings::Card;
use crate::labels;
use crate::rights::Sharing;

/// Most of them for one detail.
const MOST: usize = 50;

/// All that was ever shared.
pub(super) struct Shared {
    /// With the entry of each that is still in the history.
    sharing: Vec<(Sharing, Option<String>)>,
    /// Shared without a consent that could be stopped.
    once: Vec<Entry>,
    cards: Vec<Card>,
    language: String,
    now: Timestamp,
}

impl Shared {
    pub(super) fn of(core: &Core, now: Timestamp) -> Result<Self, WalletError> {
        let records = core.records()?;
        let mut once: Vec<Entry> = records.list();
        once.retain(|entry| {
            let arrived = matches!(
                entry.outcome,
                Some(Outcome::Shared | Outcome::UnknownWhetherReceived)
            );
            entry.kind == EntryKind::Presentation && arrived && entry.sharing_id.is_none()
        });
        let sharing = records.list::<Sharing>().into_iter().map(|sharing| {
            let entry = records.present::<Entry>(sharing.entry_id.clone());
            (sharing, entry)
        });
        Ok(Self {
            sharing: sharing.collect(),
            once,
            cards: records.list(),
            language: core.settings()?.language,
            now,
        })
    }

    /// Who got a detail that `wanted` says yes to, in no order. A service that got it several times by itself is named once.
    pub(super) fn holders(&self, wanted: &dyn Fn(&DetailRef) -> bool) -> Vec<HolderView> {
        let mut found = Vec::new();
        for (sharing, entry) in &self.sharing {
            if let Some(detail) = sharing.details.iter().find(|detail| wanted(detail)) {
                found.push(HolderView {
                    service: sharing.service.name.clone(),
                    at: sharing.since,
                    state: Some(sharing.state(self.now)),
                    sharing_id: Some(sharing.id.clone()),
                    entry_id: entry.clone(),
                    card: self.card_name(detail),
                });
            }
        }
        let mut named: Vec<&str> = Vec::new();
        for entry in self.once.iter().rev() {
            if let Some(detail) = entry.presented.iter().find(|detail| wanted(detail))
                && !named.contains(&entry.party_id.as_str())
            {
                named.push(&entry.party_id);
                found.push(HolderView {
                    service: entry.party_name.clone(),
                    at: entry.at,
                    state: None,
                    sharing_id: None,
                    entry_id: Some(entry.id.clone()),
                    card: self.card_name(detail),
                });
            }
        }
        found.truncate(MOST);
        found
    }

    fn card_name(&self, detail: &DetailRef) -> String {
        let card = self.cards.iter().find(|card| card.vct == detail.vct);
        card.map_or_else(
            || labels::card_name(&detail.vct, &self.language),
            |card| card.name(&self.language),
        )
    }
}

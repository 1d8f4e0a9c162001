//! The commands around history and receipts.

use assent_core::encoding::record::{ToJson as _, Value};
use assent_core::env::{Env, Timestamp};

use super::session::Core;
use super::view::{EntrySummary, EntryView, Outcome, ReceiptView, SharedDetail};
use super::wallet::Next;
use super::{Reply, WalletError, sync};
use crate::history::{DetailRef, Entry, ts10};
use crate::holdings::Card;
use crate::labels;
use crate::present::KeptReceipt;
use crate::small_letters::small_letters;

pub(super) fn list(core: &Core, service: Option<&str>, text: Option<&str>) -> Result<Next, WalletError> {
    let text = text.map(small_letters).filter(|text| !text.is_empty());
    let labels = Labels::of(core)?;
    let mut entries = Vec::new();
    for entry in newest_first(core)? {
        if service.is_none_or(|service| entry.party_id == service)
            && text.as_ref().is_none_or(|text| mentions(&entry, text, &labels))
        {
            entries.push(summary(&entry));
        }
    }
    Ok(Next::Done(Reply::History { entries }))
}

/// Whether `text`, in small letters, is in the name of the other side, the purpose or the name of a detail.
fn mentions(entry: &Entry, text: &str, labels: &Labels) -> bool {
    let is_in = |candidate: &str| small_letters(candidate).contains(text);
    let mut details = entry.requested.iter().chain(&entry.presented);
    is_in(&entry.party_name)
        || entry.purpose.as_deref().is_some_and(is_in)
        || details.any(|detail| is_in(&labels.one(detail).label))
}

pub(super) fn entry(core: &Core, id: &str) -> Result<Next, WalletError> {
    let entry: Entry = core.records()?.need(id)?;
    let labels = Labels::of(core)?;
    let view = EntryView {
        summary: summary(&entry),
        requested: labels.all(&entry.requested),
        presented: labels.all(&entry.presented),
        export: pretty(&ts10(&entry)),
        service: entry.service,
        purpose: entry.purpose,
        policy_url: entry.policy_url,
        reason: entry.reason,
        recognisability: entry.recognisability,
        receipt_id: entry.receipt_id,
        sharing_id: entry.sharing_id,
        authority: entry.authority,
    };
    Ok(Next::Done(Reply::Entry { entry: view }))
}

pub(super) fn delete(core: &mut Core, id: String, env: &mut Env<'_>) -> Result<Next, WalletError> {
    sync::commit(
        core,
        env,
        move |records| {
            records.need::<Entry>(&id)?;
            records.delete::<Entry>(&id);
            Ok(())
        },
        |_, outcome, _| outcome.map(|()| Next::Done(Reply::Done)),
    )
}

/// A receipt, with every proof checked again now.
pub(super) fn receipt(core: &Core, id: &str, now: Timestamp) -> Result<Next, WalletError> {
    let kept: KeptReceipt = core.records()?.need(id)?;
    let proofs = kept.proofs(&core.judge(now, false)?);
    let [receipt, countersignature, withdrawal, acknowledgement] = proofs;
    let bundle = kept.bundle(now, core.crypto());
    let export = bundle
        .map(|bundle| pretty(&bundle.write_json()))
        .unwrap_or_default();
    let receipt = ReceiptView {
        id: kept.id,
        service: kept.service_name,
        at: kept.at,
        receipt,
        countersignature,
        withdrawal,
        acknowledgement,
        export,
    };
    Ok(Next::Done(Reply::Receipt { receipt }))
}

/// All entries in short, newest first.
pub(super) fn summaries(core: &Core) -> Result<Vec<EntrySummary>, WalletError> {
    Ok(newest_first(core)?.iter().map(summary).collect())
}

/// Labels for details, in the language of the settings.
pub(super) struct Labels {
    language: String,
    cards: Vec<Card>,
}

impl Labels {
    pub(super) fn of(core: &Core) -> Result<Self, WalletError> {
        Ok(Self {
            language: core.settings()?.language,
            cards: core.records()?.list(),
        })
    }

    pub(super) fn one(&self, detail: &DetailRef) -> SharedDetail {
        let card = self.cards.iter().find(|card| card.vct == detail.vct);
        let issuer = card.map_or(&[][..], |card| &card.claims);
        SharedDetail {
            vct: detail.vct.clone(),
            path: detail.path.to_json(),
            label: labels::label(&detail.path, issuer, &self.language),
        }
    }

    pub(super) fn all(&self, details: &[DetailRef]) -> Vec<SharedDetail> {
        let mut shared = Vec::with_capacity(details.len());
        for detail in details {
            shared.push(self.one(detail));
        }
        shared
    }
}

pub(super) fn newest_first(core: &Core) -> Result<Vec<Entry>, WalletError> {
    let mut entries: Vec<Entry> = core.records()?.list();
    entries.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    Ok(entries)
}

fn summary(entry: &Entry) -> EntrySummary {
    EntrySummary {
        id: entry.id.clone(),
        at: entry.at,
        kind: entry.kind.name().to_owned(),
        name: entry.party_name.clone(),
        service_id: entry.party_id.clone(),
        outcome: entry.outcome,
        count: match entry.outcome {
            Some(Outcome::Shared | Outcome::UnknownWhetherReceived) | None => entry.presented.len(),
            Some(_) => 0,
        },
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

//! The commands around cards, and the home screen.

use assent_core::claims::{ClaimsPath, PathElement};
use assent_core::env::{Env, Timestamp};
use serde_json::Value;

use super::session::Core;
use super::view::{AwaitedCard, CardUse, CardView, DetailView, HomeView, SecretText, SharingState};
use super::wallet::Next;
use super::{Reply, WalletError, history, rights, sync};
use crate::details;
use crate::history::{Entry, EntryKind};
use crate::holdings::{Card, forget, held, held_card};
use crate::labels;
use crate::present::KeptReceipt;
use crate::records::{Record, Records};
use crate::rights::Sharing;

/// Sharings and entries on the home screen.
const HOME_SHARING: usize = 3;
const HOME_ENTRIES: usize = 5;

pub(super) fn home(core: &Core, now: Timestamp) -> Result<Next, WalletError> {
    let mut sharing = rights::views(core, now)?;
    sharing.retain(|sharing| matches!(sharing.state, SharingState::Active));
    let sharing_count = sharing.len();
    sharing.truncate(HOME_SHARING);
    let mut latest = history::summaries(core)?;
    latest.truncate(HOME_ENTRIES);
    let home = HomeView {
        cards: summaries(core, now)?,
        awaited: awaited(&core.records()?),
        sharing_count,
        sharing,
        latest,
        unreadable: unreadable(core)?,
        status: core.status(),
    };
    Ok(Next::Done(Reply::Home { home }))
}

/// How many records cannot be read. Cards are shown as what they are instead.
fn unreadable(core: &Core) -> Result<usize, WalletError> {
    let records = core.records()?;
    Ok(records.unreadable::<Entry>().len()
        + records.unreadable::<Sharing>().len()
        + records.unreadable::<KeptReceipt>().len()
        + records.unreadable_histories(details::RECORD))
}

pub(super) fn all(core: &Core, now: Timestamp) -> Result<Next, WalletError> {
    Ok(Next::Done(Reply::Cards {
        cards: summaries(core, now)?,
        awaited: awaited(&core.records()?),
        failed: Vec::new(),
    }))
}

/// What the records of awaited cards say to screens.
pub(super) fn awaited(records: &Records<'_>) -> Vec<AwaitedCard> {
    records.list()
}

/// For reading only: the records hold more ([`crate::receive`]), which is nothing for the code that a first visit loads.
impl Record for AwaitedCard {
    const KIND: &'static str = "awaited";

    fn id(&self) -> &str {
        &self.id
    }
}

pub(super) fn one(core: &Core, id: &str, now: Timestamp) -> Result<Next, WalletError> {
    let language = core.settings()?.language;
    let records = core.records()?;
    let (card, credential) = held_card(&records, id)?;
    let mut details = Vec::new();
    if let Some(credential) = &credential {
        for (path, value) in leaves(credential.claims()) {
            details.push(detail(&path, value, &card, &language));
        }
    }
    let mut uses = Vec::new();
    for entry in history::newest_first(core)? {
        if entry.kind == EntryKind::Presentation && entry.cards.contains(&card.id) {
            uses.push(CardUse {
                service: entry.party_name,
                at: entry.at,
                entry_id: entry.id,
            });
        }
    }
    let card = CardView {
        summary: card.summary(now, &language),
        details,
        received_at: card.received_at,
        issuer_id: card.issuer_id.clone(),
        uses,
    };
    Ok(Next::Done(Reply::Card { card }))
}

pub(super) fn remove(core: &mut Core, id: String, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let entry_id = env.random_token().map_err(|_| sync::no_randomness())?;
    let now = env.now;
    sync::commit(
        core,
        env,
        move |records| {
            let card = forget(records, &id)?;
            records.put(&Entry::deletion(entry_id.clone(), now, &card))
        },
        |core, outcome, env| {
            outcome?;
            all(core, env.now)
        },
    )
}

/// A detail for a screen.
pub(super) fn detail(path: &ClaimsPath, value: &Value, card: &Card, language: &str) -> DetailView {
    DetailView {
        path: path.to_json(),
        label: labels::label(path, &card.claims, language),
        value: SecretText(labels::text(value, language)),
        sensitive: labels::is_sensitive(path, value),
    }
}

fn summaries(core: &Core, now: Timestamp) -> Result<Vec<super::view::CardSummary>, WalletError> {
    let language = core.settings()?.language;
    let mut cards: Vec<Card> = held(&core.records()?).into_iter().map(|(card, _)| card).collect();
    cards.sort_by(|a, b| (a.received_at, &a.id).cmp(&(b.received_at, &b.id)));
    Ok(cards.iter().map(|card| card.summary(now, &language)).collect())
}

/// The details of a credential: objects are opened, lists of simple values stay one detail.
pub(crate) fn leaves(claims: &Value) -> Vec<(ClaimsPath, &Value)> {
    let mut found = Vec::new();
    if let Value::Object(members) = claims {
        for (name, value) in members.iter().filter(|(name, _)| !labels::is_technical(name)) {
            collect(vec![PathElement::Key(name.clone())], value, &mut found);
        }
    }
    found
}

fn collect<'v>(path: Vec<PathElement>, value: &'v Value, found: &mut Vec<(ClaimsPath, &'v Value)>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let mut path = path.clone();
                path.push(PathElement::Key(name.clone()));
                collect(path, member, found);
            }
        }
        other => found.extend(ClaimsPath::new(path).map(|path| (path, other))),
    }
}

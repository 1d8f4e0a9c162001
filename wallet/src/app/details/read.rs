//! Reading details.

use assent_core::claims::{ClaimsPath, PathElement};
use assent_core::encoding::base64url;
use assent_core::encoding::json::Object;
use assent_core::env::{Env, Timestamp};
use serde_json::Value;

use super::super::session::Core;
use super::super::view::{CardDetail, DetailVersion, OriginView, OwnDetail, Parts, SecretText};
use super::super::wallet::Next;
use super::super::{Reply, WalletError, cards, methods};
use super::holders::Shared;
use crate::details::{self, Detail, DetailKind, KEPT_DAYS, RECORD};
use crate::holdings::{Card, held};
use crate::labels;
use crate::vault::{IMPORTED, Said, Version, Versions};

/// All details, and the end of those whose time to be brought back is over.
pub(in crate::app) fn list(core: &mut Core, env: &mut Env<'_>) -> Result<Next, WalletError> {
    super::change::erase_old(core, env, |core, env| {
        let (own, on_cards) = (own(core, env.now)?, on_cards(core, env.now)?);
        let unreadable = core.records()?.unreadable_histories(RECORD);
        Ok(Next::Done(Reply::Details {
            own,
            on_cards,
            unreadable,
        }))
    })
}

/// One own detail.
pub(in crate::app) fn one(core: &Core, id: &str, now: Timestamp) -> Result<Next, WalletError> {
    let history = core
        .records()?
        .history(RECORD, id)
        .ok_or_else(WalletError::not_found)?;
    let reader = Reader::of(core, now)?;
    let detail = reader.own(id, &history).ok_or_else(WalletError::not_found)?;
    Ok(Next::Done(Reply::Detail {
        detail: Some(detail),
        versions: versions(core, &history)?,
    }))
}

/// What a card's claims say of a kind, by part. Nothing of what is no text: a list gives its first.
pub(super) fn from_claims(kind: &DetailKind, claims: &Value) -> Object {
    let mut parts = Object::new();
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let Some(claim) = claims.get(kind.pid).filter(|_| !kind.pid.is_empty()) else {
        return parts;
    };
    for part in kind.parts {
        let value = match claim {
            Value::Object(members) => members.get(part.name),
            Value::Array(items) => items.first(),
            value => Some(value),
        };
        let is_whole = claim.is_object() || kind.parts.len() == 1;
        if let Some(text) = value.filter(|_| is_whole).and_then(text) {
            assent_core::encoding::record::put(&mut parts, part.name, Value::String(text));
        }
    }
    parts
}

/// What an own detail says now; `None` when it is deleted, or cannot be read.
pub(super) fn shown(history: &Versions) -> Option<Detail> {
    Detail::from_content(history.shown()?.content()?)
}

fn own(core: &Core, now: Timestamp) -> Result<Vec<OwnDetail>, WalletError> {
    let reader = Reader::of(core, now)?;
    let histories = core.records()?.histories(RECORD);
    Ok(histories
        .iter()
        .filter_map(|(id, history)| reader.own(id, history))
        .collect())
}

fn on_cards(core: &Core, now: Timestamp) -> Result<Vec<CardDetail>, WalletError> {
    let shared = Shared::of(core, now)?;
    let language = core.settings()?.language;
    let mut found = Vec::new();
    for (card, credential) in held(&core.records()?) {
        let Some(credential) = credential else { continue };
        for (path, value) in cards::leaves(credential.claims()) {
            found.push(CardDetail {
                card_id: card.id.clone(),
                card: card.name(&language),
                issuer: card.issuer_name.clone(),
                received_at: card.received_at,
                state: card.state(now),
                kind: details::of_path(&path).map(|kind| kind.id),
                detail: cards::detail(&path, value, &card, &language),
                holders: shared.holders(&|detail| {
                    detail.vct == card.vct && (path.covers(&detail.path) || detail.path.covers(&path))
                }),
            });
        }
    }
    Ok(found)
}

/// What is needed to read own details.
struct Reader<'c> {
    core: &'c Core,
    shared: Shared,
    cards: Vec<Card>,
    language: String,
}

impl<'c> Reader<'c> {
    fn of(core: &'c Core, now: Timestamp) -> Result<Self, WalletError> {
        Ok(Self {
            core,
            shared: Shared::of(core, now)?,
            cards: core.records()?.list(),
            language: core.settings()?.language,
        })
    }

    /// For the screen; `None` when nothing of it can be read.
    fn own(&self, id: &str, history: &Versions) -> Option<OwnDetail> {
        let last = history.shown()?;
        let deleted = last.content().is_none();
        // A deleted one shows what it said last.
        let content = if deleted {
            history.last_said()?
        } else {
            last.content()?
        };
        let detail = Detail::from_content(content)?;
        let kind = details::kind(&detail.kind);
        let name = [RECORD, "/", id].concat();
        Some(OwnDetail {
            id: id.to_owned(),
            own_name: SecretText(detail.own_name),
            parts: texts(&detail.parts),
            entered_at: history.begun()?.0,
            changed_at: last.at.0,
            origin: detail.origin.map(|origin| {
                let card = self.cards.iter().find(|card| card.id == origin.card);
                OriginView {
                    card_id: card.map(|card| card.id.clone()),
                    card: card.map_or_else(
                        || labels::card_name(&origin.vct, &self.language),
                        |card| card.name(&self.language),
                    ),
                    issuer: origin.issuer,
                }
            }),
            imported: last.by == IMPORTED,
            deleted_at: deleted.then_some(last.at.0),
            erased_at: deleted.then(|| last.at.plus(KEPT_DAYS * 86_400).0),
            others: history.conflicts().count(),
            waiting: self
                .core
                .open()
                .is_ok_and(|open| open.device.waiting.contains_key(&name)),
            holders: kind.map_or_else(Vec::new, |kind| {
                self.shared
                    .holders(&|detail| details::of_path(&detail.path).is_some_and(|of| of.id == kind.id))
            }),
            kind: detail.kind,
        })
    }
}

fn versions(core: &Core, history: &Versions) -> Result<Vec<DetailVersion>, WalletError> {
    let vault = &core.open()?.vault;
    let present = history.present_ids();
    let shown = history.shown().map(|version| version.id);
    let version = |version: &Version| {
        let slot = vault
            .header()
            .slots
            .iter()
            .zip(vault.slots())
            .find(|(slot, _)| slot.id() == version.by);
        let detail = version.content().and_then(Detail::from_content);
        let (own_name, parts) = detail
            .map(|detail| (detail.own_name, texts(&detail.parts)))
            .unwrap_or_default();
        DetailVersion {
            id: base64url::encode(&version.id),
            at: version.at.0,
            by: slot.map(|(_, listed)| listed.name.clone()).unwrap_or_default(),
            by_kind: match slot {
                Some((slot, _)) => methods::kind(slot.kind()),
                None if version.by == IMPORTED => "imported",
                None => "",
            },
            said: match version.said {
                Said::Content(_) => "content",
                Said::Deleted => "deleted",
                Said::Forgotten => "forgotten",
            },
            own_name: SecretText(own_name),
            parts,
            present: present.contains(&version.id),
            shown: shown == Some(version.id),
        }
    };
    Ok(history.newest_first().into_iter().map(version).collect())
}

fn texts(parts: &Object) -> Parts {
    let text = |value: &Value| SecretText(value.as_str().unwrap_or_default().to_owned());
    parts
        .iter()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}

/// The claim of a card that a kind is.
pub(super) fn path(kind: &DetailKind) -> Option<ClaimsPath> {
    ClaimsPath::new(vec![PathElement::Key(kind.pid.to_owned())])
}

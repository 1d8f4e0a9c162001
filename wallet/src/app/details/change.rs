//! Changing own details. Every change is kept here at once; what cannot be sent now waits.

use assent_core::encoding::base64url;
use assent_core::encoding::json::Object;
use assent_core::env::{Env, Timestamp};
use assent_core::error::{Blame, ErrorCode as _};

use super::super::command::DetailChange;
use super::super::session::Core;
use super::super::wallet::Next;
use super::super::{Reply, WalletError, sync};
use super::read;
use crate::details::{self, Detail, DetailKind, KEPT_DAYS, MOST, Origin, RECORD};
use crate::holdings::held_card;
use crate::records::Records;
use crate::vault::{VersionId, Versions};

/// What to save.
pub(in crate::app) struct Save {
    pub(in crate::app) id: Option<String>,
    pub(in crate::app) kind: String,
    pub(in crate::app) parts: Object,
    pub(in crate::app) own_name: String,
    pub(in crate::app) seen: Vec<String>,
    pub(in crate::app) from_card: Option<String>,
}

/// Adds a detail, or changes one. What is wrong with it is a reply, not a failure: all of it at once, by part.
pub(in crate::app) fn save(core: &mut Core, save: Save, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let kind = details::kind(&save.kind).ok_or_else(unknown_kind)?;
    let (parts, own_name) = match details::checked(kind, &save.parts, &save.own_name, env.now) {
        Ok(checked) => checked,
        Err(problems) => {
            let code = |(part, error): (String, details::DetailError)| (part, error.code().to_owned());
            return Ok(Next::Done(Reply::DetailSaved {
                id: None,
                problems: problems.into_iter().map(code).collect(),
            }));
        }
    };
    let id = match &save.id {
        Some(id) => id.clone(),
        None => env.random_token().map_err(|_| sync::no_randomness())?,
    };
    let detail = Detail {
        kind: save.kind,
        own_name,
        origin: origin(core, kind, &parts, save.from_card.as_deref())?,
        parts,
    };
    let seen = version_ids(&save.seen);
    let (is_new, now, by) = (save.id.is_none(), env.now, device(core)?);
    let saved = id.clone();
    let record = move |records: &mut Records<'_>| {
        let mut history = match records.history(RECORD, &id) {
            // A new one is there already when the answer to its commit was lost.
            Some(history) => history,
            None if is_new => {
                make_room(records, kind)?;
                Versions::default()
            }
            None => return Err(WalletError::not_found()),
        };
        let mut detail = detail.clone();
        // A kind does not turn into another one; and what still says what the card said is still from the card.
        if let Some(before) = read::shown(&history) {
            if before.kind != detail.kind {
                return Err(unknown_kind());
            }
            if detail.origin.is_none() && before.parts == detail.parts {
                detail.origin = before.origin;
            }
        }
        history.say_after(&seen, Some(&detail.to_content()), now, by);
        records.put_history(RECORD, &id, &history);
        Ok(())
    };
    sync::commit_or_keep(core, env, record, |_, _| {
        Ok(Next::Done(Reply::DetailSaved {
            id: Some(saved),
            problems: Vec::new(),
        }))
    })
}

/// Deletes, restores, takes back, forgets.
pub(in crate::app) fn change(
    core: &mut Core,
    id: String,
    change: DetailChange,
    version: Option<&str>,
    seen: &[String],
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let (now, by) = (env.now, device(core)?);
    let version = version.and_then(version_id).unwrap_or_default();
    let seen = version_ids(seen);
    let changed = id.clone();
    let record = move |records: &mut Records<'_>| {
        let mut history = records.history(RECORD, &id).ok_or_else(WalletError::not_found)?;
        let is_deleted = history.shown().is_none_or(|shown| shown.content().is_none());
        let done = match change {
            DetailChange::Delete => {
                history.say_after(&seen, None, now, by);
                true
            }
            DetailChange::Restore => is_deleted && history.undo(now, by),
            DetailChange::Undo => history.undo(now, by),
            DetailChange::Take => history.bring_back(version, now, by),
            DetailChange::Forget => history.forget(version),
            // Only from among the deleted ones: one step more for what cannot be undone.
            DetailChange::Erase => {
                if is_deleted {
                    history.erase(now, by);
                }
                is_deleted
            }
        };
        if !done {
            return Err(not_possible());
        }
        records.put_history(RECORD, &id, &history);
        Ok(())
    };
    sync::commit_or_keep(core, env, record, move |core, env| {
        if core.records()?.history(RECORD, &changed).is_none() {
            return Ok(Next::Done(Reply::Detail {
                detail: None,
                versions: Vec::new(),
            }));
        }
        read::one(core, &changed, env.now)
    })
}

/// Erases what was deleted so long ago that it cannot be brought back.
pub(super) fn erase_old(
    core: &mut Core,
    env: &mut Env<'_>,
    then: impl FnOnce(&mut Core, &mut Env<'_>) -> Result<Next, WalletError> + Send + 'static,
) -> Result<Next, WalletError> {
    let (now, by) = (env.now, device(core)?);
    if old(&core.records()?, now).is_empty() {
        return then(core, env);
    }
    let record = move |records: &mut Records<'_>| {
        for (id, mut history) in old(records, now) {
            history.erase(now, by);
            records.put_history(RECORD, &id, &history);
        }
        Ok(())
    };
    sync::commit_or_keep(core, env, record, then)
}

fn old(records: &Records<'_>, now: Timestamp) -> Vec<(String, Versions)> {
    let mut histories = records.histories(RECORD);
    histories.retain(|(_, history)| {
        history
            .shown()
            .is_some_and(|shown| shown.content().is_none() && now.since(shown.at) >= KEPT_DAYS * 86_400)
    });
    histories
}

/// That one more fits.
fn make_room(records: &Records<'_>, kind: &DetailKind) -> Result<(), WalletError> {
    let histories = records.histories(RECORD);
    if histories.len() >= MOST {
        return Err(WalletError::new(
            "detail-too-many",
            "the vault holds as many details as it can",
            "Erase some that you no longer need.",
            Blame::Caller,
        ));
    }
    let is_here =
        |(_, history): &(String, Versions)| read::shown(history).is_some_and(|shown| shown.kind == kind.id);
    if !kind.many && histories.iter().any(is_here) {
        return Err(WalletError::new(
            "detail-already-here",
            "there is one of this kind already",
            "Change the one you have.",
            Blame::Caller,
        ));
    }
    Ok(())
}

/// The card that says exactly this, when it is the one that was named.
fn origin(
    core: &Core,
    kind: &DetailKind,
    parts: &Object,
    card: Option<&str>,
) -> Result<Option<Origin>, WalletError> {
    let Some(id) = card else { return Ok(None) };
    let (card, credential) = held_card(&core.records()?, id)?;
    let Some(credential) = credential else {
        return Ok(None);
    };
    let said = read::from_claims(kind, credential.claims());
    // The card may write a postcode or an account in another way.
    let now = Timestamp(i64::MAX / 2);
    let same = details::checked(kind, &said, "-", now).is_ok_and(|(said, _)| said == *parts);
    let origin = |path| Origin {
        card: card.id.clone(),
        vct: card.vct.clone(),
        issuer: card.issuer_name.clone(),
        path,
    };
    Ok(read::path(kind).filter(|_| same).map(origin))
}

/// The unlock method that this device was opened with, or made the vault with: by whom a version is.
fn device(core: &Core) -> Result<[u8; 16], WalletError> {
    let vault = &core.open()?.vault;
    let first = || vault.header().slots.first().map(|slot| slot.id());
    Ok(vault.unlocked_by().or_else(first).unwrap_or_default())
}

fn version_ids(texts: &[String]) -> Vec<VersionId> {
    texts.iter().filter_map(|text| version_id(text)).collect()
}

fn version_id(text: &str) -> Option<VersionId> {
    base64url::decode(text).ok()?.try_into().ok()
}

fn unknown_kind() -> WalletError {
    WalletError::new(
        "detail-unknown-kind",
        "this app does not know this kind of detail",
        "Update the app.",
        Blame::Caller,
    )
}

fn not_possible() -> WalletError {
    WalletError::new(
        "detail-change-not-possible",
        "this change of the detail is no longer possible",
        "Look at the detail as it is now.",
        Blame::Caller,
    )
}

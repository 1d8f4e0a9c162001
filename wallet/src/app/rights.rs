//! The commands around active sharing.

use std::collections::VecDeque;

use assent_core::env::{Env, Timestamp};
use assent_core::error::Blame;

use super::history::Labels;
use super::session::Core;
use super::view::{PurposeView, SharingState, SharingView};
use super::wallet::Next;
use super::{Reply, WalletError, sync};
use crate::history::{Entry, EntryKind};
use crate::present::{KeptReceipt, Stop};
use crate::records::Records;
use crate::rights::{
    Confirmation, SharedPurpose, Sharing, read_confirmation, sign_withdrawal, withdrawal_request,
};

pub(super) fn list(core: &Core, now: Timestamp) -> Result<Next, WalletError> {
    Ok(Next::Done(Reply::Sharing {
        sharing: views(core, now)?,
    }))
}

/// All sharings: active ones first, then by time.
pub(super) fn views(core: &Core, now: Timestamp) -> Result<Vec<SharingView>, WalletError> {
    let labels = Labels::of(core)?;
    let records = core.records()?;
    let mut sharing: Vec<Sharing> = records.list();
    sharing.sort_by_key(|sharing| {
        (
            sharing.state(now) != SharingState::Active,
            std::cmp::Reverse(sharing.since),
        )
    });
    Ok(sharing
        .into_iter()
        .map(|sharing| view(sharing, &records, &labels, now))
        .collect())
}

/// Withdraws all of a sharing, or `purposes` of it, which then are a sharing of their own: recorded here first, whatever
/// the network says, then told to the service.
pub(super) fn stop(
    core: &mut Core,
    id: String,
    purposes: Vec<String>,
    ask_erasure: bool,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let crypto = core.crypto();
    let records = core.records()?;
    let sharing: Sharing = records.need(&id)?;
    if sharing.stopped_at.is_some() {
        return Err(WalletError::new(
            "sharing-already-stopped",
            "this sharing is stopped already",
            "Nothing more is needed.",
            Blame::Caller,
        ));
    }
    let receipt: KeptReceipt = records.need(&sharing.receipt_id)?;
    let known = |id: &String| sharing.purposes.iter().any(|one| one.id == *id);
    if !purposes.iter().all(known) {
        return Err(WalletError::new(
            "sharing-no-such-purpose",
            "this sharing is not for that purpose, or no longer",
            "Look at what is being shared now.",
            Blame::Caller,
        ));
    }
    let purposes = if purposes.is_empty() {
        sharing.purposes.iter().map(|one| one.id.clone()).collect()
    } else {
        purposes
    };
    // Everything at once needs no names.
    let whole = receipt.stops.is_empty() && sharing.is_all(&purposes);
    let named = (!whole).then(|| purposes.clone());
    let key = receipt.signing_key(&core.open()?.vault)?;
    let withdrawal = sign_withdrawal(&receipt, named, ask_erasure, &key, crypto, env)?;
    let token = |env: &mut Env<'_>| env.random_token().map_err(|_| sync::no_randomness());
    let (part_id, withdrawal_entry, erasure_entry) = (token(env)?, token(env)?, token(env)?);
    let now = env.now;
    let (sharing_id, asked) = (id.clone(), purposes.clone());
    let record = move |records: &mut Records<'_>| {
        let mut sharing: Sharing = records.need(&sharing_id)?;
        // Another device may have stopped the same meanwhile, or a part of it.
        let left = |one: &SharedPurpose| purposes.contains(&one.id);
        if sharing.stopped_at.is_some() || !purposes.is_empty() && !sharing.purposes.iter().any(left) {
            return Ok(());
        }
        if !sharing.is_all(&purposes) {
            let part = sharing.split(&purposes, part_id.clone());
            records.put(&sharing)?;
            sharing = part;
        }
        sharing.stop(ask_erasure, now);
        let mut receipt: KeptReceipt = records.need(&sharing.receipt_id)?;
        receipt.stops.push(Stop {
            sharing_id: sharing.id.clone(),
            withdrawal: withdrawal.clone(),
            acknowledgement: None,
        });
        let kinds = [
            (EntryKind::Withdrawal, &withdrawal_entry),
            (EntryKind::ErasureRequest, &erasure_entry),
        ];
        for (kind, id) in kinds.into_iter().take(1 + usize::from(ask_erasure)) {
            let mut entry = Entry::right(id.clone(), now, kind, sharing.service.clone());
            entry.presented.clone_from(&sharing.details);
            entry.purpose.clone_from(&sharing.purpose);
            entry.receipt_id = Some(receipt.id.clone());
            entry.sharing_id = Some(sharing.id.clone());
            records.put(&entry)?;
        }
        records.put(&receipt)?;
        records.put(&sharing)
    };
    sync::commit_or_keep(core, env, record, move |core, env| {
        let records = core.records()?;
        // Wherever it is now: another device may have taken it out.
        let is_it = |one: &Sharing| {
            let has = |id: &String| one.purposes.iter().any(|purpose| purpose.id == *id);
            one.receipt_id == receipt.id && one.stopped_at.is_some() && asked.iter().any(has)
        };
        let stopped = match records.list().into_iter().find(is_it) {
            Some(stopped) => stopped,
            None => records.need(&id)?,
        };
        let waiting = pending(core, Some(&stopped.receipt_id))?;
        let then: Finish = Box::new(move |core, env| item(core, &stopped.id, env.now));
        tell(core, waiting, env, then)
    })
}

/// Tells every service that has not confirmed yet.
pub(super) fn retry(core: &mut Core, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let pending = pending(core, None)?;
    tell(core, pending, env, Box::new(|core, env| list(core, env.now)))
}

/// The sharings whose services must still be told, in the order in which the withdrawals of a receipt follow each other.
fn pending(core: &Core, receipt_id: Option<&str>) -> Result<VecDeque<String>, WalletError> {
    let records = core.records()?;
    let mut pending: Vec<(Option<u64>, String)> = Vec::new();
    for sharing in records.list::<Sharing>() {
        if sharing.is_pending() && receipt_id.is_none_or(|id| sharing.receipt_id == id) {
            let receipt: KeptReceipt = records.need(&sharing.receipt_id)?;
            let seq = receipt.stop_of(&sharing.id).and_then(Stop::seq);
            pending.push((seq, sharing.id));
        }
    }
    pending.sort();
    Ok(pending.into_iter().map(|(_, id)| id).collect())
}

/// What follows after the last service was told.
type Finish = Box<dyn FnOnce(&mut Core, &mut Env<'_>) -> Result<Next, WalletError> + Send>;

fn tell(
    core: &mut Core,
    mut pending: VecDeque<String>,
    env: &mut Env<'_>,
    then: Finish,
) -> Result<Next, WalletError> {
    let Some(id) = pending.pop_front() else {
        return then(core, env);
    };
    let records = core.records()?;
    let sharing: Sharing = records.need(&id)?;
    let receipt: KeptReceipt = records.need(&sharing.receipt_id)?;
    let Some(withdrawal) = receipt.stop_of(&id).map(|stop| stop.withdrawal.clone()) else {
        return tell(core, pending, env, then);
    };
    let request = withdrawal_request(&sharing.withdrawal_endpoint, &withdrawal);
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            let confirmation = read_confirmation(answer, &receipt, &withdrawal, &core.judge(env.now, true)?);
            let record = move |records: &mut Records<'_>| {
                let mut sharing: Sharing = records.need(&id)?;
                sharing.attempts = sharing.attempts.saturating_add(1);
                match &confirmation {
                    // What was confirmed stays confirmed, whatever the service signs to another device later.
                    Confirmation::Signed { jwt, acknowledgement } if sharing.is_pending() => {
                        sharing.answered(acknowledgement);
                        let mut receipt: KeptReceipt = records.need(&sharing.receipt_id)?;
                        let mut stops = receipt.stops.iter_mut();
                        if let Some(stop) = stops.find(|stop| stop.withdrawal == withdrawal) {
                            stop.acknowledgement = Some(jwt.clone());
                        }
                        records.put(&receipt)?;
                    }
                    Confirmation::NotValid if sharing.is_pending() => {
                        sharing.state = SharingState::StopDisputed;
                    }
                    Confirmation::Signed { .. } | Confirmation::NotValid | Confirmation::None => {}
                }
                records.put(&sharing)
            };
            sync::commit_or_keep(core, env, record, move |core, env| tell(core, pending, env, then))
        }),
    ))
}

fn item(core: &Core, id: &str, now: Timestamp) -> Result<Next, WalletError> {
    let records = core.records()?;
    Ok(Next::Done(Reply::SharingItem {
        item: view(records.need(id)?, &records, &Labels::of(core)?, now),
    }))
}

fn view(sharing: Sharing, records: &Records<'_>, labels: &Labels, now: Timestamp) -> SharingView {
    SharingView {
        state: sharing.state(now),
        details: labels.all(&sharing.details),
        purposes: sharing
            .purposes
            .into_iter()
            .map(|purpose| PurposeView {
                id: purpose.id,
                text: purpose.text,
                details: labels.all(&purpose.details),
            })
            .collect(),
        id: sharing.id,
        service: sharing.service,
        purpose: sharing.purpose,
        since: sharing.since,
        until: sharing.until,
        retention: sharing.retention,
        recognisability: sharing.recognisability,
        stopped_at: sharing.stopped_at,
        erasure_asked: sharing.erasure_asked,
        kept: sharing.kept,
        attempts: sharing.attempts,
        receipt_id: sharing.receipt_id,
        entry_id: records.present::<Entry>(sharing.entry_id),
        rights_contact: sharing.rights_contact,
    }
}

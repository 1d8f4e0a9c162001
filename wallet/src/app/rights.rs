//! The commands around active sharing.

use std::collections::VecDeque;

use assent_core::env::{Env, Timestamp};
use assent_core::error::Blame;

use super::history::Labels;
use super::session::Core;
use super::view::{SharingState, SharingView};
use super::wallet::Next;
use super::{Reply, WalletError, sync};
use crate::history::{Entry, EntryKind};
use crate::present::{KeptReceipt, receipt_key};
use crate::records::Records;
use crate::rights::{Confirmation, Sharing, read_confirmation, sign_withdrawal, withdrawal_request};

pub(super) fn list(core: &Core, now: Timestamp) -> Result<Next, WalletError> {
    Ok(Next::Done(Reply::Sharing {
        sharing: views(core, now)?,
    }))
}

/// All sharings: active ones first, then by time.
pub(super) fn views(core: &Core, now: Timestamp) -> Result<Vec<SharingView>, WalletError> {
    let labels = Labels::of(core)?;
    let mut sharing: Vec<Sharing> = core.records()?.list();
    sharing.sort_by_key(|sharing| {
        (
            sharing.state(now) != SharingState::Active,
            std::cmp::Reverse(sharing.since),
        )
    });
    Ok(sharing
        .into_iter()
        .map(|sharing| view(sharing, &labels, now))
        .collect())
}

/// Withdraws: recorded here first, whatever the network says, then told to the service.
pub(super) fn stop(
    core: &mut Core,
    id: String,
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
    let key = receipt_key(&core.open()?.vault, &receipt.service_id, &receipt.id)?;
    let withdrawal = sign_withdrawal(&receipt, ask_erasure, &key, crypto, env)?;
    let token = |env: &mut Env<'_>| env.random_token().map_err(|_| sync::no_randomness());
    let (withdrawal_entry, erasure_entry) = (token(env)?, token(env)?);
    let now = env.now;
    let sharing_id = id.clone();
    let record = move |records: &mut Records<'_>| {
        let mut sharing: Sharing = records.need(&sharing_id)?;
        if sharing.stopped_at.is_some() {
            return Ok(());
        }
        sharing.stop(ask_erasure, now);
        let mut receipt: KeptReceipt = records.need(&sharing.receipt_id)?;
        receipt.withdrawal = Some(withdrawal.clone());
        let kinds = [
            (EntryKind::Withdrawal, &withdrawal_entry),
            (EntryKind::ErasureRequest, &erasure_entry),
        ];
        for (kind, id) in kinds.into_iter().take(1 + usize::from(ask_erasure)) {
            let mut entry = Entry::right(id.clone(), now, kind, sharing.service.clone());
            entry.presented.clone_from(&sharing.details);
            entry.receipt_id = Some(receipt.id.clone());
            entry.sharing_id = Some(sharing.id.clone());
            records.put(&entry)?;
        }
        records.put(&receipt)?;
        records.put(&sharing)
    };
    let later = record.clone();
    sync::commit(core, env, record, move |core, outcome, env| {
        if outcome.is_err() {
            sync::keep_for_later(core, later)?;
        }
        tell(
            core,
            VecDeque::from([id.clone()]),
            env,
            Box::new(move |core, env| item(core, &id, env.now)),
        )
    })
}

/// Tells every service that has not confirmed yet.
pub(super) fn retry(core: &mut Core, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let sharing: Vec<Sharing> = core.records()?.list();
    let pending = sharing
        .into_iter()
        .filter(Sharing::is_pending)
        .map(|sharing| sharing.id)
        .collect();
    tell(core, pending, env, Box::new(|core, env| list(core, env.now)))
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
    let Some(withdrawal) = receipt.withdrawal.clone() else {
        return tell(core, pending, env, then);
    };
    let request = withdrawal_request(&sharing.withdrawal_endpoint, &withdrawal);
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            let confirmation = read_confirmation(answer, &receipt, &core.judge(env.now, true)?);
            let record = move |records: &mut Records<'_>| {
                let mut sharing: Sharing = records.need(&id)?;
                sharing.attempts = sharing.attempts.saturating_add(1);
                match &confirmation {
                    Confirmation::Signed { jwt, acknowledgement } => {
                        sharing.answered(acknowledgement);
                        let mut receipt: KeptReceipt = records.need(&sharing.receipt_id)?;
                        receipt.acknowledgement = Some(jwt.clone());
                        records.put(&receipt)?;
                    }
                    // What another device got confirmed meanwhile stays confirmed.
                    Confirmation::NotValid if sharing.is_pending() => {
                        sharing.state = SharingState::StopDisputed;
                    }
                    Confirmation::NotValid | Confirmation::None => {}
                }
                records.put(&sharing)
            };
            let later = record.clone();
            sync::commit(core, env, record, move |core, outcome, env| {
                if outcome.is_err() {
                    sync::keep_for_later(core, later)?;
                }
                tell(core, pending, env, then)
            })
        }),
    ))
}

fn item(core: &Core, id: &str, now: Timestamp) -> Result<Next, WalletError> {
    let sharing: Sharing = core.records()?.need(id)?;
    Ok(Next::Done(Reply::SharingItem {
        item: view(sharing, &Labels::of(core)?, now),
    }))
}

fn view(sharing: Sharing, labels: &Labels, now: Timestamp) -> SharingView {
    SharingView {
        state: sharing.state(now),
        details: labels.all(&sharing.details),
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
        entry_id: sharing.entry_id,
        rights_contact: sharing.rights_contact,
    }
}

//! Received cards, into the vault.

use std::sync::Arc;

use assent_core::encoding::json::{self, Limits};
use assent_core::env::{Env, Timestamp};
use assent_core::http::{HttpRequest, HttpResponse};

use super::super::session::Core;
use super::super::view::CardSummary;
use super::super::wallet::Next;
use super::super::{WalletError, sync};
use crate::history::Entry;
use crate::holdings::{self, Card, Renewal};
use crate::receive::{Awaited, ReceivedCard, name_details, want_names};
use crate::records::Records;

/// Ids of cards that were kept, and what became of those that were here.
pub(super) type Kept = Vec<(String, Option<Renewal>)>;

/// What follows, with cards.
type Named = Box<dyn FnOnce(&mut Core, Vec<ReceivedCard>, &mut Env<'_>) -> Result<Next, WalletError> + Send>;
/// What follows when nothing can go wrong any more.
type Told = Box<dyn FnOnce(&mut Core, &mut Env<'_>) -> Result<Next, WalletError> + Send>;
type Stored = Box<dyn FnOnce(&mut Core, Kept, &mut Env<'_>) -> Result<Next, WalletError> + Send>;

/// Asks our own registry for all the types it knows, where a card's details have no names. All, so that nobody learns
/// which card it is about; an answer that does not come changes nothing but names.
pub(super) fn with_names(
    core: &mut Core,
    mut received: Vec<ReceivedCard>,
    env: &mut Env<'_>,
    then: Named,
) -> Result<Next, WalletError> {
    if !want_names(&received) {
        return then(core, received, env);
    }
    let operator = core.surroundings.operator.trim_end_matches('/');
    let url = [operator, "/v1/registry/types"].concat();
    Ok(Next::Send(
        HttpRequest::get(url, "application/json", Limits::MESSAGE.bytes),
        Box::new(move |core, answer, env| {
            let types = answer.ok().filter(HttpResponse::is_success);
            if let Some(types) =
                types.and_then(|types| json::parse(types.body.as_bytes(), Limits::MESSAGE).ok())
            {
                name_details(&mut received, &types);
            }
            then(core, received, env)
        }),
    ))
}

/// Keeps the cards in the vault, with what is still awaited, and forgets that `arrived` was; when the vault's service does
/// not answer, on this device until it does. Keeps nothing where `arrived` is awaited no more: another device has it, and an
/// issuer that does not know whether its answer arrived gave the same copies again.
pub(super) fn store(
    core: &mut Core,
    received: Vec<ReceivedCard>,
    awaited: Vec<Awaited>,
    arrived: Option<String>,
    env: &mut Env<'_>,
    then: Stored,
) -> Result<Next, WalletError> {
    let entry_id = env.random_token().map_err(|_| sync::no_randomness())?;
    let now = env.now;
    let apply = Arc::new(move |records: &mut Records<'_>| {
        let mut kept = Vec::new();
        let awaited_here = arrived.clone().map(|id| records.present::<Awaited>(id));
        if let Some(None) = awaited_here {
            return Ok(kept);
        }
        for ReceivedCard { card, copies, .. } in &received {
            kept.push(holdings::add(records, card, copies)?);
        }
        if let Some(ReceivedCard { card, .. }) = received.first() {
            let types = received
                .iter()
                .map(|received| received.card.vct.clone())
                .collect();
            let mut entry = Entry::issuance(entry_id.clone(), now, card, types);
            entry.cards = kept.iter().map(|(id, _)| id.clone()).collect();
            records.put(&entry)?;
        }
        for awaited in &awaited {
            records.put(awaited)?;
        }
        if let Some(Some(arrived)) = awaited_here {
            records.delete::<Awaited>(&arrived);
        }
        Ok(kept)
    });
    let later = Arc::clone(&apply);
    let apply = move |records: &mut Records<'_>| apply(records);
    sync::commit_finding(core, env, apply, move |core, outcome, env| {
        let kept = match outcome {
            Ok(kept) => kept,
            Err(_) => sync::keep_for_later(core, |records| later(records))?,
        };
        then(core, kept, env)
    })
}

/// The cards that were kept, as they are now.
pub(super) fn summaries(core: &Core, kept: Kept, now: Timestamp) -> Result<Vec<CardSummary>, WalletError> {
    let language = core.settings()?.language;
    let records = core.records()?;
    let mut cards = Vec::with_capacity(kept.len());
    for (id, renewal) in kept {
        let mut summary = records.need::<Card>(&id)?.summary(now, &language);
        summary.renewal = renewal.map(Renewal::name);
        cards.push(summary);
    }
    Ok(cards)
}

/// Sends notifications one after the other; their answers change nothing.
pub(super) fn notify(
    core: &mut Core,
    mut requests: Vec<HttpRequest>,
    env: &mut Env<'_>,
    then: Told,
) -> Result<Next, WalletError> {
    match requests.pop() {
        Some(request) => Ok(Next::Send(
            request,
            Box::new(move |core, _, env| notify(core, requests, env, then)),
        )),
        None => then(core, env),
    }
}

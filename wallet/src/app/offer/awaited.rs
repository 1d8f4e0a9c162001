//! Cards that their issuers give later, and those of an offer that did not come and can still be asked for.

use std::sync::Arc;

use assent_core::env::Env;
use assent_core::http::HttpRequest;

use super::super::cards::awaited as views;
use super::super::session::Core;
use super::super::view::{AwaitedCard, FailedCard};
use super::super::wallet::Next;
use super::super::{Reply, WalletError, sync};
use super::exchange::{got, send};
use super::store::{Kept, notify, store, summaries, with_names};
use super::{failed, issue, with_client};
use crate::receive::{
    AtServer, Authorised, Awaited, Delivery, OpenOffer, ReceiveError, ReceivedCard, Tokens,
    wants_other_encryption,
};
use crate::records::Records;

/// Most that are asked for in one command.
const MOST: usize = 8;
/// Seconds until a card that did not come for another reason than the network is asked for again by itself.
const AFTER_NO: i64 = 3600;

/// One command's way through the awaited cards.
struct Round {
    /// Those still to be asked for.
    ids: Vec<String>,
    /// The person asked for this one: what is wrong with it is said.
    one: bool,
    kept: Kept,
    failed: Option<WalletError>,
    /// What the issuer of the present one announces was read again.
    read_anew: bool,
    /// The person goes on with this offer: only what is of it is told.
    offer: Option<String>,
    later: Vec<AwaitedCard>,
    missed: Vec<FailedCard>,
}

impl Round {
    fn of(ids: Vec<String>, one: bool) -> Self {
        Self {
            ids,
            one,
            kept: Kept::new(),
            failed: None,
            read_anew: false,
            offer: None,
            later: Vec::new(),
            missed: Vec::new(),
        }
    }
}

/// Asks for one of them, or for all that are due.
pub(super) fn fetch(core: &mut Core, id: Option<String>, env: &mut Env<'_>) -> Result<Next, WalletError> {
    if let Some(id) = id {
        core.records()?.need::<Awaited>(&id)?;
        // Another device may have it by now. When the vault's service does not answer, the issuer still may.
        return sync::fetch(core, move |core, _, env| {
            next(core, Round::of(vec![id], true), env)
        });
    }
    let is_due = |at: Option<i64>| at.is_some_and(|at| at <= env.now.0);
    let due = views(&core.records()?)
        .into_iter()
        .filter(|card| is_due(card.next_try_at));
    let ids = some(due.map(|card| card.id).collect(), env)?;
    next(core, Round::of(ids, false), env)
}

/// What is left of an offer that was accepted before.
pub(super) fn rest_of(core: &Core, mark: &str, env: &Env<'_>) -> Result<Option<OpenOffer>, WalletError> {
    let mut rest = core.records()?.list::<Awaited>();
    rest.retain(|one| one.is_rest_of(mark, env.now));
    Ok(OpenOffer::rest(mark, &rest))
}

/// Asks for the cards of an offer that did not come.
pub(super) fn go_on(
    core: &mut Core,
    mark: &str,
    ids: &[String],
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let mut round = Round::of(ids.iter().rev().cloned().collect(), false);
    round.offer = Some(mark.to_owned());
    next(core, round, env)
}

/// As many as are asked for in one command, drawn: those that nobody answers for stay due, and in any fixed order they would
/// keep the others from being asked for.
fn some(mut due: Vec<String>, env: &mut Env<'_>) -> Result<Vec<String>, WalletError> {
    while due.len() > MOST {
        let number = env.random::<8>().map_err(|_| sync::no_randomness())?;
        // Favours some by a hair: there are far fewer than 2^64.
        let at = u64::from_be_bytes(number) % due.len() as u64;
        due.swap_remove(usize::try_from(at).unwrap_or(0));
    }
    Ok(due)
}

/// Gives one up.
pub(super) fn forget(core: &mut Core, id: String, env: &mut Env<'_>) -> Result<Next, WalletError> {
    core.records()?.need::<Awaited>(&id)?;
    sync::commit(
        core,
        env,
        move |records| {
            if let Some(id) = records.present::<Awaited>(id.clone()) {
                records.delete::<Awaited>(&id);
            }
            Ok(())
        },
        |_, outcome, _| outcome.map(|()| Next::Done(Reply::Done)),
    )
}

fn next(core: &mut Core, mut round: Round, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let Some(id) = round.ids.pop() else {
        if round.offer.is_some() {
            return gone_on(core, round, env);
        }
        return match round.failed {
            Some(error) if round.one => Err(error),
            _ => Ok(Next::Done(Reply::Cards {
                cards: summaries(core, round.kept, env.now)?,
                awaited: views(&core.records()?),
                failed: Vec::new(),
            })),
        };
    };
    round.read_anew = false;
    let awaited = core.records()?.get::<Awaited>(&id);
    match awaited {
        Ok(Some(awaited)) if awaited.tokens.is_over(env.now) && awaited.tokens.can_be_renewed() => {
            renew(core, awaited, round, env)
        }
        Ok(Some(awaited)) => ask(core, awaited, false, round, env),
        // It arrived elsewhere.
        Ok(None) => next(core, round, env),
        Err(error) => {
            round.failed = Some(error);
            next(core, round, env)
        }
    }
}

/// The end of going on with an offer.
fn gone_on(core: &mut Core, round: Round, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let mark = round.offer.unwrap_or_default();
    core.offer = rest_of(core, &mark, env)?.map(Arc::new);
    match round.failed {
        Some(error) if round.kept.is_empty() && round.later.is_empty() => Err(error),
        _ => Ok(Next::Done(Reply::Cards {
            cards: summaries(core, round.kept, env.now)?,
            awaited: round.later,
            failed: round.missed,
        })),
    }
}

/// Asks for a card that nobody put off.
fn ask_anew(core: &mut Core, awaited: Awaited, round: Round, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let authorised = Authorised::again(&awaited);
    let then = Box::new(move |core: &mut Core, authorised, env: &mut Env<'_>| {
        asked_anew(core, awaited, authorised, round, env)
    });
    issue::next_card(core, authorised, then, env)
}

fn asked_anew(
    core: &mut Core,
    awaited: Awaited,
    mut authorised: Authorised,
    mut round: Round,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    if let Some(missing) = authorised.missing.pop() {
        let requests = authorised.notifications(&core.profile(), env);
        let missed = Box::new(move |core: &mut Core, env: &mut Env<'_>| {
            let at = match missing.again {
                true if missing.error.is_network() => awaited.next_try_at,
                true => Some(env.now.plus(AFTER_NO).0),
                false => None,
            };
            missed(core, awaited, missing.error, at, round, env)
        });
        return notify(core, requests, env, missed);
    }
    for later in &mut authorised.awaited {
        later.name.clone_from(&awaited.name);
        later.issuer.clone_from(&awaited.issuer);
        round.later.push(later.view());
    }
    let received = std::mem::take(&mut authorised.received);
    arrive(
        core,
        awaited.id,
        received,
        authorised.awaited.clone(),
        round,
        env,
        move |core, env| authorised.notifications(&core.profile(), env),
    )
}

/// A card does not come now. At `at` it is asked for again; without it, not by itself.
fn missed(
    core: &mut Core,
    awaited: Awaited,
    error: WalletError,
    at: Option<i64>,
    mut round: Round,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    if round.offer.is_some() {
        round.missed.push(FailedCard {
            name: awaited.name.clone(),
            problem: error.view(),
            again: at.is_some(),
        });
    }
    round.failed = Some(error);
    if at == awaited.next_try_at {
        return next(core, round, env);
    }
    // Whoever goes on with an offer is told that it does not come: nothing is left to remember.
    if at.is_none() && round.offer.is_some() {
        let (none, id) = (Vec::new(), awaited.id);
        return arrive(core, id, none, Vec::new(), round, env, |_, _| Vec::new());
    }
    try_again(core, awaited, at, round, env)
}

/// Keeps what came in place of the record, tells the issuer, and goes on.
fn arrive(
    core: &mut Core,
    id: String,
    received: Vec<ReceivedCard>,
    later: Vec<Awaited>,
    mut round: Round,
    env: &mut Env<'_>,
    requests: impl FnOnce(&Core, &mut Env<'_>) -> Vec<HttpRequest> + Send + 'static,
) -> Result<Next, WalletError> {
    with_names(
        core,
        received,
        env,
        Box::new(move |core, received, env| {
            store(
                core,
                received,
                later,
                Some(id),
                env,
                Box::new(move |core, kept, env| {
                    round.kept.extend(kept);
                    let requests = requests(core, env);
                    notify(core, requests, env, Box::new(|core, env| next(core, round, env)))
                }),
            )
        }),
    )
}

/// Gets the next tokens, for all cards of that issuance: the old ones may end with this.
fn renew(core: &mut Core, awaited: Awaited, round: Round, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let (origin, client_id, profile) = (awaited.origin.clone(), awaited.client_id.clone(), core.profile());
    with_client(
        core,
        &origin,
        client_id.as_deref(),
        awaited.tokens.instance.clone().as_ref(),
        env,
        Box::new(move |core, client, env| {
            let client = match client {
                Ok(client) => client,
                Err(error) => return settle(core, awaited, Err(error), round, env),
            };
            let dpop = awaited.tokens.access.dpop.clone();
            let awaited = Arc::new(awaited);
            let asked = Arc::clone(&awaited);
            send(
                AtServer { client, dpop },
                Box::new(move |at, env| {
                    let endpoint = asked.token_endpoint()?;
                    asked.tokens.renewal(endpoint, at, &profile, env)
                }),
                env,
                Box::new(move |core, at, response, env| {
                    let tokens = response
                        .and_then(|response| awaited.tokens.renewed(&response, at, &core.profile(), env.now));
                    let mut awaited = Awaited::clone(&awaited);
                    match tokens {
                        Ok(tokens) => {
                            awaited.tokens = tokens;
                            renewed(core, awaited, round, env)
                        }
                        Err(error) => settle(core, awaited, Err(error), round, env),
                    }
                }),
            )
        }),
    )
}

/// Keeps the tokens before they are used: the old ones may be worth nothing now.
fn renewed(core: &mut Core, awaited: Awaited, round: Round, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let (issuance, tokens) = (awaited.issuance.clone(), awaited.tokens.clone());
    sync::commit_or_keep(
        core,
        env,
        move |records| put_tokens(records, &issuance, &tokens),
        move |core, env| ask(core, awaited, true, round, env),
    )
}

fn put_tokens(records: &mut Records<'_>, issuance: &str, tokens: &Tokens) -> Result<(), WalletError> {
    for mut awaited in records.list::<Awaited>() {
        if awaited.issuance == issuance {
            awaited.tokens = tokens.clone();
            records.put(&awaited)?;
        }
    }
    Ok(())
}

fn ask(
    core: &mut Core,
    awaited: Awaited,
    is_renewed: bool,
    mut round: Round,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    if awaited.is_rest() {
        return ask_anew(core, awaited, round, env);
    }
    let encryption = match awaited.encryption(env) {
        Ok(encryption) => Arc::new(encryption),
        Err(error) => return settle(core, awaited, Err(error), round, env),
    };
    let profile = core.profile();
    let awaited = Arc::new(awaited);
    let (asked, sealed) = (Arc::clone(&awaited), Arc::clone(&encryption));
    send(
        awaited.tokens.access.clone(),
        Box::new(move |access, env| asked.request(sealed.as_ref().as_ref(), access, &profile, env)),
        env,
        Box::new(move |core, access, response, env| {
            let mut awaited = Awaited::clone(&awaited);
            awaited.tokens.access = access;
            // A token may end before its time.
            let is_over = matches!(&response, Ok(response) if response.status == 401);
            if is_over && !is_renewed && awaited.tokens.can_be_renewed() {
                return renew(core, awaited, round, env);
            }
            if matches!(&response, Ok(response) if wants_other_encryption(response)) && !round.read_anew {
                round.read_anew = true;
                return Ok(read_anew(core, awaited, is_renewed, round));
            }
            let (profile, crypto) = (core.profile(), core.crypto());
            let anchors = &core.open()?.anchors;
            let encryption = encryption.as_ref().as_ref();
            let delivery = response
                .and_then(|response| awaited.receive(encryption, response, anchors, crypto, &profile, env));
            settle(core, awaited, delivery, round, env)
        }),
    )
}

/// Reads again how the issuer wants messages encrypted, and asks again: a card may be awaited for longer than its issuer
/// keeps a key.
fn read_anew(core: &Core, mut awaited: Awaited, is_renewed: bool, round: Round) -> Next {
    Next::Send(
        awaited.announcement_request(&core.profile()),
        Box::new(move |core, answer, env| {
            let profile = core.profile();
            match got(answer).and_then(|response| awaited.announced(&response, &profile)) {
                Ok(()) => ask(core, awaited, is_renewed, round, env),
                Err(error) => settle(core, awaited, Err(error), round, env),
            }
        }),
    )
}

/// Records what became of it, and goes on.
fn settle(
    core: &mut Core,
    awaited: Awaited,
    delivery: Result<Delivery, ReceiveError>,
    mut round: Round,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let error = match delivery {
        Ok(Delivery::Card(card, notifications)) => {
            let id = awaited.id.clone();
            return arrive(core, id, vec![*card], Vec::new(), round, env, move |core, env| {
                awaited.notifications(&notifications, &core.profile(), env)
            });
        }
        Ok(Delivery::Later(at)) => return try_again(core, awaited, Some(at.0), round, env),
        Err(error) => error,
    };
    let at = awaited.after(&error, env.now);
    if awaited.is_rest() {
        return missed(core, awaited, failed(error), at, round, env);
    }
    round.failed = Some(failed(error));
    if at == awaited.next_try_at {
        return next(core, round, env);
    }
    if at.is_some() {
        return try_again(core, awaited, at, round, env);
    }
    // Perhaps because another device has it.
    sync::fetch(core, move |core, _, env| {
        if core.records()?.present::<Awaited>(awaited.id.clone()).is_none() {
            round.failed = None;
        }
        try_again(core, awaited, at, round, env)
    })
}

/// Keeps when to try again; nothing, where another device did something meanwhile.
fn try_again(
    core: &mut Core,
    awaited: Awaited,
    at: Option<i64>,
    round: Round,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    sync::commit_or_keep(
        core,
        env,
        move |records| {
            if let Some(mut kept) = records.get::<Awaited>(&awaited.id)?
                && kept.tokens.access.token == awaited.tokens.access.token
            {
                kept.next_try_at = at;
                kept.tokens = awaited.tokens.clone();
                kept.origin = awaited.origin.clone();
                records.put(&kept)?;
            }
            Ok(())
        },
        move |core, env| next(core, round, env),
    )
}

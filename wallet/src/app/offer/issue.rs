//! From a token to the cards of an offer.

use std::sync::Arc;

use assent_core::crypto::SoftwareKey;
use assent_core::env::Env;

use super::super::session::Core;
use super::super::view::FailedCard;
use super::super::wallet::Next;
use super::super::{NetworkFailure, Reply, WalletError};
use super::exchange::{got, send};
use super::store::{notify, store, summaries, with_names};
use super::{card_name, issuer_name, operator, sign_in};
use crate::receive::{Authorised, Awaited, OpenOffer, Origin, ReceiveError, ask_for_keys, take_keys};

/// What follows when every card was asked for.
pub(super) type Done =
    Box<dyn FnOnce(&mut Core, Authorised, &mut Env<'_>) -> Result<Next, WalletError> + Send>;

/// Asks for all cards of an offer, and keeps them. Where none came at all, why is the error.
pub(super) fn all(core: &mut Core, authorised: Authorised, env: &mut Env<'_>) -> Result<Next, WalletError> {
    next_card(core, authorised, Box::new(finish), env)
}

fn finish(core: &mut Core, mut authorised: Authorised, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let none = why_none(&authorised);
    // Before anything came, what was given waits with the sign-in.
    let waits = none.is_some() && authorised.left.is_some();
    let mut rest = if waits { Vec::new() } else { authorised.rest(env) };
    name(core, &authorised.origin, &mut rest)?;
    match none {
        Some(error) => stop(core, authorised, rest, error, env),
        None => keep(core, authorised, rest, env),
    }
}

/// Asks for the next card, and then for the others.
pub(super) fn next_card(
    core: &mut Core,
    mut authorised: Authorised,
    then: Done,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    if authorised.is_done() {
        return then(core, authorised, env);
    }
    match authorised.nonce_request(&core.profile()) {
        None => ask(core, authorised, None, then, env),
        Some(request) => Ok(Next::Send(
            request,
            Box::new(move |core, answer, env| {
                let nonce = got(answer).and_then(|answer| authorised.nonce(&answer, &core.profile()));
                match nonce {
                    Ok(nonce) => ask(core, authorised, Some(&nonce), then, env),
                    Err(error) => miss(core, authorised, error, then, env),
                }
            }),
        )),
    }
}

fn ask(
    core: &mut Core,
    authorised: Authorised,
    c_nonce: Option<&str>,
    then: Done,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let keys = match authorised.keys(env) {
        Ok(keys) => keys,
        Err(error) => return miss(core, authorised, error, then, env),
    };
    if !authorised.wants_attested_keys() {
        return ask_for(core, authorised, (keys, None), c_nonce, then, env);
    }
    let request = match ask_for_keys(operator(core), &keys, c_nonce, env.now) {
        Ok(request) => request,
        Err(error) => return miss(core, authorised, error, then, env),
    };
    let c_nonce = c_nonce.map(str::to_owned);
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            let attestation = answer
                .map_err(|NetworkFailure| ReceiveError::OperatorUnreachable)
                .and_then(|answer| take_keys(&answer, &core.profile()));
            match attestation {
                Ok(said) => ask_for(
                    core,
                    authorised,
                    (keys, Some(said)),
                    c_nonce.as_deref(),
                    then,
                    env,
                ),
                Err(error) => miss(core, authorised, error, then, env),
            }
        }),
    ))
}

/// With these keys, and the operator's word about them where it is wanted.
fn ask_for(
    core: &mut Core,
    mut authorised: Authorised,
    (keys, attestation): (Vec<SoftwareKey>, Option<String>),
    c_nonce: Option<&str>,
    then: Done,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let asking = match authorised.asking(keys, c_nonce, attestation.as_deref(), env) {
        Ok(asking) => Arc::new(asking),
        Err(error) => return miss(core, authorised, error, then, env),
    };
    let (asked, origin, profile) = (Arc::clone(&asking), authorised.origin.clone(), core.profile());
    send(
        authorised.tokens.access.clone(),
        Box::new(move |access, env| asked.request(&origin, access, &profile, env)),
        env,
        Box::new(move |core, access, response, env| {
            authorised.tokens.access = access;
            let (profile, crypto) = (core.profile(), core.crypto());
            let anchors = &core.open()?.anchors;
            let outcome = response
                .and_then(|response| authorised.receive(&asking, response, anchors, crypto, &profile, env));
            match outcome {
                Ok(()) => next_card(core, authorised, then, env),
                Err(error) => miss(core, authorised, error, then, env),
            }
        }),
    )
}

/// Goes on without the card that is next.
fn miss(
    core: &mut Core,
    mut authorised: Authorised,
    error: ReceiveError,
    then: Done,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    authorised.miss(error);
    next_card(core, authorised, then, env)
}

/// Why no card came, nor will: first what leaves something to go on with.
fn why_none(authorised: &Authorised) -> Option<WalletError> {
    if !authorised.received.is_empty() || !authorised.awaited.is_empty() {
        return None;
    }
    let mut missing = authorised.missing.iter();
    let left = missing.clone().find(|missing| missing.again);
    left.or_else(|| missing.next())
        .map(|missing| missing.error.clone())
}

fn stop(
    core: &mut Core,
    authorised: Authorised,
    rest: Vec<Awaited>,
    error: WalletError,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    if !authorised.missing.iter().any(|missing| missing.again) {
        sign_in::forget(core, authorised.left.as_ref());
    }
    if rest.is_empty() {
        let requests = authorised.notifications(&core.profile(), env);
        return notify(core, requests, env, Box::new(|_, _| Err(error)));
    }
    store(
        core,
        Vec::new(),
        rest.clone(),
        None,
        env,
        Box::new(move |core, _, env| {
            core.offer = open_rest(&rest);
            let requests = authorised.notifications(&core.profile(), env);
            notify(core, requests, env, Box::new(|_, _| Err(error)))
        }),
    )
}

/// What can be accepted next: the cards that did not come.
pub(super) fn open_rest(rest: &[Awaited]) -> Option<Arc<OpenOffer>> {
    let mark = rest.first().and_then(|one| one.offer.as_deref());
    OpenOffer::rest(mark.unwrap_or_default(), rest).map(Arc::new)
}

/// Names for screens.
fn name(core: &Core, origin: &Origin, awaited: &mut [Awaited]) -> Result<(), WalletError> {
    let issuer = issuer_name(core, origin)?;
    let language = core.settings()?.language;
    for one in awaited {
        one.name = card_name(&one.offering, &language);
        one.issuer.clone_from(&issuer);
    }
    Ok(())
}

/// Keeps what came, and what is needed for what comes later or is still to be asked for.
fn keep(
    core: &mut Core,
    mut authorised: Authorised,
    rest: Vec<Awaited>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let language = core.settings()?.language;
    name(core, &authorised.origin, &mut authorised.awaited)?;
    let received = std::mem::take(&mut authorised.received);
    with_names(
        core,
        received,
        env,
        Box::new(move |core, received, env| {
            let mut awaited = authorised.awaited.clone();
            awaited.extend(rest.iter().cloned());
            store(
                core,
                received,
                awaited,
                None,
                env,
                Box::new(move |core, kept, env| {
                    sign_in::forget(core, authorised.left.as_ref());
                    core.offer = open_rest(&rest);
                    let reply = Reply::Cards {
                        cards: summaries(core, kept, env.now)?,
                        awaited: authorised.awaited.iter().map(|awaited| awaited.view()).collect(),
                        failed: failed_cards(&authorised, &language),
                    };
                    let requests = authorised.notifications(&core.profile(), env);
                    notify(core, requests, env, Box::new(|_, _| Ok(Next::Done(reply))))
                }),
            )
        }),
    )
}

fn failed_cards(authorised: &Authorised, language: &str) -> Vec<FailedCard> {
    let missing = authorised.missing.iter().map(|missing| FailedCard {
        name: card_name(&missing.card, language),
        problem: missing.error.view(),
        again: missing.again,
    });
    missing.collect()
}

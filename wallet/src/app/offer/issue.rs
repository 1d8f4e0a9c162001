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
use crate::receive::{Authorised, ReceiveError, ask_for_keys, take_keys};

/// Asks for the next card, or keeps them when there is none. Where none came at all, why is the error.
pub(super) fn next_card(
    core: &mut Core,
    mut authorised: Authorised,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    if authorised.is_done() {
        let none = why_none(&authorised);
        // Before anything came, what was given waits with the sign-in, or with the offer.
        if none.is_none() || authorised.is_rest {
            core.unfinished = authorised.again(env).map(Box::new);
        }
        return match none {
            Some(error) => stop(core, &authorised, error, env),
            None => keep(core, authorised, env),
        };
    }
    match authorised.nonce_request(&core.profile()) {
        None => ask(core, authorised, None, env),
        Some(request) => Ok(Next::Send(
            request,
            Box::new(move |core, answer, env| {
                let nonce = got(answer).and_then(|answer| authorised.nonce(&answer, &core.profile()));
                match nonce {
                    Ok(nonce) => ask(core, authorised, Some(&nonce), env),
                    Err(error) => miss(core, authorised, error, env),
                }
            }),
        )),
    }
}

fn ask(
    core: &mut Core,
    authorised: Authorised,
    c_nonce: Option<&str>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let keys = match authorised.keys(env) {
        Ok(keys) => keys,
        Err(error) => return miss(core, authorised, error, env),
    };
    if !authorised.wants_attested_keys() {
        return ask_for(core, authorised, keys, c_nonce, None, env);
    }
    let request = match ask_for_keys(operator(core), &keys, c_nonce, env.now) {
        Ok(request) => request,
        Err(error) => return miss(core, authorised, error, env),
    };
    let c_nonce = c_nonce.map(str::to_owned);
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            let attestation = answer
                .map_err(|NetworkFailure| ReceiveError::OperatorUnreachable)
                .and_then(|answer| take_keys(&answer, &core.profile()));
            match attestation {
                Ok(said) => ask_for(core, authorised, keys, c_nonce.as_deref(), Some(&said), env),
                Err(error) => miss(core, authorised, error, env),
            }
        }),
    ))
}

fn ask_for(
    core: &mut Core,
    mut authorised: Authorised,
    keys: Vec<SoftwareKey>,
    c_nonce: Option<&str>,
    attestation: Option<&str>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let asking = match authorised.asking(keys, c_nonce, attestation, env) {
        Ok(asking) => Arc::new(asking),
        Err(error) => return miss(core, authorised, error, env),
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
                Ok(()) => next_card(core, authorised, env),
                Err(error) => miss(core, authorised, error, env),
            }
        }),
    )
}

/// Goes on without the card that is next.
fn miss(
    core: &mut Core,
    mut authorised: Authorised,
    error: ReceiveError,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    authorised.miss(error);
    next_card(core, authorised, env)
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
    authorised: &Authorised,
    error: WalletError,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    if !authorised.missing.iter().any(|missing| missing.again) {
        sign_in::forget(core, authorised.left.as_ref());
    }
    let requests = authorised.notifications(&core.profile(), env);
    notify(core, requests, env, Box::new(|_, _| Err(error)))
}

/// Keeps what came, and what is needed for what comes later.
fn keep(core: &mut Core, mut authorised: Authorised, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let issuer = issuer_name(core, &authorised.origin)?;
    let language = core.settings()?.language;
    for awaited in &mut authorised.awaited {
        awaited.name = card_name(&awaited.offering, &language);
        awaited.issuer.clone_from(&issuer);
    }
    let received = std::mem::take(&mut authorised.received);
    with_names(
        core,
        received,
        env,
        Box::new(move |core, received, env| {
            let awaited = authorised.awaited.clone();
            store(
                core,
                received,
                awaited,
                None,
                env,
                Box::new(move |core, kept, env| {
                    sign_in::forget(core, authorised.left.as_ref());
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

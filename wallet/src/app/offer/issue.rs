//! From a token to the cards of an offer.

use std::sync::Arc;

use assent_core::crypto::SoftwareKey;
use assent_core::env::Env;
use assent_core::oid4vci::metadata::Display;

use super::super::session::Core;
use super::super::wallet::Next;
use super::super::{NetworkFailure, Reply, WalletError};
use super::exchange::{got, send};
use super::store::{notify, store, summaries, with_names};
use super::{issuer_name, operator, sign_in};
use crate::labels;
use crate::receive::{Authorised, ReceiveError, ask_for_keys, take_keys};

/// Asks for the next card, or keeps them when there is none.
pub(super) fn next_card(
    core: &mut Core,
    mut authorised: Authorised,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    if authorised.is_done() {
        return keep(core, authorised, env);
    }
    match authorised.nonce_request(&core.profile()) {
        None => ask(core, authorised, None, env),
        Some(request) => Ok(Next::Send(
            request,
            Box::new(move |core, answer, env| {
                let nonce = got(answer).and_then(|answer| authorised.nonce(&answer, &core.profile()));
                match nonce {
                    Ok(nonce) => ask(core, authorised, Some(&nonce), env),
                    Err(error) => stop(core, &authorised, error),
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
        Err(error) => return stop(core, &authorised, error),
    };
    if !authorised.wants_attested_keys() {
        return ask_for(core, authorised, keys, c_nonce, None, env);
    }
    let request = match ask_for_keys(operator(core), &keys, c_nonce, env.now) {
        Ok(request) => request,
        Err(error) => return stop(core, &authorised, error),
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
                Err(error) => stop(core, &authorised, error),
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
        Err(error) => return stop(core, &authorised, error),
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
                Err(error) => {
                    let requests = authorised.notifications(false, &profile, env);
                    let outcome = stop(core, &authorised, error);
                    notify(core, requests, env, Box::new(|_, _| outcome))
                }
            }
        }),
    )
}

fn stop(core: &mut Core, authorised: &Authorised, error: ReceiveError) -> Result<Next, WalletError> {
    Err(sign_in::stop(core, authorised.left.as_ref(), error))
}

/// Keeps what came, and what is needed for what comes later.
fn keep(core: &mut Core, mut authorised: Authorised, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let issuer = issuer_name(core, &authorised.origin)?;
    let language = core.settings()?.language;
    for awaited in &mut authorised.awaited {
        awaited.name = Display::best(&awaited.offering.configuration.display, &language)
            .and_then(|display| display.name.clone())
            .unwrap_or_else(|| labels::card_name(&awaited.offering.vct, &language));
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
                    };
                    let requests = authorised.notifications(true, &core.profile(), env);
                    notify(core, requests, env, Box::new(|_, _| Ok(Next::Done(reply))))
                }),
            )
        }),
    )
}

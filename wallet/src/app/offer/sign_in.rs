//! Away to sign in at the issuer, and back.
//!
//! What was begun waits in what this device keeps, sealed with the vault's keys: the page ends when the browser leaves,
//! and the vault may be locked when it comes back. It is gone once the cards are there, when the issuer refuses, and
//! after an hour.

use std::sync::Arc;

use assent_core::env::Env;
use assent_core::http::HttpResponse;
use assent_core::oid4vci::SecretText;
use assent_core::oid4vci::authorization::{AuthorizationAnswer, AuthorizationError};

use super::super::session::{Core, DeviceData, Left};
use super::super::view;
use super::super::wallet::Next;
use super::super::{Reply, WalletError};
use super::exchange::send;
use super::{failed, issue, with_client};
use crate::receive::{AtServer, Authorised, Departure, OpenOffer, ReceiveError, Tokens};
use crate::records::read;

/// How long a sign-in may take, in seconds.
const LIFE: i64 = 3600;
/// Most that wait at a time; then the oldest is forgotten.
const MOST: usize = 4;

/// Begins a sign-in: asks the server for it, where it wants to be asked, and says where to go.
pub(super) fn leave(
    core: &mut Core,
    offer: Arc<OpenOffer>,
    client_id: Option<String>,
    redirect_uri: Option<String>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let (Some(client_id), Some(redirect_uri)) = (client_id, redirect_uri) else {
        return Err(failed(ReceiveError::NeedsSignIn));
    };
    let origin = offer.origin.clone();
    with_client(
        core,
        &origin,
        Some(&client_id),
        None,
        env,
        Box::new(move |core, client, env| {
            let at = client.and_then(|client| AtServer::fresh(client, &offer.origin.server, env));
            let at = at.map_err(failed)?;
            let departure = Departure::new(&offer, &at, &redirect_uri, env).map_err(failed)?;
            push(core, departure, at, env)
        }),
    )
}

fn push(core: &mut Core, departure: Departure, at: AtServer, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let profile = core.profile();
    if !departure.is_pushed() {
        return go(core, departure, at, None, env);
    }
    let departure = Arc::new(departure);
    let asked = Arc::clone(&departure);
    send(
        at,
        Box::new(move |at, env| asked.pushed_request(at, &profile, env)),
        env,
        Box::new(move |core, at, response, env| {
            let response = response.map_err(failed)?;
            go(core, Departure::clone(&departure), at, Some(&response), env)
        }),
    )
}

/// Keeps the departure, and says where to go.
fn go(
    core: &mut Core,
    mut departure: Departure,
    at: AtServer,
    pushed: Option<&HttpResponse>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let profile = core.profile();
    let url = departure.url(pushed, at, &profile).map_err(failed)?;
    let content = departure.to_text().map_err(failed)?;
    let device = &mut core.open_mut()?.device;
    device.forget_old(env.now);
    let until = env.now.plus(LIFE).0;
    device.left.push(Left { until, content });
    let too_many = device.left.len().saturating_sub(MOST);
    device.left.drain(..too_many);
    core.offer = None;
    let url = view::SecretText(url);
    Ok(Next::Done(Reply::SignIn { url }))
}

/// Goes on with what the person came back with.
pub(super) fn come_back(core: &mut Core, answer: &str, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let profile = core.profile();
    let device = &mut core.open_mut()?.device;
    device.forget_old(env.now);
    let state = AuthorizationAnswer::state_of(answer).map(SecretText::new);
    let found = state.and_then(|state| Some((find(device, &state)?, state)));
    // RFC 6749 §10.12: an answer that nobody here asked for is somebody else's.
    let Some(((_, departure), state)) = found else {
        return Err(failed(AuthorizationError::State.into()));
    };
    let code = match departure.arrived(answer, &profile) {
        Ok(code) => code,
        Err(error) => return Err(stop(core, Some(&state), error)),
    };
    if let Some(tokens) = departure.tokens.clone() {
        return issue(core, &departure, tokens, state, env);
    }
    let (origin, client_id) = (departure.origin.clone(), departure.client_id.clone());
    with_client(
        core,
        &origin,
        Some(&client_id),
        departure.instance.clone().as_ref(),
        env,
        Box::new(move |_, client, env| {
            let client = client.map_err(failed)?;
            let dpop = departure.dpop();
            let departure = Arc::new(departure);
            let asked = Arc::clone(&departure);
            send(
                AtServer { client, dpop },
                Box::new(move |at, env| asked.token_request(&code, at, &profile, env)),
                env,
                Box::new(move |core, at, response, env| {
                    let tokens =
                        response.and_then(|response| Tokens::first(&response, at, &core.profile(), env.now));
                    match tokens {
                        Ok(tokens) => got_tokens(core, Departure::clone(&departure), tokens, state, env),
                        Err(error) => Err(stop(core, Some(&state), error)),
                    }
                }),
            )
        }),
    )
}

/// Keeps the tokens: when the network fails from here on, nobody has to sign in again.
fn got_tokens(
    core: &mut Core,
    mut departure: Departure,
    tokens: Tokens,
    state: SecretText,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    departure.tokens = Some(tokens.clone());
    let content = departure.to_text().map_err(failed)?;
    let device = &mut core.open_mut()?.device;
    if let Some((at, _)) = find(device, &state)
        && let Some(left) = device.left.get_mut(at)
    {
        left.content = content;
    }
    issue(core, &departure, tokens, state, env)
}

fn issue(
    core: &mut Core,
    departure: &Departure,
    tokens: Tokens,
    state: SecretText,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let (origin, cards) = (departure.origin.clone(), departure.cards.clone());
    let client_id = Some(departure.client_id.as_str());
    let offer = departure.offer.clone();
    let authorised = Authorised::new(origin, cards, client_id, tokens, Some(state), offer, env);
    issue::all(core, authorised.map_err(failed)?, env)
}

/// The error to end with. What the issuer gave is forgotten where it was the issuer that refused.
pub(super) fn stop(core: &mut Core, state: Option<&SecretText>, error: ReceiveError) -> WalletError {
    if !error.leaves_what_was_given() {
        forget(core, state);
    }
    failed(error)
}

/// Forgets the sign-in with this `state`; without one, the open offer.
pub(super) fn forget(core: &mut Core, state: Option<&SecretText>) {
    let Some(state) = state else {
        core.offer = None;
        return;
    };
    if let Ok(open) = core.open_mut()
        && let Some((at, _)) = find(&open.device, state)
    {
        open.device.left.remove(at);
    }
}

fn find(device: &DeviceData, state: &SecretText) -> Option<(usize, Departure)> {
    let mut found = None;
    for (at, left) in device.left.iter().enumerate() {
        if let Ok(departure) = read::<Departure>(left.content.as_bytes())
            && departure.has_state(state)
        {
            found = Some((at, departure));
        }
    }
    found
}

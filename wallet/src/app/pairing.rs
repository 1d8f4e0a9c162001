//! Adding a device, from either side, over a mailbox of the vault service (specs/formats/pairing.md).
//!
//! One command does one exchange: the screen asks [`next`] again until something is there to show. What was to be sent and
//! was not acknowledged is sent again; the mailbox takes the same message twice.

use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, Limits};
use assent_core::env::{Env, Timestamp};
use assent_core::error::Blame;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::record;

use super::reading::{self, Reading};
use super::session::{Address, Core, Session};
use super::sync::{self, AfterCommit};
use super::vault::vault_error;
use super::view::{PairingState, PairingView};
use super::wallet::Next;
use super::{NetworkFailure, Reply, Unlock, WalletError, reopen};
use crate::vault::{
    LockedVault, NewDevice, NewDeviceAnswered, NewDeviceChecking, NewDeviceSure, NewMethod, Newcomer,
    OldDevice, OldDeviceChecking, Paired, PairingError, RemoteVault, SlotChange, VaultError,
};

/// Seconds from the code to the end.
const LIFETIME: i64 = 600;
/// Seconds the service waits for a message before it says that there is none: less than the shell waits for an answer.
const WAIT: u32 = 8;
const MAX_ANSWER: usize = 8 << 10;

/// A device that is being added, or this one that is.
pub(crate) struct Pairing {
    session: String,
    started: Timestamp,
    stage: Stage,
    /// What the other device must get, and its place.
    unsent: Option<(u8, Vec<u8>)>,
}

enum Stage {
    NewShows(NewDevice, Newcomer, String),
    NewAnswered(NewDeviceAnswered),
    NewChecks(NewDeviceChecking),
    NewIsSure(NewDeviceSure),
    NewHas(Box<Paired>),
    OldScanned(OldDevice),
    OldChecks(OldDeviceChecking),
    OldGave(String),
}

impl Stage {
    /// The message it waits for.
    fn waits_for(&self) -> Option<u8> {
        match self {
            Self::NewShows(..) => Some(0),
            Self::OldScanned(_) => Some(1),
            Self::NewAnswered(_) => Some(2),
            Self::NewIsSure(_) => Some(3),
            // Only to hear when the other device ends it.
            Self::NewChecks(_) | Self::OldChecks(_) => Some(3),
            Self::NewHas(_) | Self::OldGave(_) => None,
        }
    }
}

/// On the new device: makes the code.
pub(super) fn start(
    core: &mut Core,
    name: String,
    public_key: Option<&str>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    if matches!(core.session, Session::Open(_)) {
        return Err(super::vault::already_here());
    }
    let device_key = match public_key {
        None => None,
        Some(key) => {
            let key = base64url::decode(key).ok().and_then(|key| key.try_into().ok());
            Some(key.ok_or_else(|| vault_error(VaultError::DeviceKeyUnusable))?)
        }
    };
    let (new, code) = NewDevice::start(env.now, env.rng).map_err(pairing_error)?;
    core.pairing = Some(Pairing {
        session: new.session(),
        started: env.now,
        stage: Stage::NewShows(new, Newcomer { device_key, name }, code),
        unsent: None,
    });
    view(core, true)
}

/// On the old device: reads the code.
pub(super) fn scan(core: &mut Core, code: &str, env: &mut Env<'_>) -> Result<Next, WalletError> {
    core.open()?;
    let (old, message) = OldDevice::scan(code, env.now, env.rng).map_err(pairing_error)?;
    core.pairing = Some(Pairing {
        session: old.session(),
        started: env.now,
        stage: Stage::OldScanned(old),
        unsent: Some((0, message)),
    });
    next(core, env)
}

/// Sends what is to be sent, or waits for what is to come, or fetches the vault.
pub(super) fn next(core: &mut Core, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let pairing = core.pairing.as_ref().ok_or_else(not_begun)?;
    if !(0..=LIFETIME).contains(&env.now.since(pairing.started)) {
        return end(core, pairing_error(PairingError::Expired));
    }
    if let Some((place, message)) = &pairing.unsent {
        let body = record!({ "message": base64url::encode(message) }).to_string();
        let url = mailbox(core, *place)?;
        let request = HttpRequest::post(url, "application/json", body, MAX_ANSWER);
        return Ok(Next::Send(
            request,
            Box::new(|core, answer, _| sent(core, answer)),
        ));
    }
    match (&pairing.stage, pairing.stage.waits_for()) {
        (Stage::NewHas(_), _) => fetch_vault(core),
        (_, None) => view(core, true),
        (_, Some(place)) => {
            let url = format!("{}?wait={WAIT}", mailbox(core, place)?);
            let request = HttpRequest::get(url, "application/json", MAX_ANSWER);
            Ok(Next::Send(request, Box::new(heard)))
        }
    }
}

/// The person says that the digits are the same.
pub(super) fn confirm(
    core: &mut Core,
    digits: &str,
    confirm: Option<&Unlock>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    // Before the pairing is touched: a mistyped passphrase does not end it. The vault goes out of hand here, so whoever
    // has only found this device open must not do it (ASVS 5.0 V7.5.3).
    if let Some(Pairing {
        stage: Stage::OldChecks(_),
        ..
    }) = &core.pairing
    {
        confirm.ok_or_else(not_begun)?.confirms(core)?;
    }
    let pairing = core.pairing.take().ok_or_else(not_begun)?;
    let now = env.now;
    match pairing.stage {
        Stage::NewChecks(new) => match new.confirm(digits, now) {
            Ok(sure) => {
                core.pairing = Some(Pairing {
                    stage: Stage::NewIsSure(sure),
                    ..pairing
                });
                view(core, true)
            }
            Err(error) => Ok(end_session(core, &pairing.session, pairing_error(error))),
        },
        Stage::OldChecks(old) => match old.confirm(digits, now) {
            Ok(sure) => {
                let newcomer = sure.newcomer().clone();
                let name = newcomer.name.clone();
                let (session, started) = (pairing.session, pairing.started);
                let then: AfterCommit = Box::new(move |core, outcome, env| {
                    let message = outcome.and_then(|()| {
                        let open = core.open()?;
                        sure.hand_over(&open.vault, open.address.as_str(), env.rng)
                            .map_err(vault_error)
                    });
                    match message {
                        Ok(message) => {
                            core.pairing = Some(Pairing {
                                session,
                                started,
                                stage: Stage::OldGave(name),
                                unsent: Some((3, message)),
                            });
                            next(core, env)
                        }
                        Err(error) => Ok(end_session(core, &session, error)),
                    }
                });
                add_slot(core, newcomer, then, env)
            }
            Err(error) => Ok(end_session(core, &pairing.session, pairing_error(error))),
        },
        _ => {
            core.pairing = Some(pairing);
            view(core, true)
        }
    }
}

/// Ends the pairing.
pub(super) fn cancel(core: &mut Core) -> Result<Next, WalletError> {
    let Some(pairing) = core.pairing.take() else {
        return Ok(Next::Done(Reply::Done));
    };
    let request = HttpRequest::delete(at(core, &pairing.session), MAX_ANSWER);
    Ok(Next::Send(
        request,
        Box::new(|_, _, _| Ok(Next::Done(Reply::Done))),
    ))
}

/// A slot for the new device's own key, when it has one.
fn add_slot(
    core: &mut Core,
    newcomer: Newcomer,
    then: AfterCommit,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let Some(key) = newcomer.device_key else {
        return then(core, Ok(()), env);
    };
    let stage = Box::new(move |core: &Core, env: &mut Env<'_>| {
        let vault = &core.open()?.vault;
        if vault.header().slots.iter().any(|slot| *slot.public() == key) {
            return Ok(None);
        }
        let add = SlotChange::Add {
            method: NewMethod::Device(&key),
            name: &newcomer.name,
        };
        vault
            .stage_slots(&add, env.now, env.rng)
            .map(Some)
            .map_err(vault_error)
    });
    sync::commit_staged(core, env, stage, then)
}

fn sent(core: &mut Core, answer: Result<HttpResponse, NetworkFailure>) -> Result<Next, WalletError> {
    match status(&answer) {
        200..=299 => {
            if let Some(pairing) = &mut core.pairing {
                pairing.unsent = None;
            }
            view(core, true)
        }
        // Somebody else wrote there before us.
        409 => end(core, pairing_error(PairingError::Broken)),
        410 => end(core, closed()),
        _ => view(core, false),
    }
}

fn heard(
    core: &mut Core,
    answer: Result<HttpResponse, NetworkFailure>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let response = match (status(&answer), answer) {
        (200, Ok(response)) => response,
        (404, _) => return view(core, true),
        (410, _) => return end(core, closed()),
        _ => return view(core, false),
    };
    let limits = Limits {
        bytes: MAX_ANSWER,
        depth: 2,
    };
    let message = json::parse(response.body.as_bytes(), limits)
        .ok()
        .and_then(|value| base64url::decode(value.get("message")?.as_str()?).ok());
    let Some(pairing) = core.pairing.take() else {
        return Err(not_begun());
    };
    let session = pairing.session.clone();
    let further = match message {
        Some(message) => further(pairing, &message, env),
        None => Err(PairingError::Broken),
    };
    match further {
        Ok(pairing) => {
            let goes_on = pairing.unsent.is_some() || matches!(pairing.stage, Stage::NewHas(_));
            core.pairing = Some(pairing);
            if goes_on {
                next(core, env)
            } else {
                view(core, true)
            }
        }
        Err(error) => Ok(end_session(core, &session, pairing_error(error))),
    }
}

/// One message further.
fn further(pairing: Pairing, message: &[u8], env: &mut Env<'_>) -> Result<Pairing, PairingError> {
    let (stage, unsent) = match pairing.stage {
        Stage::NewShows(new, newcomer, _) => {
            let (answered, answer) = new.commitment(message, &newcomer, env.now, env.rng)?;
            (Stage::NewAnswered(answered), Some((1, answer)))
        }
        Stage::NewAnswered(new) => (Stage::NewChecks(new.nonce(message, env.now)?), None),
        Stage::NewIsSure(new) => (Stage::NewHas(Box::new(new.finish(message, env.now)?)), None),
        Stage::OldScanned(old) => {
            let (checking, nonce) = old.answer(message, env.now)?;
            (Stage::OldChecks(checking), Some((2, nonce)))
        }
        stage => (stage, None),
    };
    Ok(Pairing {
        stage,
        unsent,
        ..pairing
    })
}

/// The new device has the root key: reads the vault and opens it.
fn fetch_vault(core: &mut Core) -> Result<Next, WalletError> {
    let Some(Pairing {
        session,
        started,
        stage: Stage::NewHas(paired),
        ..
    }) = core.pairing.take()
    else {
        return Err(not_begun());
    };
    let address = Address::parse(&paired.address, &core.profile());
    let address = match address {
        Ok(address) if address.vault() == paired.vault => address,
        _ => return Ok(end_session(core, &session, pairing_error(PairingError::Broken))),
    };
    let token = paired.unlocking.root().access_token(paired.vault);
    let reading = Reading::new(address.as_str(), token, None);
    Ok(reading::pull(
        reading,
        Box::new(move |core, remote, env| {
            let outcome = match remote {
                Err(error) if error.is_network() => {
                    let stage = Stage::NewHas(paired);
                    core.pairing = Some(Pairing {
                        session,
                        started,
                        stage,
                        unsent: None,
                    });
                    return view(core, false);
                }
                Err(error) => Err(error),
                Ok(None) => Err(vault_error(VaultError::ManifestNotAuthentic)),
                Ok(Some(remote)) => received(core, &address, &paired, remote, env),
            };
            let request = HttpRequest::delete(at(core, &session), MAX_ANSWER);
            let until = started.plus(LIFETIME).0;
            Ok(Next::Send(
                request,
                Box::new(move |core, _, env| {
                    outcome?;
                    sync::with_anchors(core, env, true, move |_, _| {
                        Ok(done(PairingView {
                            state: PairingState::Received,
                            code: None,
                            digits: None,
                            name: None,
                            until,
                            reached: true,
                        }))
                    })
                }),
            ))
        }),
    ))
}

fn received(
    core: &mut Core,
    address: &Address,
    paired: &Paired,
    remote: RemoteVault,
    env: &mut Env<'_>,
) -> Result<(), WalletError> {
    let locked = match reopen::here(core, address, env)? {
        // What waits on this device is kept.
        Some(here) => here.updated(remote),
        None => LockedVault::from_remote(remote, None),
    };
    let vault = locked
        .and_then(|locked| locked.knowing(paired.known))
        .and_then(|locked| locked.unlock(&paired.unlocking, core.crypto()))
        .map_err(vault_error)?;
    reopen::put(core, address.clone(), vault);
    Ok(())
}

fn view(core: &Core, reached: bool) -> Result<Next, WalletError> {
    let pairing = core.pairing.as_ref().ok_or_else(not_begun)?;
    let (mut code, mut digits, mut name) = (None, None, None);
    let state = match &pairing.stage {
        Stage::NewShows(_, _, text) => {
            code = Some(text.clone());
            PairingState::Code
        }
        Stage::NewChecks(new) => {
            digits = Some(new.digits());
            PairingState::Digits
        }
        // Not before the other device can show the digits. Here they are typed, never shown: whoever is asked whether two
        // numbers are equal says yes (specs/decisions/0020).
        Stage::OldChecks(old) if pairing.unsent.is_none() => {
            name = Some(old.newcomer().name.clone());
            PairingState::Digits
        }
        Stage::NewIsSure(_) | Stage::NewHas(_) => PairingState::Receiving,
        Stage::OldGave(newcomer) if pairing.unsent.is_none() => {
            name = Some(newcomer.clone());
            PairingState::Given
        }
        Stage::NewAnswered(_) | Stage::OldScanned(_) | Stage::OldChecks(_) | Stage::OldGave(_) => {
            PairingState::Waiting
        }
    };
    Ok(done(PairingView {
        state,
        code,
        digits,
        name,
        until: pairing.started.plus(LIFETIME).0,
        reached,
    }))
}

fn done(pairing: PairingView) -> Next {
    Next::Done(Reply::Pairing { pairing })
}

/// Ends the pairing with an error; the other device is told that it ended.
fn end(core: &mut Core, error: WalletError) -> Result<Next, WalletError> {
    match core.pairing.take() {
        Some(pairing) => Ok(end_session(core, &pairing.session, error)),
        None => Err(error),
    }
}

fn end_session(core: &Core, session: &str, error: WalletError) -> Next {
    let request = HttpRequest::delete(at(core, session), MAX_ANSWER);
    Next::Send(request, Box::new(move |_, _, _| Err(error)))
}

fn mailbox(core: &Core, place: u8) -> Result<String, WalletError> {
    let pairing = core.pairing.as_ref().ok_or_else(not_begun)?;
    let mut url = at(core, &pairing.session);
    url.push('/');
    url.push(char::from(b'0' + place));
    Ok(url)
}

fn at(core: &Core, session: &str) -> String {
    let service = core.surroundings.operator.trim_end_matches('/');
    [service, "/v1/pairing/", session].concat()
}

/// The HTTP status; 0 without an answer.
fn status(answer: &Result<HttpResponse, NetworkFailure>) -> u16 {
    answer.as_ref().map_or(0, |response| response.status)
}

fn pairing_error(error: PairingError) -> WalletError {
    WalletError::from_code(&error)
}

fn closed() -> WalletError {
    WalletError::new(
        "pairing-closed",
        "the other device ended the pairing",
        "Start again on both devices.",
        Blame::Caller,
    )
}

fn not_begun() -> WalletError {
    WalletError::new(
        "pairing-not-begun",
        "no device is being added, or the person did not confirm",
        "Start again.",
        Blame::Caller,
    )
}

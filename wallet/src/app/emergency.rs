//! Emergency access (specs/formats/emergency.md), from both sides.
//!
//! The service's half is stored before the slot, and removed before it: a half without a slot opens nothing.

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_core::encoding::record::Value;
use assent_core::env::Env;
use assent_core::error::Blame;
use assent_core::http::{HttpRequest, Method};
use assent_core::record;

use super::methods::nothing_begun;
use super::service::Shape;
use super::session::{Address, Core, Pending};
use super::sync::{self, AfterCommit};
use super::vault::vault_error;
use super::view::{SecretText, SecretValue};
use super::wallet::Next;
use super::{Reply, Unlock, WalletError, reopen, service};
use crate::vault::{
    Header, NewMethod, RecoveryCode, Secret, ServiceHalf, SlotChange, SlotKind, UnlockedVault, VaultError,
    ask_token, checked_name,
};

const PATH: &str = "emergency";

const STANDING: Shape = Shape::Object(&[
    (
        "state",
        true,
        Shape::Word(&["ready", "asked", "stopped", "released"]),
    ),
    ("wait_seconds", true, Shape::Seconds),
    ("set_at", true, Shape::Seconds),
    ("asked_at", false, Shape::Seconds),
    ("release_at", false, Shape::Seconds),
]);
const EMERGENCY: Shape = Shape::Object(&[
    ("standing", false, STANDING),
    (
        "events",
        true,
        Shape::List(
            50,
            &Shape::Object(&[
                (
                    "what",
                    true,
                    Shape::Word(&["set", "asked", "stopped", "released", "removed"]),
                ),
                ("at", true, Shape::Seconds),
            ]),
        ),
    ),
    ("least_wait_seconds", true, Shape::Seconds),
]);
const SHARE: Shape = Shape::Object(&[("share", true, Shape::Text)]);

pub(super) fn run(
    core: &Core,
    step: &str,
    address: &str,
    code: &str,
    confirm: Option<&Unlock>,
) -> Result<Next, WalletError> {
    match step {
        "status" => status(core),
        "stop" => Ok(Next::Send(
            service::of_vault(core, Method::Post, "emergency/stop", None)?,
            Box::new(|core, answer, _| {
                let answer = service::read(answer, &EMERGENCY)?;
                with_name(core, answer)
            }),
        )),
        "remove" => {
            confirm.ok_or_else(nothing_begun)?.confirms(core)?;
            Ok(Next::Send(
                service::of_vault(core, Method::Delete, PATH, None)?,
                Box::new(|core, answer, env| {
                    service::read(answer, &Shape::Nothing)?;
                    remove_slot(core, env)
                }),
            ))
        }
        "ask" => {
            let (address, code) = contact(core, address, code)?;
            let request = as_contact(&address, &code, "ask");
            Ok(service::ask(request, &STANDING))
        }
        _ => Err(service::no_such_step()),
    }
}

pub(super) fn set(
    core: &mut Core,
    name: String,
    wait_seconds: i64,
    confirm: &Unlock,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    confirm.confirms(core)?;
    let open = core.open()?;
    if slot(&open.vault).is_some() {
        return Err(vault_error(VaultError::AlreadyAMethod));
    }
    // Before the service has its half: a half without a slot is of no use to anybody.
    let name = checked_name(&name).map_err(vault_error)?;
    let contact = RecoveryCode::generate(env.rng).map_err(|_| sync::no_randomness())?;
    let half = ServiceHalf::generate(env.rng).map_err(|_| sync::no_randomness())?;
    let token = ask_token(&contact, open.vault.header().vault);
    let body = record!({
        "share": base64url::encode(half.expose()),
        "ask_sha256": base64url::encode(&sha256(token.as_bytes())),
        "wait_seconds": wait_seconds,
    });
    let request = service::of_vault(core, Method::Post, PATH, Some(&body))?;
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            let answer = service::read(answer, &EMERGENCY)?;
            // Before anything opens with it: what the service keeps is what the citizen decided.
            let kept = answer
                .get("standing")
                .and_then(|standing| standing.get("wait_seconds"));
            if kept.and_then(Value::as_i64) != Some(wait_seconds) {
                return Err(sync::nonsense());
            }
            let recovery_code = SecretText::groups(&contact);
            let then: AfterCommit = Box::new(move |core, outcome, _| {
                outcome?;
                core.pending = Pending::Nothing;
                Ok(Next::Done(Reply::RecoveryCode { recovery_code }))
            });
            sync::commit_staged(
                core,
                env,
                Box::new(move |core, env| {
                    let method = NewMethod::Emergency {
                        contact: &contact,
                        service: &half,
                    };
                    let change = SlotChange::Add { method, name: &name };
                    let staged = core.open()?.vault.stage_slots(&change, env.now, env.rng);
                    staged.map(Some).map_err(vault_error)
                }),
                then,
            )
        }),
    ))
}

/// On the contact's side: takes the service's half and opens the vault.
pub(super) fn open(core: &Core, address: &str, code: &str) -> Result<Next, WalletError> {
    let (address, code) = contact(core, address, code)?;
    let request = as_contact(&address, &code, "take");
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, _| {
            let answer = service::read(answer, &SHARE)?;
            let half = answer
                .get("share")
                .and_then(Value::as_str)
                .and_then(|text| base64url::decode(text).ok())
                .map(zeroize::Zeroizing::new)
                .and_then(|bytes| ServiceHalf::from_bytes(&bytes))
                .ok_or_else(sync::nonsense)?;
            let opener = move |header: &Header| {
                let secret = Secret::Emergency {
                    contact: &code,
                    service: &half,
                };
                header.unlock(&secret).map_err(does_not_open)
            };
            Ok(reopen::open_with(core, address, None, Box::new(opener), true))
        }),
    ))
}

/// The service let the contact in, so the code is right: what does not fit is what the service gave.
fn does_not_open(error: VaultError) -> WalletError {
    match error {
        VaultError::WrongSecret | VaultError::NoSuchSlot => WalletError::new(
            "emergency-half-wrong",
            "what the vault service handed out does not open this vault",
            "The owner changed the vault, or the service does not tell the truth. Ask the owner.",
            Blame::Peer,
        ),
        other => vault_error(other),
    }
}

fn status(core: &Core) -> Result<Next, WalletError> {
    Ok(Next::Send(
        service::of_vault(core, Method::Get, PATH, None)?,
        Box::new(|core, answer, _| {
            let answer = service::read(answer, &EMERGENCY)?;
            with_name(core, answer)
        }),
    ))
}

/// The service's answer, and whom the vault itself lists: the service does not know the contact's name.
fn with_name(core: &Core, mut answer: Value) -> Result<Next, WalletError> {
    let vault = &core.open()?.vault;
    let listed = vault.header().slots.iter().zip(vault.slots());
    let name = listed
        .filter(|(slot, _)| *slot.kind() == SlotKind::Emergency)
        .map(|(_, listed)| listed.name.clone())
        .next();
    if let (Some(answer), Some(name)) = (answer.as_object_mut(), name) {
        answer.insert("name".to_owned(), Value::String(name));
    }
    Ok(Next::Done(Reply::Service {
        answer: SecretValue(answer),
    }))
}

fn remove_slot(core: &mut Core, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let then: AfterCommit = Box::new(|core, outcome, _| {
        outcome?;
        status(core)
    });
    sync::commit_staged(
        core,
        env,
        Box::new(|core, env| {
            let vault = &core.open()?.vault;
            let Some(slot) = slot(vault) else { return Ok(None) };
            let staged = vault.stage_slots(&SlotChange::Remove { slot }, env.now, env.rng);
            staged.map(Some).map_err(vault_error)
        }),
        then,
    )
}

fn slot(vault: &UnlockedVault) -> Option<[u8; 16]> {
    let mut slots = vault.header().slots.iter();
    slots
        .find(|slot| *slot.kind() == SlotKind::Emergency)
        .map(|slot| slot.id())
}

/// What the contact typed or scanned.
fn contact(core: &Core, address: &str, code: &str) -> Result<(Address, RecoveryCode), WalletError> {
    let address = Address::read(address, core)?;
    let code = RecoveryCode::parse(code).map_err(|_| {
        WalletError::new(
            "emergency-code-malformed",
            "this is not the code of a contact's sheet",
            "Check each group.",
            Blame::Caller,
        )
    })?;
    Ok((address, code))
}

fn as_contact(address: &Address, code: &RecoveryCode, step: &str) -> HttpRequest {
    let url = format!("{}/{PATH}/{step}", address.as_str());
    let token = ask_token(code, address.vault());
    service::request(Method::Post, url, None).header("authorization", format!("Bearer {}", token.as_str()))
}

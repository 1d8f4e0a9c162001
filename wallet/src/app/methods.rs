//! Unlock methods: listing, adding, naming, replacing, removing; and new root keys.

use assent_core::encoding::base64url;
use assent_core::env::{Env, SecureRandom, Timestamp};
use assent_core::error::Blame;
use zeroize::Zeroizing;

use super::session::{Core, Pending};
use super::sync::{self, AfterCommit};
use super::vault::{GROUPS_TO_CONFIRM, groups_match, vault_error};
use super::view::{MethodView, SecretText};
use super::wallet::Next;
use super::{MethodChange, PasskeyAnswer, RecoveryGroup, Reply, Unlock, WalletError};
use crate::vault::{
    NewMethod, PrfSalts, RecoveryCode, SlotChange, SlotKind, Staged, UnlockedVault, VaultError, VaultId,
};

/// What each unlock method is called in commands and replies.
pub(super) fn kind(kind: &SlotKind) -> &'static str {
    match kind {
        SlotKind::Passphrase { .. } => "passphrase",
        SlotKind::RecoveryCode => "recoveryCode",
        SlotKind::Passkey { .. } => "passkey",
        SlotKind::Device => "device",
        SlotKind::Emergency => "emergency",
    }
}

pub(super) fn list(core: &Core) -> Result<Next, WalletError> {
    let vault = &core.open()?.vault;
    let slots = vault.header().slots.iter().zip(vault.slots());
    // Emergency access has a screen of its own.
    let slots = slots.filter(|(slot, _)| *slot.kind() != SlotKind::Emergency);
    let methods = slots.map(|(slot, listed)| MethodView {
        id: base64url::encode(&slot.id()),
        kind: kind(slot.kind()),
        name: listed.name.clone(),
        added_at: listed.added_at,
        unlocked_with: vault.unlocked_by() == Some(slot.id()),
    });
    Ok(Next::Done(Reply::UnlockMethods {
        methods: methods.collect(),
        epoch: vault.header().epoch,
    }))
}

/// Fresh salts to ask a new passkey with, and the vault it is for. For the open vault the person must prove to be there
/// first: a passkey that was made and is then refused would stay behind with its keeper.
pub(super) fn new_passkey(
    core: &mut Core,
    confirm: Option<&Unlock>,
    rng: &mut dyn SecureRandom,
) -> Result<Next, WalletError> {
    let vault = if let Ok(open) = core.open() {
        confirm.ok_or_else(nothing_begun)?.confirms(core)?;
        open.vault.header().vault
    } else {
        VaultId::generate(rng).map_err(|_| sync::no_randomness())?
    };
    let salts = PrfSalts::generate(rng).map_err(|_| sync::no_randomness())?;
    let reply = Reply::PasskeySalts {
        current: base64url::encode(&salts.current),
        next: base64url::encode(&salts.next),
        user: vault.to_string(),
    };
    core.pending = Pending::Passkey(salts, vault);
    Ok(Next::Done(reply))
}

/// What the last [`new_passkey`] gave out.
pub(super) fn salts_given(core: &Core) -> Result<(PrfSalts, VaultId), WalletError> {
    match &core.pending {
        Pending::Passkey(salts, vault) => Ok((salts.clone(), *vault)),
        _ => Err(nothing_begun()),
    }
}

/// A new recovery code, shown once; it replaces the old one when it was confirmed.
pub(super) fn new_recovery_code(
    core: &mut Core,
    confirm: &Unlock,
    rng: &mut dyn SecureRandom,
) -> Result<Next, WalletError> {
    confirm.confirms(core)?;
    let code = RecoveryCode::generate(rng).map_err(|_| sync::no_randomness())?;
    let recovery_code = SecretText::groups(&code);
    core.pending = Pending::RecoveryCode(code);
    Ok(Next::Done(Reply::RecoveryCode { recovery_code }))
}

pub(super) fn confirm_recovery_code(
    core: &mut Core,
    groups: &[RecoveryGroup],
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    core.open()?;
    let Pending::RecoveryCode(code) = &core.pending else {
        return Err(nothing_begun());
    };
    if !groups_match(code, groups, GROUPS_TO_CONFIRM) {
        return Err(vault_error(VaultError::BadRecoveryCode));
    }
    let code = code.clone();
    commit(
        core,
        Box::new(move |vault, now, rng| {
            let method = NewMethod::RecoveryCode(&code);
            let old = vault
                .header()
                .slots
                .iter()
                .find(|slot| *slot.kind() == SlotKind::RecoveryCode);
            let change = match old.map(|slot| slot.id()) {
                Some(slot) => SlotChange::Replace { slot, method },
                None => SlotChange::Add { method, name: "" },
            };
            vault.stage_slots(&change, now, rng)
        }),
        env,
    )
}

/// Changes the methods, after the person proved to be there.
pub(super) fn change(
    core: &mut Core,
    change: MethodChange,
    confirm: Option<&Unlock>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    // A name opens nothing; for a passkey it was proved when its salts were given out.
    if !matches!(
        change,
        MethodChange::Rename { .. } | MethodChange::AddPasskey { .. }
    ) {
        confirm.ok_or_else(nothing_begun)?.confirms(core)?;
    }
    let here = core.open()?.vault.header().vault;
    let make: Make = match change {
        MethodChange::AddPassphrase { passphrase, name } => add(name, passphrase),
        MethodChange::ChangePassphrase { slot, passphrase } => {
            let slot = slot_id(&slot)?;
            Box::new(move |vault, now, rng| {
                let method = NewMethod::Passphrase(&passphrase);
                vault.stage_slots(&SlotChange::Replace { slot, method }, now, rng)
            })
        }
        MethodChange::AddPasskey { passkey, name } => match salts_given(core)? {
            (salts, vault) if vault == here => {
                let make = add_passkey(salts, &passkey, name)?;
                passkey.keep_made(core);
                make
            }
            _ => return Err(nothing_begun()),
        },
        MethodChange::RenewPasskey { slot, passkey } => {
            let slot = slot_id(&slot)?;
            let (_, outputs) = passkey.read().map_err(vault_error)?;
            Box::new(move |vault, now, rng| {
                let outputs = &outputs;
                vault.stage_slots(&SlotChange::RenewPasskey { slot, outputs }, now, rng)
            })
        }
        MethodChange::AddDevice { public_key, name } => {
            let point = base64url::decode(&public_key)
                .ok()
                .and_then(|bytes| bytes.try_into().ok());
            let point: [u8; 65] = point.ok_or_else(|| vault_error(VaultError::DeviceKeyUnusable))?;
            Box::new(move |vault, now, rng| {
                let method = NewMethod::Device(&point);
                vault.stage_slots(&SlotChange::Add { method, name: &name }, now, rng)
            })
        }
        MethodChange::Rename { slot, name } => {
            let slot = slot_id(&slot)?;
            Box::new(move |vault, now, rng| {
                vault.stage_slots(&SlotChange::Rename { slot, name: &name }, now, rng)
            })
        }
        MethodChange::Remove { slot } => {
            let slot = slot_id(&slot)?;
            Box::new(move |vault, now, rng| vault.stage_slots(&SlotChange::Remove { slot }, now, rng))
        }
        MethodChange::NewKeys => Box::new(|vault, now, rng| vault.stage_slots(&SlotChange::Rotate, now, rng)),
    };
    commit(core, make, env)
}

/// Prepares a change of the methods; runs again on the newest state when another device was faster.
type Make =
    Box<dyn Fn(&UnlockedVault, Timestamp, &mut dyn SecureRandom) -> Result<Staged, VaultError> + Send>;

fn add(name: String, passphrase: Zeroizing<String>) -> Make {
    Box::new(move |vault, now, rng| {
        let method = NewMethod::Passphrase(&passphrase);
        vault.stage_slots(&SlotChange::Add { method, name: &name }, now, rng)
    })
}

fn add_passkey(salts: PrfSalts, answer: &PasskeyAnswer, name: String) -> Result<Make, WalletError> {
    let (credential, outputs) = answer.read().map_err(vault_error)?;
    Ok(Box::new(move |vault, now, rng| {
        let method = NewMethod::Passkey {
            credential: &credential,
            salts: &salts,
            outputs: &outputs,
        };
        vault.stage_slots(&SlotChange::Add { method, name: &name }, now, rng)
    }))
}

fn commit(core: &mut Core, make: Make, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let then: AfterCommit = Box::new(|core, outcome, _| {
        outcome?;
        core.pending = Pending::Nothing;
        list(core)
    });
    sync::commit_staged(
        core,
        env,
        Box::new(move |core, env| {
            let staged = make(&core.open()?.vault, env.now, env.rng).map_err(vault_error)?;
            Ok(Some(staged))
        }),
        then,
    )
}

/// The id of a slot, or of a device, from its text.
pub(super) fn slot_id(text: &str) -> Result<[u8; 16], WalletError> {
    let id = base64url::decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok());
    id.ok_or_else(|| vault_error(VaultError::NoSuchSlot))
}

pub(super) fn nothing_begun() -> WalletError {
    WalletError::new(
        "unlock-change-not-begun",
        "this change of the unlock methods was not begun, or is not confirmed",
        "Start again.",
        Blame::Caller,
    )
}

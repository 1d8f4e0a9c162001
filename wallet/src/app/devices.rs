//! The devices that have the vault: each says who it is with a record of its own; one can be told to go.
//!
//! To remove one is a new root key: its access token and what it knows of the keys are good for nothing that comes after.
//! The record and the slot of its own key go in the same commit, and a signed notice tells it to throw away what it keeps.

use assent_core::encoding::base64url;
use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::{Env, SecureRandom};
use assent_core::error::Blame;

use super::methods::slot_id;
use super::session::{Core, Session};
use super::sync::{self, AfterCommit};
use super::vault::vault_error;
use super::view::DeviceView;
use super::wallet::Next;
use super::{Reply, Unlock, WalletError};
use crate::records::{Record, Records};
use crate::vault::{Header, SlotChange, SlotKind, UnlockedVault, VaultError};

/// How coarsely a device says when it was there: a commit of its own at most once a day.
const DAY: i64 = 86_400;

/// What a device says of itself.
#[derive(ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    id: String,
    name: String,
    added_at: i64,
    /// About when it last opened the vault.
    seen_at: i64,
    /// The slot of its own key.
    #[serde(default)]
    slot: Option<String>,
}

impl Record for Device {
    const KIND: &'static str = "device";

    fn id(&self) -> &str {
        &self.id
    }
}

pub(super) fn list(core: &Core) -> Result<Next, WalletError> {
    let open = core.open()?;
    let here = core.device.map(|id| base64url::encode(&id));
    let mut devices = Vec::new();
    let mut slots = slots(&open.vault);
    for device in core.records()?.list::<Device>() {
        if let Some(own) = &device.slot {
            slots.retain(|(slot, _, _)| slot != own);
        }
        devices.push(DeviceView {
            this_one: here.as_ref() == Some(&device.id),
            id: device.id,
            name: device.name,
            added_at: device.added_at,
            seen_at: Some(device.seen_at),
            own_key: device.slot.is_some(),
        });
    }
    // Added, but not heard of yet.
    for (id, name, added_at) in slots {
        devices.push(DeviceView {
            id,
            name,
            added_at,
            seen_at: None,
            this_one: false,
            own_key: true,
        });
    }
    devices.sort_by_key(|device| (!device.this_one, device.added_at));
    Ok(Next::Done(Reply::Devices { devices }))
}

/// Slots of devices' own keys: id, name, when added.
fn slots(vault: &UnlockedVault) -> Vec<(String, String, i64)> {
    let slots = vault.header().slots.iter().zip(vault.slots());
    slots
        .filter(|(slot, _)| *slot.kind() == SlotKind::Device)
        .map(|(slot, listed)| {
            (
                base64url::encode(&slot.id()),
                listed.name.clone(),
                listed.added_at,
            )
        })
        .collect()
}

/// This device says that it is here. `name` is what it is called until the person calls it something else; `slot` that of
/// its own key, where it did not unlock with it.
pub(super) fn register(
    core: &mut Core,
    name: &str,
    slot: Option<String>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let name = crate::vault::checked_name(name).map_err(vault_error)?;
    let id = own_id(core, env.rng)?;
    let now = env.now.0;
    let vault = &core.open()?.vault;
    let own = slot.or_else(|| vault.unlocked_by().map(|slot| base64url::encode(&slot)));
    let slot = slots(vault)
        .into_iter()
        .find(|(slot, _, _)| own.as_ref() == Some(slot));
    let name = match &slot {
        // What the person called it when it was added.
        Some((_, called, _)) if !called.is_empty() => called.clone(),
        _ => name,
    };
    let slot = slot.map(|(slot, _, _)| slot);
    let apply = move |records: &mut Records<'_>| {
        let known = records.get::<Device>(&id).ok().flatten();
        let device = match known {
            Some(known) => {
                let slot = slot.clone().or_else(|| known.slot.clone());
                if (now - known.seen_at) < DAY && slot == known.slot {
                    return Ok(());
                }
                Device {
                    seen_at: now,
                    slot,
                    ..known
                }
            }
            None => Device {
                id: id.clone(),
                name: name.clone(),
                added_at: now,
                seen_at: now,
                slot: slot.clone(),
            },
        };
        records.put(&device)
    };
    sync::commit_or_keep(core, env, apply, |core, _| list(core))
}

/// The id of this device; a new one when it has none, or was removed and let in again.
fn own_id(core: &mut Core, rng: &mut dyn SecureRandom) -> Result<String, WalletError> {
    let header = core.open()?.vault.header();
    let known = core
        .device
        .filter(|id| !header.says_gone(*id, &header.signer, core.crypto()));
    let id = match known {
        Some(id) => id,
        None => {
            let mut id = [0; 16];
            rng.fill(&mut id).map_err(|_| sync::no_randomness())?;
            id
        }
    };
    core.device = Some(id);
    Ok(base64url::encode(&id))
}

pub(super) fn rename(
    core: &mut Core,
    id: String,
    name: &str,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let name = crate::vault::checked_name(name).map_err(vault_error)?;
    let apply = move |records: &mut Records<'_>| {
        let mut device = records.need::<Device>(&id)?;
        device.name.clone_from(&name);
        records.put(&device)
    };
    sync::commit(core, env, apply, |core, outcome, _| {
        outcome?;
        list(core)
    })
}

/// Removes another device, all of it or nothing.
pub(super) fn remove(
    core: &mut Core,
    id: &str,
    confirm: &Unlock,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    confirm.confirms(core)?;
    let device = slot_id(id)?;
    if core.device == Some(device) {
        return Err(WalletError::new(
            "device-is-this-one",
            "this is the device in use",
            "Remove it from another device, or forget the vault here.",
            Blame::Caller,
        ));
    }
    let record = [Device::KIND, "/", id].concat();
    let id = id.to_owned();
    let stage = Box::new(move |core: &Core, env: &mut Env<'_>| {
        let vault = &core.open()?.vault;
        let known = core.records()?.get::<Device>(&id).ok().flatten();
        let slot = match known {
            Some(known) => known.slot.and_then(|slot| slot_id(&slot).ok()),
            // Added, but not heard of yet: named by its slot.
            None if vault.header().slots.iter().any(|slot| slot.id() == device) => Some(device),
            None => return Err(unknown()),
        };
        // Perhaps it was removed from the ways to unlock before.
        let slot = slot.filter(|slot| vault.header().slots.iter().any(|known| known.id() == *slot));
        let change = SlotChange::RemoveDevice {
            device,
            slot,
            record: &record,
        };
        vault
            .stage_slots(&change, env.now, env.rng)
            .map(Some)
            .map_err(vault_error)
    });
    let then: AfterCommit = Box::new(|core, outcome, _| {
        outcome?;
        list(core)
    });
    sync::commit_staged(core, env, stage, then)
}

/// Throws away what this device keeps when `header` says that it was removed.
///
/// # Errors
/// `vault-device-removed`, when it was.
pub(super) fn obey(core: &mut Core, header: &Header) -> Result<(), WalletError> {
    let (vault, signer) = match &core.session {
        Session::Open(open) => (open.vault.header().vault, Some(open.vault.header().signer)),
        Session::Locked { vault, .. } => (vault.header().vault, vault.signer()),
        _ => return Ok(()),
    };
    let (Some(device), Some(signer)) = (core.device, signer) else {
        return Ok(());
    };
    if header.vault != vault || !header.says_gone(device, &signer, core.crypto()) {
        return Ok(());
    }
    // One that was let in again has a new id.
    core.forget();
    Err(WalletError::new(
        "vault-device-removed",
        "this device was removed from the vault",
        "Add it again from another device, or open the vault with its passphrase.",
        Blame::Caller,
    ))
}

fn unknown() -> WalletError {
    vault_error(VaultError::NoSuchSlot)
}

//! What the lying service can draw from, and the tools it lies with.

use std::collections::{BTreeMap, BTreeSet};

use assent_core::encoding::base64url;
use ciborium::Value as Cbor;
use serde_json::Value;

use crate::city::{StoredRecord, StoredVault};

/// What a device must say.
#[derive(Clone, Copy)]
pub enum Says {
    /// Refused, with this code.
    Refused(&'static str),
    /// Opened, and what it shows is what the citizen stored.
    Ignored,
    /// Never asked: the lie is not for this device.
    NotAsked,
    /// Shown as what the service says, who alone knows, or done without: nothing opens or is sent by it.
    Stated,
}

pub use Says::{Ignored, NotAsked, Refused, Stated};

pub const SLOTS: Says = Refused("vault-slots-changed");
pub const WRONG: Says = Refused("vault-wrong-secret");
pub const WEAK: Says = Refused("vault-unlock-weakened");
pub const MALFORMED: Says = Refused("vault-malformed");
pub const NEWER: Says = Refused("vault-newer-than-app");
pub const MANIFEST: Says = Refused("vault-manifest-not-authentic");
pub const BACK: Says = Refused("vault-rolled-back");
pub const FORK: Says = Refused("vault-forked");
pub const MISSING: Says = Refused("vault-record-missing");
pub const RECORD: Says = Refused("vault-record-not-authentic");
pub const NONSENSE: Says = Refused("vault-service-nonsense");

/// How a new device unlocks.
#[derive(Clone, Copy, PartialEq)]
pub enum With {
    Code,
    Passphrase,
}

/// States of the vault that the service has seen, and what else it can draw from.
pub struct World {
    /// What the known device saw last.
    pub known: StoredVault,
    /// What is true now: a setting changed, a passkey added, something shared.
    pub honest: StoredVault,
    /// After another root key.
    pub rotated: StoredVault,
    /// A branch that another device made from `known`: as long as the truth, and three commits longer.
    pub fork: StoredVault,
    pub long_fork: StoredVault,
    /// Another vault of the same person, with the same passphrase.
    pub other: StoredVault,
    /// Records written when details were shared, receipts among them.
    pub shared: BTreeSet<String>,
}

pub type Tell = fn(&World) -> StoredVault;

pub struct Lie(pub &'static str, pub With, pub Says, pub Says, pub Tell);

pub fn bytes(value: &Value) -> Vec<u8> {
    base64url::decode(value.as_str().unwrap()).unwrap()
}

pub fn text(bytes: &[u8]) -> Value {
    base64url::encode(bytes).into()
}

/// The honest vault with its header's members changed:
/// `[label, vault, epoch, slots, keyring, signer, inbox]`.
pub fn header(world: &World, change: impl FnOnce(&mut Vec<Cbor>)) -> StoredVault {
    let mut vault = world.honest.clone();
    let read: Cbor = ciborium::from_reader(&bytes(&vault.header)[..]).unwrap();
    let mut fields = read.into_array().unwrap();
    change(&mut fields);
    let mut out = Vec::new();
    ciborium::into_writer(&Cbor::Array(fields), &mut out).unwrap();
    vault.header = text(&out);
    vault
}

pub fn slots(world: &World, change: impl FnOnce(&mut Vec<Cbor>)) -> StoredVault {
    header(world, |fields| change(fields[3].as_array_mut().unwrap()))
}

/// Slot 0 is the passphrase, 1 the recovery code, 2 a passkey: `[id, kind, parameters, public, private, root]`.
pub fn slot(world: &World, number: usize, change: impl FnOnce(&mut Vec<Cbor>)) -> StoredVault {
    slots(world, |slots| change(slots[number].as_array_mut().unwrap()))
}

pub fn parameter(world: &World, number: usize, at: usize, value: Cbor) -> StoredVault {
    slot(world, number, |slot| slot[2].as_array_mut().unwrap()[at] = value)
}

pub fn flip(value: &mut Value, at: usize) {
    let mut bytes = bytes(value);
    let at = at % bytes.len();
    bytes[at] ^= 1;
    *value = text(&bytes);
}

pub fn flip_cbor(value: &mut Cbor) {
    let bytes = value.as_bytes_mut().unwrap();
    *bytes.last_mut().unwrap() ^= 1;
}

/// The honest vault with its records changed.
pub fn records(world: &World, change: impl FnOnce(&mut BTreeMap<String, StoredRecord>)) -> StoredVault {
    let mut vault = world.honest.clone();
    change(&mut vault.records);
    vault
}

/// Something that changed since the known device looked.
pub fn changed(world: &World) -> String {
    let known = &world.known.records;
    let records = world.honest.records.iter();
    let mut fresh = records
        .filter(|(handle, _)| known.contains_key(*handle))
        .filter(|(handle, record)| record.sealed != known[*handle].sealed);
    fresh.next().unwrap().0.clone()
}

/// Two records that the known device does not have.
pub fn two_new(world: &World) -> (String, String) {
    let records = world.honest.records.keys();
    let mut fresh = records.filter(|handle| !world.known.records.contains_key(*handle));
    (fresh.next().unwrap().clone(), fresh.next().unwrap().clone())
}

/// A state of the past, sold as the newest.
pub fn as_newest(vault: &StoredVault, world: &World) -> StoredVault {
    let mut vault = vault.clone();
    vault.version = world.honest.version + 1;
    for record in vault.records.values_mut() {
        (record.version, record.box_version) = (vault.version, vault.version);
    }
    vault
}

pub fn snapshot(world: &World) -> World {
    World {
        known: world.known.clone(),
        honest: world.honest.clone(),
        rotated: world.rotated.clone(),
        fork: world.fork.clone(),
        long_fork: world.long_fork.clone(),
        other: world.other.clone(),
        shared: world.shared.clone(),
    }
}

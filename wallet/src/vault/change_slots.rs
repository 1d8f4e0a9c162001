//! Adding, naming, replacing and removing unlock methods, and new root keys.

use assent_core::env::{SecureRandom, Timestamp};

use super::error::VaultError;
use super::gone::{Gone, MAX_GONE};
use super::header::check_methods;
use super::keyring;
use super::manifest::{ListedSlot, MAX_NAME, Manifest};
use super::method::PrfOutputs;
use super::record::RecordPlace;
use super::root::RootKey;
use super::slot::{NewMethod, Slot, SlotKind, SlotPlace};
use super::stage::{Change, NewEpoch, Staged};
use super::unlocked::UnlockedVault;

/// A change of the unlock methods.
#[derive(Debug, Clone, Copy)]
pub enum SlotChange<'a> {
    /// One more.
    Add {
        /// The method.
        method: NewMethod<'a>,
        /// What the citizen calls it.
        name: &'a str,
    },
    /// Another name.
    Rename {
        /// The slot.
        slot: [u8; 16],
        /// What the citizen calls it.
        name: &'a str,
    },
    /// Another method in its place, and a new root key: a changed passphrase, a replaced recovery code.
    Replace {
        /// The slot that goes.
        slot: [u8; 16],
        /// The method that comes.
        method: NewMethod<'a>,
    },
    /// Gone, and a new root key: a lost device, a deleted passkey.
    Remove {
        /// The slot.
        slot: [u8; 16],
    },
    /// The passkey's next salt becomes its current one.
    RenewPasskey {
        /// The slot.
        slot: [u8; 16],
        /// Its answers.
        outputs: &'a PrfOutputs,
    },
    /// A device gone, and a new root key.
    RemoveDevice {
        /// Its id.
        device: [u8; 16],
        /// The slot of its own key, when it has one.
        slot: Option<[u8; 16]>,
        /// The record about it, which goes with it.
        record: &'a str,
    },
    /// A new root key.
    Rotate,
}

impl UnlockedVault {
    /// Prepares a change of the unlock methods. Whoever knows a method that goes knows the root key, so that one goes with
    /// it: attribute keys, keyring and manifest are sealed anew, and the new root key is sealed to every slot that stays,
    /// in the same commit. The vault stays as it is until [`Self::adopt`].
    ///
    /// # Errors
    /// [`VaultError::TooFewMethods`], [`VaultError::TooManyMethods`], [`VaultError::NoSuchSlot`],
    /// [`VaultError::NameNotPossible`], and those of the new method.
    pub fn stage_slots(
        &self,
        change: &SlotChange<'_>,
        now: Timestamp,
        rng: &mut dyn SecureRandom,
    ) -> Result<Staged, VaultError> {
        let mut header = self.header.clone();
        let mut manifest = self.manifest.successor(self.pin);
        let rotates = matches!(
            change,
            SlotChange::Replace { .. }
                | SlotChange::Remove { .. }
                | SlotChange::RemoveDevice { .. }
                | SlotChange::Rotate
        );
        let (mut delete, mut changes) = (Vec::new(), Vec::new());
        let root = if rotates {
            header.epoch += 1;
            RootKey::generate(rng)?
        } else {
            self.root.clone()
        };
        let (vault, epoch) = (header.vault, header.epoch);
        let place = SlotPlace {
            vault,
            epoch,
            signer: &self.header.signer,
        };
        let at = |slot: &[u8; 16]| {
            let found = self.header.slots.iter().position(|known| known.id() == *slot);
            found
                .filter(|at| *at < self.manifest.slots.len())
                .ok_or(VaultError::NoSuchSlot)
        };
        let listed = |slot: &Slot, name: String| ListedSlot {
            id: slot.id(),
            hash: slot.hash(),
            name,
            added_at: now.0,
            added_by: self.unlocked_by,
        };
        match change {
            SlotChange::Add { method, name } => {
                let name = self::name(name)?;
                self.not_here_already(method)?;
                let slot = Slot::new(method, &root, place, rng)?;
                manifest.slots.push(listed(&slot, name));
                header.slots.push(slot);
            }
            SlotChange::Rename { slot, name } => {
                let at = at(slot)?;
                let name = self::name(name)?;
                manifest
                    .slots
                    .iter_mut()
                    .skip(at)
                    .take(1)
                    .for_each(|slot| slot.name.clone_from(&name));
            }
            SlotChange::Replace { slot, method } => {
                let at = at(slot)?;
                let new = Slot::new(method, &root, place, rng)?;
                let name = manifest.slots.remove(at).name;
                manifest.slots.insert(at, listed(&new, name));
                header.slots.remove(at);
                header.slots.insert(at, new);
            }
            SlotChange::Remove { slot } => {
                let at = at(slot)?;
                header.slots.remove(at);
                manifest.slots.remove(at);
            }
            SlotChange::RenewPasskey { slot, outputs } => {
                let at = at(slot)?;
                let mut fresh = [0; 32];
                rng.fill(&mut fresh)?;
                for slot in header.slots.iter_mut().skip(at).take(1) {
                    slot.renew_passkey(outputs, fresh, &place, rng)?;
                }
            }
            SlotChange::RemoveDevice { device, slot, record } => {
                if let Some(slot) = slot {
                    let at = at(slot)?;
                    header.slots.remove(at);
                    manifest.slots.remove(at);
                }
                let handle = self.ring.handle(record);
                if manifest.records.remove(&handle).is_some() {
                    delete.push(handle);
                    changes.push(((*record).to_owned(), Change::Delete));
                }
                header
                    .gone
                    .insert(0, Gone::sign(vault, *device, now.0, &self.ring.signer)?);
                header.gone.truncate(MAX_GONE);
            }
            SlotChange::Rotate => {}
        }
        check_methods(&header.slots)?;
        let epoch = if rotates {
            Some(self.new_epoch(&manifest, root, epoch, rng)?)
        } else {
            None
        };
        if let Some(epoch) = &epoch {
            header.keyring = self.ring.seal(&epoch.derived.kek, vault, epoch.number, rng)?;
            manifest.epoch = epoch.number;
            let (old, new) = (self.keys.successor_key()?, epoch.derived.successor_key()?);
            manifest.succession.go_on(vault, &old, &new)?;
            manifest.keyring = keyring::hash(&header.keyring);
            for slot in &mut header.slots {
                slot.give(&epoch.root, vault, epoch.number, rng)?;
            }
        }
        for (listed, slot) in manifest.slots.iter_mut().zip(&header.slots) {
            listed.hash = slot.hash();
        }
        let seal_under = epoch
            .as_ref()
            .map_or(&self.keys.manifest, |epoch| &epoch.derived.manifest);
        let (sealed, pin) = manifest.seal(seal_under, &self.ring.signer, rng)?;
        Ok(Staged {
            base_version: self.version,
            manifest: sealed,
            put: Vec::new(),
            delete,
            header: Some(header),
            epoch,
            opened: manifest,
            pin,
            changes,
        })
    }

    fn new_epoch(
        &self,
        manifest: &Manifest,
        root: RootKey,
        number: u64,
        rng: &mut dyn SecureRandom,
    ) -> Result<NewEpoch, VaultError> {
        let vault = self.header.vault;
        let derived = root.derive(vault);
        let mut keys = Vec::with_capacity(manifest.records.len());
        for (handle, listed) in manifest.records.iter() {
            let sealed = self.sealed.get(handle).ok_or(VaultError::RecordMissing)?;
            let place = RecordPlace {
                vault,
                handle: *handle,
                version: listed.version,
                epoch: listed.epoch,
            };
            let key = place.open_attribute_key(&self.keys.kek, &sealed.key)?;
            keys.push((*handle, place.seal_attribute_key(&derived.kek, &key, rng)?));
        }
        Ok(NewEpoch {
            number,
            access_token_hash: derived.access_token_hash(),
            keys,
            root,
            derived,
        })
    }

    /// The same passkey or device twice would count as two methods, and be lost as one.
    fn not_here_already(&self, method: &NewMethod<'_>) -> Result<(), VaultError> {
        let twice = match method {
            NewMethod::Passkey { credential, .. } => {
                self.header.passkeys().any(|(known, _)| known == *credential)
            }
            NewMethod::Device(public) => self.header.slots.iter().any(|slot| slot.public() == *public),
            NewMethod::Emergency { .. } => self
                .header
                .slots
                .iter()
                .any(|slot| *slot.kind() == SlotKind::Emergency),
            NewMethod::Passphrase(_) | NewMethod::RecoveryCode(_) => false,
        };
        if twice {
            Err(VaultError::AlreadyAMethod)
        } else {
            Ok(())
        }
    }
}

/// A name without control characters and outer spaces, at most 60 characters; empty for the method's own.
///
/// # Errors
/// [`VaultError::NameNotPossible`].
pub fn name(text: &str) -> Result<String, VaultError> {
    let text = text.trim();
    let fits = text.chars().count() <= MAX_NAME && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(VaultError::NameNotPossible)
    }
}

#[cfg(test)]
#[path = "change_slots_tests.rs"]
mod tests;

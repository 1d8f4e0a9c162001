//! The open vault: readable records, and what the service sends, believed only as far as the manifest goes.

use std::fmt;

use assent_core::crypto::{CryptoProvider, SoftwareKey, sha256};
use assent_core::env::{SecureRandom, Timestamp};
use zeroize::Zeroizing;

use super::context::{Context, Kind, VaultId};
use super::error::VaultError;
use super::header::{Header, check_methods};
use super::keyring::{self, Keyring};
use super::manifest::{ListedSlot, Manifest, Pin};
use super::record::{Content, open_record};
use super::root::{DerivedKeys, RootKey};
use super::sealed::{Handle, Known, LockedVault, RemoteRecord, RemoteVault, Sealed, by_handle};
use super::slot::{NewMethod, Slot, SlotPlace, Unlocking};
use super::succession::{EpochMark, Succession};
use super::{open, seal};
use assent_core::sorted::Sorted;

/// A vault with its keys. Dropping it wipes them.
pub struct UnlockedVault {
    pub(super) header: Header,
    pub(super) root: RootKey,
    pub(super) keys: DerivedKeys,
    pub(super) ring: Keyring,
    pub(super) manifest: Manifest,
    pub(super) sealed_manifest: Vec<u8>,
    pub(super) pin: Pin,
    pub(super) version: u64,
    pub(super) sealed: Sorted<Handle, Sealed>,
    pub(super) records: Sorted<String, Content>,
    pub(super) device: Content,
    /// The slot it was opened with; `None` for a new vault.
    pub(super) unlocked_by: Option<[u8; 16]>,
}

impl UnlockedVault {
    /// A new, empty vault with the given unlock methods and what the citizen calls them.
    ///
    /// # Errors
    /// [`VaultError::TooFewMethods`] for fewer than two, or none that can be written down (DESIGN decision 9);
    /// [`VaultError::PassphraseTooShort`], [`VaultError::PasskeyUnusable`], [`VaultError::Random`].
    pub fn create(
        methods: &[(NewMethod<'_>, &str)],
        now: Timestamp,
        rng: &mut dyn SecureRandom,
    ) -> Result<Self, VaultError> {
        let vault = VaultId::generate(rng)?;
        Self::create_as(vault, methods, now, rng)
    }

    /// As [`Self::create`], with an id that was given out before: a passkey that is made for a vault carries it.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_as(
        vault: VaultId,
        methods: &[(NewMethod<'_>, &str)],
        now: Timestamp,
        rng: &mut dyn SecureRandom,
    ) -> Result<Self, VaultError> {
        let epoch = 1;
        let root = RootKey::generate(rng)?;
        let (keys, ring) = (root.derive(vault), Keyring::generate(rng)?);
        let (signer, inbox) = (keyring::public(&ring.signer), keyring::public(&ring.inbox));
        let place = SlotPlace {
            vault,
            epoch,
            signer: &signer,
        };
        let (mut slots, mut listed) = (Vec::new(), Vec::new());
        for (method, name) in methods {
            let slot = Slot::new(method, &root, place, rng)?;
            listed.push(ListedSlot {
                id: slot.id(),
                hash: slot.hash(),
                name: super::change_slots::name(name)?,
                added_at: now.0,
                added_by: None,
            });
            slots.push(slot);
        }
        check_methods(&slots)?;
        let sealed_ring = ring.seal(&keys.kek, vault, epoch, rng)?;
        let manifest = Manifest {
            vault,
            epoch,
            counter: 0,
            recent: Vec::new(),
            succession: Succession::beginning(epoch, &keys.successor_key()?),
            slots: listed,
            keyring: keyring::hash(&sealed_ring),
            signer,
            inbox,
            records: Sorted::new(),
        };
        Ok(Self {
            header: Header {
                vault,
                epoch,
                slots,
                keyring: sealed_ring,
                signer,
                inbox,
                gone: Vec::new(),
            },
            root,
            keys,
            ring,
            manifest,
            sealed_manifest: Vec::new(),
            pin: Pin {
                counter: 0,
                hash: [0; 32],
            },
            version: 0,
            sealed: Sorted::new(),
            records: Sorted::new(),
            device: Content::default(),
            unlocked_by: None,
        })
    }

    pub(super) fn open(
        locked: &LockedVault,
        unlocking: &Unlocking,
        crypto: &dyn CryptoProvider,
    ) -> Result<Self, VaultError> {
        let header = locked.header.clone();
        let keys = unlocking.root.derive(header.vault);
        let ring = Keyring::open(&keys.kek, header.vault, header.epoch, &header.keyring)?;
        // Whose vault this is: the unlock method says so, or this device, or both.
        let signer = keyring::public(&ring.signer);
        let known = locked.known.map(|known| known.signer);
        let expected = unlocking.signer.or(known).ok_or(VaultError::VaultReplaced)?;
        if signer != expected || known.is_some_and(|known| known != expected) {
            return Err(VaultError::VaultReplaced);
        }
        let (manifest, pin) = open_manifest(
            (&locked.manifest, locked.version),
            &header,
            &keys,
            &ring,
            crypto,
            locked.known,
        )?;
        let (records, sealed) = read_records(&keys, &ring, &manifest, &locked.records, Vec::new(), None)?;
        let device = if locked.device.is_empty() {
            Content::default()
        } else {
            open(
                &ring.device,
                &Context::of_vault(Kind::Device, header.vault),
                &locked.device,
            )
            .map_err(|_| VaultError::RecordNotAuthentic)?
        };
        Ok(Self {
            header,
            root: unlocking.root.clone(),
            keys,
            ring,
            manifest,
            sealed_manifest: locked.manifest.clone(),
            pin,
            version: locked.version,
            sealed,
            records,
            device,
            unlocked_by: Some(unlocking.slot),
        })
    }

    /// The vault without its keys, to keep on this device.
    ///
    /// # Errors
    /// [`VaultError::Random`].
    pub fn lock(&self, rng: &mut dyn SecureRandom) -> Result<LockedVault, VaultError> {
        let place = Context::of_vault(Kind::Device, self.header.vault);
        Ok(LockedVault {
            header: self.header.clone(),
            manifest: self.sealed_manifest.clone(),
            known: Some(self.known()),
            version: self.version,
            records: self.sealed.clone(),
            device: seal(&self.ring.device, &place, &self.device, rng)?,
        })
    }

    /// What this device knows the vault by: for a device that is paired.
    #[must_use]
    pub fn known(&self) -> Known {
        Known {
            pin: self.pin,
            signer: self.header.signer,
            mark: Some(self.manifest.succession.last()),
        }
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The unlock methods with their names, in the header's order.
    #[must_use]
    pub fn slots(&self) -> &[ListedSlot] {
        &self.manifest.slots
    }

    /// The slot it was opened with; `None` for a new vault.
    #[must_use]
    pub fn unlocked_by(&self) -> Option<[u8; 16]> {
        self.unlocked_by
    }

    /// What a slot would give that held `root`: for the new root key of a commit whose answer was lost.
    #[must_use]
    pub fn unlocking_with(&self, root: RootKey) -> Unlocking {
        let slot = self.unlocked_by.unwrap_or_default();
        Unlocking {
            slot,
            root,
            signer: Some(self.header.signer),
        }
    }

    /// The service's version this state belongs to; 0 before the first commit.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// SHA-256 of the sealed manifest, as the service keeps it.
    #[must_use]
    pub fn manifest_hash(&self) -> [u8; 32] {
        sha256(&self.sealed_manifest)
    }

    /// The bearer token for the vault service; another one with every epoch.
    #[must_use]
    pub fn access_token(&self) -> Zeroizing<String> {
        self.keys.access_token()
    }

    /// SHA-256 of the bearer token, which the service keeps.
    #[must_use]
    pub fn access_token_hash(&self) -> [u8; 32] {
        self.keys.access_token_hash()
    }

    /// The signing key used towards `provider` only (its stable identifier). Stays through epochs.
    ///
    /// # Errors
    /// [`VaultError::Random`] in the practically impossible case that no key can be derived.
    pub fn pairwise_key(&self, provider: &str) -> Result<SoftwareKey, VaultError> {
        self.ring.pairwise(provider).ok_or(VaultError::Random)
    }

    /// The content of a record.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.records.get(name).map(|content| content.as_slice())
    }

    /// Records whose name starts with `prefix`, by name.
    pub fn list(&self, prefix: &str) -> impl Iterator<Item = (&str, &[u8])> {
        self.records
            .iter()
            .filter(move |(name, _)| name.starts_with(prefix))
            .map(|(name, content)| (name.as_str(), content.as_slice()))
    }

    /// What only this device keeps.
    #[must_use]
    pub fn device(&self) -> &[u8] {
        &self.device
    }

    /// Replaces what only this device keeps.
    pub fn set_device(&mut self, content: Content) {
        self.device = content;
    }

    /// Takes over what the service has now. On any error the vault stays as it was.
    ///
    /// # Errors
    /// [`VaultError::EpochChanged`] when another device made a new root key: unlock again, with
    /// [`LockedVault::updated`]. [`VaultError::RolledBack`], [`VaultError::Forked`], [`VaultError::RecordMissing`] and
    /// the like: the service is lying or broken.
    pub fn receive(&mut self, remote: RemoteVault, crypto: &dyn CryptoProvider) -> Result<(), VaultError> {
        let header = Header::from_bytes(&remote.header)?;
        let own = &self.header;
        if header.vault != own.vault {
            return Err(VaultError::SlotsChanged);
        }
        if header.epoch != own.epoch {
            let older = header.epoch < own.epoch;
            return Err(if older {
                VaultError::RolledBack
            } else {
                VaultError::EpochChanged
            });
        }
        // Within an epoch nothing but the slots changes in a header.
        if (&header.keyring, header.signer, header.inbox) != (&own.keyring, own.signer, own.inbox) {
            return Err(VaultError::SlotsChanged);
        }
        let (manifest, pin) = open_manifest(
            (&remote.manifest, remote.version),
            &header,
            &self.keys,
            &self.ring,
            crypto,
            Some(self.known()),
        )?;
        let known = Some((&self.manifest, &self.records));
        let (records, sealed) = read_records(
            &self.keys,
            &self.ring,
            &manifest,
            &self.sealed,
            remote.records,
            known,
        )?;
        self.header = header;
        self.manifest = manifest;
        self.sealed_manifest = remote.manifest;
        self.pin = pin;
        self.version = remote.version;
        self.sealed = sealed;
        self.records = records;
        Ok(())
    }
}

impl fmt::Debug for UnlockedVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnlockedVault")
            .field("version", &self.version)
            .field("records", &self.records.len())
            .finish_non_exhaustive()
    }
}

type Read = (Sorted<String, Content>, Sorted<Handle, Sealed>);

/// Opens everything the manifest lists, from what is here and what was sent. Nothing else is looked at: what the service
/// sent beyond it does not exist.
fn read_records(
    keys: &DerivedKeys,
    ring: &Keyring,
    manifest: &Manifest,
    here: &Sorted<Handle, Sealed>,
    mut sent: Vec<RemoteRecord>,
    known: Option<(&Manifest, &Sorted<String, Content>)>,
) -> Result<Read, VaultError> {
    by_handle(&mut sent);
    let mut open_here: Vec<(Handle, &String)> = known
        .iter()
        .flat_map(|(_, records)| records.keys())
        .map(|name| (ring.handle(name), name))
        .collect();
    open_here.sort_unstable();
    let (mut records, mut sealed) = (Vec::new(), Sorted::new());
    for (handle, listed) in manifest.records.iter() {
        let here = here.get(handle);
        let sent = sent
            .binary_search_by_key(handle, |record| record.handle)
            .ok()
            .and_then(|at| sent.get(at));
        let sent_key = sent.and_then(|record| record.key.as_ref());
        let matches = |bytes: &&Vec<u8>| sha256(bytes) == listed.hash;
        let value = here.map(|here| &here.sealed).filter(matches);
        // What is open already and has not changed stays open.
        if let (Some((old, records_here)), Some(_), None, Some(here)) = (known, value, sent_key, here)
            && old.records.get(handle) == Some(listed)
            && let Ok(at) = open_here.binary_search_by_key(handle, |(handle, _)| *handle)
            && let Some((_, name)) = open_here.get(at)
            && let Some(content) = records_here.get(*name)
        {
            records.push(((*name).clone(), content.clone()));
            sealed.insert(*handle, here.clone());
            continue;
        }
        let value = value.or_else(|| sent.and_then(|record| record.sealed.as_ref()));
        let key = sent_key.or_else(|| here.map(|here| &here.key));
        let (Some(key), Some(value)) = (key, value) else {
            return Err(VaultError::RecordMissing);
        };
        let record = Sealed {
            key: key.clone(),
            sealed: value.clone(),
        };
        let (name, content) = open_record(&keys.kek, ring, manifest.vault, *handle, *listed, &record)?;
        records.push((name, content));
        sealed.insert(*handle, record);
    }
    Ok((Sorted::from_unordered(records), sealed))
}

fn open_manifest(
    (sealed, version): (&[u8], u64),
    header: &Header,
    keys: &DerivedKeys,
    ring: &Keyring,
    crypto: &dyn CryptoProvider,
    known: Option<Known>,
) -> Result<(Manifest, Pin), VaultError> {
    let (manifest, pin) = Manifest::open(
        sealed,
        header.vault,
        header.epoch,
        &keys.manifest,
        &ring.signer,
        crypto,
    )?;
    if let Some(known) = known {
        manifest.may_follow(pin, known.pin)?;
    }
    let own = EpochMark {
        epoch: header.epoch,
        key: keyring::public(&keys.successor_key()?),
    };
    let knew = known.and_then(|known| known.mark);
    if !manifest.succession.leads_to(own, knew, header.vault, crypto) {
        return Err(VaultError::Forked);
    }
    // A slot the service added, changed or left out is not in the signed list; nor another key.
    let listed = manifest.slots.iter().map(|slot| (slot.id, slot.hash));
    let same_slots = listed.eq(header.slots.iter().map(|slot| (slot.id(), slot.hash())));
    let inbox = keyring::public(&ring.inbox);
    let same_keys = manifest.keyring == keyring::hash(&header.keyring)
        && header.signer == manifest.signer
        && (header.inbox, manifest.inbox) == (inbox, inbox);
    if !same_slots || !same_keys {
        return Err(VaultError::SlotsChanged);
    }
    // Every commit brings one manifest: the version under which the service keeps it is the manifest's own count.
    if version != pin.counter {
        return Err(VaultError::ManifestNotAuthentic);
    }
    Ok((manifest, pin))
}

#[cfg(test)]
#[path = "unlocked_tests.rs"]
mod tests;

//! Changes of the vault, prepared for one commit: all of it is stored, or nothing.

use std::fmt;

use assent_core::crypto::sha256;
use assent_core::env::SecureRandom;

use super::error::VaultError;
use super::header::Header;
use super::key::Key;
use super::manifest::{Listed, Manifest, Pin};
use super::record::{Content, RecordPlace, seal_value};
use super::root::{DerivedKeys, RootKey};
use super::sealed::{Handle, Sealed, StoredRecord};
use super::unlocked::UnlockedVault;

/// A change of one record, by name.
#[derive(Clone)]
pub enum Change {
    /// Create or replace.
    Put(Content),
    /// Replace, under another attribute key: the one it had opens earlier versions of it.
    PutAnew(Content),
    /// Delete.
    Delete,
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Put(_) | Self::PutAnew(_) => "Put(redacted)",
            Self::Delete => "Delete",
        })
    }
}

/// A commit ready to be sent, not yet part of the vault.
#[derive(Debug)]
pub struct Staged {
    /// The service's version it builds on.
    pub base_version: u64,
    /// The new sealed manifest.
    pub manifest: Vec<u8>,
    /// Sealed records to store.
    pub put: Vec<StoredRecord>,
    /// Records to delete.
    pub delete: Vec<Handle>,
    /// The new header, when unlock methods changed.
    pub header: Option<Header>,
    /// The new root key, when there is one.
    pub epoch: Option<NewEpoch>,
    pub(super) opened: Manifest,
    pub(super) pin: Pin,
    pub(super) changes: Vec<(String, Change)>,
}

impl Staged {
    /// What it changes: names of records, and their content after it.
    pub fn changes(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        self.changes.iter().map(|(name, change)| match change {
            Change::Put(content) | Change::PutAnew(content) => (name.as_str(), Some(content.as_slice())),
            Change::Delete => (name.as_str(), None),
        })
    }
}

/// A new root key with what hangs on it.
pub struct NewEpoch {
    /// Its number.
    pub number: u64,
    /// SHA-256 of the new bearer token.
    pub access_token_hash: [u8; 32],
    /// The attribute key of every record, sealed anew.
    pub keys: Vec<(Handle, Vec<u8>)>,
    pub(super) root: RootKey,
    pub(super) derived: DerivedKeys,
}

impl NewEpoch {
    /// The new root key: to find out with it, should the answer to the commit get lost, whether it was stored.
    #[must_use]
    pub fn root(&self) -> &RootKey {
        &self.root
    }
}

impl fmt::Debug for NewEpoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEpoch")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl UnlockedVault {
    /// Seals `changes`, by record name and each name once, and the manifest that lists them. The vault itself stays as it is until [`Self::adopt`].
    ///
    /// # Errors
    /// [`VaultError::Random`], [`VaultError::RecordNotAuthentic`].
    pub fn stage(
        &self,
        changes: Vec<(String, Change)>,
        rng: &mut dyn SecureRandom,
    ) -> Result<Staged, VaultError> {
        let mut manifest = self.manifest.successor(self.pin);
        let (mut put, mut delete) = (Vec::new(), Vec::new());
        for (name, change) in &changes {
            let handle = self.ring.handle(name);
            match change {
                Change::Put(content) | Change::PutAnew(content) => {
                    let keep_key = matches!(change, Change::Put(_));
                    let (record, listed) = self.seal_record(handle, name, content, keep_key, rng)?;
                    manifest.records.insert(handle, listed);
                    put.push(record);
                }
                Change::Delete => {
                    if manifest.records.remove(&handle).is_some() {
                        delete.push(handle);
                    }
                }
            }
        }
        let (sealed, pin) = manifest.seal(&self.keys.manifest, &self.ring.signer, rng)?;
        Ok(Staged {
            base_version: self.version,
            manifest: sealed,
            put,
            delete,
            header: None,
            epoch: None,
            opened: manifest,
            pin,
            changes,
        })
    }

    /// Makes a staged commit part of the vault, after the service stored it as `version`.
    pub fn adopt(&mut self, staged: Staged, version: u64) {
        for (name, change) in staged.changes {
            match change {
                Change::Put(content) | Change::PutAnew(content) => self.records.insert(name, content),
                Change::Delete => self.records.remove(&name),
            };
        }
        for handle in &staged.delete {
            self.sealed.remove(handle);
        }
        for StoredRecord { handle, key, sealed } in staged.put {
            self.sealed.insert(handle, Sealed { key, sealed });
        }
        if let Some(header) = staged.header {
            self.header = header;
        }
        if let Some(epoch) = staged.epoch {
            for (handle, key) in epoch.keys {
                if let Some(record) = self.sealed.get_mut(&handle) {
                    record.key = key;
                }
            }
            (self.root, self.keys) = (epoch.root, epoch.derived);
        }
        self.manifest = staged.opened;
        self.sealed_manifest = staged.manifest;
        self.pin = staged.pin;
        self.version = version;
    }

    fn seal_record(
        &self,
        handle: Handle,
        name: &str,
        content: &[u8],
        keep_key: bool,
        rng: &mut dyn SecureRandom,
    ) -> Result<(StoredRecord, Listed), VaultError> {
        let known = self.manifest.records.get(&handle).zip(self.sealed.get(&handle));
        let mut place = RecordPlace {
            vault: self.header.vault,
            handle,
            version: known.map_or(1, |(listed, _)| listed.version + 1),
            epoch: self.header.epoch,
        };
        // The attribute key stays over versions. One from an older epoch may be known to a device that was removed:
        // what is written from now on gets a new one.
        let (attribute_key, key) = match known {
            Some((listed, sealed)) if keep_key && listed.epoch == self.header.epoch => {
                place.epoch = listed.epoch;
                (
                    place.open_attribute_key(&self.keys.kek, &sealed.key)?,
                    sealed.key.clone(),
                )
            }
            _ => {
                let key = Key::generate(rng)?;
                let sealed = place.seal_attribute_key(&self.keys.kek, &key, rng)?;
                (key, sealed)
            }
        };
        let sealed = seal_value(&place, &attribute_key, name, content, rng)?;
        let listed = Listed {
            version: place.version,
            hash: sha256(&sealed),
            epoch: place.epoch,
        };
        Ok((StoredRecord { handle, key, sealed }, listed))
    }
}

//! The open vault: readable records, and changes staged for one commit.

use std::collections::BTreeMap;
use std::fmt;

use assent_core::crypto::{CryptoProvider, Signer as _, SoftwareKey, sha256};
use assent_core::env::SecureRandom;
use ciborium::Value;
use zeroize::Zeroizing;

use super::cbor::{self, Fields};
use super::context::{Context, Kind, VaultId};
use super::error::VaultError;
use super::header::Header;
use super::key::Key;
use super::manifest::{Listed, Manifest, Pin};
use super::recovery::RecoveryCode;
use super::root::{DerivedKeys, RootKey};
use super::sealed::{Handle, LockedVault, RemoteVault, StoredRecord};
use super::slot::Slot;
use super::{open, seal};

type Content = Zeroizing<Vec<u8>>;

/// A change of one record, by name.
#[derive(Clone)]
pub enum Change {
    /// Create or replace.
    Put(Content),
    /// Delete.
    Delete,
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Put(_) => "Put(redacted)",
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
    opened: Manifest,
    pin: Pin,
    changes: BTreeMap<String, Change>,
}

/// A vault with its keys. Dropping it wipes them.
pub struct UnlockedVault {
    header: Header,
    keys: DerivedKeys,
    signer: SoftwareKey,
    manifest: Manifest,
    sealed_manifest: Vec<u8>,
    pin: Pin,
    version: u64,
    sealed: BTreeMap<Handle, Vec<u8>>,
    records: BTreeMap<String, Content>,
    device: Content,
}

impl UnlockedVault {
    /// A new, empty vault with two unlock methods; there is none with fewer (DESIGN decision 9).
    ///
    /// # Errors
    /// [`VaultError::PassphraseTooShort`], [`VaultError::Random`].
    pub fn create(
        passphrase: &str,
        recovery: &RecoveryCode,
        rng: &mut dyn SecureRandom,
    ) -> Result<Self, VaultError> {
        let mut id = [0; 16];
        rng.fill(&mut id)?;
        let vault = VaultId(id);
        let root = RootKey::generate(rng)?;
        let slots = vec![
            Slot::for_passphrase(passphrase, &root, vault, rng)?,
            Slot::for_recovery_code(recovery, &root, vault, rng)?,
        ];
        let keys = root.derive(vault);
        let signer = SoftwareKey::generate(rng)?;
        let epoch = 1;
        let place = Context {
            epoch: Some(epoch),
            ..Context::of_vault(Kind::IdentityKey, vault)
        };
        let identity = seal(&keys.kek, &place, signer.to_bytes().as_slice(), rng)?;
        let header = Header {
            vault,
            epoch,
            slots,
            identity,
        };
        let manifest = Manifest {
            vault,
            epoch,
            counter: 0,
            previous: None,
            slots: header.slots.iter().map(Slot::hash).collect(),
            signer: public_key(&signer)?,
            records: BTreeMap::new(),
        };
        Ok(Self {
            header,
            keys,
            signer,
            manifest,
            sealed_manifest: Vec::new(),
            pin: Pin {
                counter: 0,
                hash: [0; 32],
            },
            version: 0,
            sealed: BTreeMap::new(),
            records: BTreeMap::new(),
            device: Content::default(),
        })
    }

    pub(super) fn open(
        locked: &LockedVault,
        root: &RootKey,
        crypto: &dyn CryptoProvider,
    ) -> Result<Self, VaultError> {
        let header = locked.header.clone();
        let keys = root.derive(header.vault);
        let signer = open_identity(&header, &keys)?;
        let (manifest, pin) = open_manifest(&locked.manifest, &header, &keys, &signer, crypto, locked.pin)?;
        let mut records = BTreeMap::new();
        let mut sealed = BTreeMap::new();
        for (handle, listed) in &manifest.records {
            let bytes = locked.records.get(handle).ok_or(VaultError::RecordMissing)?;
            let (name, content) = open_record(&keys, header.vault, *handle, *listed, bytes)?;
            records.insert(name, content);
            sealed.insert(*handle, bytes.clone());
        }
        let device = if locked.device.is_empty() {
            Content::default()
        } else {
            open(
                &keys.device,
                &Context::of_vault(Kind::Device, header.vault),
                &locked.device,
            )
            .map_err(|_| VaultError::RecordNotAuthentic)?
        };
        Ok(Self {
            header,
            keys,
            signer,
            manifest,
            sealed_manifest: locked.manifest.clone(),
            pin,
            version: locked.version,
            sealed,
            records,
            device,
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
            pin: Some(self.pin),
            version: self.version,
            records: self.sealed.clone(),
            device: seal(&self.keys.device, &place, &self.device, rng)?,
        })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
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

    /// The bearer token for the vault service.
    #[must_use]
    pub fn access_token(&self) -> Zeroizing<String> {
        self.keys.access_token()
    }

    /// SHA-256 of the bearer token, which the service keeps.
    #[must_use]
    pub fn access_token_hash(&self) -> [u8; 32] {
        self.keys.access_token_hash()
    }

    /// The signing key used towards `provider` only (its stable identifier).
    ///
    /// # Errors
    /// [`VaultError::Random`] in the practically impossible case that no key can be derived.
    pub fn pairwise_key(&self, provider: &str) -> Result<SoftwareKey, VaultError> {
        self.keys.pairwise(provider).ok_or(VaultError::Random)
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

    /// Seals `changes` and the manifest that lists them. The vault itself stays as it is until [`Self::adopt`].
    ///
    /// # Errors
    /// [`VaultError::Random`], [`VaultError::RecordNotAuthentic`].
    pub fn stage(
        &self,
        changes: BTreeMap<String, Change>,
        rng: &mut dyn SecureRandom,
    ) -> Result<Staged, VaultError> {
        let mut manifest = self.manifest.clone();
        manifest.counter += 1;
        manifest.previous = (self.pin.counter > 0).then_some(self.pin.hash);
        let (mut put, mut delete) = (Vec::new(), Vec::new());
        for (name, change) in &changes {
            let handle = self.keys.handle(name);
            match change {
                Change::Put(content) => {
                    let known = self.manifest.records.get(&handle);
                    let epoch = known.map_or(1, |listed| listed.epoch);
                    let version = known.map_or(1, |listed| listed.version + 1);
                    let sealed = self.seal_record(handle, version, epoch, name, content, rng)?;
                    manifest.records.insert(
                        handle,
                        Listed {
                            version,
                            hash: sha256(&sealed),
                            epoch,
                        },
                    );
                    put.push(StoredRecord { handle, sealed });
                }
                Change::Delete => {
                    if manifest.records.remove(&handle).is_some() {
                        delete.push(handle);
                    }
                }
            }
        }
        let (sealed, pin) = manifest.seal(&self.keys.manifest, &self.signer, rng)?;
        Ok(Staged {
            base_version: self.version,
            manifest: sealed,
            put,
            delete,
            opened: manifest,
            pin,
            changes,
        })
    }

    /// Makes a staged commit part of the vault, after the service stored it as `version`.
    pub fn adopt(&mut self, staged: Staged, version: u64) {
        for (name, change) in staged.changes {
            match change {
                Change::Put(content) => self.records.insert(name, content),
                Change::Delete => self.records.remove(&name),
            };
        }
        for handle in &staged.delete {
            self.sealed.remove(handle);
        }
        self.sealed.extend(
            staged
                .put
                .into_iter()
                .map(|record| (record.handle, record.sealed)),
        );
        self.manifest = staged.opened;
        self.sealed_manifest = staged.manifest;
        self.pin = staged.pin;
        self.version = version;
    }

    /// Takes over what the service has now. On any error the vault stays as it was.
    ///
    /// # Errors
    /// [`VaultError::RolledBack`], [`VaultError::Forked`], [`VaultError::RecordMissing`] and the like: the service
    /// is lying or broken.
    pub fn receive(&mut self, remote: RemoteVault, crypto: &dyn CryptoProvider) -> Result<(), VaultError> {
        let header = Header::from_bytes(&remote.header)?;
        // The manifest does not list the sealed signing key: one that does not open would lock this device out.
        let signer = open_identity(&header, &self.keys)?;
        if header.vault != self.header.vault || signer.public_key() != self.signer.public_key() {
            return Err(VaultError::SlotsChanged);
        }
        let (manifest, pin) = open_manifest(
            &remote.manifest,
            &header,
            &self.keys,
            &self.signer,
            crypto,
            Some(self.pin),
        )?;
        let mut sealed = BTreeMap::new();
        let mut records = BTreeMap::new();
        let sent: BTreeMap<_, _> = remote
            .records
            .into_iter()
            .map(|record| (record.handle, record.sealed))
            .collect();
        // Only what the manifest lists is looked at; anything else the service sent does not exist.
        for (handle, listed) in &manifest.records {
            let known = self
                .sealed
                .get(handle)
                .filter(|bytes| sha256(bytes) == listed.hash);
            let bytes = known
                .or_else(|| sent.get(handle))
                .ok_or(VaultError::RecordMissing)?;
            let (name, content) = open_record(&self.keys, self.header.vault, *handle, *listed, bytes)?;
            records.insert(name, content);
            sealed.insert(*handle, bytes.clone());
        }
        self.header = header;
        self.manifest = manifest;
        self.sealed_manifest = remote.manifest;
        self.pin = pin;
        self.version = remote.version;
        self.sealed = sealed;
        self.records = records;
        Ok(())
    }

    fn seal_record(
        &self,
        handle: Handle,
        version: u64,
        epoch: u64,
        name: &str,
        content: &[u8],
        rng: &mut dyn SecureRandom,
    ) -> Result<Vec<u8>, VaultError> {
        let place = RecordPlace {
            vault: self.header.vault,
            handle,
            version,
            epoch,
        };
        // The attribute key stays over versions of one epoch; the content key is new every time.
        let (attribute_key, sealed_attribute_key) = match self.sealed.get(&handle) {
            Some(known) => {
                let sealed = Fields::new(cbor::decode(known)?).bytes()?;
                (
                    place.open_key(Kind::AttributeKey, &self.keys.kek, &sealed)?,
                    sealed,
                )
            }
            None => {
                let key = Key::generate(rng)?;
                let sealed = seal(&self.keys.kek, &place.of(Kind::AttributeKey), key.expose(), rng)?;
                (key, sealed)
            }
        };
        let content_key = Key::generate(rng)?;
        let sealed_content_key = seal(
            &attribute_key,
            &place.of(Kind::ContentKey),
            content_key.expose(),
            rng,
        )?;
        let value = Zeroizing::new(cbor::encode(&Value::Array(vec![
            Value::from(name),
            cbor::bytes(content),
        ])));
        let sealed_value = seal(&content_key, &place.of(Kind::Value), &value, rng)?;
        Ok(cbor::encode(&Value::Array(vec![
            cbor::bytes(&sealed_attribute_key),
            cbor::bytes(&sealed_content_key),
            cbor::bytes(&sealed_value),
        ])))
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

struct RecordPlace {
    vault: VaultId,
    handle: Handle,
    version: u64,
    epoch: u64,
}

impl RecordPlace {
    fn of(&self, kind: Kind) -> Context {
        Context {
            kind,
            vault: self.vault,
            handle: Some(self.handle.0),
            // An attribute key serves all versions of its epoch.
            version: (kind != Kind::AttributeKey).then_some(self.version),
            epoch: Some(self.epoch),
        }
    }

    fn open_key(&self, kind: Kind, under: &Key, sealed: &[u8]) -> Result<Key, VaultError> {
        let bytes = open(under, &self.of(kind), sealed).map_err(|_| VaultError::RecordNotAuthentic)?;
        Key::from_bytes(&bytes).ok_or(VaultError::RecordNotAuthentic)
    }
}

fn open_record(
    keys: &DerivedKeys,
    vault: VaultId,
    handle: Handle,
    listed: Listed,
    bytes: &[u8],
) -> Result<(String, Content), VaultError> {
    if sha256(bytes) != listed.hash {
        return Err(VaultError::RecordMissing);
    }
    let place = RecordPlace {
        vault,
        handle,
        version: listed.version,
        epoch: listed.epoch,
    };
    let mut fields = Fields::new(cbor::decode(bytes)?);
    let attribute_key = place.open_key(Kind::AttributeKey, &keys.kek, &fields.bytes()?)?;
    let content_key = place.open_key(Kind::ContentKey, &attribute_key, &fields.bytes()?)?;
    let value = open(&content_key, &place.of(Kind::Value), &fields.bytes()?)
        .map_err(|_| VaultError::RecordNotAuthentic)?;
    fields.end()?;
    let mut fields = Fields::new(cbor::decode(&value)?);
    let (name, content) = (fields.text()?, Zeroizing::new(fields.bytes()?));
    fields.end()?;
    // The name inside must be the one the handle was made of.
    if keys.handle(&name) != handle {
        return Err(VaultError::RecordNotAuthentic);
    }
    Ok((name, content))
}

fn open_identity(header: &Header, keys: &DerivedKeys) -> Result<SoftwareKey, VaultError> {
    let place = Context {
        epoch: Some(header.epoch),
        ..Context::of_vault(Kind::IdentityKey, header.vault)
    };
    let bytes = open(&keys.kek, &place, &header.identity).map_err(|_| VaultError::SlotsChanged)?;
    SoftwareKey::from_bytes(&bytes).map_err(|_| VaultError::Malformed)
}

fn open_manifest(
    sealed: &[u8],
    header: &Header,
    keys: &DerivedKeys,
    signer: &SoftwareKey,
    crypto: &dyn CryptoProvider,
    seen: Option<Pin>,
) -> Result<(Manifest, Pin), VaultError> {
    let (manifest, pin) = Manifest::open(sealed, header.vault, &keys.manifest, &signer.public_key(), crypto)?;
    if let Some(seen) = seen {
        manifest.may_follow(pin, seen)?;
    }
    // A slot the service added or changed is not in the signed list.
    let slots: Vec<_> = header.slots.iter().map(Slot::hash).collect();
    if manifest.slots != slots || manifest.epoch != header.epoch {
        return Err(VaultError::SlotsChanged);
    }
    Ok((manifest, pin))
}

fn public_key(signer: &SoftwareKey) -> Result<[u8; 65], VaultError> {
    signer
        .public_key()
        .as_bytes()
        .try_into()
        .map_err(|_| VaultError::Malformed)
}

#[cfg(test)]
#[path = "unlocked_tests.rs"]
mod tests;

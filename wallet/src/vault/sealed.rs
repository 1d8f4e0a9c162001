//! The vault as ciphertext: what the service stores and this device keeps.

use std::fmt;

use assent_core::crypto::CryptoProvider;
use assent_core::encoding::base64url;
use ciborium::Value;

use super::cbor::{self, Fields};
use super::error::VaultError;
use super::header::Header;
use super::hpke::POINT;
use super::manifest::Pin;
use super::slot::Unlocking;
use super::succession::EpochMark;
use super::unlocked::UnlockedVault;
use assent_core::sorted::Sorted;

const LABEL: &str = "assent/vault-cache/3";

/// Opaque handle of a record: says nothing about what is in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub [u8; 16]);

impl Handle {
    /// From base64url; `None` unless it is exactly 16 bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(base64url::decode(text).ok()?.try_into().ok()?))
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(…)")
    }
}

/// A sealed record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its handle.
    pub handle: Handle,
    /// Its attribute key, sealed under the root key's `kek`. Apart from the rest, so that a new root key touches no value.
    pub key: Vec<u8>,
    /// Its content key and value, sealed.
    pub sealed: Vec<u8>,
}

/// A record as the service sent it: what did not change may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRecord {
    /// Its handle.
    pub handle: Handle,
    /// As [`StoredRecord::key`].
    pub key: Option<Vec<u8>>,
    /// As [`StoredRecord::sealed`].
    pub sealed: Option<Vec<u8>>,
}

/// What the service answered: not believed until the manifest covers it.
#[derive(Debug, Clone)]
pub struct RemoteVault {
    /// The service's version, for compare-and-swap.
    pub version: u64,
    /// The header.
    pub header: Vec<u8>,
    /// The sealed manifest.
    pub manifest: Vec<u8>,
    /// Records, all or those changed since a version.
    pub records: Vec<RemoteRecord>,
}

/// What a device knows of a vault that it has opened, or was paired with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The newest manifest it saw.
    pub pin: Pin,
    /// The vault's public signing key.
    pub signer: [u8; POINT],
    /// The root key it last opened; `None` when it was only told of the vault.
    pub mark: Option<EpochMark>,
}

/// Key and box of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) key: Vec<u8>,
    pub(super) sealed: Vec<u8>,
}

/// In order of their handles; those with the same one stay in the order they came in.
pub(super) fn by_handle(records: &mut [RemoteRecord]) {
    records.sort_by_key(|record| record.handle);
}

/// A vault without its keys.
#[derive(Debug, Clone)]
pub struct LockedVault {
    pub(super) header: Header,
    pub(super) manifest: Vec<u8>,
    /// `None` when this device never opened the vault: then an older state cannot be told from the newest.
    pub(super) known: Option<Known>,
    pub(super) version: u64,
    pub(super) records: Sorted<Handle, Sealed>,
    pub(super) device: Vec<u8>,
}

impl LockedVault {
    /// A vault as the service sent it to a device that does not keep it. `known` is what a pairing told of it.
    ///
    /// # Errors
    /// [`VaultError::Malformed`], [`VaultError::NewerThanApp`].
    pub fn from_remote(remote: RemoteVault, known: Option<Known>) -> Result<Self, VaultError> {
        Self {
            header: Header::from_bytes(&remote.header)?,
            manifest: Vec::new(),
            known,
            version: 0,
            records: Sorted::new(),
            device: Vec::new(),
        }
        .updated(remote)
    }

    /// This vault with what the service has now, to be unlocked with what its new header gives: after another device
    /// changed the root key.
    ///
    /// # Errors
    /// [`VaultError::Malformed`], [`VaultError::NewerThanApp`]; [`VaultError::SlotsChanged`] for another vault.
    pub fn updated(&self, remote: RemoteVault) -> Result<Self, VaultError> {
        let header = Header::from_bytes(&remote.header)?;
        if header.vault != self.header.vault {
            return Err(VaultError::SlotsChanged);
        }
        let mut all = Vec::with_capacity(self.records.len() + remote.records.len());
        for (handle, known) in self.records.iter() {
            all.push(RemoteRecord {
                handle: *handle,
                key: Some(known.key.clone()),
                sealed: Some(known.sealed.clone()),
            });
        }
        all.extend(remote.records);
        by_handle(&mut all);
        all.dedup_by(|later, record| {
            let same = later.handle == record.handle;
            if same {
                record.key = later.key.take().or_else(|| record.key.take());
                record.sealed = later.sealed.take().or_else(|| record.sealed.take());
            }
            same
        });
        let mut records = Sorted::new();
        for record in all {
            // A record without one of its parts does not exist; if the manifest lists it, that is seen.
            if let (Some(key), Some(sealed)) = (record.key, record.sealed) {
                records.insert(record.handle, Sealed { key, sealed });
            }
        }
        Ok(Self {
            header,
            manifest: remote.manifest,
            known: self.known,
            version: remote.version,
            records,
            device: self.device.clone(),
        })
    }

    /// This vault, held to what a pairing told of it, too.
    ///
    /// # Errors
    /// [`VaultError::VaultReplaced`] when this device knows another vault by this name.
    pub fn knowing(mut self, told: Known) -> Result<Self, VaultError> {
        if self.known.is_some_and(|known| known.signer != told.signer) {
            return Err(VaultError::VaultReplaced);
        }
        if self
            .known
            .is_none_or(|known| known.pin.counter < told.pin.counter)
        {
            let mark = told.mark.or(self.known.and_then(|known| known.mark));
            self.known = Some(Known { mark, ..told });
        }
        Ok(self)
    }

    /// The public signing key that this device knows the vault by.
    #[must_use]
    pub fn signer(&self) -> Option<[u8; POINT]> {
        self.known.map(|known| known.signer)
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Unlocks with what a slot of [`LockedVault::header`] gave.
    ///
    /// # Errors
    /// [`VaultError`]; nothing is opened unless everything the manifest lists is there and authentic.
    pub fn unlock(
        &self,
        unlocking: &Unlocking,
        crypto: &dyn CryptoProvider,
    ) -> Result<UnlockedVault, VaultError> {
        UnlockedVault::open(self, unlocking, crypto)
    }

    /// As bytes to keep on this device.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let records = self.records.iter().map(|(handle, record)| {
            Value::Array(vec![
                cbor::bytes(&handle.0),
                cbor::bytes(&record.key),
                cbor::bytes(&record.sealed),
            ])
        });
        cbor::encode(&Value::Array(vec![
            Value::from(LABEL),
            cbor::bytes(&self.header.to_bytes()),
            cbor::bytes(&self.manifest),
            self.known.map_or(Value::Null, |known| {
                Value::Array(vec![
                    Value::from(known.pin.counter),
                    cbor::bytes(&known.pin.hash),
                    cbor::bytes(&known.signer),
                    known.mark.map_or(Value::Null, EpochMark::to_cbor),
                ])
            }),
            Value::from(self.version),
            Value::Array(records.collect()),
            cbor::bytes(&self.device),
        ]))
    }

    /// From bytes kept on this device.
    ///
    /// # Errors
    /// [`VaultError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let mut fields = Fields::new(cbor::decode(bytes)?);
        if fields.text()? != LABEL {
            return Err(VaultError::Malformed);
        }
        let header = Header::from_bytes(&fields.bytes()?)?;
        let manifest = fields.bytes()?;
        let known = match fields.value()? {
            Value::Null => None,
            known => {
                let mut known = Fields::of(known)?;
                let pin = Pin {
                    counter: known.number()?,
                    hash: known.fixed()?,
                };
                let signer = known.fixed()?;
                let mark = EpochMark::from_cbor(known.value()?)?;
                known.end()?;
                Some(Known { pin, signer, mark })
            }
        };
        let version = fields.number()?;
        let mut records = Sorted::new();
        for record in fields.array()? {
            let mut record = Fields::of(record)?;
            let handle = Handle(record.fixed()?);
            let (key, sealed) = (record.bytes()?, record.bytes()?);
            record.end()?;
            records.insert(handle, Sealed { key, sealed });
        }
        let device = fields.bytes()?;
        fields.end()?;
        Ok(Self {
            header,
            manifest,
            known,
            version,
            records,
            device,
        })
    }
}

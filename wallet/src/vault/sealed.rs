//! The vault as ciphertext: what the service stores and this device keeps.

use std::collections::BTreeMap;
use std::fmt;

use assent_core::crypto::CryptoProvider;
use assent_core::encoding::base64url;
use ciborium::Value;
use zeroize::Zeroizing;

use super::cbor::{self, Fields};
use super::error::VaultError;
use super::header::Header;
use super::manifest::Pin;
use super::recovery::RecoveryCode;
use super::root::RootKey;
use super::unlocked::UnlockedVault;

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

/// A sealed record with its handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its handle.
    pub handle: Handle,
    /// Its sealed bytes.
    pub sealed: Vec<u8>,
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
    pub records: Vec<StoredRecord>,
}

/// A vault without its keys.
#[derive(Debug, Clone)]
pub struct LockedVault {
    pub(super) header: Header,
    pub(super) manifest: Vec<u8>,
    /// `None` when this device never opened the vault: then an older state cannot be told from the newest.
    pub(super) pin: Option<Pin>,
    pub(super) version: u64,
    pub(super) records: BTreeMap<Handle, Vec<u8>>,
    pub(super) device: Vec<u8>,
}

impl LockedVault {
    /// A vault as the service sent it to a device that does not know it.
    ///
    /// # Errors
    /// [`VaultError::Malformed`].
    pub fn from_remote(remote: RemoteVault) -> Result<Self, VaultError> {
        Ok(Self {
            header: Header::from_bytes(&remote.header)?,
            manifest: remote.manifest,
            pin: None,
            version: remote.version,
            records: remote
                .records
                .into_iter()
                .map(|record| (record.handle, record.sealed))
                .collect(),
            device: Vec::new(),
        })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Unlocks with a passphrase. Takes about a second by design.
    ///
    /// # Errors
    /// [`VaultError`]; nothing is opened unless everything the manifest lists is there and authentic.
    pub fn unlock_with_passphrase(
        &self,
        passphrase: &str,
        crypto: &dyn CryptoProvider,
    ) -> Result<UnlockedVault, VaultError> {
        UnlockedVault::open(self, &passphrase_root(&self.header, passphrase)?, crypto)
    }

    /// Unlocks with the recovery code.
    ///
    /// # Errors
    /// As [`LockedVault::unlock_with_passphrase`].
    pub fn unlock_with_recovery_code(
        &self,
        code: &RecoveryCode,
        crypto: &dyn CryptoProvider,
    ) -> Result<UnlockedVault, VaultError> {
        UnlockedVault::open(self, &recovery_root(&self.header, code)?, crypto)
    }

    /// Unlocks with a root key that a slot of this header gave.
    ///
    /// # Errors
    /// As [`LockedVault::unlock_with_passphrase`].
    pub fn unlock_with_root(
        &self,
        root: &RootKey,
        crypto: &dyn CryptoProvider,
    ) -> Result<UnlockedVault, VaultError> {
        UnlockedVault::open(self, root, crypto)
    }

    /// As bytes to keep on this device.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let records = self
            .records
            .iter()
            .map(|(handle, sealed)| Value::Array(vec![cbor::bytes(&handle.0), cbor::bytes(sealed)]));
        cbor::encode(&Value::Array(vec![
            Value::from("assent/vault-cache/1"),
            cbor::bytes(&self.header.to_bytes()),
            cbor::bytes(&self.manifest),
            self.pin.map_or(Value::Null, |pin| {
                Value::Array(vec![Value::from(pin.counter), cbor::bytes(&pin.hash)])
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
        if fields.text()? != "assent/vault-cache/1" {
            return Err(VaultError::Malformed);
        }
        let header = Header::from_bytes(&fields.bytes()?)?;
        let manifest = fields.bytes()?;
        let pin = match fields.value()? {
            Value::Null => None,
            pin => {
                let mut pin = Fields::of(pin)?;
                let (counter, hash) = (pin.number()?, pin.fixed()?);
                pin.end()?;
                Some(Pin { counter, hash })
            }
        };
        let version = fields.number()?;
        let mut records = BTreeMap::new();
        for record in fields.array()? {
            let mut record = Fields::of(record)?;
            let (handle, sealed) = (Handle(record.fixed()?), record.bytes()?);
            record.end()?;
            records.insert(handle, sealed);
        }
        let device = fields.bytes()?;
        fields.end()?;
        Ok(Self {
            header,
            manifest,
            pin,
            version,
            records,
            device,
        })
    }
}

/// The root key behind a header's passphrase slots.
///
/// # Errors
/// [`VaultError::WrongSecret`], [`VaultError::NoSuchSlot`], [`VaultError::SlotParameters`].
pub fn passphrase_root(header: &Header, passphrase: &str) -> Result<RootKey, VaultError> {
    let passphrase = Zeroizing::new(passphrase.to_owned());
    first_root(
        header
            .slots
            .iter()
            .filter_map(|slot| slot.try_passphrase(&passphrase, header.vault)),
    )
}

/// The root key behind a header's recovery slots.
///
/// # Errors
/// As [`passphrase_root`].
pub fn recovery_root(header: &Header, code: &RecoveryCode) -> Result<RootKey, VaultError> {
    first_root(
        header
            .slots
            .iter()
            .filter_map(|slot| slot.try_recovery_code(code, header.vault)),
    )
}

fn first_root(tries: impl Iterator<Item = Result<RootKey, VaultError>>) -> Result<RootKey, VaultError> {
    let mut outcome = Err(VaultError::NoSuchSlot);
    for attempt in tries {
        outcome = attempt;
        // A weakened slot ends the search: guessing on would tell its maker what other slots hold.
        if matches!(outcome, Ok(_) | Err(VaultError::SlotParameters)) {
            break;
        }
    }
    outcome
}

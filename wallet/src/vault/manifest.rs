//! The manifest: signed, counted, chained list of everything in the vault. What it does not list does not exist.

use std::collections::BTreeMap;

use assent_core::crypto::{CryptoProvider, PublicKey, Signer, SoftwareKey, sha256};
use assent_core::env::SecureRandom;
use ciborium::Value;

use super::cbor::{self, Fields};
use super::context::{Context, Kind, VaultId};
use super::error::VaultError;
use super::key::Key;
use super::sealed::Handle;
use super::{open, seal};

const LABEL: &str = "assent/vault-manifest/1";

/// The newest manifest a device saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// Its counter.
    pub counter: u64,
    /// SHA-256 of its signed bytes.
    pub hash: [u8; 32],
}

/// What the manifest says of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Current version, from 1.
    pub version: u64,
    /// SHA-256 of the sealed record.
    pub hash: [u8; 32],
    /// Epoch of its attribute key.
    pub epoch: u64,
}

/// A manifest whose seal and signature were checked, or that we are about to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The vault.
    pub vault: VaultId,
    /// Epoch of the root key.
    pub epoch: u64,
    /// Counts up by one with every commit.
    pub counter: u64,
    /// Hash of the manifest before this one.
    pub previous: Option<[u8; 32]>,
    /// Hashes of the slots, in the header's order.
    pub slots: Vec<[u8; 32]>,
    /// The vault's public signing key, SEC 1.
    pub signer: [u8; 65],
    /// Every record.
    pub records: BTreeMap<Handle, Listed>,
}

impl Manifest {
    /// Signs and seals. Returns the sealed bytes and the pin they make.
    ///
    /// # Errors
    /// [`VaultError::Random`].
    pub(super) fn seal(
        &self,
        key: &Key,
        signer: &SoftwareKey,
        rng: &mut dyn SecureRandom,
    ) -> Result<(Vec<u8>, Pin), VaultError> {
        let payload = self.encode();
        let signature = signer
            .sign(&payload)
            .map_err(|_| VaultError::ManifestNotAuthentic)?;
        let signed = cbor::encode(&Value::Array(vec![
            cbor::bytes(&payload),
            cbor::bytes(&signature),
        ]));
        let sealed = seal(key, &Context::of_vault(Kind::Manifest, self.vault), &signed, rng)?;
        Ok((
            sealed,
            Pin {
                counter: self.counter,
                hash: sha256(&payload),
            },
        ))
    }

    /// Opens and verifies a manifest of `vault` signed by `signer`.
    ///
    /// # Errors
    /// [`VaultError::ManifestNotAuthentic`], [`VaultError::Malformed`].
    pub(super) fn open(
        sealed: &[u8],
        vault: VaultId,
        key: &Key,
        signer: &PublicKey,
        crypto: &dyn CryptoProvider,
    ) -> Result<(Self, Pin), VaultError> {
        let signed = open(key, &Context::of_vault(Kind::Manifest, vault), sealed)
            .map_err(|_| VaultError::ManifestNotAuthentic)?;
        let mut fields = Fields::new(cbor::decode(&signed)?);
        let (payload, signature) = (fields.bytes()?, fields.bytes()?);
        fields.end()?;
        crypto
            .verify(signer, &payload, &signature)
            .map_err(|_| VaultError::ManifestNotAuthentic)?;
        let manifest = Self::decode(&payload)?;
        if manifest.vault != vault || manifest.signer != signer.as_bytes() {
            return Err(VaultError::ManifestNotAuthentic);
        }
        let pin = Pin {
            counter: manifest.counter,
            hash: sha256(&payload),
        };
        Ok((manifest, pin))
    }

    /// Whether this manifest may follow what this device saw last.
    ///
    /// # Errors
    /// [`VaultError::RolledBack`], [`VaultError::Forked`].
    pub(super) fn may_follow(&self, own: Pin, seen: Pin) -> Result<(), VaultError> {
        if own.counter < seen.counter {
            return Err(VaultError::RolledBack);
        }
        if own.counter == seen.counter && own.hash != seen.hash {
            return Err(VaultError::Forked);
        }
        if own.counter == seen.counter + 1 && self.previous != Some(seen.hash) {
            return Err(VaultError::Forked);
        }
        Ok(())
    }

    fn encode(&self) -> Vec<u8> {
        let records = self.records.iter().map(|(handle, listed)| {
            Value::Array(vec![
                cbor::bytes(&handle.0),
                Value::from(listed.version),
                cbor::bytes(&listed.hash),
                Value::from(listed.epoch),
            ])
        });
        cbor::encode(&Value::Array(vec![
            Value::from(LABEL),
            cbor::bytes(&self.vault.0),
            Value::from(self.epoch),
            Value::from(self.counter),
            self.previous.map_or(Value::Null, |hash| cbor::bytes(&hash)),
            Value::Array(self.slots.iter().map(|hash| cbor::bytes(hash)).collect()),
            cbor::bytes(&self.signer),
            Value::Array(records.collect()),
            // Places of active grants and of the ledger head.
            Value::Array(Vec::new()),
            Value::Null,
        ]))
    }

    fn decode(payload: &[u8]) -> Result<Self, VaultError> {
        let mut fields = Fields::new(cbor::decode(payload)?);
        if fields.text()? != LABEL {
            return Err(VaultError::Malformed);
        }
        let vault = VaultId(fields.fixed()?);
        let (epoch, counter) = (fields.number()?, fields.number()?);
        let previous = fields.optional()?;
        let slots = fields
            .array()?
            .into_iter()
            .map(|hash| hash.into_bytes().ok().and_then(|hash| hash.try_into().ok()))
            .collect::<Option<_>>()
            .ok_or(VaultError::Malformed)?;
        let signer = fields.fixed()?;
        let mut records = BTreeMap::new();
        for record in fields.array()? {
            let mut record = Fields::of(record)?;
            let handle = Handle(record.fixed()?);
            let listed = Listed {
                version: record.number()?,
                hash: record.fixed()?,
                epoch: record.number()?,
            };
            record.end()?;
            if records.insert(handle, listed).is_some() {
                return Err(VaultError::Malformed);
            }
        }
        Ok(Self {
            vault,
            epoch,
            counter,
            previous,
            slots,
            signer,
            records,
        })
    }
}

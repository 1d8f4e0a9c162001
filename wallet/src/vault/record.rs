//! One record: attribute key, content key, padded value, each in an envelope bound to its place.

use assent_core::crypto::sha256;
use assent_core::env::SecureRandom;
use ciborium::Value;
use zeroize::Zeroizing;

use super::cbor::{self, Fields};
use super::context::{Context, Kind, VaultId};
use super::error::VaultError;
use super::key::Key;
use super::keyring::Keyring;
use super::manifest::Listed;
use super::sealed::{Handle, Sealed};
use super::{open, seal};

/// Content of a record.
pub(super) type Content = Zeroizing<Vec<u8>>;

/// Where a record is.
#[derive(Clone, Copy)]
pub(super) struct RecordPlace {
    pub(super) vault: VaultId,
    pub(super) handle: Handle,
    pub(super) version: u64,
    /// Epoch of the root key when the attribute key was made.
    pub(super) epoch: u64,
}

impl RecordPlace {
    fn of(&self, kind: Kind) -> Context {
        Context {
            handle: Some(self.handle.0),
            // An attribute key serves all versions of its epoch.
            version: (kind != Kind::AttributeKey).then_some(self.version),
            epoch: Some(self.epoch),
            ..Context::of_vault(kind, self.vault)
        }
    }

    pub(super) fn open_attribute_key(&self, kek: &Key, sealed: &[u8]) -> Result<Key, VaultError> {
        self.open_key(Kind::AttributeKey, kek, sealed)
    }

    pub(super) fn seal_attribute_key(
        &self,
        kek: &Key,
        key: &Key,
        rng: &mut dyn SecureRandom,
    ) -> Result<Vec<u8>, VaultError> {
        Ok(seal(kek, &self.of(Kind::AttributeKey), key.expose(), rng)?)
    }

    fn open_key(&self, kind: Kind, under: &Key, sealed: &[u8]) -> Result<Key, VaultError> {
        let bytes = open(under, &self.of(kind), sealed).map_err(|_| VaultError::RecordNotAuthentic)?;
        Key::from_bytes(&bytes).ok_or(VaultError::RecordNotAuthentic)
    }
}

/// Seals a value under its attribute key, with a content key of its own.
pub(super) fn seal_value(
    place: &RecordPlace,
    attribute_key: &Key,
    name: &str,
    content: &[u8],
    rng: &mut dyn SecureRandom,
) -> Result<Vec<u8>, VaultError> {
    let content_key = Key::generate(rng)?;
    let sealed_key = seal(
        attribute_key,
        &place.of(Kind::ContentKey),
        content_key.expose(),
        rng,
    )?;
    let value = cbor::encode_secret(Value::Array(vec![Value::from(name), cbor::bytes(content)]));
    let sealed_value = seal(&content_key, &place.of(Kind::Value), &value, rng)?;
    Ok(cbor::encode(&Value::Array(vec![
        cbor::bytes(&sealed_key),
        cbor::bytes(&sealed_value),
    ])))
}

/// Opens a record that the manifest lists; gives its name and content.
pub(super) fn open_record(
    kek: &Key,
    ring: &Keyring,
    vault: VaultId,
    handle: Handle,
    listed: Listed,
    record: &Sealed,
) -> Result<(String, Content), VaultError> {
    if sha256(&record.sealed) != listed.hash {
        return Err(VaultError::RecordMissing);
    }
    let place = RecordPlace {
        vault,
        handle,
        version: listed.version,
        epoch: listed.epoch,
    };
    let attribute_key = place.open_attribute_key(kek, &record.key)?;
    let mut fields = Fields::new(cbor::decode(&record.sealed)?);
    let content_key = place.open_key(Kind::ContentKey, &attribute_key, &fields.bytes()?)?;
    let value = open(&content_key, &place.of(Kind::Value), &fields.bytes()?)
        .map_err(|_| VaultError::RecordNotAuthentic)?;
    fields.end()?;
    let mut fields = Fields::new(cbor::decode(&value)?);
    let (name, content) = (fields.text()?, Zeroizing::new(fields.bytes()?));
    fields.end()?;
    // The name inside must be the one the handle was made of.
    if ring.handle(&name) != handle {
        return Err(VaultError::RecordNotAuthentic);
    }
    Ok((name, content))
}

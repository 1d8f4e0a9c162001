//! The header: what a device needs before it can unlock. Public; the manifest vouches for it afterwards.

use ciborium::Value;

use super::cbor::{self, Fields};
use super::context::VaultId;
use super::error::VaultError;
use super::slot::Slot;

/// Most slots in one vault.
const MAX_SLOTS: usize = 16;

/// Slots and the sealed signing key of a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The vault.
    pub vault: VaultId,
    /// Epoch of the root key.
    pub epoch: u64,
    /// Unlock slots; at least two.
    pub slots: Vec<Slot>,
    /// The private signing key, sealed.
    pub identity: Vec<u8>,
}

impl Header {
    /// As bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(&Value::Array(vec![
            Value::from("assent/vault-header/1"),
            cbor::bytes(&self.vault.0),
            Value::from(self.epoch),
            Value::Array(self.slots.iter().map(Slot::to_cbor).collect()),
            cbor::bytes(&self.identity),
        ]))
    }

    /// From bytes.
    ///
    /// # Errors
    /// [`VaultError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let mut fields = Fields::new(cbor::decode(bytes)?);
        if fields.text()? != "assent/vault-header/1" {
            return Err(VaultError::Malformed);
        }
        let vault = VaultId(fields.fixed()?);
        let epoch = fields.number()?;
        let slots = fields.array()?;
        if slots.is_empty() || slots.len() > MAX_SLOTS {
            return Err(VaultError::Malformed);
        }
        let slots = slots.into_iter().map(Slot::from_cbor).collect::<Result<_, _>>()?;
        let identity = fields.bytes()?;
        fields.end()?;
        Ok(Self {
            vault,
            epoch,
            slots,
            identity,
        })
    }
}

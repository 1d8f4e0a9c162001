//! What a vault says to a device that was removed from it: signed, so that a service cannot make a device throw away what
//! it keeps.

use assent_core::crypto::{CryptoProvider, PublicKey, Signer as _, SoftwareKey};
use ciborium::Value;

use super::cbor::{self, BadCbor, Fields};
use super::context::VaultId;
use super::error::VaultError;
use super::hpke::POINT;

/// Most notices that a header keeps; the oldest make way.
pub(super) const MAX_GONE: usize = 16;

/// A notice to one device. It is in the header, which every device can read without a token: its own is no longer good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    device: [u8; 16],
    at: i64,
    signature: Vec<u8>,
}

impl Gone {
    pub(super) fn sign(
        vault: VaultId,
        device: [u8; 16],
        at: i64,
        signer: &SoftwareKey,
    ) -> Result<Self, VaultError> {
        let signature = signer
            .sign(&payload(vault, device, at))
            .map_err(|_| VaultError::ManifestNotAuthentic)?;
        Ok(Self {
            device,
            at,
            signature,
        })
    }

    /// Whether it is to `device`, from the vault that is known by `signer`.
    pub(super) fn is_to(
        &self,
        vault: VaultId,
        device: [u8; 16],
        signer: &[u8; POINT],
        crypto: &dyn CryptoProvider,
    ) -> bool {
        self.device == device
            && crypto
                .verify(
                    &PublicKey::P256(*signer),
                    &payload(vault, device, self.at),
                    &self.signature,
                )
                .is_ok()
    }

    pub(super) fn to_cbor(&self) -> Value {
        Value::Array(vec![
            cbor::bytes(&self.device),
            Value::from(self.at),
            cbor::bytes(&self.signature),
        ])
    }

    pub(super) fn from_cbor(value: Value) -> Result<Self, BadCbor> {
        let mut fields = Fields::of(value)?;
        let gone = Self {
            device: fields.fixed()?,
            at: fields.signed()?,
            signature: fields.fixed::<64>()?.to_vec(),
        };
        fields.end()?;
        Ok(gone)
    }
}

fn payload(vault: VaultId, device: [u8; 16], at: i64) -> Vec<u8> {
    cbor::encode(&Value::Array(vec![
        Value::from("assent/device-gone/1"),
        cbor::bytes(&vault.0),
        cbor::bytes(&device),
        Value::from(at),
    ]))
}

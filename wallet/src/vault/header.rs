//! The header: what a device needs before it can unlock. Public; the manifest vouches for it afterwards.

use assent_core::crypto::CryptoProvider;
use ciborium::Value;

use super::cbor::{self, Fields};
use super::context::VaultId;
use super::error::VaultError;
use super::gone::{Gone, MAX_GONE};
use super::hpke::POINT;
use super::method::Secret;
use super::slot::{DeviceChallenge, PrfSalts, Slot, SlotKind, Unlocking};

const LABEL: &str = "assent/vault-header/2";
/// With notices to devices that were removed. Without any, the header stays what apps before them read.
const WITH_GONE: &str = "assent/vault-header/3";
/// What every label of a header begins with, of whatever version.
const FAMILY: &str = "assent/vault-header/";

/// Most slots in one vault.
pub(super) const MAX_SLOTS: usize = 16;
/// Most passphrase slots: each costs a second and 64 MiB to try.
pub(super) const MAX_PASSPHRASES: usize = 3;

/// Slots and public keys of a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The vault.
    pub vault: VaultId,
    /// Epoch of the root key, from 1.
    pub epoch: u64,
    /// Unlock slots; at least two.
    pub slots: Vec<Slot>,
    /// The lasting keys, sealed.
    pub keyring: Vec<u8>,
    /// The vault's public signing key, SEC 1.
    pub signer: [u8; POINT],
    /// The vault's public inbox key (HPKE, P-256), SEC 1.
    pub inbox: [u8; POINT],
    /// To devices that were removed, newest first. Each is signed; the manifest says nothing of them.
    pub(super) gone: Vec<Gone>,
}

impl Header {
    /// As bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let label = if self.gone.is_empty() { LABEL } else { WITH_GONE };
        let mut fields = vec![
            Value::from(label),
            cbor::bytes(&self.vault.0),
            Value::from(self.epoch),
            Value::Array(self.slots.iter().map(Slot::to_cbor).collect()),
            cbor::bytes(&self.keyring),
            cbor::bytes(&self.signer),
            cbor::bytes(&self.inbox),
        ];
        if !self.gone.is_empty() {
            fields.push(Value::Array(self.gone.iter().map(Gone::to_cbor).collect()));
        }
        cbor::encode(&Value::Array(fields))
    }

    /// From bytes.
    ///
    /// # Errors
    /// [`VaultError::Malformed`]; [`VaultError::NewerThanApp`] for a version or an unlock method not known here.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let mut fields = Fields::new(cbor::decode(bytes)?);
        let label = fields.text()?;
        if label != LABEL && label != WITH_GONE {
            let newer = label
                .strip_prefix(FAMILY)
                .and_then(|version| version.parse().ok());
            return Err(match newer {
                Some(4..=u32::MAX) => VaultError::NewerThanApp,
                _ => VaultError::Malformed,
            });
        }
        let vault = VaultId(fields.fixed()?);
        let epoch = fields.number()?;
        let slots = fields.array()?;
        if slots.is_empty() || slots.len() > MAX_SLOTS {
            return Err(VaultError::Malformed);
        }
        let slots = slots
            .into_iter()
            .map(Slot::from_cbor)
            .collect::<Result<Vec<_>, _>>()?;
        let passphrases = slots
            .iter()
            .filter(|slot| matches!(slot.kind(), SlotKind::Passphrase { .. }));
        if passphrases.count() > MAX_PASSPHRASES {
            return Err(VaultError::Malformed);
        }
        let keyring = fields.bytes()?;
        let (signer, inbox) = (fields.fixed()?, fields.fixed()?);
        let mut gone = Vec::new();
        if label == WITH_GONE {
            for notice in fields.array()? {
                gone.push(Gone::from_cbor(notice)?);
            }
            if gone.is_empty() || gone.len() > MAX_GONE {
                return Err(VaultError::Malformed);
            }
        }
        fields.end()?;
        Ok(Self {
            vault,
            epoch,
            slots,
            keyring,
            signer,
            inbox,
            gone,
        })
    }

    /// Whether the vault that is known by `signer` says that `device` was removed.
    #[must_use]
    pub fn says_gone(&self, device: [u8; 16], signer: &[u8; POINT], crypto: &dyn CryptoProvider) -> bool {
        self.gone
            .iter()
            .any(|notice| notice.is_to(self.vault, device, signer, crypto))
    }

    /// Opens the first slot that fits. Takes about a second for a passphrase, by design.
    ///
    /// # Errors
    /// [`VaultError::WrongSecret`]; [`VaultError::NoSuchSlot`]; [`VaultError::SlotParameters`] for a weakened slot.
    pub fn unlock(&self, secret: &Secret<'_>) -> Result<Unlocking, VaultError> {
        let mut outcome = Err(VaultError::NoSuchSlot);
        for slot in &self.slots {
            let Some(attempt) = slot.try_open(secret, self.vault, self.epoch) else {
                continue;
            };
            outcome = attempt;
            // Only a wrong secret leads to the next slot. A weakened or changed one ends the search: guessing on
            // would tell its maker what other slots hold.
            if !matches!(outcome, Err(VaultError::WrongSecret)) {
                break;
            }
        }
        outcome
    }

    /// The passkeys that can be asked, with their salts.
    pub fn passkeys(&self) -> impl Iterator<Item = (&[u8], PrfSalts)> {
        self.slots.iter().filter_map(|slot| match slot.kind() {
            SlotKind::Passkey {
                credential,
                salt,
                next,
            } => Some((
                credential.as_slice(),
                PrfSalts {
                    current: *salt,
                    next: *next,
                },
            )),
            _ => None,
        })
    }

    /// What a device's own key must do, for each slot of that kind.
    pub fn device_challenges(&self) -> impl Iterator<Item = DeviceChallenge> {
        self.slots.iter().filter_map(Slot::challenge)
    }
}

/// Whether these methods may protect data: at least two, of which one can be written down. Then losing any one of them
/// loses nothing, and neither does a browser that forgets its keys or an account that deletes its passkeys
/// (DESIGN decision 9).
pub(super) fn check_methods(slots: &[Slot]) -> Result<(), VaultError> {
    let passphrases = slots
        .iter()
        .filter(|slot| matches!(slot.kind(), SlotKind::Passphrase { .. }));
    // What needs somebody else and a wait is no way of one's own.
    let own = slots.iter().filter(|slot| *slot.kind() != SlotKind::Emergency);
    if own.count() < 2 || !slots.iter().any(|slot| slot.kind().is_lasting()) {
        return Err(VaultError::TooFewMethods);
    }
    if slots.len() > MAX_SLOTS || passphrases.count() > MAX_PASSPHRASES {
        return Err(VaultError::TooManyMethods);
    }
    Ok(())
}

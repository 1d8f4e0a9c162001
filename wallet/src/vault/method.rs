//! Unlock methods: what a person or a platform has, and the slot key it gives.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::Zeroizing;

use super::emergency::{self, ServiceHalf};
use super::error::VaultError;
use super::key::Key;
use super::recovery::RecoveryCode;
use super::slot::SlotKind;

/// Least Argon2id parameters (RFC 9106 §4, second recommended option). The service sends the parameters of a
/// slot; weaker ones are an attack and refused here.
const FLOOR: Cost = Cost {
    memory_kib: 64 << 10,
    passes: 3,
    lanes: 4,
};
/// Highest parameters: beyond them a lying service could only exhaust the device.
const CEILING: Cost = Cost {
    memory_kib: 512 << 10,
    passes: 16,
    lanes: 16,
};

/// Shortest passphrase accepted for a new slot, in characters.
pub const MIN_PASSPHRASE: usize = 10;

/// Longest credential id of a passkey (WebAuthn Level 3 §5.8.3), in bytes.
pub(super) const MAX_CREDENTIAL: usize = 1023;

/// What opens a slot.
#[derive(Clone, Copy)]
pub enum Secret<'a> {
    /// The passphrase.
    Passphrase(&'a str),
    /// The recovery code.
    RecoveryCode(&'a RecoveryCode),
    /// The answer of a passkey to the slot's salts.
    Passkey {
        /// Its credential id.
        credential: &'a [u8],
        /// What its `prf` extension gave.
        outputs: &'a PrfOutputs,
    },
    /// Both halves of emergency access.
    Emergency {
        /// What the contact has.
        contact: &'a RecoveryCode,
        /// What the service handed out.
        service: &'a ServiceHalf,
    },
    /// The answer of a device's own key, which never leaves the platform.
    Device {
        /// The slot.
        slot: [u8; 16],
        /// The x coordinate that the key agreed on with the slot's challenge.
        agreed: &'a [u8; 32],
    },
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// A passkey's answers to the salts `current` and `next` (WebAuthn Level 3 §10.1.4, `eval.first` and `eval.second`).
#[derive(Clone)]
pub struct PrfOutputs {
    current: Zeroizing<[u8; 32]>,
    next: Zeroizing<[u8; 32]>,
}

impl PrfOutputs {
    /// From the platform's bytes.
    ///
    /// # Errors
    /// [`VaultError::PasskeyUnusable`] unless both are 32 bytes, not all zero, and different: an authenticator that
    /// answers a constant protects nothing.
    pub fn new(current: &[u8], next: &[u8]) -> Result<Self, VaultError> {
        let read = |bytes: &[u8]| {
            let bytes = <[u8; 32]>::try_from(bytes).map(Zeroizing::new);
            bytes.map_err(|_| VaultError::PasskeyUnusable)
        };
        let (current, next) = (read(current)?, read(next)?);
        // K-02.
        if *current == [0; 32] || *next == [0; 32] || current == next {
            return Err(VaultError::PasskeyUnusable);
        }
        Ok(Self { current, next })
    }
}

impl fmt::Debug for PrfOutputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrfOutputs(redacted)")
    }
}

/// Argon2id cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Parameters for a new passphrase slot.
pub(super) fn passphrase_parameters(passphrase: &str, salt: [u8; 16]) -> Result<SlotKind, VaultError> {
    if passphrase.chars().count() < MIN_PASSPHRASE {
        return Err(VaultError::PassphraseTooShort);
    }
    let Cost {
        memory_kib,
        passes,
        lanes,
    } = FLOOR;
    Ok(SlotKind::Passphrase {
        salt,
        memory_kib,
        passes,
        lanes,
    })
}

/// The key that seals the private key of slot `id`. `None` when `secret` is of another kind, or of a kind that has
/// no such key.
pub(super) fn slot_key(
    id: [u8; 16],
    kind: &SlotKind,
    secret: &Secret<'_>,
) -> Option<Result<Key, VaultError>> {
    match (kind, secret) {
        (
            SlotKind::Passphrase {
                salt,
                memory_kib,
                passes,
                lanes,
            },
            Secret::Passphrase(passphrase),
        ) => {
            let cost = Cost {
                memory_kib: *memory_kib,
                passes: *passes,
                lanes: *lanes,
            };
            Some(passphrase_key(passphrase, *salt, cost))
        }
        (SlotKind::Emergency, Secret::Emergency { contact, service }) => Some(derive(
            id,
            &emergency::joined(contact, service),
            b"assent/slot/emergency/1",
        )),
        // 160 random bits need no stretching (ASVS V6.5.2 asks for it below 112 bits).
        (SlotKind::RecoveryCode, Secret::RecoveryCode(code)) => {
            Some(derive(id, code.secret(), b"assent/slot/recovery/1"))
        }
        (
            SlotKind::Passkey { credential, .. },
            Secret::Passkey {
                credential: given,
                outputs,
            },
        ) if credential == given => Some(derive(id, outputs.current.as_slice(), b"assent/slot/passkey/1")),
        _ => None,
    }
}

/// The slot key that a passkey gives once `next` has become the current salt.
pub(super) fn next_passkey_key(id: [u8; 16], outputs: &PrfOutputs) -> Result<Key, VaultError> {
    derive(id, outputs.next.as_slice(), b"assent/slot/passkey/1")
}

fn passphrase_key(passphrase: &str, salt: [u8; 16], cost: Cost) -> Result<Key, VaultError> {
    let too_weak = cost.memory_kib < FLOOR.memory_kib
        || cost.passes < FLOOR.passes
        || !(1..=CEILING.lanes).contains(&cost.lanes);
    if too_weak || cost.memory_kib > CEILING.memory_kib || cost.passes > CEILING.passes {
        return Err(VaultError::SlotParameters);
    }
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))
        .map_err(|_| VaultError::SlotParameters)?;
    let mut out = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), &salt, out.as_mut_slice())
        .map_err(|_| VaultError::SlotParameters)?;
    Key::from_bytes(out.as_slice()).ok_or(VaultError::SlotParameters)
}

fn derive(id: [u8; 16], secret: &[u8], label: &[u8]) -> Result<Key, VaultError> {
    let mut out = Zeroizing::new([0; 32]);
    Hkdf::<Sha512>::new(Some(&id), secret)
        .expand(label, out.as_mut_slice())
        .map_err(|_| VaultError::SlotParameters)?;
    Key::from_bytes(out.as_slice()).ok_or(VaultError::SlotParameters)
}

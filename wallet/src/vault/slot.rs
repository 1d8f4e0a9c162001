//! Unlock slots: the root key under one unlock method each.

use argon2::{Algorithm, Argon2, Params, Version};
use assent_core::crypto::sha256;
use assent_core::env::{RandomUnavailable, SecureRandom};
use ciborium::Value;
use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::Zeroizing;

use super::cbor::{self, BadCbor, Fields};
use super::context::{Context, Kind, VaultId};
use super::error::VaultError;
use super::key::Key;
use super::recovery::RecoveryCode;
use super::root::RootKey;
use super::{open, seal};

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

/// Argon2id cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// The unlock method of a slot, with its public parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotKind {
    /// A passphrase through Argon2id.
    Passphrase {
        /// 16 random bytes.
        salt: [u8; 16],
        /// Memory in KiB.
        memory_kib: u32,
        /// Number of passes.
        passes: u32,
        /// Number of lanes.
        lanes: u32,
    },
    /// The recovery code through HKDF.
    RecoveryCode,
}

/// One unlock slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    id: [u8; 16],
    kind: SlotKind,
    sealed: Vec<u8>,
}

impl Slot {
    /// A slot for a passphrase.
    ///
    /// # Errors
    /// [`VaultError::PassphraseTooShort`], [`VaultError::Random`].
    pub fn for_passphrase(
        passphrase: &str,
        root: &RootKey,
        vault: VaultId,
        rng: &mut dyn SecureRandom,
    ) -> Result<Self, VaultError> {
        if passphrase.chars().count() < MIN_PASSPHRASE {
            return Err(VaultError::PassphraseTooShort);
        }
        let (mut id, mut salt) = ([0; 16], [0; 16]);
        rng.fill(&mut id)?;
        rng.fill(&mut salt)?;
        let key = passphrase_key(passphrase, salt, FLOOR)?;
        let Cost {
            memory_kib,
            passes,
            lanes,
        } = FLOOR;
        Ok(Self::seal(
            id,
            SlotKind::Passphrase {
                salt,
                memory_kib,
                passes,
                lanes,
            },
            &key,
            root,
            vault,
            rng,
        )?)
    }

    /// A slot for a recovery code.
    ///
    /// # Errors
    /// [`VaultError::Random`].
    pub fn for_recovery_code(
        code: &RecoveryCode,
        root: &RootKey,
        vault: VaultId,
        rng: &mut dyn SecureRandom,
    ) -> Result<Self, VaultError> {
        let mut id = [0; 16];
        rng.fill(&mut id)?;
        let key = recovery_key(code, id)?;
        Ok(Self::seal(id, SlotKind::RecoveryCode, &key, root, vault, rng)?)
    }

    /// Tries a passphrase. `None` when the slot is of another kind.
    pub(super) fn try_passphrase(
        &self,
        passphrase: &str,
        vault: VaultId,
    ) -> Option<Result<RootKey, VaultError>> {
        let SlotKind::Passphrase {
            salt,
            memory_kib,
            passes,
            lanes,
        } = self.kind
        else {
            return None;
        };
        Some(
            passphrase_key(
                passphrase,
                salt,
                Cost {
                    memory_kib,
                    passes,
                    lanes,
                },
            )
            .and_then(|key| self.open(&key, vault)),
        )
    }

    /// Tries a recovery code. `None` when the slot is of another kind.
    pub(super) fn try_recovery_code(
        &self,
        code: &RecoveryCode,
        vault: VaultId,
    ) -> Option<Result<RootKey, VaultError>> {
        matches!(self.kind, SlotKind::RecoveryCode)
            .then(|| recovery_key(code, self.id).and_then(|key| self.open(&key, vault)))
    }

    /// Unlock method.
    #[must_use]
    pub fn kind(&self) -> &SlotKind {
        &self.kind
    }

    /// What the manifest lists of the slot: a changed or added slot does not match.
    pub(super) fn hash(&self) -> [u8; 32] {
        sha256(&cbor::encode(&self.to_cbor()))
    }

    pub(super) fn to_cbor(&self) -> Value {
        let (name, parameters) = match &self.kind {
            SlotKind::Passphrase {
                salt,
                memory_kib,
                passes,
                lanes,
            } => (
                "argon2id",
                vec![
                    cbor::bytes(salt),
                    (*memory_kib).into(),
                    (*passes).into(),
                    (*lanes).into(),
                ],
            ),
            SlotKind::RecoveryCode => ("recovery", vec![]),
        };
        Value::Array(vec![
            cbor::bytes(&self.id),
            Value::from(name),
            Value::Array(parameters),
            cbor::bytes(&self.sealed),
        ])
    }

    pub(super) fn from_cbor(value: Value) -> Result<Self, BadCbor> {
        let mut fields = Fields::of(value)?;
        let id = fields.fixed()?;
        let name = fields.text()?;
        let mut parameters = Fields::new(fields.array()?);
        let kind = match name.as_str() {
            "argon2id" => SlotKind::Passphrase {
                salt: parameters.fixed()?,
                memory_kib: parameters.number()?,
                passes: parameters.number()?,
                lanes: parameters.number()?,
            },
            "recovery" => SlotKind::RecoveryCode,
            _ => return Err(BadCbor),
        };
        parameters.end()?;
        let sealed = fields.bytes()?;
        fields.end()?;
        Ok(Self { id, kind, sealed })
    }

    fn seal(
        id: [u8; 16],
        kind: SlotKind,
        key: &Key,
        root: &RootKey,
        vault: VaultId,
        rng: &mut dyn SecureRandom,
    ) -> Result<Self, RandomUnavailable> {
        let sealed = seal(key, &context(id, vault), root.expose(), rng)?;
        Ok(Self { id, kind, sealed })
    }

    fn open(&self, key: &Key, vault: VaultId) -> Result<RootKey, VaultError> {
        let bytes = open(key, &context(self.id, vault), &self.sealed).map_err(|_| VaultError::WrongSecret)?;
        RootKey::from_bytes(&bytes).ok_or(VaultError::WrongSecret)
    }
}

fn context(id: [u8; 16], vault: VaultId) -> Context {
    Context {
        handle: Some(id),
        ..Context::of_vault(Kind::Slot, vault)
    }
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

fn recovery_key(code: &RecoveryCode, slot: [u8; 16]) -> Result<Key, VaultError> {
    // 160 random bits need no stretching (ASVS V6.5.2 asks for it below 112 bits).
    let mut out = Zeroizing::new([0; 32]);
    Hkdf::<Sha512>::new(Some(&slot), code.secret())
        .expand(b"assent/slot/recovery/1", out.as_mut_slice())
        .map_err(|_| VaultError::SlotParameters)?;
    Key::from_bytes(out.as_slice()).ok_or(VaultError::SlotParameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl SecureRandom for Fixed {
        fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
            out.fill(6);
            Ok(())
        }
    }

    /// K-01, A23: parameters below the floor are refused before any guess is possible, those beyond the ceiling
    /// before any memory is taken.
    #[test]
    fn downgraded_and_inflated_parameters_are_refused() {
        let vault = VaultId([1; 16]);
        let root = RootKey::generate(&mut Fixed).unwrap();
        let slot = Slot::for_passphrase("correct horse battery", &root, vault, &mut Fixed).unwrap();
        assert_eq!(
            slot.try_passphrase("correct horse battery", vault)
                .unwrap()
                .unwrap()
                .expose(),
            root.expose()
        );
        assert_eq!(
            slot.try_passphrase("correct horse batterz", vault)
                .unwrap()
                .unwrap_err(),
            VaultError::WrongSecret
        );
        assert!(
            slot.try_passphrase("correct horse battery", VaultId([2; 16]))
                .unwrap()
                .is_err()
        );
        for (memory_kib, passes, lanes) in [
            (8, 3, 4),
            ((64 << 10) - 1, 3, 4),
            (64 << 10, 2, 4),
            (64 << 10, 3, 0),
            (4 << 20, 3, 4),
            (64 << 10, 1000, 4),
        ] {
            let weak = Slot {
                kind: SlotKind::Passphrase {
                    salt: [6; 16],
                    memory_kib,
                    passes,
                    lanes,
                },
                ..slot.clone()
            };
            assert_eq!(
                weak.try_passphrase("correct horse battery", vault)
                    .unwrap()
                    .unwrap_err(),
                VaultError::SlotParameters
            );
        }
        assert_eq!(
            Slot::for_passphrase("short", &root, vault, &mut Fixed).unwrap_err(),
            VaultError::PassphraseTooShort
        );
    }

    #[test]
    fn recovery_slot_opens_with_its_code_only() {
        let vault = VaultId([1; 16]);
        let root = RootKey::generate(&mut Fixed).unwrap();
        let code = RecoveryCode::generate(&mut Fixed).unwrap();
        let slot = Slot::for_recovery_code(&code, &root, vault, &mut Fixed).unwrap();
        assert_eq!(
            slot.try_recovery_code(&code, vault).unwrap().unwrap().expose(),
            root.expose()
        );
        let round = Slot::from_cbor(slot.to_cbor()).unwrap();
        assert_eq!(round, slot);
        assert_ne!(
            Slot {
                id: [0; 16],
                ..slot.clone()
            }
            .hash(),
            slot.hash()
        );
        assert!(
            Slot { id: [0; 16], ..slot }
                .try_recovery_code(&code, vault)
                .unwrap()
                .is_err()
        );
    }
}

//! The manifest: signed, counted, chained list of everything in the vault. What it does not list does not exist.

use assent_core::crypto::{CryptoProvider, Signer as _, SoftwareKey, sha256};
use assent_core::env::SecureRandom;
use ciborium::Value;

use super::cbor::{self, BadCbor, Fields};
use super::context::{Context, Kind, VaultId};
use super::error::VaultError;
use super::header::MAX_SLOTS;
use super::hpke::POINT;
use super::key::Key;
use super::sealed::Handle;
use super::succession::Succession;
use super::{open, seal};
use assent_core::sorted::Sorted;

const LABEL: &str = "assent/vault-manifest/3";
const FAMILY: &str = "assent/vault-manifest/";

/// How many manifests back a manifest names: a device that missed no more commits than this sees a fork.
const RECENT: usize = 64;
/// Longest name of an unlock method, in characters.
pub(super) const MAX_NAME: usize = 60;

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

/// What the manifest says of one slot. The name is the citizen's own, so it is here and not in the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSlot {
    /// The slot's id.
    pub id: [u8; 16],
    /// SHA-256 of the slot.
    pub hash: [u8; 32],
    /// What the citizen calls it; at most 60 characters.
    pub name: String,
    /// When it was added, seconds since 1970.
    pub added_at: i64,
    /// The slot that was unlocked with when it was added; `None` for the first ones.
    pub added_by: Option<[u8; 16]>,
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
    /// Hashes of the manifests before this one, newest first.
    pub recent: Vec<[u8; 32]>,
    /// The root keys up to the present one.
    pub(super) succession: Succession,
    /// The slots, in the header's order.
    pub slots: Vec<ListedSlot>,
    /// SHA-256 of the sealed keyring.
    pub keyring: [u8; 32],
    /// The vault's public signing key, SEC 1.
    pub signer: [u8; POINT],
    /// The vault's public inbox key, SEC 1.
    pub inbox: [u8; POINT],
    /// Every record.
    pub(super) records: Sorted<Handle, Listed>,
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
        let sealed = seal(key, &self.place(), &signed, rng)?;
        Ok((
            sealed,
            Pin {
                counter: self.counter,
                hash: sha256(&payload),
            },
        ))
    }

    /// Opens and verifies the manifest of `epoch` of `vault`, signed by `signer`.
    ///
    /// # Errors
    /// [`VaultError::ManifestNotAuthentic`], [`VaultError::Malformed`], [`VaultError::NewerThanApp`].
    pub(super) fn open(
        sealed: &[u8],
        vault: VaultId,
        epoch: u64,
        key: &Key,
        signer: &SoftwareKey,
        crypto: &dyn CryptoProvider,
    ) -> Result<(Self, Pin), VaultError> {
        let place = Context {
            epoch: Some(epoch),
            ..Context::of_vault(Kind::Manifest, vault)
        };
        let signed = open(key, &place, sealed).map_err(|_| VaultError::ManifestNotAuthentic)?;
        let mut fields = Fields::new(cbor::decode(&signed)?);
        let (payload, signature) = (fields.bytes()?, fields.bytes()?);
        fields.end()?;
        crypto
            .verify(&signer.public_key(), &payload, &signature)
            .map_err(|_| VaultError::ManifestNotAuthentic)?;
        let manifest = Self::decode(&payload)?;
        if manifest.vault != vault
            || manifest.epoch != epoch
            || signer.public_key().as_bytes() != manifest.signer
        {
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
        let Some(ahead) = own.counter.checked_sub(seen.counter) else {
            return Err(VaultError::RolledBack);
        };
        let known = match ahead {
            0 => Some(&own.hash),
            // Further back than a manifest names, nothing can be said.
            _ if ahead > RECENT as u64 => return Ok(()),
            _ => usize::try_from(ahead - 1)
                .ok()
                .and_then(|back| self.recent.get(back)),
        };
        // A vault that was only made here has no manifest to compare with.
        if known == Some(&seen.hash) || seen.counter == 0 {
            Ok(())
        } else {
            Err(VaultError::Forked)
        }
    }

    /// The one that comes after this one, whose pin is `own`: same content, next number.
    pub(super) fn successor(&self, own: Pin) -> Self {
        let mut next = self.clone();
        next.counter += 1;
        if own.counter > 0 {
            next.recent.insert(0, own.hash);
            next.recent.truncate(RECENT);
        }
        next
    }

    fn place(&self) -> Context {
        Context {
            epoch: Some(self.epoch),
            ..Context::of_vault(Kind::Manifest, self.vault)
        }
    }

    fn encode(&self) -> Vec<u8> {
        let slots = self.slots.iter().map(|slot| {
            Value::Array(vec![
                cbor::bytes(&slot.id),
                cbor::bytes(&slot.hash),
                Value::from(slot.name.as_str()),
                Value::from(slot.added_at),
                slot.added_by.map_or(Value::Null, |id| cbor::bytes(&id)),
            ])
        });
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
            Value::Array(self.recent.iter().map(|hash| cbor::bytes(hash)).collect()),
            self.succession.to_cbor(),
            Value::Array(slots.collect()),
            cbor::bytes(&self.keyring),
            cbor::bytes(&self.signer),
            cbor::bytes(&self.inbox),
            Value::Array(records.collect()),
            // Places of active grants and of the ledger head.
            Value::Array(Vec::new()),
            Value::Null,
        ]))
    }

    fn decode(payload: &[u8]) -> Result<Self, VaultError> {
        let mut fields = Fields::new(cbor::decode(payload)?);
        let label = fields.text()?;
        if label != LABEL {
            // Signed by the vault's own key, so another device of the citizen wrote it.
            let version = label
                .strip_prefix(FAMILY)
                .and_then(|version| version.parse().ok());
            return Err(match version {
                Some(4..=u32::MAX) => VaultError::NewerThanApp,
                _ => VaultError::Malformed,
            });
        }
        let vault = VaultId(fields.fixed()?);
        let (epoch, counter) = (fields.number()?, fields.number()?);
        let recent = fields.array()?;
        let succession = Succession::from_cbor(fields.array()?)?;
        let slots = fields.array()?;
        if recent.len() > RECENT || slots.len() > MAX_SLOTS {
            return Err(VaultError::Malformed);
        }
        let recent = recent
            .into_iter()
            .map(|hash| {
                hash.into_bytes()
                    .ok()
                    .and_then(|hash| hash.try_into().ok())
                    .ok_or(BadCbor)
            })
            .collect::<Result<_, _>>()?;
        let slots = slots.into_iter().map(read_slot).collect::<Result<_, _>>()?;
        let keyring = fields.fixed()?;
        let (signer, inbox) = (fields.fixed()?, fields.fixed()?);
        let mut records = Sorted::new();
        for record in fields.array()? {
            let mut record = Fields::of(record)?;
            let handle = Handle(record.fixed()?);
            let listed = Listed {
                version: record.number()?,
                hash: record.fixed()?,
                epoch: record.number()?,
            };
            record.end()?;
            if listed.epoch > epoch || records.insert(handle, listed).is_some() {
                return Err(VaultError::Malformed);
            }
        }
        // Grants and the ledger head: none in this version.
        if !fields.array()?.is_empty() || fields.value()? != Value::Null {
            return Err(VaultError::NewerThanApp);
        }
        fields.end()?;
        Ok(Self {
            vault,
            epoch,
            counter,
            recent,
            succession,
            slots,
            keyring,
            signer,
            inbox,
            records,
        })
    }
}

fn read_slot(value: Value) -> Result<ListedSlot, BadCbor> {
    let mut fields = Fields::of(value)?;
    let slot = ListedSlot {
        id: fields.fixed()?,
        hash: fields.fixed()?,
        name: fields.text()?,
        added_at: fields.signed()?,
        added_by: fields.optional()?,
    };
    fields.end()?;
    Ok(slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(counter: u64, recent: &[u8]) -> (Manifest, Pin) {
        let manifest = Manifest {
            vault: VaultId([1; 16]),
            epoch: 1,
            counter,
            recent: recent.iter().map(|byte| [*byte; 32]).collect(),
            succession: Succession::beginning(1, &SoftwareKey::from_bytes(&[1; 32]).unwrap()),
            slots: vec![],
            keyring: [0; 32],
            signer: [4; POINT],
            inbox: [4; POINT],
            records: Sorted::new(),
        };
        (
            manifest,
            Pin {
                counter,
                hash: [counter as u8; 32],
            },
        )
    }

    #[test]
    fn what_may_follow_what() {
        let seen = |counter, hash| Pin {
            counter,
            hash: [hash; 32],
        };
        let (now, own) = manifest(9, &[8, 7, 6]);
        assert_eq!(now.may_follow(own, seen(9, 9)), Ok(()));
        assert_eq!(now.may_follow(own, seen(9, 1)), Err(VaultError::Forked));
        assert_eq!(now.may_follow(own, seen(8, 8)), Ok(()));
        assert_eq!(now.may_follow(own, seen(6, 6)), Ok(()));
        assert_eq!(now.may_follow(own, seen(6, 1)), Err(VaultError::Forked));
        // A list that was cut short hides a fork: refused.
        assert_eq!(now.may_follow(own, seen(5, 5)), Err(VaultError::Forked));
        assert_eq!(now.may_follow(own, seen(10, 1)), Err(VaultError::RolledBack));
    }

    #[test]
    fn names_the_last_sixty_four() {
        let (mut now, mut own) = manifest(1, &[]);
        let mut pins = vec![own];
        for _ in 0..80 {
            now = now.successor(own);
            own = Pin {
                counter: now.counter,
                hash: sha256(&now.encode()),
            };
            pins.push(own);
        }
        assert_eq!(now.recent.len(), RECENT);
        for seen in pins {
            assert_eq!(now.may_follow(own, seen), Ok(()));
            let other = Pin {
                hash: [0; 32],
                ..seen
            };
            let far = own.counter - seen.counter > RECENT as u64;
            assert_eq!(now.may_follow(own, other).is_ok(), far, "{}", seen.counter);
        }
        assert_eq!(Manifest::decode(&now.encode()), Ok(now));
    }
}

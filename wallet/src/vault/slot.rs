//! Unlock slots. Each has a key pair: the unlock method seals the private key, the root key is sealed to the public
//! key. So a slot can get a new root key while nobody has its secret at hand.

use assent_core::crypto::{Signer as _, SoftwareKey, sha256};
use assent_core::env::{RandomUnavailable, SecureRandom};
use ciborium::Value;
use zeroize::Zeroizing;

use super::cbor::{self, BadCbor, Fields};
use super::context::{Context, Kind, VaultId};
use super::emergency::ServiceHalf;
use super::error::VaultError;
use super::hpke::{self, POINT};
use super::key::Key;
use super::method::{MAX_CREDENTIAL, Secret, passphrase_parameters, slot_key};
use super::recovery::RecoveryCode;
use super::root::RootKey;
use super::{open, seal};

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
    /// A passkey with the WebAuthn extension `prf`.
    Passkey {
        /// Its credential id, at most 1023 bytes.
        credential: Vec<u8>,
        /// The salt whose answer opens the slot.
        salt: [u8; 32],
        /// The salt that takes its place when the slot is renewed.
        next: [u8; 32],
    },
    /// A key of this device that the platform never gives out. It agrees keys outside, so nothing of it is here.
    Device,
    /// Two halves, one of somebody the citizen trusts and one of the vault service.
    Emergency,
}

impl SlotKind {
    /// Whether the method can be written down: it outlives every device and every provider of passkeys.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Passphrase { .. } | Self::RecoveryCode)
    }
}

/// An unlock method to add.
#[derive(Clone, Copy)]
pub enum NewMethod<'a> {
    /// A passphrase of at least [`super::MIN_PASSPHRASE`] characters.
    Passphrase(&'a str),
    /// A recovery code.
    RecoveryCode(&'a RecoveryCode),
    /// A passkey that was just made, or asked, with these salts.
    Passkey {
        /// Its credential id.
        credential: &'a [u8],
        /// The salts it was asked with.
        salts: &'a PrfSalts,
        /// Its answers.
        outputs: &'a super::PrfOutputs,
    },
    /// The public half of a device's own key, SEC 1 uncompressed.
    Device(&'a [u8; POINT]),
    /// Emergency access.
    Emergency {
        /// What the contact gets.
        contact: &'a RecoveryCode,
        /// What the service gets.
        service: &'a ServiceHalf,
    },
}

impl std::fmt::Debug for NewMethod<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewMethod(redacted)")
    }
}

/// The two salts a passkey is asked with. Not secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrfSalts {
    /// `eval.first`.
    pub current: [u8; 32],
    /// `eval.second`.
    pub next: [u8; 32],
}

impl PrfSalts {
    /// Fresh salts.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when the platform has no randomness.
    pub fn generate(rng: &mut dyn SecureRandom) -> Result<Self, RandomUnavailable> {
        let (mut current, mut next) = ([0; 32], [0; 32]);
        rng.fill(&mut current)?;
        rng.fill(&mut next)?;
        Ok(Self { current, next })
    }
}

/// What a slot gave: the root key, and whose signature the vault must carry.
#[derive(Debug, Clone)]
pub struct Unlocking {
    pub(super) slot: [u8; 16],
    pub(super) root: RootKey,
    /// From inside the sealed private key. HPKE does not say who sealed: a lying service could seal a root key of its
    /// own to the slot and show a vault it made. This key it cannot sign for. `None` for a device's own key, whose
    /// device knows the vault.
    pub(super) signer: Option<[u8; POINT]>,
}

impl Unlocking {
    /// The root key.
    #[must_use]
    pub fn root(&self) -> &RootKey {
        &self.root
    }
}

/// What a device's own key must do to open its slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceChallenge {
    /// The slot.
    pub slot: [u8; 16],
    /// The public key to agree with (ECDH on P-256), SEC 1 uncompressed. The answer is the x coordinate.
    pub point: [u8; POINT],
}

/// One unlock slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    id: [u8; 16],
    kind: SlotKind,
    public: [u8; POINT],
    /// Private key ‖ the vault's public signing key, in an envelope; empty for a device's own key.
    private: Vec<u8>,
    /// The root key, sealed to `public`.
    root: Vec<u8>,
}

impl Slot {
    /// A slot for `method`. `signer` is the vault's public signing key.
    pub(super) fn new(
        method: &NewMethod<'_>,
        root: &RootKey,
        place: SlotPlace<'_>,
        rng: &mut dyn SecureRandom,
    ) -> Result<Self, VaultError> {
        let mut id = [0; 16];
        rng.fill(&mut id)?;
        let (kind, secret) = match method {
            NewMethod::Passphrase(passphrase) => {
                let mut salt = [0; 16];
                rng.fill(&mut salt)?;
                (
                    passphrase_parameters(passphrase, salt)?,
                    Some(Secret::Passphrase(passphrase)),
                )
            }
            NewMethod::RecoveryCode(code) => (SlotKind::RecoveryCode, Some(Secret::RecoveryCode(code))),
            NewMethod::Passkey {
                credential,
                salts,
                outputs,
            } => {
                if credential.is_empty() || credential.len() > MAX_CREDENTIAL || salts.current == salts.next {
                    return Err(VaultError::PasskeyUnusable);
                }
                let kind = SlotKind::Passkey {
                    credential: credential.to_vec(),
                    salt: salts.current,
                    next: salts.next,
                };
                (kind, Some(Secret::Passkey { credential, outputs }))
            }
            NewMethod::Device(_) => (SlotKind::Device, None),
            NewMethod::Emergency { contact, service } => {
                (SlotKind::Emergency, Some(Secret::Emergency { contact, service }))
            }
        };
        let (public, private) = match (method, secret) {
            (NewMethod::Device(public), _) => (**public, Vec::new()),
            (_, secret) => {
                let key = secret
                    .and_then(|secret| slot_key(id, &kind, &secret))
                    .ok_or(VaultError::NoSuchSlot)??;
                let pair = SoftwareKey::generate(rng)?;
                let public = pair
                    .public_key()
                    .as_bytes()
                    .try_into()
                    .map_err(|_| VaultError::Malformed)?;
                (public, seal_private(&key, id, &pair, &place, rng)?)
            }
        };
        let mut slot = Self {
            id,
            kind,
            public,
            private,
            root: Vec::new(),
        };
        slot.give(root, place.vault, place.epoch, rng)?;
        Ok(slot)
    }

    /// Seals `root`, the root key of `epoch`, to this slot.
    pub(super) fn give(
        &mut self,
        root: &RootKey,
        vault: VaultId,
        epoch: u64,
        rng: &mut dyn SecureRandom,
    ) -> Result<(), VaultError> {
        self.root = hpke::seal(&self.public, &self.info(vault, epoch), root.expose(), rng)?;
        if self.root.is_empty() {
            // Not a point of the curve: only a device's own key comes from outside.
            return Err(VaultError::DeviceKeyUnusable);
        }
        Ok(())
    }

    /// Seals the private key anew under the passkey's answer to the next salt, which becomes the current one.
    pub(super) fn renew_passkey(
        &mut self,
        outputs: &super::PrfOutputs,
        fresh: [u8; 32],
        place: &SlotPlace<'_>,
        rng: &mut dyn SecureRandom,
    ) -> Result<(), VaultError> {
        let SlotKind::Passkey { credential, next, .. } = self.kind.clone() else {
            return Err(VaultError::NoSuchSlot);
        };
        let secret = Secret::Passkey {
            credential: &credential,
            outputs,
        };
        let old = slot_key(self.id, &self.kind, &secret).ok_or(VaultError::NoSuchSlot)??;
        let (pair, _) = self.open_private(&old, place.vault)?;
        let key = super::method::next_passkey_key(self.id, outputs)?;
        self.private = seal_private(&key, self.id, &pair, place, rng)?;
        self.kind = SlotKind::Passkey {
            credential,
            salt: next,
            next: fresh,
        };
        Ok(())
    }

    /// Tries a secret. `None` when it is of another kind.
    pub(super) fn try_open(
        &self,
        secret: &Secret<'_>,
        vault: VaultId,
        epoch: u64,
    ) -> Option<Result<Unlocking, VaultError>> {
        if let (SlotKind::Device, Secret::Device { slot, agreed }) = (&self.kind, secret) {
            return (*slot == self.id).then(|| {
                let root = hpke::open_agreed(agreed, &self.public, &self.info(vault, epoch), &self.root);
                self.opened(root, None)
            });
        }
        Some(slot_key(self.id, &self.kind, secret)?.and_then(|key| {
            let (pair, signer) = self.open_private(&key, vault)?;
            // The private key is authentic; the public one beside it must be its other half.
            if pair.public_key().as_bytes() != self.public {
                return Err(VaultError::SlotsChanged);
            }
            self.opened(
                hpke::open(&pair, &self.info(vault, epoch), &self.root),
                Some(signer),
            )
        }))
    }

    /// What the device's own key must agree with; `None` for other kinds.
    #[must_use]
    pub fn challenge(&self) -> Option<DeviceChallenge> {
        let point = hpke::enc_of(&self.root).ok()?;
        matches!(self.kind, SlotKind::Device).then_some(DeviceChallenge { slot: self.id, point })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// Unlock method.
    #[must_use]
    pub fn kind(&self) -> &SlotKind {
        &self.kind
    }

    /// Its public key.
    #[must_use]
    pub fn public(&self) -> &[u8; POINT] {
        &self.public
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
            SlotKind::Passkey {
                credential,
                salt,
                next,
            } => (
                "passkey",
                vec![cbor::bytes(credential), cbor::bytes(salt), cbor::bytes(next)],
            ),
            SlotKind::Device => ("device", vec![]),
            SlotKind::Emergency => ("emergency", vec![]),
        };
        Value::Array(vec![
            cbor::bytes(&self.id),
            Value::from(name),
            Value::Array(parameters),
            cbor::bytes(&self.public),
            cbor::bytes(&self.private),
            cbor::bytes(&self.root),
        ])
    }

    pub(super) fn from_cbor(value: Value) -> Result<Self, VaultError> {
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
            "passkey" => SlotKind::Passkey {
                credential: parameters.bytes()?,
                salt: parameters.fixed()?,
                next: parameters.fixed()?,
            },
            "device" => SlotKind::Device,
            "emergency" => SlotKind::Emergency,
            // A method this app does not know: it must not write the vault's slots either.
            _ => return Err(VaultError::NewerThanApp),
        };
        parameters.end()?;
        let (public, private, root) = (fields.fixed()?, fields.bytes()?, fields.bytes()?);
        fields.end()?;
        if matches!(&kind, SlotKind::Passkey { credential, .. } if credential.len() > MAX_CREDENTIAL) {
            return Err(BadCbor.into());
        }
        Ok(Self {
            id,
            kind,
            public,
            private,
            root,
        })
    }

    fn opened(
        &self,
        root: Result<Zeroizing<Vec<u8>>, hpke::NotSealed>,
        signer: Option<[u8; POINT]>,
    ) -> Result<Unlocking, VaultError> {
        // The secret was right, so what does not open was changed; a device's key has nothing else to be wrong.
        let root = root.ok().and_then(|bytes| RootKey::from_bytes(&bytes));
        let root = root.ok_or(VaultError::SlotsChanged)?;
        Ok(Unlocking {
            slot: self.id,
            root,
            signer,
        })
    }

    fn open_private(&self, key: &Key, vault: VaultId) -> Result<(SoftwareKey, [u8; POINT]), VaultError> {
        let bytes =
            open(key, &private_place(self.id, vault), &self.private).map_err(|_| VaultError::WrongSecret)?;
        // Both have one length.
        let (secret, signer) = bytes.split_at_checked(32).ok_or(VaultError::Malformed)?;
        let pair = SoftwareKey::from_bytes(secret).map_err(|_| VaultError::Malformed)?;
        let signer = signer.try_into().map_err(|_| VaultError::Malformed)?;
        Ok((pair, signer))
    }

    /// Binds the sealed root key to vault, slot and epoch.
    fn info(&self, vault: VaultId, epoch: u64) -> Vec<u8> {
        cbor::encode(&Value::Array(vec![
            Value::from("assent/slot-root/1"),
            cbor::bytes(&vault.0),
            cbor::bytes(&self.id),
            Value::from(epoch),
        ]))
    }
}

/// Where a slot is, and whose vault it opens.
#[derive(Clone, Copy)]
pub(super) struct SlotPlace<'a> {
    pub(super) vault: VaultId,
    pub(super) epoch: u64,
    pub(super) signer: &'a [u8; POINT],
}

fn seal_private(
    key: &Key,
    id: [u8; 16],
    pair: &SoftwareKey,
    place: &SlotPlace<'_>,
    rng: &mut dyn SecureRandom,
) -> Result<Vec<u8>, VaultError> {
    let mut content = Zeroizing::new(Vec::with_capacity(32 + POINT));
    content.extend_from_slice(pair.to_bytes().as_slice());
    content.extend_from_slice(place.signer);
    Ok(seal(key, &private_place(id, place.vault), &content, rng)?)
}

/// The private key stays through epochs, so its place names none; the sealed root key does.
fn private_place(id: [u8; 16], vault: VaultId) -> Context {
    Context {
        handle: Some(id),
        ..Context::of_vault(Kind::Slot, vault)
    }
}

#[cfg(test)]
#[path = "slot_tests.rs"]
mod tests;

//! What an envelope is bound to: where the reader found it, never what it says about itself.

use std::fmt;

use assent_core::encoding::base64url;
use assent_core::env::{RandomUnavailable, SecureRandom};
use ciborium::Value;

use super::cbor;

/// Random id of a vault.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VaultId(pub [u8; 16]);

impl VaultId {
    /// A fresh one.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when the platform has no randomness.
    pub fn generate(rng: &mut dyn SecureRandom) -> Result<Self, RandomUnavailable> {
        let mut id = [0; 16];
        rng.fill(&mut id)?;
        Ok(Self(id))
    }

    /// From base64url; `None` unless it is exactly 16 bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(base64url::decode(text).ok()?.try_into().ok()?))
    }
}

impl fmt::Display for VaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for VaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultId(…)")
    }
}

/// What kind of thing an envelope holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A record value.
    Value,
    /// A content key, one per record version.
    ContentKey,
    /// An attribute key, one per record and epoch.
    AttributeKey,
    /// The private signing key of the vault.
    IdentityKey,
    /// The manifest.
    Manifest,
    /// The root key under an unlock method; the handle is the slot id.
    Slot,
    /// What only this device keeps.
    Device,
    /// A piece of an attachment; the handle is the attachment's, the version is the piece's number.
    Attachment,
    /// A backup.
    Backup,
    /// A ledger event, for the citizen's own eyes.
    Event,
    /// The key that the service destroys to end a grant, under the service's own key.
    ReleaseKey,
    /// What a grant hands out, under its release key.
    Release,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::Value,
        Self::ContentKey,
        Self::AttributeKey,
        Self::IdentityKey,
        Self::Manifest,
        Self::Slot,
        Self::Device,
        Self::Attachment,
        Self::Backup,
        Self::Event,
        Self::ReleaseKey,
        Self::Release,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Value => "val",
            Self::ContentKey => "cek",
            Self::AttributeKey => "ak",
            Self::IdentityKey => "idkey",
            Self::Manifest => "manifest",
            Self::Slot => "slot",
            Self::Device => "dev",
            Self::Attachment => "att",
            Self::Backup => "bak",
            Self::Event => "evt",
            Self::ReleaseKey => "relkey",
            Self::Release => "rel",
        }
    }

    /// Content of a length that would tell something is padded. Keys have one length, and so has a wrap; an attachment
    /// is padded as a whole before it is cut into pieces.
    pub(super) fn is_padded(self) -> bool {
        matches!(
            self,
            Self::Value | Self::Manifest | Self::Device | Self::Backup | Self::Event
        )
    }
}

/// The place of an envelope. Rebuilt by the reader; every member always goes in, `null` when it does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// Kind of content.
    pub kind: Kind,
    /// The operator's tenant; only for what the service seals.
    pub tenant: Option<[u8; 16]>,
    /// The vault.
    pub vault: VaultId,
    /// Record handle, or slot id.
    pub handle: Option<[u8; 16]>,
    /// Record version.
    pub version: Option<u64>,
    /// Epoch of the key.
    pub epoch: Option<u64>,
    /// The grant.
    pub grant: Option<[u8; 16]>,
    /// SHA-256 of the grant's signed policy.
    pub policy: Option<[u8; 32]>,
}

impl Context {
    /// The context of something that belongs to the vault as a whole.
    #[must_use]
    pub fn of_vault(kind: Kind, vault: VaultId) -> Self {
        Self {
            kind,
            tenant: None,
            vault,
            handle: None,
            version: None,
            epoch: None,
            grant: None,
            policy: None,
        }
    }

    /// Deterministic CBOR (RFC 8949 §4.2) of
    /// `[label, suite, kind, tenant, vault, handle, version, epoch, grant, policy, key id]`.
    pub(super) fn encode(&self, suite: u8, key_id: [u8; 16]) -> Vec<u8> {
        let id = |id: Option<[u8; 16]>| id.map_or(Value::Null, |id| cbor::bytes(&id));
        let number = |number: Option<u64>| number.map_or(Value::Null, Value::from);
        cbor::encode(&Value::Array(vec![
            Value::from("vault/box/1"),
            Value::from(suite),
            Value::from(self.kind.name()),
            id(self.tenant),
            cbor::bytes(&self.vault.0),
            id(self.handle),
            number(self.version),
            number(self.epoch),
            id(self.grant),
            self.policy.map_or(Value::Null, |policy| cbor::bytes(&policy)),
            cbor::bytes(&key_id),
        ]))
    }
}

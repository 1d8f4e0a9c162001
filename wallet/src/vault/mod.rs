//! The encrypted vault: keys, envelopes, records and the signed manifest that says which of them to believe.
//!
//! ```text
//! passphrase ──Argon2id──┐
//! recovery code ──HKDF───┼─► slot key ─Box─► private key of the slot
//! passkey prf ────HKDF───┘                        │
//! device's own key (stays in the platform) ───────┴─HPKE─► VRK, the vault root key of one epoch
//! VRK ├─ kek     seals the attribute keys and the keyring
//!     ├─ man     seals the manifest
//!     ├─ next    signs for the root key of the next epoch
//!     └─ access  what the vault service wants to see before it answers
//! keyring ├─ SIG      signs the manifest        │ random, so they outlive the epoch
//!         ├─ INBOX    others seal to it         │
//!         ├─ handles  HMAC → opaque handles     │
//!         ├─ pairwise HMAC → one key per service│
//!         └─ device   what one device keeps     │
//! AK per record handle and epoch ─► CEK per version ─► value, padded
//! ```
//!
//! The service stores ciphertext only. A [`LockedVault`] is what it and this device keep; [`Header::unlock`] gives an
//! [`Unlocking`], [`LockedVault::unlock`] turns both into an [`UnlockedVault`], and nothing in between exists. Whatever
//! the service sends is believed only when the manifest covers it, and the manifest only when it is signed with the key
//! that the unlock method itself names (specs/decisions/0013).
//!
//! Beside it: [`Versions`], a record that remembers and merges; [`Attachment`], documents in pieces; [`NewDevice`] and
//! [`OldDevice`], the two sides of adding a device. The bytes are described in specs/formats/vault.md.

mod attachment;
mod cbor;
mod change_slots;
mod chunked;
mod context;
mod emergency;
mod envelope;
mod error;
mod gone;
mod header;
mod hpke;
mod key;
mod keyring;
mod manifest;
mod method;
mod padding;
mod pairing;
#[cfg(test)]
mod primitive_tests;
#[cfg(test)]
mod published_tests;
mod record;
mod recovery;
mod root;
mod sealed;
mod slot;
mod stage;
mod succession;
#[cfg(test)]
mod swap_tests;
#[cfg(test)]
mod testing;
mod unlocked;
mod versions;

pub use attachment::{Attachment, MAX_ATTACHMENT, NewAttachment, PIECE, SEALED_PIECE, SealedPiece};
pub use change_slots::{SlotChange, name as checked_name};
pub use context::{Context, Kind, VaultId};
pub use emergency::{ServiceHalf, ask_token};
pub use envelope::{OpenError, open, seal};
pub use error::VaultError;
pub use header::Header;
pub use key::Key;
pub use manifest::{Listed, ListedSlot, Manifest, Pin};
pub use method::{MIN_PASSPHRASE, PrfOutputs, Secret};
pub use pairing::{
    NewDevice, NewDeviceAnswered, NewDeviceChecking, NewDeviceSure, Newcomer, OldDevice, OldDeviceChecking,
    OldDeviceSure, Paired, PairingError,
};
pub use recovery::{BadRecoveryCode, RecoveryCode};
pub use root::RootKey;
pub use sealed::{Handle, Known, LockedVault, RemoteRecord, RemoteVault, StoredRecord};
pub use slot::{DeviceChallenge, NewMethod, PrfSalts, Slot, SlotKind, Unlocking};
pub use stage::{Change, NewEpoch, Staged};
pub use succession::EpochMark;
pub use unlocked::UnlockedVault;
pub use versions::{IMPORTED, Said, Version, VersionId, Versions, merged};

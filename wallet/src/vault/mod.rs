//! The encrypted vault: keys, envelopes, records and the signed manifest that says which of them to believe.
//!
//! ```text
//! passphrase ──Argon2id──┐
//! recovery code ──HKDF───┴─► slot key ─Box─► VRK, the vault root key
//! VRK ├─ kek     seals attribute keys and the signing key
//!     ├─ man     seals the manifest
//!     ├─ hid     HMAC → opaque record handles
//!     ├─ ppid    HMAC → one key per service
//!     └─ access  what the vault service wants to see before it answers
//! AK per record handle ─► CEK per version ─► value, padded
//! ```
//!
//! The service stores ciphertext only. A [`LockedVault`] is what it and this device keep; [`LockedVault::unlock`]
//! turns it into an [`UnlockedVault`], and nothing in between exists. Whatever the service sends is believed only
//! when the manifest covers it.

mod cbor;
mod chunked;
mod context;
mod envelope;
mod error;
mod header;
mod key;
mod manifest;
mod padding;
mod recovery;
mod root;
mod sealed;
mod slot;
mod unlocked;

pub use context::{Context, Kind, VaultId};
pub use envelope::{OpenError, open, seal};
pub use error::VaultError;
pub use header::Header;
pub use key::Key;
pub use manifest::{Listed, Manifest, Pin};
pub use recovery::{BadRecoveryCode, RecoveryCode};
pub use root::RootKey;
pub use sealed::{Handle, LockedVault, RemoteVault, StoredRecord, passphrase_root, recovery_root};
pub use slot::{MIN_PASSPHRASE, Slot, SlotKind};
pub use unlocked::{Change, Staged, UnlockedVault};

//! What goes into and comes out of the vault store.

use super::Passkeys;

/// One sealed record to store.
#[derive(Clone)]
pub struct PutRecord {
    /// Opaque name chosen by the wallet (base64url text).
    pub handle: String,
    /// Ciphertext.
    pub sealed: Vec<u8>,
    /// The sealed key of the record; `None` keeps the one that is stored.
    pub key: Option<Vec<u8>>,
    /// Name of the key in the key store that `sealed` is sealed under once more.
    pub box_rest: Option<String>,
    /// The same for `key`.
    pub key_rest: Option<String>,
}

impl std::fmt::Debug for PutRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PutRecord({} bytes)", self.sealed.len())
    }
}

/// The sealed key of one record, sealed anew.
#[derive(Clone)]
pub struct PutKey {
    /// The record's handle.
    pub handle: String,
    /// Ciphertext.
    pub key: Vec<u8>,
    /// Name of the key in the key store that it is sealed under once more.
    pub rest: Option<String>,
}

impl std::fmt::Debug for PutKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PutKey(..)")
    }
}

/// A vault to create.
#[derive(Debug, Clone)]
pub struct NewVault {
    /// Random id chosen by the wallet.
    pub id: String,
    /// SHA-256 of the access token; the token itself never reaches storage.
    pub access_token_sha256: [u8; 32],
    /// Epoch of the root key.
    pub epoch: i64,
    /// Unlock slots, sealed by the wallet. Readable without the access token: a device needs it before it has one.
    pub header: Vec<u8>,
    /// The wallet's signed, counted list of records.
    pub manifest: Vec<u8>,
    /// First records.
    pub put: Vec<PutRecord>,
    /// The passkeys among its unlock slots.
    pub passkeys: Passkeys,
}

/// A change to a vault.
#[derive(Debug, Clone)]
pub struct Commit {
    /// SHA-256 of the token that it came with. It must still be the vault's when the change is made.
    pub access_token_sha256: [u8; 32],
    /// The version the wallet built on.
    pub base_version: i64,
    /// New header, or `None` to keep it.
    pub header: Option<Vec<u8>>,
    /// New manifest.
    pub manifest: Vec<u8>,
    /// Records to write.
    pub put: Vec<PutRecord>,
    /// Handles to delete.
    pub delete: Vec<String>,
    /// Keys to replace beside records that stay.
    pub keys: Vec<PutKey>,
    /// A new epoch of the root key.
    pub epoch: Option<NewEpoch>,
    /// Blobs that a record needs from now on.
    pub link: Vec<String>,
    /// Blobs that no record needs any more.
    pub unlink: Vec<String>,
    /// The passkeys among the unlock slots of the new header, or `None` to leave them.
    pub passkeys: Option<Passkeys>,
}

/// A new epoch: every key is sealed anew, and the token changes with the root key.
#[derive(Debug, Clone, Copy)]
pub struct NewEpoch {
    /// The new epoch; one more than the stored one.
    pub epoch: i64,
    /// SHA-256 of the new access token, or `None` to keep the old one.
    pub access_token_sha256: Option<[u8; 32]>,
}

/// How much one vault may hold.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// Live records.
    pub records: i64,
    /// Bytes of live ciphertext, with header, manifest and keys.
    pub bytes: i64,
}

/// What creating a vault led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateOutcome {
    /// Created, at version 1.
    Created,
    /// The id is taken.
    AlreadyExists,
    /// Larger than the quota.
    QuotaExceeded,
}

/// What a commit led to. Nothing is stored unless it is `Committed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// Stored; the new version.
    Committed(i64),
    /// Someone else committed first; the version that is stored.
    Conflict(i64),
    /// The new epoch does not follow the stored one, which is given.
    EpochConflict(i64),
    /// A new epoch that does not bring the key of exactly every record.
    EpochIncomplete,
    /// A key for a record that is not there.
    RecordUnknown,
    /// A blob to link that is not here, or not whole.
    BlobUnknown,
    /// It would exceed the quota.
    QuotaExceeded,
    /// No such vault, or it has another access token by now.
    NotFound,
}

/// The part of a vault a device needs before it can unlock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultHeader {
    /// Current version.
    pub version: i64,
    /// Header bytes.
    pub header: Vec<u8>,
}

/// Where reading of changes goes on: after this row, in the order of (version, handle).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Version that changed the row.
    pub version: i64,
    /// Its handle.
    pub handle: String,
}

/// A record that changed.
#[derive(Clone, PartialEq, Eq)]
pub struct ChangedRecord {
    /// Its handle.
    pub handle: String,
    /// The version that changed it.
    pub version: i64,
    /// Ciphertext; `None` when only the key changed since.
    pub sealed: Option<Vec<u8>>,
    /// Its sealed key, where it is kept beside the record.
    pub key: Option<Vec<u8>>,
    /// Name of the key in the key store that `sealed` is sealed under once more.
    pub box_rest: Option<String>,
    /// The same for `key`.
    pub key_rest: Option<String>,
}

impl std::fmt::Debug for ChangedRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChangedRecord(version {})", self.version)
    }
}

/// One page of what changed since a version.
#[derive(Debug, Clone)]
pub struct ChangesPage {
    /// Version of the vault when this page was read.
    pub version: i64,
    /// Epoch of the root key.
    pub epoch: i64,
    /// Records written.
    pub records: Vec<ChangedRecord>,
    /// Handles deleted, as far back as they are kept: about as many as the vault may have records.
    pub deleted: Vec<String>,
    /// Where the next page begins; `None` for the last page.
    pub next: Option<Cursor>,
    /// Only with the last page, and read in the same moment as it.
    pub head: Option<Head>,
}

/// Header and manifest, as far as a reader needs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// The reader has this version: the SHA-256 of its manifest, so that it can tell a fork from the same.
    Same([u8; 32]),
    /// The reader has another version.
    Changed {
        /// Header bytes.
        header: Vec<u8>,
        /// Manifest bytes.
        manifest: Vec<u8>,
    },
}

/// How much one page may hold.
#[derive(Debug, Clone, Copy)]
pub struct PageLimits {
    /// Rows.
    pub records: i64,
    /// Bytes of ciphertext. A page has at least one row, however large.
    pub bytes: i64,
}

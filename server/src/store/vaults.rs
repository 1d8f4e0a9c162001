//! Vaults: ciphertext with a version counter, compare-and-swap on that counter, quotas.

use std::collections::HashSet;
use std::future::Future;

use assent_core::env::Timestamp;

use super::value::args;
use super::{Database, StoreError};

/// One sealed record to store.
#[derive(Clone)]
pub struct PutRecord {
    /// Opaque name chosen by the wallet (base64url text).
    pub handle: String,
    /// Ciphertext.
    pub sealed: Vec<u8>,
}

impl std::fmt::Debug for PutRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PutRecord({} bytes)", self.sealed.len())
    }
}

/// A vault to create.
#[derive(Debug, Clone)]
pub struct NewVault {
    /// Random id chosen by the wallet.
    pub id: String,
    /// SHA-256 of the access token; the token itself never reaches storage.
    pub access_token_sha256: [u8; 32],
    /// Unlock slots, sealed by the wallet. Readable without the access token: a device needs it before it has one.
    pub header: Vec<u8>,
    /// The wallet's signed, counted list of records.
    pub manifest: Vec<u8>,
    /// First records.
    pub put: Vec<PutRecord>,
}

/// A change to a vault.
#[derive(Debug, Clone)]
pub struct Commit {
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
}

/// How much one vault may hold.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// Live records.
    pub records: i64,
    /// Bytes of live ciphertext, with header and manifest.
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

/// What a commit led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// Stored; the new version.
    Committed(i64),
    /// Someone else committed first; the version that is stored.
    Conflict(i64),
    /// It would exceed the quota; nothing was stored.
    QuotaExceeded,
    /// No such vault.
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

/// What changed since a version.
#[derive(Debug, Clone)]
pub struct VaultDelta {
    /// Current version.
    pub version: i64,
    /// Header bytes.
    pub header: Vec<u8>,
    /// Manifest bytes.
    pub manifest: Vec<u8>,
    /// Records written after `since`: handle, version, ciphertext.
    pub records: Vec<(String, i64, Vec<u8>)>,
    /// Handles deleted after `since`, as far back as they are kept: about as many as the vault may have records.
    pub deleted: Vec<String>,
}

/// Storage of the vault role.
pub trait VaultStore {
    /// Creates a vault with its first records, all or nothing.
    fn create_vault(
        &self,
        vault: &NewVault,
        quota: Quota,
        now: Timestamp,
    ) -> impl Future<Output = Result<CreateOutcome, StoreError>> + Send;

    /// The SHA-256 of a vault's access token, or `None` when there is no such vault.
    fn vault_access(&self, id: &str) -> impl Future<Output = Result<Option<[u8; 32]>, StoreError>> + Send;

    /// The public part of a vault.
    fn vault_header(&self, id: &str) -> impl Future<Output = Result<Option<VaultHeader>, StoreError>> + Send;

    /// Everything that changed after version `since`, read in one state of the database.
    fn vault_since(
        &self,
        id: &str,
        since: i64,
    ) -> impl Future<Output = Result<Option<VaultDelta>, StoreError>> + Send;

    /// Applies a commit when the stored version is still `base_version`, all or nothing.
    fn commit_vault(
        &self,
        id: &str,
        commit: &Commit,
        quota: Quota,
        now: Timestamp,
    ) -> impl Future<Output = Result<CommitOutcome, StoreError>> + Send;

    /// Deletes a vault and everything in it. `false` when there was none.
    fn delete_vault(&self, id: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

impl VaultStore for Database {
    async fn create_vault(
        &self,
        vault: &NewVault,
        quota: Quota,
        now: Timestamp,
    ) -> Result<CreateOutcome, StoreError> {
        let handles: HashSet<&str> = vault.put.iter().map(|record| record.handle.as_str()).collect();
        let count = length(handles.len());
        let bytes = length(vault.header.len())
            + length(vault.manifest.len())
            + vault
                .put
                .iter()
                .map(|record| length(record.sealed.len()))
                .sum::<i64>();
        if count > quota.records || bytes > quota.bytes {
            return Ok(CreateOutcome::QuotaExceeded);
        }
        let mut tx = self.begin().await?;
        let inserted = tx
            .execute(
                "INSERT INTO vaults (id, access_token_sha256, version, header, manifest, record_count, byte_count,
                 created_at, changed_at) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $7) ON CONFLICT (id) DO NOTHING",
                args![
                    vault.id.as_str(),
                    &vault.access_token_sha256,
                    vault.header.as_slice(),
                    vault.manifest.as_slice(),
                    count,
                    bytes,
                    now.0
                ],
            )
            .await?;
        if inserted == 0 {
            tx.rollback().await?;
            return Ok(CreateOutcome::AlreadyExists);
        }
        for record in &vault.put {
            put(&mut tx, &vault.id, record, 1).await?;
        }
        tx.commit().await?;
        Ok(CreateOutcome::Created)
    }

    async fn vault_access(&self, id: &str) -> Result<Option<[u8; 32]>, StoreError> {
        let row = self
            .fetch_optional("SELECT access_token_sha256 FROM vaults WHERE id = $1", args![id])
            .await?;
        row.map(|row| {
            row.blob("access_token_sha256")?
                .try_into()
                .map_err(|_| StoreError::Damaged("vault access token hash"))
        })
        .transpose()
    }

    async fn vault_header(&self, id: &str) -> Result<Option<VaultHeader>, StoreError> {
        let row = self
            .fetch_optional("SELECT version, header FROM vaults WHERE id = $1", args![id])
            .await?;
        row.map(|row| {
            Ok(VaultHeader {
                version: row.int("version")?,
                header: row.blob("header")?,
            })
        })
        .transpose()
    }

    async fn vault_since(&self, id: &str, since: i64) -> Result<Option<VaultDelta>, StoreError> {
        let mut tx = self.snapshot().await?;
        let Some(vault) = tx
            .fetch_optional(
                "SELECT version, header, manifest FROM vaults WHERE id = $1",
                args![id],
            )
            .await?
        else {
            return Ok(None);
        };
        let rows = tx
            .fetch(
                "SELECT handle, version, box FROM vault_records WHERE vault_id = $1 AND version > $2
                 ORDER BY version, handle",
                args![id, since],
            )
            .await?;
        tx.rollback().await?;
        let mut delta = VaultDelta {
            version: vault.int("version")?,
            header: vault.blob("header")?,
            manifest: vault.blob("manifest")?,
            records: Vec::new(),
            deleted: Vec::new(),
        };
        for row in rows {
            let handle = row.text("handle")?;
            match row.maybe_blob("box")? {
                Some(sealed) => delta.records.push((handle, row.int("version")?, sealed)),
                None => delta.deleted.push(handle),
            }
        }
        Ok(Some(delta))
    }

    async fn commit_vault(
        &self,
        id: &str,
        commit: &Commit,
        quota: Quota,
        now: Timestamp,
    ) -> Result<CommitOutcome, StoreError> {
        let mut tx = self.begin().await?;
        // The conditional update is the compare-and-swap: of two commits on one version, one finds no row.
        // On PostgreSQL it also takes the row lock that keeps the counters below right.
        let updated = tx
            .execute(
                "UPDATE vaults SET version = version + 1, header = COALESCE($3, header), manifest = $4, changed_at = $5
                 WHERE id = $1 AND version = $2",
                args![
                    id,
                    commit.base_version,
                    commit.header.as_deref(),
                    commit.manifest.as_slice(),
                    now.0
                ],
            )
            .await?;
        if updated == 0 {
            let stored = tx
                .fetch_optional("SELECT version FROM vaults WHERE id = $1", args![id])
                .await?;
            tx.rollback().await?;
            return match stored {
                Some(row) => Ok(CommitOutcome::Conflict(row.int("version")?)),
                None => Ok(CommitOutcome::NotFound),
            };
        }
        let version = commit.base_version + 1;
        for record in &commit.put {
            put(&mut tx, id, record, version).await?;
        }
        for handle in &commit.delete {
            tx.execute(
                "UPDATE vault_records SET box = NULL, version = $3 WHERE vault_id = $1 AND handle = $2",
                args![id, handle.as_str(), version],
            )
            .await?;
        }
        if !commit.delete.is_empty() {
            // What was deleted long ago is forgotten, or a vault would grow for ever past its quota, and with it every
            // full read. The manifest says what there is; this list only saves a device the comparison.
            tx.execute(
                "DELETE FROM vault_records WHERE vault_id = $1 AND box IS NULL AND version <
                   (SELECT version FROM vault_records WHERE vault_id = $1 AND box IS NULL
                    ORDER BY version DESC LIMIT 1 OFFSET $2)",
                args![id, quota.records],
            )
            .await?;
        }
        let totals = tx
            .fetch_optional(
                "SELECT COUNT(box) AS records, CAST(COALESCE(SUM(LENGTH(box)), 0) AS BIGINT) AS bytes
                 FROM vault_records WHERE vault_id = $1",
                args![id],
            )
            .await?
            .ok_or(StoreError::Damaged("vault totals"))?;
        let (records, boxes) = (totals.int("records")?, totals.int("bytes")?);
        let own = tx
            .fetch_optional(
                "UPDATE vaults SET record_count = $2, byte_count = $3 + LENGTH(header) + LENGTH(manifest)
                 WHERE id = $1 RETURNING byte_count",
                args![id, records, boxes],
            )
            .await?
            .ok_or(StoreError::Damaged("vault row"))?;
        if records > quota.records || own.int("byte_count")? > quota.bytes {
            tx.rollback().await?;
            return Ok(CommitOutcome::QuotaExceeded);
        }
        tx.commit().await?;
        Ok(CommitOutcome::Committed(version))
    }

    async fn delete_vault(&self, id: &str) -> Result<bool, StoreError> {
        let deleted = self
            .execute("DELETE FROM vaults WHERE id = $1", args![id])
            .await?;
        if deleted > 0 {
            // The write-ahead log still holds old pages; empty it, so that deleting means deleting.
            self.checkpoint().await?;
        }
        Ok(deleted > 0)
    }
}

async fn put(
    tx: &mut super::database::Tx,
    vault_id: &str,
    record: &PutRecord,
    version: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO vault_records (vault_id, handle, version, box) VALUES ($1, $2, $3, $4)
         ON CONFLICT (vault_id, handle) DO UPDATE SET version = excluded.version, box = excluded.box",
        args![
            vault_id,
            record.handle.as_str(),
            version,
            record.sealed.as_slice()
        ],
    )
    .await?;
    Ok(())
}

fn length(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

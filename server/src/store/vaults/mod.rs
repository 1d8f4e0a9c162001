//! Vaults: ciphertext with a version counter, compare-and-swap on that counter, quotas.

mod blobs;
mod changes;
mod commit;
mod passkeys;
mod types;

use std::future::Future;

use assent_core::env::Timestamp;

use self::commit::{Totals, length, put};
use super::value::args;
use super::{Database, StoreError};

pub use blobs::{
    BlobPart, BlobQuota, BlobRow, BlobStore, DeclareOutcome, DeleteBlobOutcome, Garbage, NewBlob,
};
pub use passkeys::{PasskeyRow, PasskeyStore, Passkeys};
pub use types::{
    ChangedRecord, ChangesPage, Commit, CommitOutcome, CreateOutcome, Cursor, Head, NewEpoch, NewVault,
    PageLimits, PutKey, PutRecord, Quota, VaultHeader,
};

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

    /// The same, with the vault's version.
    fn vault_access_and_version(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Option<([u8; 32], i64)>, StoreError>> + Send;

    /// The public part of a vault.
    fn vault_header(&self, id: &str) -> impl Future<Output = Result<Option<VaultHeader>, StoreError>> + Send;

    /// One page of what changed after version `since`, from `after` on, read in one state of the database.
    fn vault_changes(
        &self,
        id: &str,
        since: i64,
        after: Option<Cursor>,
        limits: PageLimits,
    ) -> impl Future<Output = Result<Option<ChangesPage>, StoreError>> + Send;

    /// One record.
    fn vault_record(
        &self,
        id: &str,
        handle: &str,
    ) -> impl Future<Output = Result<Option<ChangedRecord>, StoreError>> + Send;

    /// Applies a commit when the stored version is still `base_version`, all or nothing.
    fn commit_vault(
        &self,
        id: &str,
        commit: &Commit,
        quota: Quota,
        now: Timestamp,
    ) -> impl Future<Output = Result<CommitOutcome, StoreError>> + Send;

    /// Keys of the key store that are to be destroyed by now, as vault and name.
    fn dead_rest_keys(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<(String, String)>, StoreError>> + Send;

    /// Notes that keys are destroyed.
    fn forget_dead_rest_keys(
        &self,
        keys: &[(String, String)],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Every key of the key store that a vault still names.
    fn rest_keys_of(&self, id: &str) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

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
        let mut totals = Totals {
            records: 0,
            bytes: length(&vault.header) + length(&vault.manifest),
        };
        let mut tx = self.begin().await?;
        let inserted = tx
            .execute(
                "INSERT INTO vaults (id, access_token_sha256, version, epoch, header, manifest, record_count,
                 byte_count, created_at, changed_at) VALUES ($1, $2, 1, $3, $4, $5, 0, 0, $6, $6)
                 ON CONFLICT (id) DO NOTHING",
                args![
                    vault.id.as_str(),
                    &vault.access_token_sha256,
                    vault.epoch,
                    vault.header.as_slice(),
                    vault.manifest.as_slice(),
                    now.0
                ],
            )
            .await?;
        if inserted == 0 {
            tx.rollback().await?;
            return Ok(CreateOutcome::AlreadyExists);
        }
        for record in &vault.put {
            put(&mut tx, &vault.id, record, 1, now, &mut totals).await?;
        }
        if totals.records > quota.records || totals.bytes > quota.bytes {
            tx.rollback().await?;
            return Ok(CreateOutcome::QuotaExceeded);
        }
        passkeys::follow(&mut tx, &vault.id, &vault.passkeys).await?;
        tx.execute(
            "UPDATE vaults SET record_count = $2, byte_count = $3 WHERE id = $1",
            args![vault.id.as_str(), totals.records, totals.bytes],
        )
        .await?;
        tx.commit().await?;
        Ok(CreateOutcome::Created)
    }

    async fn vault_access(&self, id: &str) -> Result<Option<[u8; 32]>, StoreError> {
        let found = self.vault_access_and_version(id).await?;
        Ok(found.map(|(hash, _)| hash))
    }

    async fn vault_access_and_version(&self, id: &str) -> Result<Option<([u8; 32], i64)>, StoreError> {
        let row = self
            .fetch_optional(
                "SELECT access_token_sha256, version FROM vaults WHERE id = $1",
                args![id],
            )
            .await?;
        row.map(|row| {
            let hash = row
                .blob("access_token_sha256")?
                .try_into()
                .map_err(|_| StoreError::Damaged("vault access token hash"))?;
            Ok((hash, row.int("version")?))
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

    async fn vault_changes(
        &self,
        id: &str,
        since: i64,
        after: Option<Cursor>,
        limits: PageLimits,
    ) -> Result<Option<ChangesPage>, StoreError> {
        changes::page(self, id, since, after, limits).await
    }

    async fn vault_record(&self, id: &str, handle: &str) -> Result<Option<ChangedRecord>, StoreError> {
        let row = self
            .fetch_optional(
                "SELECT handle, version, box, wrapped_key, box_rest, key_rest FROM vault_records
                 WHERE vault_id = $1 AND handle = $2 AND box IS NOT NULL",
                args![id, handle],
            )
            .await?;
        row.map(|row| {
            Ok(ChangedRecord {
                handle: row.text("handle")?,
                version: row.int("version")?,
                sealed: row.maybe_blob("box")?,
                key: row.maybe_blob("wrapped_key")?,
                box_rest: row.maybe_text("box_rest")?,
                key_rest: row.maybe_text("key_rest")?,
            })
        })
        .transpose()
    }

    async fn commit_vault(
        &self,
        id: &str,
        commit: &Commit,
        quota: Quota,
        now: Timestamp,
    ) -> Result<CommitOutcome, StoreError> {
        commit::commit(self, id, commit, quota, now).await
    }

    async fn dead_rest_keys(&self, now: Timestamp, limit: i64) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self
            .fetch(
                "SELECT vault_id, rest_key FROM dead_rest_keys WHERE destroy_at <= $1 LIMIT $2",
                args![now.0, limit],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.text("vault_id")?, row.text("rest_key")?)))
            .collect()
    }

    async fn forget_dead_rest_keys(&self, keys: &[(String, String)]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for (vault, rest) in keys {
            tx.execute(
                "DELETE FROM dead_rest_keys WHERE vault_id = $1 AND rest_key = $2",
                args![vault.as_str(), rest.as_str()],
            )
            .await?;
        }
        tx.commit().await
    }

    async fn rest_keys_of(&self, id: &str) -> Result<Vec<String>, StoreError> {
        let rows = self
            .fetch(
                "SELECT box_rest AS rest FROM vault_records WHERE vault_id = $1 AND box_rest IS NOT NULL
                 UNION ALL SELECT key_rest FROM vault_records WHERE vault_id = $1 AND key_rest IS NOT NULL
                 UNION ALL SELECT rest_key FROM dead_rest_keys WHERE vault_id = $1",
                args![id],
            )
            .await?;
        rows.iter().map(|row| row.text("rest")).collect()
    }

    async fn delete_vault(&self, id: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        // The vault's row first, so that no blob is declared between the note of what is to be thrown away and the end.
        tx.execute("UPDATE vaults SET version = version WHERE id = $1", args![id])
            .await?;
        blobs::discard_all(&mut tx, id).await?;
        // The key store destroys every key of a vault that is gone; what waits here waits for nothing.
        tx.execute("DELETE FROM dead_rest_keys WHERE vault_id = $1", args![id])
            .await?;
        let deleted = tx.execute("DELETE FROM vaults WHERE id = $1", args![id]).await?;
        tx.announce(id, 0).await?;
        tx.commit().await?;
        if deleted > 0 {
            // The write-ahead log still holds old pages; empty it, so that deleting means deleting.
            self.checkpoint().await?;
        }
        Ok(deleted > 0)
    }
}

//! Blobs (attachments): their parts, which of them are linked, and what is to be thrown away.

use std::future::Future;

use assent_core::env::Timestamp;

use super::super::database::{Database, StoreError, Tx};
use super::super::value::args;

/// A part of a blob as it was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobPart {
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Its length.
    pub size: i64,
    /// True once its bytes are here.
    pub stored: bool,
}

/// A blob to be uploaded.
#[derive(Debug, Clone)]
pub struct NewBlob {
    /// Its id, base64url text.
    pub blob: String,
    /// Random name for a store outside the database.
    pub object: String,
    /// Its length.
    pub size: i64,
    /// Its parts, in order.
    pub parts: Vec<BlobPart>,
}

/// A blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobRow {
    /// Name in a store outside the database.
    pub object: String,
    /// Its length.
    pub size: i64,
    /// How many parts it has.
    pub part_count: i64,
    /// How many of them are not here yet.
    pub missing: i64,
    /// True when a commit says that a record needs it.
    pub linked: bool,
}

/// How much one vault may hold in blobs, or holds.
#[derive(Debug, Clone, Copy)]
pub struct BlobQuota {
    /// Blobs.
    pub blobs: i64,
    /// Bytes of all of them.
    pub bytes: i64,
}

/// What declaring a blob led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclareOutcome {
    /// New.
    Declared,
    /// It was declared before: its upload goes on.
    Known,
    /// Larger than the quota.
    QuotaExceeded,
    /// No such vault.
    NotFound,
}

/// What deleting a blob led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteBlobOutcome {
    /// Gone.
    Deleted,
    /// A record needs it.
    Linked,
    /// No such blob.
    NotFound,
}

/// Something to delete in the store outside: parts `0..part_count` of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Garbage {
    /// Name of the object.
    pub object: String,
    /// How many parts it has.
    pub part_count: i64,
    /// It was deleted once already: what was being written at that moment may have come after.
    pub deleted: bool,
}

const TOTALS: &str = "SELECT COUNT(*) AS blobs, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes
    FROM vault_blobs WHERE vault_id = $1";

/// Storage of blobs.
pub trait BlobStore {
    /// Makes room for a blob, or finds the upload that began before.
    fn declare_blob(
        &self,
        vault: &str,
        blob: &NewBlob,
        quota: BlobQuota,
        now: Timestamp,
    ) -> impl Future<Output = Result<DeclareOutcome, StoreError>> + Send;

    /// What a vault holds in blobs.
    fn blob_totals(&self, vault: &str) -> impl Future<Output = Result<BlobQuota, StoreError>> + Send;

    /// A blob.
    fn blob(
        &self,
        vault: &str,
        blob: &str,
    ) -> impl Future<Output = Result<Option<BlobRow>, StoreError>> + Send;

    /// Its parts, in order.
    fn blob_parts(
        &self,
        vault: &str,
        blob: &str,
    ) -> impl Future<Output = Result<Vec<BlobPart>, StoreError>> + Send;

    /// Notes that a part is here; with its bytes when the database is the store. False when there is no such part.
    fn store_blob_part(
        &self,
        vault: &str,
        blob: &str,
        number: i64,
        data: Option<&[u8]>,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The bytes of a part kept in the database.
    fn blob_part_data(
        &self,
        vault: &str,
        blob: &str,
        number: i64,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// Deletes a blob that no record needs.
    fn delete_blob(
        &self,
        vault: &str,
        blob: &str,
    ) -> impl Future<Output = Result<DeleteBlobOutcome, StoreError>> + Send;

    /// Deletes at most `limit` blobs that no record needs and that did not change since `before`. Gives how many.
    fn sweep_blobs(
        &self,
        before: Timestamp,
        limit: i64,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// What is to be deleted in the store outside, at most `limit` objects: first what never was, then what was deleted
    /// before `again`.
    fn blob_garbage(
        &self,
        again: Timestamp,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Garbage>, StoreError>> + Send;

    /// Notes that an object was deleted for the first time.
    fn note_deleted(
        &self,
        object: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Notes that an object is gone from the store outside.
    fn forget_garbage(&self, object: &str) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl BlobStore for Database {
    async fn declare_blob(
        &self,
        vault: &str,
        blob: &NewBlob,
        quota: BlobQuota,
        now: Timestamp,
    ) -> Result<DeclareOutcome, StoreError> {
        let mut tx = self.begin().await?;
        // The vault's row orders declarations, so that two cannot both fill the last free place.
        if tx
            .execute("UPDATE vaults SET version = version WHERE id = $1", args![vault])
            .await?
            == 0
        {
            return Ok(DeclareOutcome::NotFound);
        }
        let known = tx
            .execute(
                "UPDATE vault_blobs SET changed_at = $3 WHERE vault_id = $1 AND blob = $2",
                args![vault, blob.blob.as_str(), now.0],
            )
            .await?;
        if known > 0 {
            tx.commit().await?;
            return Ok(DeclareOutcome::Known);
        }
        let totals = tx
            .fetch_optional(TOTALS, args![vault])
            .await?
            .ok_or(StoreError::Damaged("blob totals"))?;
        if totals.int("blobs")? >= quota.blobs || totals.int("bytes")?.saturating_add(blob.size) > quota.bytes
        {
            return Ok(DeclareOutcome::QuotaExceeded);
        }
        let count = i64::try_from(blob.parts.len()).unwrap_or(i64::MAX);
        tx.execute(
            "INSERT INTO vault_blobs (vault_id, blob, object, size, part_count, missing, linked, changed_at)
             VALUES ($1, $2, $3, $4, $5, $5, 0, $6)",
            args![
                vault,
                blob.blob.as_str(),
                blob.object.as_str(),
                blob.size,
                count,
                now.0
            ],
        )
        .await?;
        for (number, part) in (0_i64..).zip(&blob.parts) {
            tx.execute(
                "INSERT INTO vault_blob_parts (vault_id, blob, number, sha256, size, stored)
                 VALUES ($1, $2, $3, $4, $5, 0)",
                args![vault, blob.blob.as_str(), number, &part.sha256, part.size],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(DeclareOutcome::Declared)
    }

    async fn blob_totals(&self, vault: &str) -> Result<BlobQuota, StoreError> {
        let row = self.fetch_optional(TOTALS, args![vault]).await?;
        let totals = row.ok_or(StoreError::Damaged("blob totals"))?;
        Ok(BlobQuota {
            blobs: totals.int("blobs")?,
            bytes: totals.int("bytes")?,
        })
    }

    async fn blob(&self, vault: &str, blob: &str) -> Result<Option<BlobRow>, StoreError> {
        let row = self
            .fetch_optional(
                "SELECT object, size, part_count, missing, linked FROM vault_blobs
                 WHERE vault_id = $1 AND blob = $2",
                args![vault, blob],
            )
            .await?;
        row.map(|row| {
            Ok(BlobRow {
                object: row.text("object")?,
                size: row.int("size")?,
                part_count: row.int("part_count")?,
                missing: row.int("missing")?,
                linked: row.int("linked")? == 1,
            })
        })
        .transpose()
    }

    async fn blob_parts(&self, vault: &str, blob: &str) -> Result<Vec<BlobPart>, StoreError> {
        let rows = self
            .fetch(
                "SELECT sha256, size, stored FROM vault_blob_parts WHERE vault_id = $1 AND blob = $2 ORDER BY number",
                args![vault, blob],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(BlobPart {
                    sha256: row
                        .blob("sha256")?
                        .try_into()
                        .map_err(|_| StoreError::Damaged("blob part hash"))?,
                    size: row.int("size")?,
                    stored: row.int("stored")? == 1,
                })
            })
            .collect()
    }

    async fn store_blob_part(
        &self,
        vault: &str,
        blob: &str,
        number: i64,
        data: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        // The blob's row first, as everywhere, so that no two transactions wait for each other crosswise.
        let there = tx
            .execute(
                "UPDATE vault_blobs SET changed_at = $3 WHERE vault_id = $1 AND blob = $2",
                args![vault, blob, now.0],
            )
            .await?;
        let fresh = tx
            .execute(
                "UPDATE vault_blob_parts SET stored = 1, data = $4
                 WHERE vault_id = $1 AND blob = $2 AND number = $3 AND stored = 0",
                args![vault, blob, number, data],
            )
            .await?;
        if fresh > 0 {
            tx.execute(
                "UPDATE vault_blobs SET missing = missing - 1 WHERE vault_id = $1 AND blob = $2",
                args![vault, blob],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(there > 0)
    }

    async fn blob_part_data(
        &self,
        vault: &str,
        blob: &str,
        number: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self
            .fetch_optional(
                "SELECT data FROM vault_blob_parts WHERE vault_id = $1 AND blob = $2 AND number = $3",
                args![vault, blob, number],
            )
            .await?;
        row.map_or(Ok(None), |row| row.maybe_blob("data"))
    }

    async fn delete_blob(&self, vault: &str, blob: &str) -> Result<DeleteBlobOutcome, StoreError> {
        let mut tx = self.begin().await?;
        let linked = tx
            .fetch_optional(
                "UPDATE vault_blobs SET changed_at = changed_at WHERE vault_id = $1 AND blob = $2 RETURNING linked",
                args![vault, blob],
            )
            .await?;
        match linked.map(|row| row.int("linked")).transpose()? {
            None => return Ok(DeleteBlobOutcome::NotFound),
            Some(1) => return Ok(DeleteBlobOutcome::Linked),
            Some(_) => {}
        }
        tx.execute(
            "INSERT INTO blob_garbage (object, part_count)
             SELECT object, part_count FROM vault_blobs WHERE vault_id = $1 AND blob = $2",
            args![vault, blob],
        )
        .await?;
        tx.execute(
            "DELETE FROM vault_blobs WHERE vault_id = $1 AND blob = $2",
            args![vault, blob],
        )
        .await?;
        tx.commit().await?;
        self.checkpoint().await?;
        Ok(DeleteBlobOutcome::Deleted)
    }

    async fn sweep_blobs(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let old = self
            .fetch(
                "SELECT vault_id, blob FROM vault_blobs WHERE linked = 0 AND changed_at < $1
                 ORDER BY changed_at LIMIT $2",
                args![before.0, limit],
            )
            .await?;
        let mut count = 0;
        // One by one: a blob is up to 128 MiB of pages to overwrite, and other writes wait meanwhile.
        for row in old {
            let (vault, blob) = (row.text("vault_id")?, row.text("blob")?);
            count += u64::from(sweep_one(self, &vault, &blob, before).await?);
        }
        Ok(count)
    }

    async fn blob_garbage(&self, again: Timestamp, limit: i64) -> Result<Vec<Garbage>, StoreError> {
        let rows = self
            .fetch(
                "SELECT object, part_count, deleted_at FROM blob_garbage
                 WHERE deleted_at IS NULL OR deleted_at < $1 ORDER BY COALESCE(deleted_at, 0), object LIMIT $2",
                args![again.0, limit],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Garbage {
                    object: row.text("object")?,
                    part_count: row.int("part_count")?,
                    deleted: row.maybe_int("deleted_at")?.is_some(),
                })
            })
            .collect()
    }

    async fn note_deleted(&self, object: &str, now: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "UPDATE blob_garbage SET deleted_at = $2 WHERE object = $1",
            args![object, now.0],
        )
        .await?;
        Ok(())
    }

    async fn forget_garbage(&self, object: &str) -> Result<(), StoreError> {
        self.execute("DELETE FROM blob_garbage WHERE object = $1", args![object])
            .await?;
        Ok(())
    }
}

/// False when the blob was linked, or changed, at the last moment.
async fn sweep_one(store: &Database, vault: &str, blob: &str, before: Timestamp) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    // One statement decides and locks, so that a commit which links the blob at this moment keeps it.
    let doomed = tx
        .fetch_optional(
            "UPDATE vault_blobs SET linked = -1
             WHERE vault_id = $1 AND blob = $2 AND linked = 0 AND changed_at < $3 RETURNING object, part_count",
            args![vault, blob, before.0],
        )
        .await?;
    let Some(row) = doomed else {
        tx.rollback().await?;
        return Ok(false);
    };
    tx.execute(
        "INSERT INTO blob_garbage (object, part_count) VALUES ($1, $2)",
        args![row.text("object")?.as_str(), row.int("part_count")?],
    )
    .await?;
    tx.execute(
        "DELETE FROM vault_blobs WHERE vault_id = $1 AND blob = $2",
        args![vault, blob],
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// Links or unlinks blobs as part of a commit. False when one of those to link is not here whole.
pub(super) async fn link(
    tx: &mut Tx,
    vault: &str,
    link: &[String],
    unlink: &[String],
    now: Timestamp,
) -> Result<bool, StoreError> {
    for (blobs, linked) in [(unlink, 0_i64), (link, 1)] {
        for blob in blobs {
            let found = tx
                .execute(
                    "UPDATE vault_blobs SET linked = $3, changed_at = $4
                     WHERE vault_id = $1 AND blob = $2 AND (missing = 0 OR $3 = 0)",
                    args![vault, blob.as_str(), linked, now.0],
                )
                .await?;
            if found == 0 && linked == 1 {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Marks every blob of a vault for deletion in the store outside; the rows go with the vault.
pub(super) async fn discard_all(tx: &mut Tx, vault: &str) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO blob_garbage (object, part_count) SELECT object, part_count FROM vault_blobs WHERE vault_id = $1",
        args![vault],
    )
    .await?;
    Ok(())
}

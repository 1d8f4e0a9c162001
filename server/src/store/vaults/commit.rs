//! Writing to a vault: compare-and-swap on its version, everything or nothing.

use std::collections::HashSet;

use assent_core::crypto::constant_time_eq;
use assent_core::env::Timestamp;

use super::super::database::{Database, StoreError, Tx};
use super::super::value::args;
use super::{Commit, CommitOutcome, NewEpoch, PutKey, PutRecord, Quota};
use super::{blobs, passkeys};

/// Seconds until the key of what was replaced is destroyed: as long as a backup of the ciphertext can be restored
/// whole.
const REPLACED: i64 = 7 * 86_400;

/// Replaced keys that wait, as a multiple of the records a vault may have.
const WAITING: i64 = 4;

/// Live records and their bytes. Kept in the vault's row, so that a commit costs what it changes and not what the
/// vault holds.
#[derive(Clone, Copy)]
pub(super) struct Totals {
    pub(super) records: i64,
    pub(super) bytes: i64,
}

pub(super) async fn commit(
    store: &Database,
    id: &str,
    commit: &Commit,
    quota: Quota,
    now: Timestamp,
) -> Result<CommitOutcome, StoreError> {
    let mut tx = store.begin().await?;
    let outcome = apply(&mut tx, id, commit, quota, now).await?;
    if let CommitOutcome::Committed(version) = outcome {
        tx.announce(id, version).await?;
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    Ok(outcome)
}

async fn apply(
    tx: &mut Tx,
    id: &str,
    commit: &Commit,
    quota: Quota,
    now: Timestamp,
) -> Result<CommitOutcome, StoreError> {
    let Some(before) = lock(tx, id).await? else {
        return Ok(CommitOutcome::NotFound);
    };
    // Between the check of the token and this moment a new epoch may have shut this device out.
    if !constant_time_eq(&before.access_token_sha256, &commit.access_token_sha256) {
        return Ok(CommitOutcome::NotFound);
    }
    if before.version != commit.base_version {
        return Ok(CommitOutcome::Conflict(before.version));
    }
    let version = before.version + 1;
    let mut totals = before.totals;
    for record in &commit.put {
        put(tx, id, record, version, now, &mut totals).await?;
    }
    for handle in &commit.delete {
        delete(tx, id, handle, version, now, &mut totals).await?;
    }
    if !commit.delete.is_empty() {
        forget_old_deletions(tx, id, quota).await?;
    }
    for key in &commit.keys {
        if !replace_key(tx, id, key, version, now, &mut totals).await? {
            return Ok(match commit.epoch {
                Some(_) => CommitOutcome::EpochIncomplete,
                None => CommitOutcome::RecordUnknown,
            });
        }
    }
    if let Some(new) = commit.epoch {
        if before.epoch.checked_add(1) != Some(new.epoch) {
            return Ok(CommitOutcome::EpochConflict(before.epoch));
        }
        if !brings_every_key(tx, id, commit).await? {
            return Ok(CommitOutcome::EpochIncomplete);
        }
        enter_epoch(tx, id, new).await?;
    }
    if !commit.put.is_empty() || !commit.keys.is_empty() {
        hasten_the_oldest(tx, id, quota, now).await?;
    }
    if !blobs::link(tx, id, &commit.link, &commit.unlink, now).await? {
        return Ok(CommitOutcome::BlobUnknown);
    }
    if let Some(passkeys) = &commit.passkeys {
        passkeys::follow(tx, id, passkeys).await?;
    }
    // The lengths of header and manifest are in the counter, too: the old ones go, the new ones come.
    let header = commit.header.as_ref().map_or(before.header, |new| length(new));
    let manifest = length(&commit.manifest);
    totals.bytes += header + manifest - before.header - before.manifest;
    if totals.records > quota.records || totals.bytes > quota.bytes {
        return Ok(CommitOutcome::QuotaExceeded);
    }
    tx.execute(
        "UPDATE vaults SET version = $2, header = COALESCE($3, header), manifest = $4, changed_at = $5,
         record_count = $6, byte_count = $7 WHERE id = $1",
        args![
            id,
            version,
            commit.header.as_deref(),
            commit.manifest.as_slice(),
            now.0,
            totals.records,
            totals.bytes
        ],
    )
    .await?;
    Ok(CommitOutcome::Committed(version))
}

struct Before {
    access_token_sha256: Vec<u8>,
    version: i64,
    epoch: i64,
    header: i64,
    manifest: i64,
    totals: Totals,
}

/// Locks the vault's row and reads it. A write, so that on PostgreSQL the row lock orders commits; on SQLite there is
/// one writer anyway.
async fn lock(tx: &mut Tx, id: &str) -> Result<Option<Before>, StoreError> {
    let row = tx
        .fetch_optional(
            "UPDATE vaults SET version = version WHERE id = $1
             RETURNING access_token_sha256, version, epoch, record_count, byte_count, CAST(LENGTH(header) AS BIGINT) AS header,
                       CAST(LENGTH(manifest) AS BIGINT) AS manifest",
            args![id],
        )
        .await?;
    row.map(|row| {
        Ok(Before {
            access_token_sha256: row.blob("access_token_sha256")?,
            version: row.int("version")?,
            epoch: row.int("epoch")?,
            header: row.int("header")?,
            manifest: row.int("manifest")?,
            totals: Totals {
                records: row.int("record_count")?,
                bytes: row.int("byte_count")?,
            },
        })
    })
    .transpose()
}

/// Writes one record.
pub(super) async fn put(
    tx: &mut Tx,
    vault_id: &str,
    record: &PutRecord,
    version: i64,
    now: Timestamp,
    totals: &mut Totals,
) -> Result<(), StoreError> {
    let old = Stored::read(tx, vault_id, &record.handle).await?;
    tx.execute(
        "INSERT INTO vault_records (vault_id, handle, version, box_version, box, wrapped_key, box_rest, key_rest)
         VALUES ($1, $2, $3, $3, $4, $5, $6, $7)
         ON CONFLICT (vault_id, handle) DO UPDATE SET version = excluded.version, box_version = excluded.box_version,
           box = excluded.box, box_rest = excluded.box_rest,
           key_rest = CASE WHEN excluded.wrapped_key IS NULL THEN vault_records.key_rest ELSE excluded.key_rest END,
           wrapped_key = COALESCE(excluded.wrapped_key, vault_records.wrapped_key)",
        args![
            vault_id,
            record.handle.as_str(),
            version,
            record.sealed.as_slice(),
            record.key.as_deref(),
            record.box_rest.as_deref(),
            record.key_rest.as_deref()
        ],
    )
    .await?;
    let later = now.plus(REPLACED);
    bury(tx, vault_id, &record.handle, old.box_rest.as_deref(), later).await?;
    totals.records += i64::from(old.sealed.is_none());
    totals.bytes += length(&record.sealed) - old.sealed.unwrap_or(0);
    if let Some(key) = &record.key {
        bury(tx, vault_id, &record.handle, old.key_rest.as_deref(), later).await?;
        totals.bytes += length(key) - old.key;
    }
    Ok(())
}

async fn delete(
    tx: &mut Tx,
    vault_id: &str,
    handle: &str,
    version: i64,
    now: Timestamp,
    totals: &mut Totals,
) -> Result<(), StoreError> {
    let old = Stored::read(tx, vault_id, handle).await?;
    let Some(old_box) = old.sealed else {
        return Ok(());
    };
    tx.execute(
        "UPDATE vault_records SET box = NULL, wrapped_key = NULL, box_rest = NULL, key_rest = NULL, version = $3
         WHERE vault_id = $1 AND handle = $2",
        args![vault_id, handle, version],
    )
    .await?;
    bury(tx, vault_id, handle, old.box_rest.as_deref(), now).await?;
    bury(tx, vault_id, handle, old.key_rest.as_deref(), now).await?;
    // Earlier contents of what is erased are erased with it.
    tx.execute(
        "UPDATE dead_rest_keys SET destroy_at = $3 WHERE vault_id = $1 AND handle = $2 AND destroy_at > $3",
        args![vault_id, handle, now.0],
    )
    .await?;
    totals.records -= 1;
    totals.bytes -= old_box + old.key;
    Ok(())
}

/// Puts another key beside a record. False when there is no such record.
async fn replace_key(
    tx: &mut Tx,
    vault_id: &str,
    key: &PutKey,
    version: i64,
    now: Timestamp,
    totals: &mut Totals,
) -> Result<bool, StoreError> {
    let old = Stored::read(tx, vault_id, &key.handle).await?;
    if old.sealed.is_none() {
        return Ok(false);
    }
    tx.execute(
        "UPDATE vault_records SET wrapped_key = $4, key_rest = $5, version = $3 WHERE vault_id = $1 AND handle = $2",
        args![
            vault_id,
            key.handle.as_str(),
            version,
            key.key.as_slice(),
            key.rest.as_deref()
        ],
    )
    .await?;
    bury(
        tx,
        vault_id,
        &key.handle,
        old.key_rest.as_deref(),
        now.plus(REPLACED),
    )
    .await?;
    totals.bytes += length(&key.key) - old.key;
    Ok(true)
}

/// Notes that a key of the key store is to be destroyed.
async fn bury(
    tx: &mut Tx,
    vault_id: &str,
    handle: &str,
    rest: Option<&str>,
    destroy_at: Timestamp,
) -> Result<(), StoreError> {
    if let Some(rest) = rest {
        tx.execute(
            "INSERT INTO dead_rest_keys (vault_id, rest_key, handle, destroy_at) VALUES ($1, $2, $3, $4)",
            args![vault_id, rest, handle, destroy_at.0],
        )
        .await?;
    }
    Ok(())
}

/// However often a vault is rewritten, the keys that wait for a week are bounded: beyond so many times its quota of records
/// those made first are destroyed now. Only who rewrites everything several times a week gets there.
async fn hasten_the_oldest(
    tx: &mut Tx,
    vault_id: &str,
    quota: Quota,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE dead_rest_keys SET destroy_at = $2 WHERE vault_id = $1 AND destroy_at > $2 AND rest_key <
           (SELECT rest_key FROM dead_rest_keys WHERE vault_id = $1 ORDER BY rest_key DESC LIMIT 1 OFFSET $3)",
        args![vault_id, now.0, quota.records.saturating_mul(WAITING)],
    )
    .await?;
    Ok(())
}

/// What is stored under a handle: lengths, and names of keys in the key store.
#[derive(Default)]
struct Stored {
    /// Length of the box; `None` when there is none.
    sealed: Option<i64>,
    /// Length of its key.
    key: i64,
    box_rest: Option<String>,
    key_rest: Option<String>,
}

impl Stored {
    async fn read(tx: &mut Tx, vault_id: &str, handle: &str) -> Result<Self, StoreError> {
        let row = tx
            .fetch_optional(
                "SELECT CAST(LENGTH(box) AS BIGINT) AS box,
                        CAST(COALESCE(LENGTH(wrapped_key), 0) AS BIGINT) AS wrapped_key, box_rest, key_rest
                 FROM vault_records WHERE vault_id = $1 AND handle = $2",
                args![vault_id, handle],
            )
            .await?;
        let Some(row) = row else {
            return Ok(Self::default());
        };
        Ok(Self {
            sealed: row.maybe_int("box")?,
            key: row.int("wrapped_key")?,
            box_rest: row.maybe_text("box_rest")?,
            key_rest: row.maybe_text("key_rest")?,
        })
    }
}

/// A vault with keys of two epochs would be lost to whoever holds one root key, so a new epoch must bring the key of
/// exactly every record.
async fn brings_every_key(tx: &mut Tx, vault_id: &str, commit: &Commit) -> Result<bool, StoreError> {
    let with_records = commit.put.iter().filter(|record| record.key.is_some());
    let brought: HashSet<&str> = with_records
        .map(|record| record.handle.as_str())
        .chain(commit.keys.iter().map(|key| key.handle.as_str()))
        .collect();
    let rows = tx
        .fetch(
            "SELECT handle FROM vault_records WHERE vault_id = $1 AND box IS NOT NULL",
            args![vault_id],
        )
        .await?;
    if rows.len() != brought.len() {
        return Ok(false);
    }
    for row in rows {
        if !brought.contains(row.text("handle")?.as_str()) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn enter_epoch(tx: &mut Tx, vault_id: &str, new: NewEpoch) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE vaults SET epoch = $2, access_token_sha256 = COALESCE($3, access_token_sha256) WHERE id = $1",
        args![
            vault_id,
            new.epoch,
            new.access_token_sha256.as_ref().map(<[u8; 32]>::as_slice)
        ],
    )
    .await?;
    Ok(())
}

/// What was deleted long ago is forgotten, or a vault would grow for ever past its quota, and with it every full read.
/// The manifest says what there is; this list only saves a device the comparison.
async fn forget_old_deletions(tx: &mut Tx, vault_id: &str, quota: Quota) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM vault_records WHERE vault_id = $1 AND box IS NULL AND version <
           (SELECT version FROM vault_records WHERE vault_id = $1 AND box IS NULL
            ORDER BY version DESC LIMIT 1 OFFSET $2)",
        args![vault_id, quota.records],
    )
    .await?;
    Ok(())
}

/// The length of `bytes`, for counters.
pub(super) fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

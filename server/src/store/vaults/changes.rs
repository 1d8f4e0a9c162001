//! Reading what changed, page by page.
//!
//! Rows come in the order of (version, handle). A row that changes while somebody pages gets a higher version, so it
//! comes again on a later page. The last page brings header and manifest from the same moment: all pages merged in
//! order are the state those two describe.

use assent_core::crypto::sha256;

use super::super::database::{Database, StoreError};
use super::super::value::args;
use super::{ChangedRecord, ChangesPage, Cursor, Head, PageLimits};

pub(super) async fn page(
    store: &Database,
    id: &str,
    since: i64,
    after: Option<Cursor>,
    limits: PageLimits,
) -> Result<Option<ChangesPage>, StoreError> {
    // No handle is empty, so this is "every row of a later version".
    let after = after.unwrap_or(Cursor {
        version: since.saturating_add(1),
        handle: String::new(),
    });
    let mut tx = store.snapshot().await?;
    let Some(vault) = tx
        .fetch_optional("SELECT version, epoch FROM vaults WHERE id = $1", args![id])
        .await?
    else {
        return Ok(None);
    };
    // Sizes first: boxes are only loaded as far as they fit.
    let sizes = tx
        .fetch(
            "SELECT CAST(CASE WHEN box_version > $2 THEN COALESCE(LENGTH(box), 0) ELSE 0 END
                    + COALESCE(LENGTH(wrapped_key), 0) AS BIGINT) AS bytes
             FROM vault_records WHERE vault_id = $1 AND (version, handle) > ($3, $4)
             ORDER BY version, handle LIMIT $5",
            args![
                id,
                since,
                after.version,
                after.handle.as_str(),
                limits.records.saturating_add(1)
            ],
        )
        .await?;
    let (mut rows, mut bytes) = (0_i64, 0_i64);
    for row in &sizes {
        bytes = bytes.saturating_add(row.int("bytes")?);
        if rows == limits.records || (rows > 0 && bytes > limits.bytes) {
            break;
        }
        rows += 1;
    }
    let more = usize::try_from(rows).is_ok_and(|rows| rows < sizes.len());
    let found = tx
        .fetch(
            "SELECT handle, version, CAST(CASE WHEN box IS NULL THEN 1 ELSE 0 END AS BIGINT) AS gone,
                    CASE WHEN box_version > $2 THEN box END AS box, wrapped_key, box_rest, key_rest
             FROM vault_records WHERE vault_id = $1 AND (version, handle) > ($3, $4)
             ORDER BY version, handle LIMIT $5",
            args![id, since, after.version, after.handle.as_str(), rows],
        )
        .await?;
    let version = vault.int("version")?;
    let mut page = ChangesPage {
        version,
        epoch: vault.int("epoch")?,
        records: Vec::new(),
        deleted: Vec::new(),
        next: None,
        head: None,
    };
    for row in found {
        let (handle, changed) = (row.text("handle")?, row.int("version")?);
        if more {
            page.next = Some(Cursor {
                version: changed,
                handle: handle.clone(),
            });
        }
        if row.int("gone")? == 1 {
            page.deleted.push(handle);
        } else {
            page.records.push(ChangedRecord {
                handle,
                version: changed,
                sealed: row.maybe_blob("box")?,
                key: row.maybe_blob("wrapped_key")?,
                box_rest: row.maybe_text("box_rest")?,
                key_rest: row.maybe_text("key_rest")?,
            });
        }
    }
    if !more {
        let head = tx
            .fetch_optional("SELECT header, manifest FROM vaults WHERE id = $1", args![id])
            .await?
            .ok_or(StoreError::Damaged("vault row"))?;
        let manifest = head.blob("manifest")?;
        page.head = Some(if version == since {
            Head::Same(sha256(&manifest))
        } else {
            // Also when the reader is ahead: then this database is a restored one, and the manifest proves it.
            Head::Changed {
                header: head.blob("header")?,
                manifest,
            }
        });
    }
    tx.rollback().await?;
    Ok(Some(page))
}

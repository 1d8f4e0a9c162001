//! Status lists: which places are taken, and what each credential's status is.

use std::future::Future;

use assent_core::env::Timestamp;

use super::database::Tx;
use super::value::args;
use super::{Database, Row, StoreError};

/// Tries to find a list with a free place while others fill one after the other.
const MAX_TRIES: usize = 32;

/// A list of a fixed number of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusListRow {
    /// Its number, from 1.
    pub id: i64,
    /// How many places it has.
    pub size: i64,
    /// How many of them are taken.
    pub taken: i64,
}

/// Storage of status lists.
pub trait StatusListStore {
    /// The list that is being filled. Opens the next one, of `size` places, when there is none with a free place.
    fn open_status_list(&self, size: i64) -> impl Future<Output = Result<StatusListRow, StoreError>> + Send;

    /// A list by its number.
    fn status_list(&self, id: i64) -> impl Future<Output = Result<Option<StatusListRow>, StoreError>> + Send;

    /// Takes up to `wanted` of the places proposed, in their order, for credentials of an issuance that expire at
    /// `expires_at`. Gives those that were free.
    fn take_places(
        &self,
        list_id: i64,
        proposed: &[i64],
        wanted: usize,
        issuance_id: &str,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<Vec<i64>, StoreError>> + Send;

    /// Gives back places that were taken for an issuance and told nobody.
    fn release_places(
        &self,
        list_id: i64,
        places: &[i64],
        issuance_id: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Every place of a list that is taken.
    fn taken_places(&self, list_id: i64) -> impl Future<Output = Result<Vec<i64>, StoreError>> + Send;

    /// Sets the status of every credential of an issuance; gives how many.
    fn set_status(
        &self,
        issuance_id: &str,
        status: u8,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Every index of a list whose status is not 0.
    fn status_entries(&self, list_id: i64)
    -> impl Future<Output = Result<Vec<(i64, u8)>, StoreError>> + Send;

    /// Deletes full lists on which every credential has expired; gives how many.
    fn sweep_status_lists(&self, now: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

impl StatusListStore for Database {
    async fn open_status_list(&self, size: i64) -> Result<StatusListRow, StoreError> {
        const OPEN: &str =
            "SELECT id, size, taken FROM status_lists WHERE taken < size ORDER BY id DESC LIMIT 1";
        for _ in 0..MAX_TRIES {
            if let Some(row) = self.fetch_optional(OPEN, args![]).await? {
                return read(&row);
            }
            // Numbers are never used again, also not after old lists are gone: somebody may still hold a card of one.
            // Two processes may do this at once; both open the same one, and others may have filled it by now.
            self.execute(
                "INSERT INTO status_lists (id, size, taken, expires_at)
                 SELECT COALESCE(MAX(id), 0) + 1, $1, 0, 0 FROM status_lists
                 HAVING COUNT(CASE WHEN taken < size THEN 1 END) = 0
                 ON CONFLICT (id) DO NOTHING",
                args![size],
            )
            .await?;
        }
        Err(StoreError::Damaged("status list"))
    }

    async fn status_list(&self, id: i64) -> Result<Option<StatusListRow>, StoreError> {
        let row = self
            .fetch_optional(
                "SELECT id, size, taken FROM status_lists WHERE id = $1",
                args![id],
            )
            .await?;
        row.as_ref().map(read).transpose()
    }

    async fn take_places(
        &self,
        list_id: i64,
        proposed: &[i64],
        wanted: usize,
        issuance_id: &str,
        expires_at: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        let mut tx = self.begin().await?;
        stand_in_line(&mut tx, list_id).await?;
        let mut got = Vec::with_capacity(wanted);
        for idx in proposed {
            if got.len() == wanted {
                break;
            }
            let free = tx
                .execute(
                    "INSERT INTO status_entries (list_id, idx, issuance_id, status, expires_at)
                     SELECT $1, $2, $3, 0, $4 FROM status_lists WHERE id = $1 AND $2 >= 0 AND $2 < size
                     ON CONFLICT (list_id, idx) DO NOTHING",
                    args![list_id, *idx, issuance_id, expires_at.0],
                )
                .await?;
            if free > 0 {
                got.push(*idx);
            }
        }
        let number = i64::try_from(got.len()).map_err(|_| StoreError::Damaged("status list"))?;
        tx.execute(
            "UPDATE status_lists SET taken = taken + $2,
             expires_at = CASE WHEN expires_at < $3 THEN $3 ELSE expires_at END WHERE id = $1",
            args![list_id, number, expires_at.0],
        )
        .await?;
        tx.commit().await?;
        Ok(got)
    }

    async fn release_places(
        &self,
        list_id: i64,
        places: &[i64],
        issuance_id: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        stand_in_line(&mut tx, list_id).await?;
        let mut number = 0;
        for idx in places {
            number += tx
                .execute(
                    "DELETE FROM status_entries WHERE list_id = $1 AND idx = $2 AND issuance_id = $3",
                    args![list_id, *idx, issuance_id],
                )
                .await?;
        }
        let number = i64::try_from(number).map_err(|_| StoreError::Damaged("status list"))?;
        tx.execute(
            "UPDATE status_lists SET taken = taken - $2 WHERE id = $1",
            args![list_id, number],
        )
        .await?;
        tx.commit().await
    }

    async fn taken_places(&self, list_id: i64) -> Result<Vec<i64>, StoreError> {
        let rows = self
            .fetch(
                "SELECT idx FROM status_entries WHERE list_id = $1",
                args![list_id],
            )
            .await?;
        rows.iter().map(|row| row.int("idx")).collect()
    }

    async fn set_status(&self, issuance_id: &str, status: u8) -> Result<u64, StoreError> {
        self.execute(
            "UPDATE status_entries SET status = $2 WHERE issuance_id = $1",
            args![issuance_id, i64::from(status)],
        )
        .await
    }

    async fn status_entries(&self, list_id: i64) -> Result<Vec<(i64, u8)>, StoreError> {
        let rows = self
            .fetch(
                "SELECT idx, status FROM status_entries WHERE list_id = $1 AND status <> 0",
                args![list_id],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let status = u8::try_from(row.int("status")?).map_err(|_| StoreError::Damaged("status"))?;
                Ok((row.int("idx")?, status))
            })
            .collect()
    }

    async fn sweep_status_lists(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        // The newest one stays: its number says which comes next.
        let old = tx
            .fetch(
                "SELECT id FROM status_lists WHERE taken >= size AND expires_at <= $1
                 AND id < (SELECT MAX(id) FROM status_lists)",
                args![now.0],
            )
            .await?;
        for row in &old {
            let id = row.int("id")?;
            tx.execute("DELETE FROM status_entries WHERE list_id = $1", args![id])
                .await?;
            tx.execute("DELETE FROM status_lists WHERE id = $1", args![id])
                .await?;
        }
        tx.commit().await?;
        Ok(old.len() as u64)
    }
}

/// First the list itself: transactions that change places of one list stand in line, so they cannot block each other half-way.
async fn stand_in_line(tx: &mut Tx, list_id: i64) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE status_lists SET taken = taken WHERE id = $1",
        args![list_id],
    )
    .await?;
    Ok(())
}

fn read(row: &Row) -> Result<StatusListRow, StoreError> {
    Ok(StatusListRow {
        id: row.int("id")?,
        size: row.int("size")?,
        taken: row.int("taken")?,
    })
}

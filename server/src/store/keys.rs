//! The database of the key store: rows of sealed keys, nothing else.

use assent_core::env::Timestamp;

use super::database::{Database, StoreError};
use super::value::{Row, args};

/// A sealed key of one record.
#[derive(Clone)]
pub struct KeyRow {
    /// The vault.
    pub vault: String,
    /// The key's name.
    pub rest: String,
    /// The epoch it is sealed in.
    pub epoch: i64,
    /// The key, sealed.
    pub sealed: Vec<u8>,
}

impl std::fmt::Debug for KeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyRow(epoch {})", self.epoch)
    }
}

/// A sealed epoch key.
#[derive(Clone)]
pub struct EpochRow {
    /// Its number.
    pub epoch: i64,
    /// The key, sealed.
    pub sealed: Vec<u8>,
    /// When it began.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for EpochRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EpochRow({})", self.epoch)
    }
}

/// The key store's own database: a file of its own on SQLite, a schema or a database of its own on PostgreSQL.
#[derive(Debug, Clone)]
pub struct KeyDatabase(Database);

impl KeyDatabase {
    /// Opens `sqlite:<path>` or `postgres://…`; there it lives in the schema `assent_keys`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Ok(Self(Database::open_keys(url).await?))
    }

    /// Applies every migration that is not yet applied.
    ///
    /// # Errors
    /// [`StoreError::Migration`].
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.0.migrate_keys().await
    }

    /// True when every migration of this version is applied.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn is_current(&self) -> Result<bool, StoreError> {
        self.0.keys_are_current().await
    }

    pub(super) fn database(&self) -> &Database {
        &self.0
    }

    pub(crate) async fn close(&self) {
        self.0.close().await;
    }

    pub(crate) async fn checkpoint(&self) -> Result<(), StoreError> {
        self.0.checkpoint().await
    }

    /// Every epoch, oldest first.
    pub(crate) async fn epochs(&self) -> Result<Vec<EpochRow>, StoreError> {
        let rows = self
            .0
            .fetch(
                "SELECT epoch, sealed, created_at FROM epochs ORDER BY epoch",
                args![],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(EpochRow {
                    epoch: row.int("epoch")?,
                    sealed: row.blob("sealed")?,
                    created_at: Timestamp(row.int("created_at")?),
                })
            })
            .collect()
    }

    pub(crate) async fn insert_epoch(&self, row: &EpochRow) -> Result<(), StoreError> {
        self.0
            .execute(
                "INSERT INTO epochs (epoch, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT (epoch) DO NOTHING",
                args![row.epoch, row.sealed.as_slice(), row.created_at.0],
            )
            .await?;
        Ok(())
    }

    /// Deletes epochs before `epoch` that no key is sealed in.
    pub(crate) async fn delete_old_epochs(&self, epoch: i64) -> Result<(), StoreError> {
        self.0
            .execute(
                "DELETE FROM epochs WHERE epoch < $1
                 AND NOT EXISTS (SELECT 1 FROM rest_keys WHERE rest_keys.epoch = epochs.epoch)",
                args![epoch],
            )
            .await?;
        Ok(())
    }

    pub(crate) async fn insert_keys(&self, rows: &[KeyRow], now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.0.begin().await?;
        for row in rows {
            tx.execute(
                "INSERT INTO rest_keys (vault_id, rest_key, epoch, sealed, created_at) VALUES ($1, $2, $3, $4, $5)",
                args![
                    row.vault.as_str(),
                    row.rest.as_str(),
                    row.epoch,
                    row.sealed.as_slice(),
                    now.0
                ],
            )
            .await?;
        }
        tx.commit().await
    }

    /// Keys of a vault with names from `first` to `last`.
    pub(crate) async fn keys(&self, vault: &str, first: &str, last: &str) -> Result<Vec<KeyRow>, StoreError> {
        let rows = self
            .0
            .fetch(
                "SELECT vault_id, rest_key, epoch, sealed FROM rest_keys
                 WHERE vault_id = $1 AND rest_key >= $2 AND rest_key <= $3",
                args![vault, first, last],
            )
            .await?;
        rows.iter().map(key_row).collect()
    }

    /// Keys that are sealed in an epoch before this one.
    pub(crate) async fn keys_before(&self, epoch: i64, limit: i64) -> Result<Vec<KeyRow>, StoreError> {
        let rows = self
            .0
            .fetch(
                "SELECT vault_id, rest_key, epoch, sealed FROM rest_keys WHERE epoch < $1 LIMIT $2",
                args![epoch, limit],
            )
            .await?;
        rows.iter().map(key_row).collect()
    }

    pub(crate) async fn update_keys(&self, rows: &[KeyRow]) -> Result<(), StoreError> {
        let mut tx = self.0.begin().await?;
        for row in rows {
            tx.execute(
                "UPDATE rest_keys SET sealed = $4, epoch = $3 WHERE vault_id = $1 AND rest_key = $2 AND epoch < $3",
                args![
                    row.vault.as_str(),
                    row.rest.as_str(),
                    row.epoch,
                    row.sealed.as_slice()
                ],
            )
            .await?;
        }
        tx.commit().await
    }

    /// Deletes keys by vault and name.
    pub(crate) async fn delete_keys(&self, keys: &[(String, String)]) -> Result<(), StoreError> {
        let mut tx = self.0.begin().await?;
        for (vault, rest) in keys {
            tx.execute(
                "DELETE FROM rest_keys WHERE vault_id = $1 AND rest_key = $2",
                args![vault.as_str(), rest.as_str()],
            )
            .await?;
        }
        tx.commit().await
    }

    pub(crate) async fn delete_vault(&self, vault: &str) -> Result<(), StoreError> {
        self.0
            .execute("DELETE FROM rest_keys WHERE vault_id = $1", args![vault])
            .await?;
        self.0.checkpoint().await
    }

    /// The vault after this one, in the order of ids.
    pub(crate) async fn next_vault(&self, after: &str) -> Result<Option<String>, StoreError> {
        let row = self
            .0
            .fetch_optional(
                "SELECT vault_id FROM rest_keys WHERE vault_id > $1 ORDER BY vault_id LIMIT 1",
                args![after],
            )
            .await?;
        row.map(|row| row.text("vault_id")).transpose()
    }

    /// Names of a vault's keys that were made before a moment.
    pub(crate) async fn keys_made_before(
        &self,
        vault: &str,
        at: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let rows = self
            .0
            .fetch(
                "SELECT rest_key FROM rest_keys WHERE vault_id = $1 AND created_at < $2",
                args![vault, at.0],
            )
            .await?;
        rows.iter().map(|row| row.text("rest_key")).collect()
    }
}

fn key_row(row: &Row) -> Result<KeyRow, StoreError> {
    Ok(KeyRow {
        vault: row.text("vault_id")?,
        rest: row.text("rest_key")?,
        epoch: row.int("epoch")?,
        sealed: row.blob("sealed")?,
    })
}

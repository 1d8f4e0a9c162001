//! Database and key store know each other by a random name that both carry.
//!
//! The daily round destroys keys that the database does not name, and records whose key is missing count as erased. So a
//! key store beside the wrong database (an empty one while a backup is on its way, say) would be emptied, and a database
//! beside the wrong key store would tell every wallet that its records are gone. Either is refused at the start.

use super::database::{Database, StoreError};
use super::keys::KeyDatabase;
use super::value::args;

const NAME: &str = "SELECT name FROM installation WHERE one = 1";
const KEEP: &str = "INSERT INTO installation (one, name) VALUES (1, $1) ON CONFLICT (one) DO NOTHING";

impl KeyDatabase {
    /// Checks that this key store belongs to `store`; binds the two when one of them is new.
    ///
    /// # Errors
    /// [`StoreError::OtherKeyStore`].
    pub async fn belongs_to(&self, store: &Database) -> Result<(), StoreError> {
        let keys = self.database();
        match (name(store).await?, name(keys).await?) {
            (Some(one), Some(other)) if one == other => return Ok(()),
            (Some(_), Some(_)) => return Err(StoreError::OtherKeyStore),
            (Some(one), None) => {
                // A key store without a name is a new one, or of a version that had none.
                if names_keys(store).await? && !has_keys(keys).await? {
                    return Err(StoreError::OtherKeyStore);
                }
                keep(keys, &one).await?;
            }
            (None, other) => {
                if has_keys(keys).await? && !has_vaults(store).await? {
                    return Err(StoreError::OtherKeyStore);
                }
                if !has_keys(keys).await? && names_keys(store).await? {
                    return Err(StoreError::OtherKeyStore);
                }
                let one = other.unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
                keep(keys, &one).await?;
                // Another process may have been first.
                let one = name(keys).await?.ok_or(StoreError::OtherKeyStore)?;
                keep(store, &one).await?;
            }
        }
        if name(store).await? == name(keys).await? {
            Ok(())
        } else {
            Err(StoreError::OtherKeyStore)
        }
    }
}

async fn name(database: &Database) -> Result<Option<String>, StoreError> {
    let row = database.fetch_optional(NAME, args![]).await?;
    row.map(|row| row.text("name")).transpose()
}

async fn keep(database: &Database, name: &str) -> Result<(), StoreError> {
    database.execute(KEEP, args![name]).await?;
    Ok(())
}

async fn has_keys(keys: &Database) -> Result<bool, StoreError> {
    any(keys, "SELECT 1 AS one FROM rest_keys LIMIT 1").await
}

async fn has_vaults(store: &Database) -> Result<bool, StoreError> {
    any(store, "SELECT 1 AS one FROM vaults LIMIT 1").await
}

/// Whether a record here hangs on the key store.
async fn names_keys(store: &Database) -> Result<bool, StoreError> {
    const SOME: &str =
        "SELECT 1 AS one FROM vault_records WHERE box_rest IS NOT NULL OR key_rest IS NOT NULL LIMIT 1";
    any(store, SOME).await
}

async fn any(database: &Database, sql: &'static str) -> Result<bool, StoreError> {
    Ok(database.fetch_optional(sql, args![]).await?.is_some())
}

//! Erasure that reaches backups: what hangs on a record is sealed once more under a key of its own, which exists only in
//! the key store. Destroying that key destroys the record in every copy of the ciphertext, however old.
//!
//! Keys in the store are sealed under an epoch key. Once a day everything that lives is sealed under a new one and the
//! old one is destroyed, so that an old copy of the key store, or what a disk keeps of deleted rows, opens nothing either.

mod roll;

use std::collections::HashMap;

use assent_core::encoding::base64url;
use assent_core::env::{SecureRandom as _, Timestamp};
use zeroize::Zeroizing;

use crate::crypto::{Place, SealError, SealingKey, SystemRandom};
use crate::store::{ChangedRecord, Commit, KeyDatabase, KeyRow, NewVault, StoreError};

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// The key store failed.
    #[error("the key store failed")]
    Store(#[from] StoreError),
    /// Sealing failed, or something does not open under the key it names.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl assent_core::error::ErrorCode for ErasureError {
    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Seal(error) => error.code(),
        }
    }

    fn blame(&self) -> assent_core::error::Blame {
        assent_core::error::Blame::Us
    }

    fn audience(&self) -> assent_core::error::Audience {
        assent_core::error::Audience::Operator
    }
}

/// The key store.
#[derive(Debug)]
pub struct KeyStore {
    database: KeyDatabase,
    /// Seals epoch keys.
    sealing: SealingKey,
}

impl KeyStore {
    /// Over an open database; `sealing` is the server's own key.
    #[must_use]
    pub fn new(database: KeyDatabase, sealing: SealingKey) -> Self {
        Self { database, sealing }
    }

    /// Closes the database.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Seals the records of a new vault. Gives the keys made for it.
    ///
    /// # Errors
    /// See [`ErasureError`].
    pub async fn seal_new(&self, vault: &mut NewVault, now: Timestamp) -> Result<Made, ErasureError> {
        let mut sealing = Sealing::new(&vault.id, 1);
        for record in &mut vault.put {
            sealing.record(record)?;
        }
        self.keep(sealing, now).await
    }

    /// Seals what a commit brings. When this returns, the keys are on disk.
    ///
    /// # Errors
    /// See [`ErasureError`].
    pub async fn seal(&self, vault: &str, commit: &mut Commit, now: Timestamp) -> Result<Made, ErasureError> {
        let mut sealing = Sealing::new(vault, commit.base_version.saturating_add(1));
        for record in &mut commit.put {
            sealing.record(record)?;
        }
        for put in &mut commit.keys {
            let (sealed, rest) = sealing.seal(&put.handle, "wrapped_key", &put.key)?;
            (put.key, put.rest) = (sealed, Some(rest));
        }
        self.keep(sealing, now).await
    }

    /// Destroys keys of what was refused in the end. Best effort: the daily round finds those that stay.
    pub async fn discard(&self, made: &Made) {
        if let Err(error) = self.database.delete_keys(&made.0).await {
            tracing::warn!(%error, "keys of a refused change stay for a day");
        }
    }

    /// Opens records as they were stored. Gives the handles of those whose key is destroyed: they are erased, and only
    /// an old copy of the ciphertext still has them.
    ///
    /// # Errors
    /// See [`ErasureError`].
    pub async fn open(
        &self,
        vault: &str,
        records: &mut Vec<ChangedRecord>,
    ) -> Result<Vec<String>, ErasureError> {
        let named = || {
            let rests = records
                .iter()
                .flat_map(|record| [&record.box_rest, &record.key_rest]);
            rests.flatten().map(String::as_str)
        };
        let (Some(first), Some(last)) = (named().min(), named().max()) else {
            return Ok(Vec::new());
        };
        let keys = self
            .unsealed(self.database.keys(vault, first, last).await?)
            .await?;
        let mut erased = Vec::new();
        let mut failed = Ok(());
        records.retain_mut(|record| match open_record(vault, record, &keys) {
            Ok(true) => true,
            Ok(false) => {
                erased.push(record.handle.clone());
                false
            }
            Err(error) => {
                failed = Err(error);
                false
            }
        });
        failed?;
        Ok(erased)
    }

    /// Destroys every key of a vault.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_vault(&self, vault: &str) -> Result<(), StoreError> {
        self.database.delete_vault(vault).await
    }

    async fn keep(&self, sealing: Sealing<'_>, now: Timestamp) -> Result<Made, ErasureError> {
        let made = sealing
            .keys
            .iter()
            .map(|(rest, _)| (sealing.vault.to_owned(), rest.clone()));
        let made = Made(made.collect());
        if made.0.is_empty() {
            return Ok(made);
        }
        let (epoch, epoch_key) = self.present_epoch(now).await?;
        let mut rows = Vec::with_capacity(sealing.keys.len());
        for (rest, key) in &sealing.keys {
            rows.push(KeyRow {
                vault: sealing.vault.to_owned(),
                rest: rest.clone(),
                epoch,
                sealed: epoch_key.seal(place_of_key(&row_name(sealing.vault, rest)), key.as_slice())?,
            });
        }
        self.database.insert_keys(&rows, now).await?;
        Ok(made)
    }

    async fn unsealed(&self, rows: Vec<KeyRow>) -> Result<HashMap<String, SealingKey>, ErasureError> {
        let epochs = self.epochs().await?;
        let mut keys = HashMap::with_capacity(rows.len());
        for row in rows {
            let epoch = epochs.get(&row.epoch).ok_or(SealError::DoesNotOpen)?;
            let key = epoch.open(place_of_key(&row_name(&row.vault, &row.rest)), &row.sealed)?;
            keys.insert(row.rest, SealingKey::from_bytes(&key)?);
        }
        Ok(keys)
    }
}

/// Keys that were made for a change, by vault and name.
#[derive(Debug)]
pub struct Made(Vec<(String, String)>);

/// Keys made for one commit.
struct Sealing<'v> {
    vault: &'v str,
    version: i64,
    keys: Vec<(String, Zeroizing<[u8; 32]>)>,
}

impl<'v> Sealing<'v> {
    fn new(vault: &'v str, version: i64) -> Self {
        Self {
            vault,
            version,
            keys: Vec::new(),
        }
    }

    /// Whoever has the sealed key of a record opens the record, so the key is what is sealed; the record itself only
    /// where its key is inside it.
    fn record(&mut self, record: &mut crate::store::PutRecord) -> Result<(), ErasureError> {
        if let Some(key) = &record.key {
            let (sealed, rest) = self.seal(&record.handle, "wrapped_key", key)?;
            (record.key, record.key_rest) = (Some(sealed), Some(rest));
        } else {
            let (sealed, rest) = self.seal(&record.handle, "box", &record.sealed)?;
            (record.sealed, record.box_rest) = (sealed, Some(rest));
        }
        Ok(())
    }

    fn seal(
        &mut self,
        handle: &str,
        column: &'static str,
        plain: &[u8],
    ) -> Result<(Vec<u8>, String), ErasureError> {
        let mut key = Zeroizing::new([0; 32]);
        let mut id = [0; 12];
        let mut random = SystemRandom::default();
        random.fill(key.as_mut_slice()).map_err(SealError::from)?;
        random.fill(&mut id).map_err(SealError::from)?;
        // In the order of versions, so that the keys of one page of changes lie together.
        let rest = format!("{:016x}.{}", self.version, base64url::encode(&id));
        let row = row_name(self.vault, handle);
        let sealed = SealingKey::from_bytes(key.as_slice())?.seal(place(&row, column), plain)?;
        self.keys.push((rest.clone(), key));
        Ok((sealed, rest))
    }
}

/// False when a key it needs is destroyed.
fn open_record(
    vault: &str,
    record: &mut ChangedRecord,
    keys: &HashMap<String, SealingKey>,
) -> Result<bool, SealError> {
    let row = row_name(vault, &record.handle);
    for (rest, content, column) in [
        (&record.box_rest, &mut record.sealed, "box"),
        (&record.key_rest, &mut record.key, "wrapped_key"),
    ] {
        let (Some(rest), Some(sealed)) = (rest, content.as_mut()) else {
            continue;
        };
        let Some(key) = keys.get(rest) else {
            return Ok(false);
        };
        *sealed = key.open(place(&row, column), sealed)?.to_vec();
    }
    Ok(true)
}

fn row_name(vault: &str, name: &str) -> String {
    format!("{vault}/{name}")
}

fn place<'r>(row: &'r str, column: &'static str) -> Place<'r> {
    Place {
        table: "vault_records",
        row,
        column,
    }
}

fn place_of_key(row: &str) -> Place<'_> {
    Place {
        table: "rest_keys",
        row,
        column: "sealed",
    }
}

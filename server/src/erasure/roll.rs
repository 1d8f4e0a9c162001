//! Epochs of the key store: once a day everything that lives moves to a new epoch key, and the old one is destroyed.

use std::collections::{HashMap, HashSet};

use assent_core::env::{SecureRandom as _, Timestamp};
use zeroize::Zeroizing;

use super::{ErasureError, KeyStore, place_of_key, row_name};
use crate::crypto::{Place, SealError, SealingKey, SystemRandom};
use crate::store::{Database, EpochRow, VaultStore as _};

/// Seconds an epoch lasts.
const DAY: i64 = 86_400;
/// Seconds an old epoch stays after the new one began, and a key that no record names stays at all: longer than any
/// request that may still use it.
const GRACE: i64 = 3600;
/// Keys moved in one transaction.
const BATCH: i64 = 1000;

impl KeyStore {
    /// Destroys the keys of what was deleted since the last time, and of what was replaced a week ago.
    ///
    /// # Errors
    /// See [`ErasureError`].
    pub async fn destroy_dead(&self, store: &Database, now: Timestamp) -> Result<u64, ErasureError> {
        let dead = store.dead_rest_keys(now, BATCH).await?;
        if dead.is_empty() {
            return Ok(0);
        }
        // First the keys, then the note of them: what is interrupted here is done again.
        self.database.delete_keys(&dead).await?;
        store.forget_dead_rest_keys(&dead).await?;
        self.database.checkpoint().await?;
        Ok(dead.len() as u64)
    }

    /// Begins a new epoch when the present one is a day old, moves keys that live, and destroys epochs and keys that
    /// nothing needs. Safe to be interrupted, and to run in several processes.
    ///
    /// # Errors
    /// See [`ErasureError`].
    pub async fn roll(&self, store: &Database, now: Timestamp) -> Result<(), ErasureError> {
        let rows = self.database.epochs().await?;
        let Some(newest) = rows.last() else {
            return Ok(());
        };
        if now.since(newest.created_at) >= DAY {
            self.begin_epoch(newest.epoch + 1, now).await?;
        }
        let present = self.database.epochs().await?;
        let Some(newest) = present.last() else {
            return Ok(());
        };
        if present.len() > 1 {
            self.move_all(newest.epoch).await?;
            if now.since(newest.created_at) >= GRACE {
                self.destroy_unnamed(store, now).await?;
                self.database.delete_old_epochs(newest.epoch).await?;
                self.database.checkpoint().await?;
            }
        }
        Ok(())
    }

    /// The epoch new keys are sealed in, made when there is none.
    pub(super) async fn present_epoch(&self, now: Timestamp) -> Result<(i64, SealingKey), ErasureError> {
        let mut rows = self.database.epochs().await?;
        if rows.is_empty() {
            self.begin_epoch(1, now).await?;
            rows = self.database.epochs().await?;
        }
        let newest = rows.last().ok_or(SealError::DoesNotOpen)?;
        Ok((newest.epoch, self.open_epoch(newest)?))
    }

    pub(super) async fn epochs(&self) -> Result<HashMap<i64, SealingKey>, ErasureError> {
        let rows = self.database.epochs().await?;
        rows.iter()
            .map(|row| Ok((row.epoch, self.open_epoch(row)?)))
            .collect()
    }

    /// Does nothing when another process began it first.
    async fn begin_epoch(&self, epoch: i64, now: Timestamp) -> Result<(), ErasureError> {
        let mut key = Zeroizing::new([0; 32]);
        SystemRandom::default()
            .fill(key.as_mut_slice())
            .map_err(SealError::from)?;
        let name = epoch.to_string();
        let row = EpochRow {
            epoch,
            sealed: self.sealing.seal(place_of_epoch(&name), key.as_slice())?,
            created_at: now,
        };
        Ok(self.database.insert_epoch(&row).await?)
    }

    async fn move_all(&self, to: i64) -> Result<(), ErasureError> {
        let epochs = self.epochs().await?;
        let new = epochs.get(&to).ok_or(SealError::DoesNotOpen)?;
        loop {
            let mut rows = self.database.keys_before(to, BATCH).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &mut rows {
                let name = row_name(&row.vault, &row.rest);
                let old = epochs.get(&row.epoch).ok_or(SealError::DoesNotOpen)?;
                let key = old.open(place_of_key(&name), &row.sealed)?;
                row.sealed = new.seal(place_of_key(&name), &key)?;
                row.epoch = to;
            }
            self.database.update_keys(&rows).await?;
        }
    }

    /// Keys whose commit came to nothing, or whose vault went while the program was stopped.
    async fn destroy_unnamed(&self, store: &Database, now: Timestamp) -> Result<(), ErasureError> {
        let mut after = String::new();
        while let Some(vault) = self.database.next_vault(&after).await? {
            let old = self.database.keys_made_before(&vault, now.plus(-GRACE)).await?;
            let named: HashSet<String> = store.rest_keys_of(&vault).await?.into_iter().collect();
            let dead: Vec<(String, String)> = old
                .into_iter()
                .filter(|rest| !named.contains(rest))
                .map(|rest| (vault.clone(), rest))
                .collect();
            self.database.delete_keys(&dead).await?;
            after = vault;
        }
        Ok(())
    }

    fn open_epoch(&self, row: &EpochRow) -> Result<SealingKey, ErasureError> {
        let name = row.epoch.to_string();
        let key = self.sealing.open(place_of_epoch(&name), &row.sealed)?;
        Ok(SealingKey::from_bytes(&key)?)
    }
}

fn place_of_epoch(epoch: &str) -> Place<'_> {
    Place {
        table: "epochs",
        row: epoch,
        column: "sealed",
    }
}

//! The server's half of emergency access: kept, asked for, stopped, handed out. Every step is a conditional update, so that
//! stopping and handing out cannot both happen.

use std::future::Future;

use assent_core::env::Timestamp;

use super::database::Tx;
use super::value::args;
use super::{Database, Row, StoreError};

/// Seconds after handing out in which the same contact may fetch again: an answer may get lost.
pub const AGAIN: i64 = 600;
/// Most events kept for one vault.
const EVENTS: i64 = 50;

/// Emergency access of one vault.
#[derive(Clone, PartialEq, Eq)]
pub struct EmergencyRow {
    /// The server's half, sealed; `None` when it is gone.
    pub share: Option<Vec<u8>>,
    /// SHA-256 of what the contact shows.
    pub ask_sha256: [u8; 32],
    /// How long a contact waits.
    pub wait_seconds: i64,
    /// When it was set up.
    pub set_at: Timestamp,
    /// When the contact asked.
    pub asked_at: Option<Timestamp>,
    /// When it may be handed out.
    pub release_at: Option<Timestamp>,
    /// When the owner stopped it.
    pub stopped_at: Option<Timestamp>,
    /// When it was first handed out.
    pub released_at: Option<Timestamp>,
}

impl std::fmt::Debug for EmergencyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmergencyRow")
            .field("asked_at", &self.asked_at)
            .finish_non_exhaustive()
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyEvent {
    /// `set`, `asked`, `stopped`, `released` or `removed`.
    pub what: String,
    /// When.
    pub at: Timestamp,
}

/// Storage of emergency access.
pub trait EmergencyStore {
    /// Sets it up anew. `false` when there is no such vault.
    fn set_emergency(
        &self,
        vault: &str,
        share: &[u8],
        ask_sha256: &[u8; 32],
        wait_seconds: i64,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// How it stands; `None` when there is none.
    fn emergency(&self, vault: &str)
    -> impl Future<Output = Result<Option<EmergencyRow>, StoreError>> + Send;

    /// When the contact asked, while that can still be stopped.
    fn emergency_asked(
        &self,
        vault: &str,
    ) -> impl Future<Output = Result<Option<Timestamp>, StoreError>> + Send;

    /// What happened, newest first.
    fn emergency_events(
        &self,
        vault: &str,
    ) -> impl Future<Output = Result<Vec<EmergencyEvent>, StoreError>> + Send;

    /// Starts the wait. `false` when it runs or ran already.
    fn ask_emergency(
        &self,
        vault: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Stops it and destroys the half. `false` when it was handed out, or stopped before.
    fn stop_emergency(
        &self,
        vault: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Hands the half out when its time has come, and for [`AGAIN`] seconds afterwards.
    fn take_emergency(
        &self,
        vault: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// Takes it away. `false` when there was none.
    fn remove_emergency(
        &self,
        vault: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Destroys halves that were handed out; gives how many.
    fn sweep_emergencies(&self, now: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

impl EmergencyStore for Database {
    async fn set_emergency(
        &self,
        vault: &str,
        share: &[u8],
        ask_sha256: &[u8; 32],
        wait_seconds: i64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let changed = tx
            .execute(
                "INSERT INTO vault_emergencies (vault_id, share, ask_sha256, wait_seconds, set_at)
                 SELECT id, $2, $3, $4, $5 FROM vaults WHERE id = $1
                 ON CONFLICT (vault_id) DO UPDATE SET share = excluded.share, ask_sha256 = excluded.ask_sha256,
                 wait_seconds = excluded.wait_seconds, set_at = excluded.set_at, asked_at = NULL, release_at = NULL,
                 stopped_at = NULL, released_at = NULL",
                args![vault, share, ask_sha256, wait_seconds, now.0],
            )
            .await?;
        if changed > 0 {
            note(&mut tx, vault, "set", now).await?;
        }
        tx.commit().await?;
        Ok(changed > 0)
    }

    async fn emergency(&self, vault: &str) -> Result<Option<EmergencyRow>, StoreError> {
        let row = self
            .fetch_optional(
                "SELECT share, ask_sha256, wait_seconds, set_at, asked_at, release_at, stopped_at, released_at
                 FROM vault_emergencies WHERE vault_id = $1",
                args![vault],
            )
            .await?;
        row.as_ref().map(read).transpose()
    }

    async fn emergency_asked(&self, vault: &str) -> Result<Option<Timestamp>, StoreError> {
        let row = self
            .fetch_optional(
                "SELECT asked_at FROM vault_emergencies
                 WHERE vault_id = $1 AND stopped_at IS NULL AND released_at IS NULL",
                args![vault],
            )
            .await?;
        Ok(row
            .map(|row| row.maybe_int("asked_at"))
            .transpose()?
            .flatten()
            .map(Timestamp))
    }

    async fn emergency_events(&self, vault: &str) -> Result<Vec<EmergencyEvent>, StoreError> {
        let rows = self
            .fetch(
                "SELECT what, happened_at FROM vault_emergency_events WHERE vault_id = $1 ORDER BY id DESC LIMIT $2",
                args![vault, EVENTS],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(EmergencyEvent {
                    what: row.text("what")?,
                    at: Timestamp(row.int("happened_at")?),
                })
            })
            .collect()
    }

    async fn ask_emergency(&self, vault: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.step(
            vault,
            "asked",
            "UPDATE vault_emergencies SET asked_at = $2, release_at = $2 + wait_seconds
             WHERE vault_id = $1 AND asked_at IS NULL AND stopped_at IS NULL AND share IS NOT NULL",
            now,
        )
        .await
    }

    async fn stop_emergency(&self, vault: &str, now: Timestamp) -> Result<bool, StoreError> {
        let stopped = self
            .step(
                vault,
                "stopped",
                "UPDATE vault_emergencies SET stopped_at = $2, share = NULL
                 WHERE vault_id = $1 AND stopped_at IS NULL AND released_at IS NULL",
                now,
            )
            .await?;
        if stopped {
            self.checkpoint().await?;
        }
        Ok(stopped)
    }

    async fn take_emergency(&self, vault: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        self.step(
            vault,
            "released",
            "UPDATE vault_emergencies SET released_at = $2
             WHERE vault_id = $1 AND released_at IS NULL AND stopped_at IS NULL AND release_at <= $2",
            now,
        )
        .await?;
        let row = self.emergency(vault).await?;
        Ok(row.and_then(|row| {
            let since = now.since(row.released_at?);
            row.share.filter(|_| (0..AGAIN).contains(&since))
        }))
    }

    async fn remove_emergency(&self, vault: &str, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let deleted = tx
            .execute("DELETE FROM vault_emergencies WHERE vault_id = $1", args![vault])
            .await?;
        if deleted > 0 {
            note(&mut tx, vault, "removed", now).await?;
        }
        tx.commit().await?;
        if deleted > 0 {
            self.checkpoint().await?;
        }
        Ok(deleted > 0)
    }

    async fn sweep_emergencies(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.execute(
            "UPDATE vault_emergencies SET share = NULL WHERE share IS NOT NULL AND released_at <= $1",
            args![now.plus(-AGAIN).0],
        )
        .await
    }
}

impl Database {
    /// One conditional update with its event; everybody who listens looks again.
    async fn step(
        &self,
        vault: &str,
        what: &'static str,
        sql: &'static str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let changed = tx.execute(sql, args![vault, now.0]).await?;
        if changed > 0 {
            note(&mut tx, vault, what, now).await?;
        }
        tx.commit().await?;
        Ok(changed > 0)
    }
}

async fn note(tx: &mut Tx, vault: &str, what: &'static str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO vault_emergency_events (vault_id, what, happened_at) VALUES ($1, $2, $3)",
        args![vault, what, now.0],
    )
    .await?;
    tx.execute(
        "DELETE FROM vault_emergency_events WHERE vault_id = $1 AND id NOT IN
         (SELECT id FROM vault_emergency_events WHERE vault_id = $1 ORDER BY id DESC LIMIT $2)",
        args![vault, EVENTS],
    )
    .await?;
    // Listeners in every process ask for themselves.
    tx.announce(vault, 0).await
}

fn read(row: &Row) -> Result<EmergencyRow, StoreError> {
    let at = |name: &str| Ok::<_, StoreError>(row.maybe_int(name)?.map(Timestamp));
    Ok(EmergencyRow {
        share: row.maybe_blob("share")?,
        ask_sha256: row
            .blob("ask_sha256")?
            .try_into()
            .map_err(|_| StoreError::Damaged("hash of an emergency contact"))?,
        wait_seconds: row.int("wait_seconds")?,
        set_at: Timestamp(row.int("set_at")?),
        asked_at: at("asked_at")?,
        release_at: at("release_at")?,
        stopped_at: at("stopped_at")?,
        released_at: at("released_at")?,
    })
}

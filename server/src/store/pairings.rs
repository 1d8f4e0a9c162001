//! Mailboxes for adding a device: a few opaque messages between two devices, each written once.

use std::future::Future;

use assent_core::env::Timestamp;

use super::database::Tx;
use super::value::args;
use super::{Database, StoreError};

/// What all mailboxes together may cost. Two that are begun at the same moment may go over it by one.
#[derive(Debug, Clone, Copy)]
pub struct PairingLimits {
    /// Mailboxes.
    pub sessions: i64,
    /// Bytes of messages.
    pub bytes: i64,
}

/// How writing a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairingPut {
    /// It is stored, now or the very same before.
    Stored,
    /// Another message is there.
    Taken,
    /// One of the two ended the pairing.
    Closed,
    /// There is no room for more.
    Full,
}

/// What is in a place of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairingMessage {
    /// A message.
    There(Vec<u8>),
    /// Nothing yet, or no more.
    Missing,
    /// One of the two ended the pairing.
    Closed,
}

/// Storage of mailboxes. What is over by `now` counts as absent.
pub trait PairingStore {
    /// Writes a message; the first one of a session opens the mailbox until `expires_at`.
    fn put_pairing_message(
        &self,
        session: &str,
        slot: i64,
        message: &[u8],
        limits: PairingLimits,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<PairingPut, StoreError>> + Send;

    /// Reads a message.
    fn pairing_message(
        &self,
        session: &str,
        slot: i64,
        now: Timestamp,
    ) -> impl Future<Output = Result<PairingMessage, StoreError>> + Send;

    /// Ends a pairing: its messages are deleted, and both hear of it until `expires_at`.
    fn close_pairing(
        &self,
        session: &str,
        limits: PairingLimits,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Deletes what is over; gives how many mailboxes.
    fn sweep_pairings(&self, now: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// The name under which news of a mailbox are told, beside those of vaults.
#[must_use]
pub fn pairing_news(session: &str) -> String {
    format!("pairing/{session}")
}

impl PairingStore for Database {
    async fn put_pairing_message(
        &self,
        session: &str,
        slot: i64,
        message: &[u8],
        limits: PairingLimits,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<PairingPut, StoreError> {
        let mut tx = self.begin().await?;
        let outcome = put(&mut tx, session, slot, message, limits, now, expires_at).await?;
        if outcome == PairingPut::Stored {
            tx.announce(&pairing_news(session), slot + 1).await?;
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
        Ok(outcome)
    }

    async fn pairing_message(
        &self,
        session: &str,
        slot: i64,
        now: Timestamp,
    ) -> Result<PairingMessage, StoreError> {
        let rows = self
            .fetch(
                "SELECT p.closed, m.message FROM pairings p
                 LEFT JOIN pairing_messages m ON m.session = p.session AND m.slot = $2
                 WHERE p.session = $1 AND p.expires_at > $3",
                args![session, slot, now.0],
            )
            .await?;
        let Some(row) = rows.first() else {
            return Ok(PairingMessage::Missing);
        };
        if row.int("closed")? != 0 {
            return Ok(PairingMessage::Closed);
        }
        Ok(match row.maybe_blob("message")? {
            Some(message) => PairingMessage::There(message),
            None => PairingMessage::Missing,
        })
    }

    async fn close_pairing(
        &self,
        session: &str,
        limits: PairingLimits,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        // Without room for the note there are no messages either: nothing was opened.
        open(&mut tx, session, limits, now, expires_at).await?;
        tx.execute(
            "UPDATE pairings SET closed = 1 WHERE session = $1",
            args![session],
        )
        .await?;
        tx.execute("DELETE FROM pairing_messages WHERE session = $1", args![session])
            .await?;
        tx.announce(&pairing_news(session), 0).await?;
        tx.commit().await
    }

    async fn sweep_pairings(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.execute("DELETE FROM pairings WHERE expires_at <= $1", args![now.0])
            .await
    }
}

async fn put(
    tx: &mut Tx,
    session: &str,
    slot: i64,
    message: &[u8],
    limits: PairingLimits,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<PairingPut, StoreError> {
    let Some(closed) = open(tx, session, limits, now, expires_at).await? else {
        return Ok(PairingPut::Full);
    };
    if closed {
        return Ok(PairingPut::Closed);
    }
    let written = tx
        .execute(
            "INSERT INTO pairing_messages (session, slot, message) VALUES ($1, $2, $3)
             ON CONFLICT (session, slot) DO NOTHING",
            args![session, slot, message],
        )
        .await?;
    if written == 0 {
        // The answer to the first writing may have been lost: the same once more is no other message.
        let there = tx
            .fetch_optional(
                "SELECT message FROM pairing_messages WHERE session = $1 AND slot = $2",
                args![session, slot],
            )
            .await?;
        let same = there.map_or(Ok(false), |row| row.blob("message").map(|there| there == message))?;
        return Ok(if same {
            PairingPut::Stored
        } else {
            PairingPut::Taken
        });
    }
    let bytes = count(
        tx,
        "SELECT CAST(COALESCE(SUM(LENGTH(message)), 0) AS BIGINT) AS n FROM pairing_messages",
    )
    .await?;
    Ok(if bytes > limits.bytes {
        PairingPut::Full
    } else {
        PairingPut::Stored
    })
}

/// Opens a mailbox unless it is open; whether it is closed, or `None` when there is no room for another.
async fn open(
    tx: &mut Tx,
    session: &str,
    limits: PairingLimits,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<Option<bool>, StoreError> {
    tx.execute(
        "DELETE FROM pairings WHERE session = $1 AND expires_at <= $2",
        args![session, now.0],
    )
    .await?;
    let opened = tx
        .execute(
            "INSERT INTO pairings (session, expires_at, closed) VALUES ($1, $2, 0) ON CONFLICT (session) DO NOTHING",
            args![session, expires_at.0],
        )
        .await?;
    if opened == 0 {
        let row = tx
            .fetch_optional("SELECT closed FROM pairings WHERE session = $1", args![session])
            .await?;
        return row.map(|row| Ok(row.int("closed")? != 0)).transpose();
    }
    let sessions = count(tx, "SELECT COUNT(*) AS n FROM pairings").await?;
    if sessions > limits.sessions {
        tx.execute("DELETE FROM pairings WHERE session = $1", args![session])
            .await?;
        return Ok(None);
    }
    Ok(Some(false))
}

async fn count(tx: &mut Tx, sql: &'static str) -> Result<i64, StoreError> {
    let row = tx.fetch_optional(sql, args![]).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

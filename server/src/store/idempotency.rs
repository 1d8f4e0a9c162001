//! Answers kept for repeated writes (draft-ietf-httpapi-idempotency-key-header-07).

use std::future::Future;

use assent_core::env::Timestamp;

use super::value::args;
use super::{Database, StoreError};

/// What a key that came with a request means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reservation {
    /// First time: run the request, then [`IdempotencyStore::finish_idempotent`].
    New,
    /// The first request with this key is still running.
    InFlight,
    /// The key was used with another body.
    OtherBody,
    /// It ran already; the sealed answer to repeat.
    Done(Vec<u8>),
}

/// Storage of idempotency keys. Keys are stored as hashes, answers sealed.
pub trait IdempotencyStore {
    /// Claims `key` for a request with this body until `expires_at`.
    fn reserve_idempotent(
        &self,
        scope: &str,
        key_sha256: &[u8; 32],
        body_sha256: &[u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<Reservation, StoreError>> + Send;

    /// Keeps the answer until `expires_at`.
    fn finish_idempotent(
        &self,
        scope: &str,
        key_sha256: &[u8; 32],
        answer: &[u8],
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Gives the key back: the request failed without effect and may be repeated.
    fn release_idempotent(
        &self,
        scope: &str,
        key_sha256: &[u8; 32],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Deletes expired keys; gives how many.
    fn sweep_idempotent(&self, now: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

impl IdempotencyStore for Database {
    async fn reserve_idempotent(
        &self,
        scope: &str,
        key_sha256: &[u8; 32],
        body_sha256: &[u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Reservation, StoreError> {
        let mut tx = self.begin().await?;
        // An expired row counts as absent: the insert takes it over.
        let claimed = tx
            .execute(
                "INSERT INTO idempotency_keys (scope, key_sha256, body_sha256, answer, expires_at)
                 VALUES ($1, $2, $3, NULL, $4)
                 ON CONFLICT (scope, key_sha256) DO UPDATE
                 SET body_sha256 = excluded.body_sha256, answer = NULL, expires_at = excluded.expires_at
                 WHERE idempotency_keys.expires_at <= $5",
                args![scope, key_sha256, body_sha256, expires_at.0, now.0],
            )
            .await?;
        if claimed > 0 {
            tx.commit().await?;
            return Ok(Reservation::New);
        }
        let row = tx
            .fetch_optional(
                "SELECT body_sha256, answer FROM idempotency_keys WHERE scope = $1 AND key_sha256 = $2",
                args![scope, key_sha256],
            )
            .await?
            .ok_or(StoreError::Damaged("idempotency key"))?;
        tx.rollback().await?;
        if row.blob("body_sha256")? != body_sha256 {
            return Ok(Reservation::OtherBody);
        }
        Ok(match row.maybe_blob("answer")? {
            Some(answer) => Reservation::Done(answer),
            None => Reservation::InFlight,
        })
    }

    async fn finish_idempotent(
        &self,
        scope: &str,
        key_sha256: &[u8; 32],
        answer: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE idempotency_keys SET answer = $3, expires_at = $4 WHERE scope = $1 AND key_sha256 = $2",
            args![scope, key_sha256, answer, expires_at.0],
        )
        .await?;
        Ok(())
    }

    async fn release_idempotent(&self, scope: &str, key_sha256: &[u8; 32]) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM idempotency_keys WHERE scope = $1 AND key_sha256 = $2 AND answer IS NULL",
            args![scope, key_sha256],
        )
        .await?;
        Ok(())
    }

    async fn sweep_idempotent(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.execute(
            "DELETE FROM idempotency_keys WHERE expires_at <= $1",
            args![now.0],
        )
        .await
    }
}

//! Answers kept for repeated writes (draft-ietf-httpapi-idempotency-key-header-07).

use std::future::Future;

use assent_core::env::Timestamp;

use super::value::args;
use super::{Database, StoreError};

/// Tries to claim a key that others take and give back at the same time.
const MAX_TRIES: usize = 8;

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

/// A key, and the request that wants it.
#[derive(Debug, Clone, Copy)]
pub struct IdempotencyKey<'a> {
    /// Separates callers.
    pub scope: &'a str,
    /// SHA-256 of the key.
    pub key_sha256: &'a [u8; 32],
    /// Random, of this one request. Whoever took the key over later has another.
    pub owner: &'a [u8; 32],
}

/// Storage of idempotency keys. Keys are stored as hashes, answers sealed.
pub trait IdempotencyStore {
    /// Claims a key for a request with this body until `expires_at`.
    fn reserve_idempotent(
        &self,
        key: IdempotencyKey<'_>,
        body_sha256: &[u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<Reservation, StoreError>> + Send;

    /// Keeps the answer until `expires_at`. `false` when another request took the key over meanwhile.
    fn finish_idempotent(
        &self,
        key: IdempotencyKey<'_>,
        answer: &[u8],
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Gives the key back, if it is still its own: the request failed without effect and may be repeated.
    fn release_idempotent(
        &self,
        key: IdempotencyKey<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Deletes expired keys; gives how many.
    fn sweep_idempotent(&self, now: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

impl IdempotencyStore for Database {
    async fn reserve_idempotent(
        &self,
        key: IdempotencyKey<'_>,
        body_sha256: &[u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Reservation, StoreError> {
        let IdempotencyKey {
            scope,
            key_sha256,
            owner,
        } = key;
        for _ in 0..MAX_TRIES {
            // One statement, so the key has exactly one owner. An expired row counts as absent and is taken over.
            let claimed = self
                .execute(
                    "INSERT INTO idempotency_keys (scope, key_sha256, body_sha256, answer, expires_at, owner)
                     VALUES ($1, $2, $3, NULL, $4, $6)
                     ON CONFLICT (scope, key_sha256) DO UPDATE
                     SET body_sha256 = excluded.body_sha256, answer = NULL, expires_at = excluded.expires_at,
                         owner = excluded.owner
                     WHERE idempotency_keys.expires_at <= $5",
                    args![scope, key_sha256, body_sha256, expires_at.0, now.0, owner],
                )
                .await?;
            if claimed > 0 {
                return Ok(Reservation::New);
            }
            let Some(row) = self
                .fetch_optional(
                    "SELECT body_sha256, answer FROM idempotency_keys WHERE scope = $1 AND key_sha256 = $2",
                    args![scope, key_sha256],
                )
                .await?
            else {
                // Given back between the two statements: it is free again.
                continue;
            };
            if row.blob("body_sha256")? != body_sha256 {
                return Ok(Reservation::OtherBody);
            }
            return Ok(match row.maybe_blob("answer")? {
                Some(answer) => Reservation::Done(answer),
                None => Reservation::InFlight,
            });
        }
        // Others took it and gave it back each time: somebody else is at it.
        Ok(Reservation::InFlight)
    }

    async fn finish_idempotent(
        &self,
        key: IdempotencyKey<'_>,
        answer: &[u8],
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let kept = self
            .execute(
                "UPDATE idempotency_keys SET answer = $4, expires_at = $5
                 WHERE scope = $1 AND key_sha256 = $2 AND owner = $3 AND answer IS NULL",
                args![key.scope, key.key_sha256, key.owner, answer, expires_at.0],
            )
            .await?;
        Ok(kept > 0)
    }

    async fn release_idempotent(&self, key: IdempotencyKey<'_>) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM idempotency_keys WHERE scope = $1 AND key_sha256 = $2 AND owner = $3 AND answer IS NULL",
            args![key.scope, key.key_sha256, key.owner],
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

//! Secrets of operators that count for a while: sign-ins that came back, and sessions. Kept as hashes.

use std::future::Future;

use assent_core::crypto::sha256;
use assent_core::env::Timestamp;

use super::secrets::remember;
use super::value::args;
use super::{Database, Remembered, StoreError};

/// What a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorSecret {
    /// The `state` of a sign-in that came back: each counts once.
    UsedSignIn,
    /// The id of a session.
    Session,
}

impl OperatorSecret {
    fn name(self) -> &'static str {
        match self {
            Self::UsedSignIn => "sign-in",
            Self::Session => "session",
        }
    }
}

/// Storage of operators' sign-ins and sessions.
pub trait OperatorStore {
    /// Remembers a secret until `expires_at`, unless it is there or `most` of its kind are.
    fn remember_operator_secret(
        &self,
        kind: OperatorSecret,
        secret: &str,
        now: Timestamp,
        expires_at: Timestamp,
        most: i64,
    ) -> impl Future<Output = Result<Remembered, StoreError>> + Send;

    /// Whether a secret is there and still counts.
    fn knows_operator_secret(
        &self,
        kind: OperatorSecret,
        secret: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Forgets a secret.
    fn forget_operator_secret(
        &self,
        kind: OperatorSecret,
        secret: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Deletes what is over; gives how many.
    fn sweep_operator_secrets(&self, now: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

impl OperatorStore for Database {
    async fn remember_operator_secret(
        &self,
        kind: OperatorSecret,
        secret: &str,
        now: Timestamp,
        expires_at: Timestamp,
        most: i64,
    ) -> Result<Remembered, StoreError> {
        remember(
            self,
            (
                "SELECT COUNT(*) AS live FROM operator_secrets WHERE kind = $1 AND expires_at > $2",
                args![kind.name(), now.0],
            ),
            most,
            (
                "INSERT INTO operator_secrets (kind, secret_sha256, expires_at) VALUES ($1, $2, $3)
                 ON CONFLICT (kind, secret_sha256) DO NOTHING",
                args![kind.name(), &sha256(secret.as_bytes()), expires_at.0],
            ),
        )
        .await
    }

    async fn knows_operator_secret(
        &self,
        kind: OperatorSecret,
        secret: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = self
            .fetch_optional(
                "SELECT expires_at FROM operator_secrets
                 WHERE kind = $1 AND secret_sha256 = $2 AND expires_at > $3",
                args![kind.name(), &sha256(secret.as_bytes()), now.0],
            )
            .await?;
        Ok(row.is_some())
    }

    async fn forget_operator_secret(&self, kind: OperatorSecret, secret: &str) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM operator_secrets WHERE kind = $1 AND secret_sha256 = $2",
            args![kind.name(), &sha256(secret.as_bytes())],
        )
        .await?;
        Ok(())
    }

    async fn sweep_operator_secrets(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.execute(
            "DELETE FROM operator_secrets WHERE expires_at <= $1",
            args![now.0],
        )
        .await
    }
}

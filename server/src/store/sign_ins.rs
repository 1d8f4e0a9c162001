//! What citizens sign in with to find a vault, and the single-use secrets of sign-ins on their way.

use std::future::Future;

use assent_core::crypto::sha256;
use assent_core::env::Timestamp;

use super::value::args;
use super::{Database, Remembered, Row, StoreError, secrets};

/// Who signed in, as a MAC, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// MAC of issuer and subject, or of a passkey's credential id.
    pub subject: [u8; 32],
    /// Id of the login provider.
    pub provider: String,
}

/// A way to find one vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRow {
    /// Random id.
    pub id: String,
    /// The vault.
    pub vault: String,
    /// MAC of who signs in.
    pub subject: [u8; 32],
    /// Id of the login provider.
    pub provider: String,
    /// When it was linked.
    pub created_at: Timestamp,
}

/// What linking led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkOutcome {
    /// Linked.
    Linked,
    /// The vault has this one already.
    There,
    /// The vault has as many as it may.
    Full,
    /// There is no such vault.
    NotFound,
}

/// Storage of sign-ins.
pub trait SignInStore {
    /// Remembers the `state` of a sign-in that came back until `expires_at`, unless it came back before or `most` are
    /// remembered.
    fn use_sign_in_state(
        &self,
        state: &str,
        now: Timestamp,
        expires_at: Timestamp,
        most: i64,
    ) -> impl Future<Output = Result<Remembered, StoreError>> + Send;

    /// The same for the challenge that a passkey answered.
    fn use_passkey_challenge(
        &self,
        challenge: &[u8],
        now: Timestamp,
        expires_at: Timestamp,
        most: i64,
    ) -> impl Future<Output = Result<Remembered, StoreError>> + Send;

    /// Keeps a code that stands for who signed in. `challenge` is the SHA-256 of what its wallet keeps to itself.
    fn keep_sign_in_code(
        &self,
        code: &str,
        signed_in: &SignedIn,
        challenge: &[u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
        most: i64,
    ) -> impl Future<Output = Result<Remembered, StoreError>> + Send;

    /// Takes a code: it is gone afterwards, whoever asks. `None` when it is not there, over, or `verifier` is not what
    /// its challenge was made of.
    fn take_sign_in_code(
        &self,
        code: &str,
        verifier: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<SignedIn>, StoreError>> + Send;

    /// Links a way to sign in with a vault that has less than `most`.
    fn link_sign_in(
        &self,
        row: &SignInRow,
        most: i64,
    ) -> impl Future<Output = Result<LinkOutcome, StoreError>> + Send;

    /// The ways to find a vault, oldest first.
    fn sign_ins_of(&self, vault: &str) -> impl Future<Output = Result<Vec<SignInRow>, StoreError>> + Send;

    /// Every link of one subject, oldest first, at most 16.
    fn sign_ins_by(
        &self,
        subject: &[u8; 32],
    ) -> impl Future<Output = Result<Vec<SignInRow>, StoreError>> + Send;

    /// Takes a link away. `false` when the vault has none of this id.
    fn unlink_sign_in(&self, vault: &str, id: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Deletes what is over; gives how many.
    fn sweep_sign_ins(&self, now: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

impl SignInStore for Database {
    async fn use_sign_in_state(
        &self,
        state: &str,
        now: Timestamp,
        expires_at: Timestamp,
        most: i64,
    ) -> Result<Remembered, StoreError> {
        remember(self, "state", state.as_bytes(), None, now, expires_at, most).await
    }

    async fn use_passkey_challenge(
        &self,
        challenge: &[u8],
        now: Timestamp,
        expires_at: Timestamp,
        most: i64,
    ) -> Result<Remembered, StoreError> {
        remember(self, "challenge", challenge, None, now, expires_at, most).await
    }

    async fn keep_sign_in_code(
        &self,
        code: &str,
        signed_in: &SignedIn,
        challenge: &[u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
        most: i64,
    ) -> Result<Remembered, StoreError> {
        remember(
            self,
            "code",
            code.as_bytes(),
            Some((signed_in, challenge)),
            now,
            expires_at,
            most,
        )
        .await
    }

    async fn take_sign_in_code(
        &self,
        code: &str,
        verifier: &str,
        now: Timestamp,
    ) -> Result<Option<SignedIn>, StoreError> {
        let mut tx = self.begin().await?;
        let row = tx
            .fetch_optional(
                "DELETE FROM sign_in_secrets WHERE kind = 'code' AND secret_sha256 = $1
                 RETURNING subject, provider, challenge, expires_at",
                args![&sha256(code.as_bytes())],
            )
            .await?;
        tx.commit().await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let right =
            assent_core::crypto::constant_time_eq(&row.blob("challenge")?, &sha256(verifier.as_bytes()));
        if !right || row.int("expires_at")? <= now.0 {
            return Ok(None);
        }
        Ok(Some(SignedIn {
            subject: subject(&row)?,
            provider: row.text("provider")?,
        }))
    }

    async fn link_sign_in(&self, row: &SignInRow, most: i64) -> Result<LinkOutcome, StoreError> {
        let mut tx = self.begin().await?;
        // The vault's row is written, so that two that come at once are counted one after the other.
        let vault = tx
            .execute(
                "UPDATE vaults SET version = version WHERE id = $1",
                args![row.vault.as_str()],
            )
            .await?;
        if vault == 0 {
            tx.rollback().await?;
            return Ok(LinkOutcome::NotFound);
        }
        let counted = tx
            .fetch_optional(
                "SELECT COUNT(*) AS live FROM vault_sign_ins WHERE vault_id = $1",
                args![row.vault.as_str()],
            )
            .await?;
        let full = counted.map_or(Ok(0), |row| row.int("live"))? >= most;
        let added = tx
            .execute(
                "INSERT INTO vault_sign_ins (id, vault_id, provider, subject, created_at)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (vault_id, subject) DO NOTHING",
                args![
                    row.id.as_str(),
                    row.vault.as_str(),
                    row.provider.as_str(),
                    &row.subject,
                    row.created_at.0
                ],
            )
            .await?;
        let outcome = match (added, full) {
            (0, _) => LinkOutcome::There,
            (_, true) => LinkOutcome::Full,
            (_, false) => LinkOutcome::Linked,
        };
        if outcome == LinkOutcome::Linked {
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
        Ok(outcome)
    }

    async fn sign_ins_of(&self, vault: &str) -> Result<Vec<SignInRow>, StoreError> {
        let rows = self
            .fetch(
                "SELECT id, vault_id, subject, provider, created_at FROM vault_sign_ins
                 WHERE vault_id = $1 ORDER BY created_at, id",
                args![vault],
            )
            .await?;
        rows.iter().map(read).collect()
    }

    async fn sign_ins_by(&self, subject: &[u8; 32]) -> Result<Vec<SignInRow>, StoreError> {
        let rows = self
            .fetch(
                "SELECT id, vault_id, subject, provider, created_at FROM vault_sign_ins
                 WHERE subject = $1 ORDER BY created_at, id LIMIT 16",
                args![subject],
            )
            .await?;
        rows.iter().map(read).collect()
    }

    async fn unlink_sign_in(&self, vault: &str, id: &str) -> Result<bool, StoreError> {
        let deleted = self
            .execute(
                "DELETE FROM vault_sign_ins WHERE vault_id = $1 AND id = $2",
                args![vault, id],
            )
            .await?;
        Ok(deleted > 0)
    }

    async fn sweep_sign_ins(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.execute("DELETE FROM sign_in_secrets WHERE expires_at <= $1", args![now.0])
            .await
    }
}

async fn remember(
    database: &Database,
    kind: &'static str,
    secret: &[u8],
    code: Option<(&SignedIn, &[u8; 32])>,
    now: Timestamp,
    expires_at: Timestamp,
    most: i64,
) -> Result<Remembered, StoreError> {
    secrets::remember(
        database,
        (
            "SELECT COUNT(*) AS live FROM sign_in_secrets WHERE kind = $1 AND expires_at > $2",
            args![kind, now.0],
        ),
        most,
        (
            "INSERT INTO sign_in_secrets (kind, secret_sha256, subject, provider, challenge, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, secret_sha256) DO NOTHING",
            args![
                kind,
                &sha256(secret),
                code.map(|(signed_in, _)| signed_in.subject.as_slice()),
                code.map(|(signed_in, _)| signed_in.provider.as_str()),
                code.map(|(_, challenge)| challenge.as_slice()),
                expires_at.0
            ],
        ),
    )
    .await
}

fn read(row: &Row) -> Result<SignInRow, StoreError> {
    Ok(SignInRow {
        id: row.text("id")?,
        vault: row.text("vault_id")?,
        subject: subject(row)?,
        provider: row.text("provider")?,
        created_at: Timestamp(row.int("created_at")?),
    })
}

fn subject(row: &Row) -> Result<[u8; 32], StoreError> {
    row.blob("subject")?
        .try_into()
        .map_err(|_| StoreError::Damaged("subject of a sign-in"))
}

//! Issuances: offers and what became of them, nonces, and proofs of possession that were used.

use std::future::Future;

use assent_core::env::Timestamp;

use super::value::args;
use super::{Database, StoreError};

/// By what a wallet comes back to an issuance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandleKind {
    /// The id in a `credential_offer_uri`.
    Offer,
    /// The `issuer_state` of an offer.
    IssuerState,
    /// A `request_uri`.
    RequestUri,
    /// A pre-authorised code, or an authorization code.
    Code,
    /// An access token.
    Token,
    /// A refresh token.
    Refresh,
}

impl HandleKind {
    fn name(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::IssuerState => "issuer_state",
            Self::RequestUri => "request_uri",
            Self::Code => "code",
            Self::Token => "token",
            Self::Refresh => "refresh",
        }
    }
}

/// An issuance as stored.
#[derive(Debug, Clone)]
pub struct IssuanceRow {
    /// Its id.
    pub id: String,
    /// Grows with each change.
    pub revision: i64,
    /// The state, sealed.
    pub sealed: Vec<u8>,
    /// When it is deleted.
    pub expires_at: Timestamp,
}

/// Hashes of handles, by kind. An issuance has one of each kind: a new one takes the place of the one before.
pub type Handles<'a> = &'a [(HandleKind, [u8; 32])];

/// Storage of the issuer role.
pub trait IssuanceStore {
    /// Stores a new issuance (revision 1) with the handles that lead to it.
    fn create_issuance(
        &self,
        row: &IssuanceRow,
        handles: Handles<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// By a handle.
    fn issuance_by(
        &self,
        kind: HandleKind,
        handle_sha256: &[u8; 32],
    ) -> impl Future<Output = Result<Option<IssuanceRow>, StoreError>> + Send;

    /// Replaces the state when the stored revision is still that of `row`, and adds or replaces handles. `false` when
    /// someone else was first: this is what makes codes single-use.
    fn change_issuance(
        &self,
        row: &IssuanceRow,
        handles: Handles<'_>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Remembers a nonce.
    fn add_nonce(
        &self,
        nonce_sha256: &[u8; 32],
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Uses a nonce up. `false` when it was never given out, was used, or is too old.
    fn use_nonce(
        &self,
        nonce_sha256: &[u8; 32],
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Uses a proof of possession up. `false` when it was used before. Kept until `expires_at`, in the table `dpop_proofs`:
    /// the MACs of DPoP proofs (RFC 9449 §11.1), and under another purpose those of the proofs that go with attestations
    /// of wallets (Attestation-Based Client Authentication §12.1).
    fn use_proof(
        &self,
        proof_mac: &[u8; 32],
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Deletes expired issuances, nonces and used proofs; gives how many rows.
    fn sweep_issuances(&self, now: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

impl IssuanceStore for Database {
    async fn create_issuance(&self, row: &IssuanceRow, handles: Handles<'_>) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.execute(
            "INSERT INTO issuances (id, revision, sealed, expires_at) VALUES ($1, 1, $2, $3)",
            args![row.id.as_str(), row.sealed.as_slice(), row.expires_at.0],
        )
        .await?;
        insert_handles(&mut tx, &row.id, handles).await?;
        tx.commit().await
    }

    async fn issuance_by(
        &self,
        kind: HandleKind,
        handle_sha256: &[u8; 32],
    ) -> Result<Option<IssuanceRow>, StoreError> {
        let row = self
            .fetch_optional(
                "SELECT i.id, i.revision, i.sealed, i.expires_at FROM issuances i
                 JOIN issuance_handles h ON h.issuance_id = i.id WHERE h.kind = $1 AND h.handle_sha256 = $2",
                args![kind.name(), handle_sha256],
            )
            .await?;
        row.map(|row| {
            Ok(IssuanceRow {
                id: row.text("id")?,
                revision: row.int("revision")?,
                sealed: row.blob("sealed")?,
                expires_at: Timestamp(row.int("expires_at")?),
            })
        })
        .transpose()
    }

    async fn change_issuance(&self, row: &IssuanceRow, handles: Handles<'_>) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let changed = tx
            .execute(
                "UPDATE issuances SET sealed = $3, expires_at = $4, revision = revision + 1
                 WHERE id = $1 AND revision = $2",
                args![
                    row.id.as_str(),
                    row.revision,
                    row.sealed.as_slice(),
                    row.expires_at.0
                ],
            )
            .await?;
        if changed == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        insert_handles(&mut tx, &row.id, handles).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn add_nonce(&self, nonce_sha256: &[u8; 32], expires_at: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO nonces (nonce_sha256, expires_at) VALUES ($1, $2)",
            args![nonce_sha256, expires_at.0],
        )
        .await?;
        Ok(())
    }

    async fn use_nonce(&self, nonce_sha256: &[u8; 32], now: Timestamp) -> Result<bool, StoreError> {
        let used = self
            .execute(
                "DELETE FROM nonces WHERE nonce_sha256 = $1 AND expires_at > $2",
                args![nonce_sha256, now.0],
            )
            .await?;
        Ok(used > 0)
    }

    async fn use_proof(&self, proof_mac: &[u8; 32], expires_at: Timestamp) -> Result<bool, StoreError> {
        let added = self
            .execute(
                "INSERT INTO dpop_proofs (proof_mac, expires_at) VALUES ($1, $2) ON CONFLICT (proof_mac) DO NOTHING",
                args![proof_mac, expires_at.0],
            )
            .await?;
        Ok(added > 0)
    }

    async fn sweep_issuances(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let mut deleted = tx
            .execute("DELETE FROM issuances WHERE expires_at <= $1", args![now.0])
            .await?;
        deleted += tx
            .execute("DELETE FROM nonces WHERE expires_at <= $1", args![now.0])
            .await?;
        deleted += tx
            .execute("DELETE FROM dpop_proofs WHERE expires_at <= $1", args![now.0])
            .await?;
        tx.commit().await?;
        Ok(deleted)
    }
}

async fn insert_handles(
    tx: &mut super::database::Tx,
    issuance_id: &str,
    handles: Handles<'_>,
) -> Result<(), StoreError> {
    for (kind, handle_sha256) in handles {
        tx.execute(
            "INSERT INTO issuance_handles (kind, handle_sha256, issuance_id) VALUES ($1, $2, $3)
             ON CONFLICT (issuance_id, kind) DO UPDATE SET handle_sha256 = excluded.handle_sha256",
            args![kind.name(), handle_sha256, issuance_id],
        )
        .await?;
    }
    Ok(())
}

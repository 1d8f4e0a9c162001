//! Presentation transactions: sealed state with a revision, found by the service's id or the wallet's.

use std::future::Future;

use assent_core::env::Timestamp;

use super::consents::{NewConsent, insert_consent};
use super::outbox::{NewWebhook, insert_webhook};
use super::value::args;
use super::{Database, Row, StoreError};

/// A transaction as stored.
#[derive(Debug, Clone)]
pub struct PresentationRow {
    /// The service's id of it (`transaction_id`).
    pub id: String,
    /// The wallet's id of it; must not lead to the other one (SB-1 in specs/requirements.md).
    pub request_id: String,
    /// Whose it is.
    pub service_id: String,
    /// Name of the state, for counting and lists.
    pub state: String,
    /// Grows with each change.
    pub revision: i64,
    /// The state itself, sealed.
    pub sealed: Vec<u8>,
    /// The consent it led to.
    pub consent_id: Option<String>,
    /// When the details in it are to be erased; `None` while nobody read them, and when they are gone.
    pub details_until: Option<Timestamp>,
    /// When it is deleted.
    pub expires_at: Timestamp,
}

/// A change of a transaction, with everything that must happen together with it.
#[derive(Debug, Clone)]
pub struct PresentationChange {
    /// Name of the new state.
    pub state: String,
    /// The new state, sealed.
    pub sealed: Vec<u8>,
    /// When it is deleted.
    pub expires_at: Timestamp,
    /// When the details in it are to be erased.
    pub details_until: Option<Timestamp>,
    /// The consent that was given.
    pub consent: Option<NewConsent>,
    /// The webhook to send.
    pub webhook: Option<NewWebhook>,
}

/// Storage of presentation transactions.
pub trait PresentationStore {
    /// Stores a new transaction (revision 1).
    fn create_presentation(
        &self,
        row: &PresentationRow,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// By the service's id. A transaction of another service is not found.
    fn presentation(
        &self,
        service_id: &str,
        id: &str,
    ) -> impl Future<Output = Result<Option<PresentationRow>, StoreError>> + Send;

    /// By the wallet's id.
    fn presentation_by_request(
        &self,
        request_id: &str,
    ) -> impl Future<Output = Result<Option<PresentationRow>, StoreError>> + Send;

    /// By the consent that came with it.
    fn presentation_by_consent(
        &self,
        consent_id: &str,
    ) -> impl Future<Output = Result<Option<PresentationRow>, StoreError>> + Send;

    /// Applies a change when the stored revision is still `revision`; `false` when someone else was first.
    fn change_presentation(
        &self,
        id: &str,
        revision: i64,
        change: &PresentationChange,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Up to `limit` transactions with details that are to be erased by now.
    fn presentations_to_erase(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<PresentationRow>, StoreError>> + Send;

    /// Deletes expired transactions with what was released in them; gives how many.
    fn sweep_presentations(&self, now: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

const COLUMNS_BY_ID: &str =
    "SELECT id, request_id, service_id, state, revision, sealed, consent_id, expires_at, details_until
     FROM presentations WHERE service_id = $1 AND id = $2";
const COLUMNS_BY_REQUEST: &str =
    "SELECT id, request_id, service_id, state, revision, sealed, consent_id, expires_at, details_until
     FROM presentations WHERE request_id = $1";
const COLUMNS_BY_CONSENT: &str =
    "SELECT id, request_id, service_id, state, revision, sealed, consent_id, expires_at, details_until
     FROM presentations WHERE consent_id = $1";
const COLUMNS_TO_ERASE: &str =
    "SELECT id, request_id, service_id, state, revision, sealed, consent_id, expires_at, details_until
     FROM presentations WHERE details_until <= $1 ORDER BY details_until LIMIT $2";

impl PresentationStore for Database {
    async fn create_presentation(&self, row: &PresentationRow, now: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO presentations (id, request_id, service_id, state, revision, sealed, consent_id, created_at,
             expires_at) VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8)",
            args![
                row.id.as_str(),
                row.request_id.as_str(),
                row.service_id.as_str(),
                row.state.as_str(),
                row.sealed.as_slice(),
                row.consent_id.as_deref(),
                now.0,
                row.expires_at.0
            ],
        )
        .await?;
        Ok(())
    }

    async fn presentation(&self, service_id: &str, id: &str) -> Result<Option<PresentationRow>, StoreError> {
        let row = self.fetch_optional(COLUMNS_BY_ID, args![service_id, id]).await?;
        row.as_ref().map(read).transpose()
    }

    async fn presentation_by_request(&self, request_id: &str) -> Result<Option<PresentationRow>, StoreError> {
        let row = self.fetch_optional(COLUMNS_BY_REQUEST, args![request_id]).await?;
        row.as_ref().map(read).transpose()
    }

    async fn presentation_by_consent(&self, consent_id: &str) -> Result<Option<PresentationRow>, StoreError> {
        let row = self.fetch_optional(COLUMNS_BY_CONSENT, args![consent_id]).await?;
        row.as_ref().map(read).transpose()
    }

    async fn change_presentation(
        &self,
        id: &str,
        revision: i64,
        change: &PresentationChange,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let consent_id = change.consent.as_ref().map(|consent| consent.id.as_str());
        let changed = tx
            .execute(
                "UPDATE presentations SET state = $3, sealed = $4, expires_at = $5, revision = revision + 1,
                 consent_id = COALESCE($6, consent_id), details_until = $7 WHERE id = $1 AND revision = $2",
                args![
                    id,
                    revision,
                    change.state.as_str(),
                    change.sealed.as_slice(),
                    change.expires_at.0,
                    consent_id,
                    change.details_until.map(|time| time.0)
                ],
            )
            .await?;
        if changed == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        if let Some(consent) = &change.consent {
            insert_consent(&mut tx, consent).await?;
        }
        if let Some(webhook) = &change.webhook {
            insert_webhook(&mut tx, webhook, now).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn presentations_to_erase(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<PresentationRow>, StoreError> {
        let rows = self.fetch(COLUMNS_TO_ERASE, args![now.0, limit]).await?;
        rows.iter().map(read).collect()
    }

    async fn sweep_presentations(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.execute("DELETE FROM presentations WHERE expires_at <= $1", args![now.0])
            .await
    }
}

fn read(row: &Row) -> Result<PresentationRow, StoreError> {
    Ok(PresentationRow {
        id: row.text("id")?,
        request_id: row.text("request_id")?,
        service_id: row.text("service_id")?,
        state: row.text("state")?,
        revision: row.int("revision")?,
        sealed: row.blob("sealed")?,
        consent_id: row.maybe_text("consent_id")?,
        expires_at: Timestamp(row.int("expires_at")?),
        details_until: row.maybe_int("details_until")?.map(Timestamp),
    })
}

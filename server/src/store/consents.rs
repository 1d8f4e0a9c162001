//! Consents: the receipt both sides hold, and its withdrawal. No claim value is ever in these tables.

use std::future::Future;

use assent_core::env::Timestamp;

use super::database::Tx;
use super::outbox::{NewWebhook, insert_webhook};
use super::value::args;
use super::{Database, Row, StoreError};

/// A consent to store.
#[derive(Debug, Clone)]
pub struct NewConsent {
    /// Its id.
    pub id: String,
    /// Who got it.
    pub service_id: String,
    /// The receipt, exactly as the wallet sent it.
    pub receipt: String,
    /// SHA-256 of the receipt; a receipt is taken once.
    pub receipt_sha256: [u8; 32],
    /// The signed consent request it answers.
    pub consent_request: String,
    /// The service's signature over it.
    pub countersignature: String,
    /// Where the service is told of a withdrawal.
    pub webhook_url: Option<String>,
    /// When it was given.
    pub given_at: Timestamp,
    /// When it ends by itself.
    pub valid_until: Option<Timestamp>,
}

/// A consent as stored.
#[derive(Debug, Clone)]
pub struct ConsentRow {
    /// What was given.
    pub consent: NewConsent,
    /// `active` or `withdrawn`.
    pub state: String,
    /// The withdrawal, exactly as the wallet sent it.
    pub withdrawal: Option<String>,
    /// The service's signed acknowledgement of it.
    pub acknowledgement: Option<String>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
}

/// Storage of consents.
pub trait ConsentStore {
    /// By id. A consent given to another service is not found.
    fn consent(
        &self,
        service_id: &str,
        id: &str,
    ) -> impl Future<Output = Result<Option<ConsentRow>, StoreError>> + Send;

    /// By the SHA-256 of its receipt.
    fn consent_by_receipt(
        &self,
        receipt_sha256: &[u8; 32],
    ) -> impl Future<Output = Result<Option<ConsentRow>, StoreError>> + Send;

    /// A page of a service's consents, oldest first, after the given position.
    fn consents(
        &self,
        service_id: &str,
        after: Option<(Timestamp, &str)>,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<ConsentRow>, StoreError>> + Send;

    /// Withdraws an active consent, deletes what was released under it, and queues the webhook: all in one
    /// transaction. `false` when it was not active any more.
    fn withdraw_consent(
        &self,
        id: &str,
        withdrawal: &str,
        acknowledgement: &str,
        webhook: Option<&NewWebhook>,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

macro_rules! columns {
    ($condition:literal) => {
        concat!(
            "SELECT id, service_id, state, receipt, receipt_sha256, consent_request, countersignature, webhook_url,
             withdrawal, acknowledgement, given_at, valid_until, withdrawn_at FROM consents WHERE ",
            $condition
        )
    };
}

impl ConsentStore for Database {
    async fn consent(&self, service_id: &str, id: &str) -> Result<Option<ConsentRow>, StoreError> {
        let row = self
            .fetch_optional(columns!("service_id = $1 AND id = $2"), args![service_id, id])
            .await?;
        row.as_ref().map(read).transpose()
    }

    async fn consent_by_receipt(&self, receipt_sha256: &[u8; 32]) -> Result<Option<ConsentRow>, StoreError> {
        let row = self
            .fetch_optional(columns!("receipt_sha256 = $1"), args![receipt_sha256])
            .await?;
        row.as_ref().map(read).transpose()
    }

    async fn consents(
        &self,
        service_id: &str,
        after: Option<(Timestamp, &str)>,
        limit: i64,
    ) -> Result<Vec<ConsentRow>, StoreError> {
        let (time, id) = after.unwrap_or((Timestamp(i64::MIN), ""));
        let rows = self
            .fetch(
                columns!("service_id = $1 AND (given_at > $2 OR (given_at = $2 AND id > $3)) ORDER BY given_at, id LIMIT $4"),
                args![service_id, time.0, id, limit],
            )
            .await?;
        rows.iter().map(read).collect()
    }

    async fn withdraw_consent(
        &self,
        id: &str,
        withdrawal: &str,
        acknowledgement: &str,
        webhook: Option<&NewWebhook>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let changed = tx
            .execute(
                "UPDATE consents SET state = 'withdrawn', withdrawal = $2, acknowledgement = $3, withdrawn_at = $4
                 WHERE id = $1 AND state = 'active'",
                args![id, withdrawal, acknowledgement, now.0],
            )
            .await?;
        if changed == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        // DESIGN §3.7: withdrawal takes effect in the transaction that records it; what was released is gone.
        tx.execute("DELETE FROM presentations WHERE consent_id = $1", args![id])
            .await?;
        if let Some(webhook) = webhook {
            insert_webhook(&mut tx, webhook, now).await?;
        }
        tx.commit().await?;
        // The write-ahead log still holds the deleted pages; empty it, so that deleting means deleting.
        self.checkpoint().await?;
        Ok(true)
    }
}

pub(super) async fn insert_consent(tx: &mut Tx, consent: &NewConsent) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO consents (id, service_id, state, receipt, receipt_sha256, consent_request, countersignature,
         webhook_url, given_at, valid_until) VALUES ($1, $2, 'active', $3, $4, $5, $6, $7, $8, $9)",
        args![
            consent.id.as_str(),
            consent.service_id.as_str(),
            consent.receipt.as_str(),
            &consent.receipt_sha256,
            consent.consent_request.as_str(),
            consent.countersignature.as_str(),
            consent.webhook_url.as_deref(),
            consent.given_at.0,
            consent.valid_until.map(|time| time.0)
        ],
    )
    .await?;
    Ok(())
}

fn read(row: &Row) -> Result<ConsentRow, StoreError> {
    let hash = |column: &str| -> Result<[u8; 32], StoreError> {
        row.blob(column)?
            .try_into()
            .map_err(|_| StoreError::Damaged("consent hash"))
    };
    Ok(ConsentRow {
        consent: NewConsent {
            id: row.text("id")?,
            service_id: row.text("service_id")?,
            receipt: row.text("receipt")?,
            receipt_sha256: hash("receipt_sha256")?,
            consent_request: row.text("consent_request")?,
            countersignature: row.text("countersignature")?,
            webhook_url: row.maybe_text("webhook_url")?,
            given_at: Timestamp(row.int("given_at")?),
            valid_until: row.maybe_int("valid_until")?.map(Timestamp),
        },
        state: row.text("state")?,
        withdrawal: row.maybe_text("withdrawal")?,
        acknowledgement: row.maybe_text("acknowledgement")?,
        withdrawn_at: row.maybe_int("withdrawn_at")?.map(Timestamp),
    })
}

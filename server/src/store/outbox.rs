//! Webhooks waiting to be delivered. They are written with what they tell, so none is lost and none is invented.

use std::future::Future;

use assent_core::env::Timestamp;

use super::database::Tx;
use super::value::args;
use super::{Database, StoreError};

/// A webhook to queue.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// The same for every delivery of this event.
    pub id: String,
    /// Whose secret signs it.
    pub service_id: String,
    /// Where to.
    pub url: String,
    /// JSON; ids and states only.
    pub body: String,
}

/// A webhook that is due.
#[derive(Debug, Clone)]
pub struct DueWebhook {
    /// What to deliver.
    pub webhook: NewWebhook,
    /// How often it was tried.
    pub attempts: i64,
}

/// Storage of the outbox.
pub trait OutboxStore {
    /// Services with due webhooks, the one that waits longest first.
    fn services_with_webhooks(
        &self,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// Takes up to `limit` due webhooks of a service, oldest first, and puts them off until `lease_until`, so that no
    /// other process takes them meanwhile. Counts the attempt.
    fn lease_webhooks(
        &self,
        service_id: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<DueWebhook>, StoreError>> + Send;

    /// Removes a delivered (or given up) webhook.
    fn remove_webhook(&self, id: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Tries again at `at`.
    fn retry_webhook(&self, id: &str, at: Timestamp) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// How many wait.
    fn waiting_webhooks(&self) -> impl Future<Output = Result<i64, StoreError>> + Send;
}

impl OutboxStore for Database {
    async fn services_with_webhooks(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let rows = self
            .fetch(
                "SELECT service_id FROM webhook_outbox WHERE next_attempt_at <= $1
                 GROUP BY service_id ORDER BY MIN(next_attempt_at), service_id",
                args![now.0],
            )
            .await?;
        rows.iter().map(|row| row.text("service_id")).collect()
    }

    async fn lease_webhooks(
        &self,
        service_id: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: i64,
    ) -> Result<Vec<DueWebhook>, StoreError> {
        let mut tx = self.begin().await?;
        let rows = tx
            .fetch(
                // The outer condition is checked again on the locked row, so two processes never lease one webhook.
                "UPDATE webhook_outbox SET next_attempt_at = $2, attempts = attempts + 1
                 WHERE next_attempt_at <= $1 AND id IN
                   (SELECT id FROM webhook_outbox WHERE service_id = $4 AND next_attempt_at <= $1
                    ORDER BY next_attempt_at, id LIMIT $3)
                 RETURNING id, service_id, url, body, attempts",
                args![now.0, lease_until.0, limit, service_id],
            )
            .await?;
        tx.commit().await?;
        rows.iter()
            .map(|row| {
                Ok(DueWebhook {
                    webhook: NewWebhook {
                        id: row.text("id")?,
                        service_id: row.text("service_id")?,
                        url: row.text("url")?,
                        body: row.text("body")?,
                    },
                    attempts: row.int("attempts")?,
                })
            })
            .collect()
    }

    async fn remove_webhook(&self, id: &str) -> Result<(), StoreError> {
        self.execute("DELETE FROM webhook_outbox WHERE id = $1", args![id])
            .await?;
        Ok(())
    }

    async fn retry_webhook(&self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "UPDATE webhook_outbox SET next_attempt_at = $2 WHERE id = $1",
            args![id, at.0],
        )
        .await?;
        Ok(())
    }

    async fn waiting_webhooks(&self) -> Result<i64, StoreError> {
        let row = self
            .fetch_optional("SELECT COUNT(*) AS waiting FROM webhook_outbox", args![])
            .await?;
        row.map_or(Ok(0), |row| row.int("waiting"))
    }
}

pub(super) async fn insert_webhook(
    tx: &mut Tx,
    webhook: &NewWebhook,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO webhook_outbox (id, service_id, url, body, attempts, next_attempt_at, created_at)
         VALUES ($1, $2, $3, $4, 0, $5, $5)",
        args![
            webhook.id.as_str(),
            webhook.service_id.as_str(),
            webhook.url.as_str(),
            webhook.body.as_str(),
            now.0
        ],
    )
    .await?;
    Ok(())
}

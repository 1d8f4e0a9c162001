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
    /// Purposes that were withdrawn while others stay; empty when all were at once.
    pub withdrawn_purposes: Vec<String>,
    /// When it was withdrawn as a whole.
    pub withdrawn_at: Option<Timestamp>,
}

/// A withdrawal as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithdrawalRow {
    /// Exactly as the wallet sent it.
    pub withdrawal: String,
    /// The service's signed acknowledgement of it.
    pub acknowledgement: String,
}

/// A withdrawal to store.
#[derive(Debug, Clone)]
pub struct NewWithdrawal<'a> {
    /// Of which consent, as it was read: if it changed meanwhile, nothing happens.
    pub consent: &'a ConsentRow,
    /// What is stored.
    pub evidence: WithdrawalRow,
    /// What of it stays.
    pub rest: Rest,
    /// The webhook to send.
    pub webhook: Option<NewWebhook>,
}

/// What a withdrawal leaves.
#[derive(Debug, Clone)]
pub enum Rest {
    /// Nothing: the consent ends and what was released under it goes.
    Nothing,
    /// Some purposes.
    Purposes {
        /// Every purpose that was withdrawn until now.
        withdrawn: Vec<String>,
        /// The presentation without the details of those purposes, when it is still there.
        presentation: Option<Reduced>,
    },
}

/// A presentation that lost a part of its details.
#[derive(Debug, Clone)]
pub struct Reduced {
    /// Its id.
    pub id: String,
    /// The revision the rest was made from.
    pub revision: i64,
    /// The rest, sealed.
    pub sealed: Vec<u8>,
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

    /// The withdrawals of a consent, in the order they came.
    fn withdrawals(
        &self,
        consent_id: &str,
    ) -> impl Future<Output = Result<Vec<WithdrawalRow>, StoreError>> + Send;

    /// Stores a withdrawal, deletes what was released for what it ends, and queues the webhook: all in one
    /// transaction. `false` when the consent or its presentation is not as it was read any more.
    fn withdraw_consent(
        &self,
        withdrawal: &NewWithdrawal<'_>,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

macro_rules! columns {
    ($condition:literal) => {
        concat!(
            "SELECT id, service_id, state, receipt, receipt_sha256, consent_request, countersignature, webhook_url,
             withdrawn_purposes, given_at, valid_until, withdrawn_at FROM consents WHERE ",
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

    async fn withdrawals(&self, consent_id: &str) -> Result<Vec<WithdrawalRow>, StoreError> {
        let rows = self
            .fetch(
                "SELECT withdrawal, acknowledgement FROM consent_withdrawals WHERE consent_id = $1 ORDER BY number",
                args![consent_id],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(WithdrawalRow {
                    withdrawal: row.text("withdrawal")?,
                    acknowledgement: row.text("acknowledgement")?,
                })
            })
            .collect()
    }

    async fn withdraw_consent(
        &self,
        withdrawal: &NewWithdrawal<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let id = withdrawal.consent.consent.id.as_str();
        let (state, withdrawn, ended_at) = match &withdrawal.rest {
            Rest::Nothing => ("withdrawn", String::new(), Some(now.0)),
            Rest::Purposes { withdrawn, .. } => ("active", withdrawn.join(" "), None),
        };
        let mut tx = self.begin().await?;
        let changed = tx
            .execute(
                "UPDATE consents SET state = $2, withdrawn_purposes = $3, withdrawn_at = $4
                 WHERE id = $1 AND state = 'active' AND withdrawn_purposes = $5",
                args![
                    id,
                    state,
                    withdrawn.as_str(),
                    ended_at,
                    withdrawal.consent.withdrawn_purposes.join(" ").as_str()
                ],
            )
            .await?;
        if changed == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.execute(
            "INSERT INTO consent_withdrawals (consent_id, number, withdrawal, acknowledgement, withdrawn_at)
             SELECT $1, COUNT(*) + 1, $2, $3, $4 FROM consent_withdrawals WHERE consent_id = $1",
            args![
                id,
                withdrawal.evidence.withdrawal.as_str(),
                withdrawal.evidence.acknowledgement.as_str(),
                now.0
            ],
        )
        .await?;
        // DESIGN §3.7: withdrawal takes effect in the transaction that records it; what was released is gone.
        match &withdrawal.rest {
            Rest::Nothing => {
                tx.execute("DELETE FROM presentations WHERE consent_id = $1", args![id])
                    .await?;
            }
            Rest::Purposes {
                presentation: None, ..
            } => {}
            Rest::Purposes {
                presentation: Some(reduced),
                ..
            } => {
                let reduced = tx
                    .execute(
                        "UPDATE presentations SET sealed = $3, revision = revision + 1 WHERE id = $1 AND revision = $2",
                        args![reduced.id.as_str(), reduced.revision, reduced.sealed.as_slice()],
                    )
                    .await?;
                if reduced == 0 {
                    tx.rollback().await?;
                    return Ok(false);
                }
            }
        }
        if let Some(webhook) = &withdrawal.webhook {
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
        withdrawn_purposes: row
            .text("withdrawn_purposes")?
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        withdrawn_at: row.maybe_int("withdrawn_at")?.map(Timestamp),
    })
}

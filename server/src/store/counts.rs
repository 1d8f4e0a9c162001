//! How much there is, for operators: numbers only, nothing of any content.

use std::future::Future;

use super::value::args;
use super::{Database, StoreError};

/// How much there is at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Vaults.
    pub vaults: i64,
    /// Presentation transactions, until they are deleted.
    pub presentations: i64,
    /// Consents, in every state.
    pub consents: i64,
    /// Webhooks still to be delivered.
    pub webhooks: i64,
}

/// Storage that can be counted.
pub trait CountStore {
    /// Counts everything.
    fn counts(&self) -> impl Future<Output = Result<Counts, StoreError>> + Send;
}

impl CountStore for Database {
    async fn counts(&self) -> Result<Counts, StoreError> {
        let rows = self
            .fetch(
                "SELECT (SELECT COUNT(*) FROM vaults) AS vaults,
                        (SELECT COUNT(*) FROM presentations) AS presentations,
                        (SELECT COUNT(*) FROM consents) AS consents,
                        (SELECT COUNT(*) FROM webhook_outbox) AS webhooks",
                args![],
            )
            .await?;
        let row = rows.first().ok_or(StoreError::Damaged("no counts"))?;
        Ok(Counts {
            vaults: row.int("vaults")?,
            presentations: row.int("presentations")?,
            consents: row.int("consents")?,
            webhooks: row.int("webhooks")?,
        })
    }
}

//! Passkeys that sign in. They come and go with the unlock slots of their vault, in the same transaction.

use std::future::Future;

use super::super::database::{Database, StoreError, Tx};
use super::super::value::args;

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// MAC of its credential id.
    pub subject: [u8; 32],
    /// COSE algorithm.
    pub algorithm: i64,
    /// Public key.
    pub public_key: Vec<u8>,
    /// Signature counter.
    pub counter: i64,
    /// It can be copied to other devices.
    pub backup_eligible: bool,
}

/// The passkeys among the unlock slots of a header. Others are forgotten.
#[derive(Debug, Clone, Default)]
pub struct Passkeys {
    /// MACs of the credential ids of all of them.
    pub all: Vec<[u8; 32]>,
    /// Those that are new here. What is kept of one that is known stays.
    pub new: Vec<PasskeyRow>,
}

/// Storage of passkeys.
pub trait PasskeyStore {
    /// A passkey of a vault.
    fn passkey(
        &self,
        vault: &str,
        subject: &[u8; 32],
    ) -> impl Future<Output = Result<Option<PasskeyRow>, StoreError>> + Send;

    /// Notes that a passkey counted up to `counter`. False when the passkey is gone, or counted that far already; 0 after 0
    /// is a passkey that does not count.
    fn count_passkey(
        &self,
        vault: &str,
        subject: &[u8; 32],
        counter: i64,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

impl PasskeyStore for Database {
    async fn passkey(&self, vault: &str, subject: &[u8; 32]) -> Result<Option<PasskeyRow>, StoreError> {
        let row = self
            .fetch_optional(
                "SELECT algorithm, public_key, counter, backup_eligible FROM vault_passkeys
                 WHERE vault_id = $1 AND subject = $2",
                args![vault, subject],
            )
            .await?;
        row.map(|row| {
            Ok(PasskeyRow {
                subject: *subject,
                algorithm: row.int("algorithm")?,
                public_key: row.blob("public_key")?,
                counter: row.int("counter")?,
                backup_eligible: row.int("backup_eligible")? == 1,
            })
        })
        .transpose()
    }

    async fn count_passkey(&self, vault: &str, subject: &[u8; 32], counter: i64) -> Result<bool, StoreError> {
        let counted = self
            .execute(
                "UPDATE vault_passkeys SET counter = $3
                 WHERE vault_id = $1 AND subject = $2 AND (counter < $3 OR (counter = 0 AND $3 = 0))",
                args![vault, subject, counter],
            )
            .await?;
        Ok(counted > 0)
    }
}

/// Brings the passkeys of a vault, whose row is locked, in line with its new header.
pub(super) async fn follow(tx: &mut Tx, vault: &str, passkeys: &Passkeys) -> Result<(), StoreError> {
    let rows = tx
        .fetch(
            "SELECT subject FROM vault_passkeys WHERE vault_id = $1",
            args![vault],
        )
        .await?;
    for row in rows {
        let subject = row.blob("subject")?;
        if !passkeys.all.iter().any(|known| known[..] == subject[..]) {
            tx.execute(
                "DELETE FROM vault_passkeys WHERE vault_id = $1 AND subject = $2",
                args![vault, subject.as_slice()],
            )
            .await?;
        }
    }
    for new in &passkeys.new {
        tx.execute(
            "INSERT INTO vault_passkeys (vault_id, subject, algorithm, public_key, counter, backup_eligible)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (vault_id, subject) DO NOTHING",
            args![
                vault,
                &new.subject,
                new.algorithm,
                new.public_key.as_slice(),
                new.counter,
                i64::from(new.backup_eligible)
            ],
        )
        .await?;
    }
    Ok(())
}

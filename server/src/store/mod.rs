//! Storage: one trait per role, implemented once for [`Database`], which is SQLite or PostgreSQL.
//!
//! The SQL is written in the part both databases share (`$1` parameters, `ON CONFLICT`, `RETURNING`); only the
//! table definitions differ (`migrations/sqlite`, `migrations/postgres`). Every operation is one transaction.
//! Conflicts are found by conditional updates, so no statement needs a lock that only one database knows.
//! The same conformance tests run on both (`tests/store_conformance`).

mod consents;
mod counts;
mod database;
mod emergencies;
mod idempotency;
mod installation;
mod issuances;
mod keys;
mod operators;
mod outbox;
mod pairings;
mod presentations;
mod secrets;
mod sign_ins;
mod status_lists;
mod value;
mod vaults;

pub use consents::{ConsentRow, ConsentStore, NewConsent, NewWithdrawal, Reduced, Rest, WithdrawalRow};
pub use counts::{CountStore, Counts};
pub(crate) use database::stop_now;
pub use database::{Announcements, Database, SQLITE_MINIMUM, StoreError};
pub use emergencies::{EmergencyEvent, EmergencyRow, EmergencyStore};
pub use idempotency::{IdempotencyKey, IdempotencyStore, Reservation};
pub use issuances::{HandleKind, Handles, IssuanceRow, IssuanceStore};
pub use keys::{EpochRow, KeyDatabase, KeyRow};
pub use operators::{OperatorSecret, OperatorStore};
pub use outbox::{DueWebhook, NewWebhook, OutboxStore};
pub use pairings::{PairingLimits, PairingMessage, PairingPut, PairingStore, pairing_news};
pub use presentations::{PresentationChange, PresentationRow, PresentationStore};
pub use secrets::Remembered;
pub use sign_ins::{LinkOutcome, SignInRow, SignInStore, SignedIn};
pub use status_lists::{StatusListRow, StatusListStore};
pub use value::{Arg, Row};
pub use vaults::{
    BlobPart, BlobQuota, BlobRow, BlobStore, ChangedRecord, ChangesPage, Commit, CommitOutcome,
    CreateOutcome, Cursor, DeclareOutcome, DeleteBlobOutcome, Garbage, Head, NewBlob, NewEpoch, NewVault,
    PageLimits, PasskeyRow, PasskeyStore, Passkeys, PutKey, PutRecord, Quota, VaultHeader, VaultStore,
};

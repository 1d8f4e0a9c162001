//! What every request passes through: limits, ids, headers, logs, metrics; and the extractors handlers share.

pub mod address;
pub mod body;
pub mod budget;
pub mod cors;
pub mod growing;
pub mod guard;
pub mod headers;
pub mod idempotency;
pub mod language;
pub mod places;
pub mod rate;
pub mod telemetry;
pub mod unlocks;
pub(crate) mod wallet_files;

//! `[vault]`: what vaults may cost.

use serde::Deserialize;

use super::{BlobConfig, DAY};
use crate::news::ListenLimits;

/// How much a vault may hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VaultConfig {
    /// Largest number of live records.
    pub max_records: i64,
    /// Largest sum of ciphertext, in bytes.
    pub max_bytes: i64,
    /// Largest single record, in bytes.
    pub max_record_bytes: usize,
    /// Devices that may listen for changes in this process.
    pub max_listeners: usize,
    /// Devices that may listen to one vault.
    pub max_listeners_per_vault: usize,
    /// Devices that may listen from one address.
    pub max_listeners_per_address: usize,
    /// Seconds between signs of life to those who listen.
    pub heartbeat_seconds: u64,
    /// Shortest wait of emergency access, in seconds; at least a day.
    pub emergency_least_wait_seconds: i64,
    /// Devices that may be in the middle of being added.
    pub max_pairings: i64,
    /// Bytes of their messages, in all.
    pub max_pairing_bytes: i64,
    /// Attachments.
    pub blobs: BlobConfig,
}

impl VaultConfig {
    /// How many may listen.
    #[must_use]
    pub fn listen_limits(&self) -> ListenLimits {
        ListenLimits {
            all: self.max_listeners,
            per_vault: self.max_listeners_per_vault,
            per_address: self.max_listeners_per_address,
        }
    }
}

impl Default for VaultConfig {
    fn default() -> Self {
        Self {
            max_records: 20_000,
            max_bytes: 64 << 20,
            max_record_bytes: 512 << 10,
            max_listeners: 10_000,
            max_listeners_per_vault: 8,
            max_listeners_per_address: 64,
            heartbeat_seconds: 20,
            emergency_least_wait_seconds: DAY,
            max_pairings: 2_000,
            max_pairing_bytes: 8 << 20,
            blobs: BlobConfig::default(),
        }
    }
}

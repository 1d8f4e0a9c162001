//! `[limits]`: what one caller, and all together, may cost.

use serde::{Deserialize, Serialize};

use super::Issue;

/// Limits of every request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// Longest time a request may take, in seconds.
    pub request_seconds: u64,
    /// Longest time a caller may take to send the headers of a request, in seconds.
    pub header_seconds: u64,
    /// Requests worked on at the same time; more are answered 503.
    pub concurrent_requests: usize,
    /// Of these, from one address (for IPv6: one /64 network).
    pub concurrent_per_address: usize,
    /// Attachments being read at the same time. Each holds a part in memory for as long as its reader takes.
    pub downloads: usize,
    /// Of these, from one address.
    pub downloads_per_address: usize,
    /// Requests a minute from one address to public endpoints.
    pub per_address_per_minute: u32,
    /// Requests a minute from one service.
    pub per_service_per_minute: u32,
    /// Requests a minute to one vault.
    pub per_vault_per_minute: u32,
    /// Readings of unlock slots a minute from one address, which may belong to many people. Whoever has slots can guess
    /// passphrases, and whoever asks for many ids looks for vaults.
    pub unlocks_per_address_per_minute: u32,
    /// Of these, at one vault: the share that nobody else can use up.
    pub unlocks_per_vault_and_address_per_minute: u32,
    /// Readings of the unlock slots of one vault a minute, by all together who used up their own share.
    pub unlocks_per_vault_per_minute: u32,
    /// Messages of devices that are being added, written, read or waited for, a minute from one address.
    pub pairings_per_address_per_minute: u32,
    /// Attestations of wallets and keys a minute from one address.
    pub attestations_per_address_per_minute: u32,
    /// New vaults an hour from one address (for IPv6: one /64 network).
    pub new_vaults_per_address_per_hour: u32,
    /// Bytes of new vaults an hour from one address.
    pub new_vault_bytes_per_address_per_hour: u64,
    /// New vaults an hour in all.
    pub new_vaults_per_hour: u32,
    /// Bytes of new vaults an hour in all.
    pub new_vault_bytes_per_hour: u64,
    /// Trust `X-Forwarded-For` from this many proxies in front of us.
    pub trusted_proxies: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 4 << 20,
            request_seconds: 20,
            header_seconds: 10,
            concurrent_requests: 512,
            concurrent_per_address: 128,
            downloads: 256,
            downloads_per_address: 32,
            per_address_per_minute: 1200,
            per_service_per_minute: 6000,
            per_vault_per_minute: 600,
            unlocks_per_address_per_minute: 120,
            unlocks_per_vault_and_address_per_minute: 12,
            unlocks_per_vault_per_minute: 40,
            pairings_per_address_per_minute: 120,
            attestations_per_address_per_minute: 60,
            new_vaults_per_address_per_hour: 30,
            new_vault_bytes_per_address_per_hour: 32 << 20,
            new_vaults_per_hour: 1000,
            new_vault_bytes_per_hour: 512 << 20,
            trusted_proxies: 0,
        }
    }
}

impl Limits {
    /// On one machine everybody has one address, so it gets the budget of all.
    pub(super) fn sandbox() -> Self {
        let default = Self::default();
        Self {
            new_vaults_per_address_per_hour: default.new_vaults_per_hour,
            new_vault_bytes_per_address_per_hour: default.new_vault_bytes_per_hour,
            ..default
        }
    }
}

impl Limits {
    /// What is wrong with them.
    pub(super) fn issues(&self) -> Vec<Issue> {
        let mut out = Vec::new();
        for (name, value) in [
            ("limits.body_bytes", self.body_bytes as u64),
            ("limits.request_seconds", self.request_seconds),
            ("limits.header_seconds", self.header_seconds),
            ("limits.concurrent_requests", self.concurrent_requests as u64),
            (
                "limits.concurrent_per_address",
                self.concurrent_per_address as u64,
            ),
            ("limits.downloads", self.downloads as u64),
            ("limits.downloads_per_address", self.downloads_per_address as u64),
        ] {
            if value == 0 {
                out.push(Issue::new(name, "must be at least 1"));
            }
        }
        for (name, value) in [
            ("limits.per_address_per_minute", self.per_address_per_minute),
            ("limits.per_service_per_minute", self.per_service_per_minute),
            ("limits.per_vault_per_minute", self.per_vault_per_minute),
            (
                "limits.unlocks_per_address_per_minute",
                self.unlocks_per_address_per_minute,
            ),
            (
                "limits.unlocks_per_vault_and_address_per_minute",
                self.unlocks_per_vault_and_address_per_minute,
            ),
            (
                "limits.unlocks_per_vault_per_minute",
                self.unlocks_per_vault_per_minute,
            ),
            (
                "limits.pairings_per_address_per_minute",
                self.pairings_per_address_per_minute,
            ),
            (
                "limits.attestations_per_address_per_minute",
                self.attestations_per_address_per_minute,
            ),
            (
                "limits.new_vaults_per_address_per_hour",
                self.new_vaults_per_address_per_hour,
            ),
            ("limits.new_vaults_per_hour", self.new_vaults_per_hour),
        ] {
            if value == 0 {
                out.push(Issue::new(name, "must be at least 1"));
            }
        }
        for (name, bytes) in [
            (
                "limits.new_vault_bytes_per_address_per_hour",
                self.new_vault_bytes_per_address_per_hour,
            ),
            ("limits.new_vault_bytes_per_hour", self.new_vault_bytes_per_hour),
        ] {
            // Else the largest vault that is allowed could never be made.
            if bytes < self.body_bytes as u64 {
                out.push(Issue::new(name, "must be at least limits.body_bytes"));
            }
        }
        out
    }
}

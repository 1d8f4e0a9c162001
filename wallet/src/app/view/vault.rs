//! Vault, home and settings.

use assent_core::encoding::record::ToJson;

use super::{AwaitedCard, CardSummary, EntrySummary, SharingView};

/// Whether there is a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub enum VaultState {
    /// No vault on this device.
    Empty,
    /// Made in memory; the recovery code is not confirmed, nothing is stored.
    Unconfirmed,
    /// On this device, locked.
    Locked,
    /// On this device, but what is kept cannot be read: open it from its service again.
    Damaged,
    /// Open.
    Open,
}

/// State of the vault.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct StatusView {
    /// Where it is in its life.
    pub state: VaultState,
    /// The vault's address, when there is one.
    pub vault_address: Option<String>,
    /// Unlock methods: `passphrase`, `recoveryCode`, `passkey`, `device`.
    pub unlock_methods: Vec<String>,
    /// Changes that wait on this device for the vault service.
    pub waiting: usize,
    /// Withdrawals that no service confirmed yet.
    pub pending_withdrawals: usize,
    /// From when on [`crate::app::Command::FetchAwaited`] has something to ask for.
    pub awaited_at: Option<i64>,
}

/// An unlock method.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct MethodView {
    /// Id of its slot, base64url.
    pub id: String,
    /// `passphrase`, `recoveryCode`, `passkey` or `device`.
    pub kind: &'static str,
    /// What the person calls it; empty when it has no name.
    pub name: String,
    /// When it was added.
    pub added_at: i64,
    /// The vault is open through it.
    pub unlocked_with: bool,
}

/// What to ask a passkey: `prf.evalByCredential[credentialId] = { first: current, second: next }`. All base64url.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyQuestion {
    /// Its credential id.
    pub credential_id: String,
    /// First salt.
    pub current: String,
    /// Second salt.
    pub next: String,
}

/// What a device's own key must agree with (ECDH on P-256). All base64url.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct PointQuestion {
    /// Its slot.
    pub slot: String,
    /// Public key, SEC 1 uncompressed.
    pub point: String,
}

/// The home screen.
#[derive(Debug, Clone, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct HomeView {
    /// Cards, in order of receipt.
    pub cards: Vec<CardSummary>,
    /// Cards that their issuers give later.
    pub awaited: Vec<AwaitedCard>,
    /// How many sharings are active.
    pub sharing_count: usize,
    /// The first three active ones.
    pub sharing: Vec<SharingView>,
    /// The five latest history entries.
    pub latest: Vec<EntrySummary>,
    /// Records of history, sharing and receipts that cannot be read: damaged, or made by a newer app.
    pub unreadable: usize,
    /// State of the vault.
    pub status: StatusView,
}

/// Settings.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct SettingsView {
    /// `en` or `nl`.
    pub language: String,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Minutes without use until the app locks.
    pub auto_lock_minutes: u32,
    /// The vault's address.
    pub vault_address: String,
    /// Unlock methods: `passphrase`, `recoveryCode`, `passkey`, `device`.
    pub unlock_methods: Vec<String>,
}

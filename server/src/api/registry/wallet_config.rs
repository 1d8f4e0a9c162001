//! `GET /v1/wallet/config`

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::state::AppState;

/// Where a wallet finds what it needs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct WalletSettings {
    /// Name of this installation.
    name: String,
    /// Base URL of the vault service.
    vault_service: String,
    /// Base URL of the registry.
    registry: String,
    /// Where to get sandbox cards; absent outside the sandbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox_issuer: Option<String>,
}

/// Settings of the wallet app of this installation.
#[utoipa::path(get, path = "/v1/wallet/config", tag = "registry",
    responses((status = 200, description = "Settings.", body = WalletSettings)))]
pub(super) async fn wallet_config(State(state): State<AppState>) -> Json<WalletSettings> {
    let config = &state.config;
    Json(WalletSettings {
        name: config.registry.name.clone().unwrap_or_else(|| "Assent".into()),
        vault_service: state.url(""),
        registry: state.url(""),
        sandbox_issuer: (config.sandbox && config.roles.issuer).then(|| state.url("/sandbox")),
    })
}

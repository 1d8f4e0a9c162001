//! `POST /issuer/nonce` (OpenID4VCI 1.0 §7)

use assent_core::issuer::NonceRecord;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::fingerprint;
use crate::error::Problem;
use crate::state::AppState;
use crate::store::IssuanceStore as _;

/// A fresh nonce for key proofs; good for one credential request.
#[utoipa::path(post, path = "/issuer/nonce", tag = "issuer",
    responses((status = 200, description = "`c_nonce`.", body = Object)))]
pub(super) async fn nonce(State(state): State<AppState>) -> Result<Json<Value>, Problem> {
    let settings = super::settings(&state)?;
    let (response, record) = state
        .with_env(|env| NonceRecord::issue(&settings, env))
        .map_err(|error| Problem::internal(&error))?;
    state
        .store
        .add_nonce(&fingerprint(&record.fingerprint), record.expires_at)
        .await?;
    Ok(Json(response.to_json()))
}

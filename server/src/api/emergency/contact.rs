//! The contact's side. What the contact shows follows from the other half, so only its holder starts the wait.

use assent_core::crypto::{constant_time_eq, sha256};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Serialize;

use super::{EmergencyError, Standing, place};
use crate::api::{auth, vault};
use crate::error::{Problem, ProblemDetails};
use crate::http::body::Base64Url;
use crate::state::AppState;
use crate::store::{EmergencyRow, EmergencyStore as _};

/// The server's half.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Share {
    /// 32 bytes.
    share: Base64Url,
}

/// Asks for the server's half: the wait begins, and every open device of the owner is told. Asking again changes nothing.
#[utoipa::path(post, path = "/v1/vaults/{id}/emergency/ask", tag = "vault", security(("emergency_ask" = [])),
    params(("id" = String, Path, description = "Vault id.")),
    responses((status = 200, description = "How it stands.", body = Standing),
              (status = 401, description = "`emergency-refused`.", body = ProblemDetails),
              (status = 409, description = "`emergency-stopped`, `emergency-over`.", body = ProblemDetails)))]
pub(super) async fn ask(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Standing>, Problem> {
    authorise(&state, &id, &headers).await?;
    if state.store.ask_emergency(&id, state.clock.now()).await? {
        tracing::info!("emergency access was asked for");
        state.listeners.tell_gone(&id);
    }
    let (standing, row) = standing(&state, &id).await?;
    match standing.state {
        "stopped" => Err(EmergencyError::Stopped.into()),
        "released" if row.share.is_none() => Err(EmergencyError::Over.into()),
        _ => Ok(Json(standing)),
    }
}

/// Takes the server's half when the wait is over. Once, and again for ten minutes: an answer may get lost.
#[utoipa::path(post, path = "/v1/vaults/{id}/emergency/take", tag = "vault", security(("emergency_ask" = [])),
    params(("id" = String, Path, description = "Vault id.")),
    responses((status = 200, description = "The half.", body = Share),
              (status = 401, description = "`emergency-refused`.", body = ProblemDetails),
              (status = 409, description = "`emergency-not-yet`, `emergency-stopped`, `emergency-over`.", body = ProblemDetails)))]
pub(super) async fn take(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Share>, Problem> {
    let before = authorise(&state, &id, &headers).await?;
    let now = state.clock.now();
    if let Some(sealed) = state.store.take_emergency(&id, now).await? {
        if before.released_at.is_none() {
            tracing::warn!("emergency access was given after its wait");
            state.listeners.tell_gone(&id);
        }
        let share = state.sealing.open(place(&id), &sealed)?;
        return Ok(Json(Share {
            share: Base64Url(share.to_vec()),
        }));
    }
    Err(match standing(&state, &id).await?.0.state {
        "stopped" => EmergencyError::Stopped,
        "released" => EmergencyError::Over,
        _ => EmergencyError::NotYet,
    }
    .into())
}

/// Lets the holder of the other half through. No vault, no emergency access and a wrong code look the same.
async fn authorise(state: &AppState, id: &str, headers: &HeaderMap) -> Result<EmergencyRow, Problem> {
    vault::check_id(id)?;
    let token = auth::bearer(headers).ok_or(EmergencyError::Refused)?;
    let row = state.store.emergency(id).await?;
    let expected = row.as_ref().map(|row| row.ask_sha256).unwrap_or_default();
    let right = constant_time_eq(&expected, &sha256(token.as_bytes()));
    let row = row.filter(|_| right).ok_or(EmergencyError::Refused)?;
    // Apart from what the owner may do: neither a stranger nor the contact can keep the owner from stopping this.
    state.vault_rate.check(&format!("emergency/{id}"))?;
    Ok(row)
}

/// How it stands after a step.
async fn standing(state: &AppState, id: &str) -> Result<(Standing, EmergencyRow), Problem> {
    let row = state.store.emergency(id).await?.ok_or(EmergencyError::Refused)?;
    Ok((Standing::from(&row), row))
}

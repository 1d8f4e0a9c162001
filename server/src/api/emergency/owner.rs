//! The owner's side: setting up, looking, stopping, removing. All with the vault's access token.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::{EmergencyError, LONGEST_WAIT, SHARE, Standing, place};
use crate::api::{auth, vault};
use crate::error::{Problem, ProblemDetails};
use crate::http::body::{Base64Url, StrictJson};
use crate::state::AppState;
use crate::store::EmergencyStore as _;

/// Emergency access of a vault.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Emergency {
    /// How it stands; absent when it is not set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<Standing>,
    /// What happened, newest first.
    events: Vec<Happened>,
    /// Shortest wait here, in seconds.
    least_wait_seconds: i64,
}

/// Something that happened.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Happened {
    /// `set`, `asked`, `stopped`, `released` or `removed`.
    what: String,
    /// When, in seconds since 1970.
    at: i64,
}

/// The server's half.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewEmergency {
    /// 32 bytes made by the wallet.
    share: Base64Url,
    /// SHA-256 of the token that the contact derives from the other half.
    ask_sha256: Base64Url,
    /// How long a contact waits, in seconds.
    wait_seconds: i64,
}

impl std::fmt::Debug for NewEmergency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewEmergency(redacted)")
    }
}

/// Reads how emergency access stands.
#[utoipa::path(get, path = "/v1/vaults/{id}/emergency", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id.")),
    responses((status = 200, description = "How it stands.", body = Emergency),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails)))]
pub(super) async fn read(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Emergency>, Problem> {
    vault::authorise(&state, &id, &headers).await?;
    standing(&state, &id).await
}

/// Sets emergency access up, in place of what was there.
#[utoipa::path(post, path = "/v1/vaults/{id}/emergency", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id.")), request_body = NewEmergency,
    responses((status = 200, description = "Set up.", body = Emergency),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails),
              (status = 422, description = "`emergency-wait-not-possible`, `body-invalid`.", body = ProblemDetails)))]
pub(super) async fn set(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    StrictJson(body): StrictJson<NewEmergency>,
) -> Result<Json<Emergency>, Problem> {
    vault::authorise(&state, &id, &headers).await?;
    let bad = || {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "body-invalid",
            "share and ask_sha256 must be 32 bytes.",
        )
    };
    let share = zeroize::Zeroizing::new(body.share.0);
    let ask: [u8; 32] = body.ask_sha256.0.try_into().map_err(|_| bad())?;
    if share.len() != SHARE {
        return Err(bad());
    }
    if !(state.config.vault.emergency_least_wait_seconds..=LONGEST_WAIT).contains(&body.wait_seconds) {
        return Err(EmergencyError::Wait.into());
    }
    let sealed = state.sealing.seal(place(&id), &share)?;
    let now = state.clock.now();
    if !state
        .store
        .set_emergency(&id, &sealed, &ask, body.wait_seconds, now)
        .await?
    {
        return Err(auth::refused("vault-access-refused"));
    }
    standing(&state, &id).await
}

/// Stops a contact who asked, and destroys the server's half: the contact's code opens nothing from here on.
#[utoipa::path(post, path = "/v1/vaults/{id}/emergency/stop", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id.")),
    responses((status = 200, description = "How it stands: `stopped`, or `released` when it was too late.", body = Emergency),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails)))]
pub(super) async fn stop(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Emergency>, Problem> {
    vault::authorise(&state, &id, &headers).await?;
    if state.store.stop_emergency(&id, state.clock.now()).await? {
        state.listeners.tell_gone(&id);
    }
    standing(&state, &id).await
}

/// Takes emergency access away.
#[utoipa::path(delete, path = "/v1/vaults/{id}/emergency", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id.")),
    responses((status = 204, description = "Gone."),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails)))]
pub(super) async fn remove(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    vault::authorise(&state, &id, &headers).await?;
    state.store.remove_emergency(&id, state.clock.now()).await?;
    state.listeners.tell_gone(&id);
    Ok(StatusCode::NO_CONTENT)
}

async fn standing(state: &AppState, id: &str) -> Result<Json<Emergency>, Problem> {
    let row = state.store.emergency(id).await?;
    let events = state.store.emergency_events(id).await?;
    Ok(Json(Emergency {
        standing: row.as_ref().map(Standing::from),
        events: events
            .into_iter()
            .map(|event| Happened {
                what: event.what,
                at: event.at.0,
            })
            .collect(),
        least_wait_seconds: state.config.vault.emergency_least_wait_seconds,
    }))
}

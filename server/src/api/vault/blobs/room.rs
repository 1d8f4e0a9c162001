//! `GET /v1/vaults/{id}/blobs`

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Serialize;

use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;
use crate::store::BlobStore as _;

/// What a vault holds in blobs, and how much more it may.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Room {
    /// Blobs there are, also such whose upload has not ended.
    blobs: i64,
    /// Bytes of all of them.
    bytes: i64,
    /// Most blobs.
    most_blobs: i64,
    /// Most bytes of all together.
    most_bytes: i64,
    /// Most bytes of one.
    most_blob_bytes: i64,
}

/// Says how much room there is, so that nobody begins to move what does not fit.
#[utoipa::path(get, path = "/v1/vaults/{id}/blobs", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id.")),
    responses((status = 200, description = "The room.", body = Room),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails)))]
pub(super) async fn room(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Room>, Problem> {
    super::super::authorise(&state, &id, &headers).await?;
    let held = state.store.blob_totals(&id).await?;
    let config = &state.config.vault.blobs;
    let quota = config.quota();
    Ok(Json(Room {
        blobs: held.blobs,
        bytes: held.bytes,
        most_blobs: quota.blobs,
        most_bytes: quota.bytes,
        most_blob_bytes: config.max_blob_bytes,
    }))
}

//! `GET` and `DELETE /v1/vaults/{id}/blobs/{blob}`

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;
use crate::store::{BlobStore as _, DeleteBlobOutcome};

/// How a blob is doing.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Status {
    /// Its length in bytes.
    size: i64,
    /// Parts that are not here yet.
    missing: i64,
    /// True when a commit says that a record needs it.
    linked: bool,
}

/// Says how a blob is doing.
#[utoipa::path(get, path = "/v1/vaults/{id}/blobs/{blob}", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id."), ("blob" = String, Path, description = "Blob id.")),
    responses((status = 200, description = "The blob.", body = Status),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails),
              (status = 404, description = "`vault-blob-unknown`.", body = ProblemDetails)))]
pub(super) async fn status(
    State(state): State<AppState>,
    Path((id, blob)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Status>, Problem> {
    super::super::authorise(&state, &id, &headers).await?;
    let row = state.store.blob(&id, &blob).await?.ok_or_else(super::unknown)?;
    Ok(Json(Status {
        size: row.size,
        missing: row.missing,
        linked: row.linked,
    }))
}

/// Deletes a blob at once. Without this, what no record needs goes after a time.
#[utoipa::path(delete, path = "/v1/vaults/{id}/blobs/{blob}", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id."), ("blob" = String, Path, description = "Blob id.")),
    responses((status = 204, description = "Deleted."),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails),
              (status = 404, description = "`vault-blob-unknown`.", body = ProblemDetails),
              (status = 409, description = "`vault-blob-linked`: a record needs it.", body = ProblemDetails)))]
pub(super) async fn delete(
    State(state): State<AppState>,
    Path((id, blob)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    super::super::authorise(&state, &id, &headers).await?;
    match state.store.delete_blob(&id, &blob).await? {
        DeleteBlobOutcome::Deleted => Ok(StatusCode::NO_CONTENT),
        DeleteBlobOutcome::NotFound => Err(super::unknown()),
        DeleteBlobOutcome::Linked => Err(Problem::new(
            StatusCode::CONFLICT,
            "vault-blob-linked",
            "A record needs this blob: unlink it with the commit that removes the record.",
        )),
    }
}

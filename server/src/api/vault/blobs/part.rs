//! `PUT /v1/vaults/{id}/blobs/{blob}/parts/{number}`

use assent_core::crypto::sha256;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;

use crate::blobs::Blobs;
use crate::error::{Problem, ProblemDetails};
use crate::http::{body, idempotency};
use crate::state::AppState;
use crate::store::{BlobStore as _, Garbage};

/// Stores one part. Sending a part again is no error. When this answers, the part is on disk.
#[utoipa::path(put, path = "/v1/vaults/{id}/blobs/{blob}/parts/{number}", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id."), ("blob" = String, Path, description = "Blob id."),
           ("number" = i64, Path, description = "Number of the part, from 0.")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204, description = "Stored."),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails),
              (status = 404, description = "`vault-blob-unknown`.", body = ProblemDetails),
              (status = 422, description = "`vault-blob-part-differs`: not the part that was declared.", body = ProblemDetails)))]
pub(super) async fn part(
    State(state): State<AppState>,
    Path((id, blob, number)): Path<(String, String, i64)>,
    request: Request,
) -> Result<StatusCode, Problem> {
    super::super::authorise(&state, &id, request.headers()).await?;
    let bytes = body::read(request, &state).await?;
    // A caller that hangs up leaves no file without its row.
    idempotency::to_the_end(async move {
        store(&state, &id, &blob, number, bytes).await?;
        Ok(axum::response::IntoResponse::into_response(
            StatusCode::NO_CONTENT,
        ))
    })
    .await
    .map(|_| StatusCode::NO_CONTENT)
}

async fn store(state: &AppState, id: &str, blob: &str, number: i64, bytes: Bytes) -> Result<(), Problem> {
    let row = state.store.blob(id, blob).await?.ok_or_else(super::unknown)?;
    let parts = state.store.blob_parts(id, blob).await?;
    let part = usize::try_from(number)
        .ok()
        .and_then(|number| parts.get(number))
        .ok_or_else(super::unknown)?;
    if i64::try_from(bytes.len()) != Ok(part.size) || sha256(&bytes) != part.sha256 {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "vault-blob-part-differs",
            "These are not the bytes that were declared for this part.",
        ));
    }
    if part.stored {
        return Ok(());
    }
    state.blobs.put(&row.object, number, part, &bytes).await?;
    let in_row = matches!(state.blobs, Blobs::Database).then_some(&bytes[..]);
    let now = state.clock.now();
    if state.store.store_blob_part(id, blob, number, in_row, now).await? {
        return Ok(());
    }
    // Deleted while the part was written.
    let garbage = Garbage {
        object: row.object,
        part_count: row.part_count,
        deleted: true,
    };
    state.blobs.delete(&garbage).await?;
    Err(super::unknown())
}

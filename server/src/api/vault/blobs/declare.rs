//! `POST /v1/vaults/{id}/blobs`

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::auth;
use crate::error::{Problem, ProblemDetails};
use crate::http::body::{self, Base64Url};
use crate::state::AppState;
use crate::store::{BlobPart, BlobStore as _, DeclareOutcome, NewBlob};

/// A blob to upload.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Declare {
    /// Its length in bytes.
    size: i64,
    /// SHA-256 of each part of 1 MiB; the last part is what remains.
    parts: Vec<Base64Url>,
}

/// An upload that can begin or go on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Upload {
    /// The blob's id: SHA-256 over `assent/blob/1`, the length (8 bytes, big-endian) and the parts' hashes.
    blob: String,
    /// Length of every part but the last.
    part_bytes: i64,
    /// Numbers of the parts that are not here yet.
    missing: Vec<usize>,
}

/// Begins an upload, or finds out what is still missing of one that broke off.
#[utoipa::path(post, path = "/v1/vaults/{id}/blobs", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id.")), request_body = Declare,
    responses((status = 200, description = "The upload goes on.", body = Upload),
              (status = 201, description = "The upload begins.", body = Upload),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails),
              (status = 413, description = "`vault-blob-too-large`.", body = ProblemDetails),
              (status = 422, description = "`body-invalid`.", body = ProblemDetails),
              (status = 507, description = "`vault-quota-exceeded`.", body = ProblemDetails)))]
pub(super) async fn declare(
    State(state): State<AppState>,
    Path(id): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<Upload>), Problem> {
    super::super::authorise(&state, &id, request.headers()).await?;
    let declared: Declare = body::parse(&body::read(request, &state).await?)?;
    let blob = blob(&state, declared)?;
    let quota = state.config.vault.blobs.quota();
    let status = match state
        .store
        .declare_blob(&id, &blob, quota, state.clock.now())
        .await?
    {
        DeclareOutcome::Declared => StatusCode::CREATED,
        DeclareOutcome::Known => StatusCode::OK,
        DeclareOutcome::QuotaExceeded => return Err(super::super::over_quota()),
        DeclareOutcome::NotFound => return Err(auth::refused("vault-access-refused")),
    };
    let parts = state.store.blob_parts(&id, &blob.blob).await?;
    let missing = parts.iter().enumerate().filter(|(_, part)| !part.stored);
    Ok((
        status,
        Json(Upload {
            blob: blob.blob,
            part_bytes: super::PART,
            missing: missing.map(|(number, _)| number).collect(),
        }),
    ))
}

fn blob(state: &AppState, declared: Declare) -> Result<NewBlob, Problem> {
    if declared.size > state.config.vault.blobs.max_blob_bytes {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "vault-blob-too-large",
            "The blob is larger than this service keeps.",
        ));
    }
    let invalid = |detail| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "body-invalid", detail);
    let expected = declared
        .size
        .max(0)
        .unsigned_abs()
        .div_ceil(super::PART.unsigned_abs());
    if declared.size < 1 || declared.parts.len() as u64 != expected {
        return Err(invalid("parts must hold one hash for each 1 MiB of size."));
    }
    let hashes: Vec<[u8; 32]> = declared
        .parts
        .into_iter()
        .map(|hash| hash.0.try_into().map_err(|_| invalid("A hash must be 32 bytes.")))
        .collect::<Result<_, _>>()?;
    Ok(NewBlob {
        blob: super::id(declared.size, &hashes),
        object: uuid::Uuid::new_v4().simple().to_string(),
        size: declared.size,
        parts: (0_i64..)
            .zip(&hashes)
            .map(|(number, sha256)| BlobPart {
                sha256: *sha256,
                size: super::part_size(declared.size, number),
                stored: false,
            })
            .collect(),
    })
}

//! `GET /v1/vaults/{id}`

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::api::auth;
use crate::error::{Problem, ProblemDetails};
use crate::http::body::Base64Url;
use crate::state::AppState;
use crate::store::VaultStore as _;

/// Which changes to read.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Since {
    /// Read what changed after this version; 0 or absent reads all.
    #[serde(default)]
    since: i64,
}

/// What changed in a vault.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Contents {
    /// Version of the vault.
    version: i64,
    /// Sealed unlock slots.
    header: Base64Url,
    /// Sealed and signed list of records.
    manifest: Base64Url,
    /// Records written after `since`.
    records: Vec<Record>,
    /// Handles deleted after `since`; the oldest are forgotten. The manifest is what counts.
    deleted: Vec<String>,
}

/// One sealed record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Record {
    /// Its handle.
    handle: String,
    /// The version that wrote it.
    version: i64,
    /// Ciphertext.
    #[serde(rename = "box")]
    sealed: Base64Url,
}

/// Reads what changed since a version, all of it from one moment.
#[utoipa::path(get, path = "/v1/vaults/{id}", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id."), Since),
    responses((status = 200, description = "Changes.", body = Contents),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails)))]
pub(super) async fn read(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(query): Query<Since>,
    headers: HeaderMap,
) -> Result<Json<Contents>, Problem> {
    super::authorise(&state, &id, &headers).await?;
    let delta = state
        .store
        .vault_since(&id, query.since.max(0))
        .await?
        // Deleted between the two reads.
        .ok_or_else(|| auth::refused("vault-access-refused"))?;
    Ok(Json(Contents {
        version: delta.version,
        header: Base64Url(delta.header),
        manifest: Base64Url(delta.manifest),
        records: delta
            .records
            .into_iter()
            .map(|(handle, version, sealed)| Record {
                handle,
                version,
                sealed: Base64Url(sealed),
            })
            .collect(),
        deleted: delta.deleted,
    }))
}

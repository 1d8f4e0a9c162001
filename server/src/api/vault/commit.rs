//! `POST /v1/vaults/{id}/commits`

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{Put, Version};
use crate::api::auth;
use crate::error::{Problem, ProblemDetails};
use crate::http::body::{self, Base64Url};
use crate::http::idempotency;
use crate::state::AppState;
use crate::store::{Commit, CommitOutcome, VaultStore as _};

/// A change to a vault.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CommitVault {
    /// The version the wallet built on.
    base_version: i64,
    /// New unlock slots, when they changed.
    #[serde(default)]
    header: Option<Base64Url>,
    /// New list of records.
    manifest: Base64Url,
    /// Records to write.
    #[serde(default)]
    put: Vec<Put>,
    /// Handles to delete.
    #[serde(default)]
    delete: Vec<Base64Url>,
}

/// Writes to a vault when nobody else did since `base_version`; all of it or nothing.
#[utoipa::path(post, path = "/v1/vaults/{id}/commits", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id."),
           ("Idempotency-Key" = Option<String>, Header, description = "Repeats of this request answer the same.")),
    request_body = CommitVault,
    responses((status = 200, description = "Stored.", body = Version),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails),
              (status = 409, description = "`vault-version-conflict`: read, merge, commit again; or `idempotency-key-in-flight`.", body = ProblemDetails),
              (status = 422, description = "`idempotency-key-reused`.", body = ProblemDetails),
              (status = 507, description = "`vault-quota-exceeded`.", body = ProblemDetails)))]
pub(super) async fn commit(
    State(state): State<AppState>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    super::authorise(&state, &id, &headers).await?;
    let bytes = body::read(request, &state).await?;
    idempotency::to_the_end(async move {
        idempotency::once::<Version, _>(&state, &format!("vault/{id}"), &headers, &bytes, || async {
            let version = store(&state, &id, body::parse(&bytes)?).await?;
            Ok((StatusCode::OK, Version { version }))
        })
        .await
    })
    .await
}

async fn store(state: &AppState, id: &str, body: CommitVault) -> Result<i64, Problem> {
    super::check_sizes(body.header.as_ref(), &body.manifest)?;
    if body.delete.len() > super::MAX_PUT {
        return Err(super::too_large("Too many deletions in one request."));
    }
    let commit = Commit {
        base_version: body.base_version,
        header: body.header.map(|header| header.0),
        manifest: body.manifest.0,
        put: super::records(state, body.put)?,
        delete: body.delete.iter().map(super::handle).collect::<Result<_, _>>()?,
    };
    match state
        .store
        .commit_vault(id, &commit, super::quota(state), state.clock.now())
        .await?
    {
        CommitOutcome::Committed(version) => Ok(version),
        CommitOutcome::Conflict(version) => Err(Problem::new(
            StatusCode::CONFLICT,
            "vault-version-conflict",
            format!("The vault is at version {version}."),
        )),
        CommitOutcome::QuotaExceeded => Err(super::over_quota()),
        CommitOutcome::NotFound => Err(auth::refused("vault-access-refused")),
    }
}

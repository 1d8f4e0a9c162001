//! `/v1/vaults/{id}/sign-ins`: the ways to find one vault. Only who has it open changes them.

use assent_core::encoding::base64url;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::{Code, MOST_PER_VAULT, SignInError};
use crate::api::{auth, vault};
use crate::crypto::SealError;
use crate::error::{Problem, ProblemDetails};
use crate::http::body::StrictJson;
use crate::state::AppState;
use crate::store::{LinkOutcome, SignInRow, SignInStore as _};

/// The ways to find a vault.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct SignIns {
    /// Oldest first.
    sign_ins: Vec<SignInView>,
}

/// One of them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct SignInView {
    /// Its id.
    id: String,
    /// Name of the login provider, or its id when it is not offered any more.
    provider: String,
    /// When it was linked, in seconds since 1970.
    created_at: i64,
}

/// A way to link.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSignIn {
    /// Who signed in at a login provider.
    openid: Code,
}

/// Lists the ways to find this vault.
#[utoipa::path(get, path = "/v1/vaults/{id}/sign-ins", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id.")),
    responses((status = 200, description = "Ways.", body = SignIns),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<SignIns>, Problem> {
    vault::authorise(&state, &id, &headers).await?;
    all(&state, &id).await
}

/// Links who signed in with this vault: signing in the same way finds it from now on.
#[utoipa::path(post, path = "/v1/vaults/{id}/sign-ins", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id.")), request_body = NewSignIn,
    responses((status = 200, description = "Linked. All ways.", body = SignIns),
              (status = 400, description = "`sign-in-over`.", body = ProblemDetails),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails),
              (status = 409, description = "`sign-in-full`.", body = ProblemDetails)))]
pub(super) async fn link(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    StrictJson(body): StrictJson<NewSignIn>,
) -> Result<Json<SignIns>, Problem> {
    vault::authorise(&state, &id, &headers).await?;
    let now = state.clock.now();
    let signed_in = state
        .store
        .take_sign_in_code(&body.openid.code, &body.openid.verifier, now)
        .await?
        .ok_or(SignInError::Over)?;
    let link = state
        .with_env(|env| env.random::<16>())
        .map_err(SealError::from)?;
    let row = SignInRow {
        id: base64url::encode(&link),
        vault: id.clone(),
        subject: signed_in.subject,
        provider: signed_in.provider,
        created_at: now,
    };
    match state.store.link_sign_in(&row, MOST_PER_VAULT).await? {
        LinkOutcome::Linked | LinkOutcome::There => {}
        LinkOutcome::Full => return Err(SignInError::Full.into()),
        // Deleted between the two.
        LinkOutcome::NotFound => return Err(auth::refused("vault-access-refused")),
    }
    all(&state, &id).await
}

/// Takes a way to find this vault away. Without any, its address still leads to it.
#[utoipa::path(delete, path = "/v1/vaults/{id}/sign-ins/{sign_in}", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id."), ("sign_in" = String, Path, description = "Id of the link.")),
    responses((status = 204, description = "Gone."),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails),
              (status = 404, description = "`sign-in-unknown`.", body = ProblemDetails)))]
pub(super) async fn unlink(
    State(state): State<AppState>,
    Path((id, link)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    vault::authorise(&state, &id, &headers).await?;
    if state.store.unlink_sign_in(&id, &link).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(SignInError::Unknown.into())
    }
}

async fn all(state: &AppState, id: &str) -> Result<Json<SignIns>, Problem> {
    let name = |id: String| match state.sign_in.provider(&id) {
        Ok(provider) => provider.name.clone(),
        Err(_) => id,
    };
    let rows = state.store.sign_ins_of(id).await?;
    let views = rows.into_iter().map(|row| SignInView {
        id: row.id,
        provider: name(row.provider),
        created_at: row.created_at.0,
    });
    Ok(Json(SignIns {
        sign_ins: views.collect(),
    }))
}

//! `POST /v1/vaults`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::{Put, Version, passkeys};
use crate::error::{Problem, ProblemDetails};
use crate::http::body::{Base64Url, StrictJson};
use crate::state::AppState;
use crate::store::{CreateOutcome, NewVault, VaultStore as _};

/// A new vault.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateVault {
    /// 16 random bytes made by the wallet, base64url.
    vault_id: String,
    /// SHA-256 of the access token.
    access_token_sha256: Base64Url,
    /// Epoch of the root key; 1 when absent.
    #[serde(default = "first_epoch")]
    epoch: i64,
    /// Sealed unlock slots.
    header: Base64Url,
    /// Sealed and signed list of records.
    manifest: Base64Url,
    /// First records.
    #[serde(default)]
    put: Vec<Put>,
    /// The passkeys among its unlock slots.
    #[serde(default)]
    passkeys: Vec<passkeys::Passkey>,
}

/// Creates a vault. Everything in it is ciphertext; the server learns sizes and times only.
#[utoipa::path(post, path = "/v1/vaults", tag = "vault", request_body = CreateVault,
    responses((status = 201, description = "Created.", body = Version),
              (status = 409, description = "The id is taken: `vault-already-exists`.", body = ProblemDetails),
              (status = 413, description = "`vault-record-too-large`.", body = ProblemDetails),
              (status = 507, description = "`vault-quota-exceeded`.", body = ProblemDetails)))]
pub(super) async fn create(
    State(state): State<AppState>,
    StrictJson(body): StrictJson<CreateVault>,
) -> Result<(StatusCode, Json<Version>), Problem> {
    super::check_id(&body.vault_id)?;
    super::check_sizes(Some(&body.header), &body.manifest)?;
    if body.epoch < 1 {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "body-invalid",
            "epoch counts from 1.",
        ));
    }
    let taken = || {
        Problem::new(
            StatusCode::CONFLICT,
            "vault-already-exists",
            "A vault with this id exists.",
        )
    };
    // Before anything is kept for it: whoever may not create must not fill the key store either.
    if state.store.vault_access(&body.vault_id).await?.is_some() {
        return Err(taken());
    }
    let mut vault = NewVault {
        id: body.vault_id,
        access_token_sha256: super::token_hash(body.access_token_sha256)?,
        epoch: body.epoch,
        header: body.header.0,
        manifest: body.manifest.0,
        put: super::records(&state, body.put)?,
        passkeys: passkeys::read(&state, body.passkeys)?,
    };
    let made = state.rest_keys.seal_new(&mut vault, state.clock.now()).await?;
    let outcome = state
        .store
        .create_vault(&vault, super::quota(&state), state.clock.now())
        .await?;
    if outcome != CreateOutcome::Created {
        state.rest_keys.discard(&made).await;
    }
    match outcome {
        CreateOutcome::Created => Ok((StatusCode::CREATED, Json(Version { version: 1 }))),
        CreateOutcome::AlreadyExists => Err(taken()),
        CreateOutcome::QuotaExceeded => Err(super::over_quota()),
    }
}

fn first_epoch() -> i64 {
    1
}

//! `DELETE /v1/vaults/{id}`

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::error::{Problem, ProblemDetails};
use crate::http::idempotency;
use crate::state::AppState;
use crate::store::VaultStore as _;

/// Deletes a vault with all its ciphertext.
#[utoipa::path(delete, path = "/v1/vaults/{id}", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id.")),
    responses((status = 204, description = "Deleted."),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails)))]
pub(super) async fn delete(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    super::authorise(&state, &id, &headers).await?;
    // A caller that hangs up does not stop half-way. Were the second step not reached, the daily round would find keys
    // without a vault.
    idempotency::to_the_end(async move {
        state.store.delete_vault(&id).await?;
        state.rest_keys.forget_vault(&id).await?;
        state.listeners.tell_gone(&id);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
    .await
}

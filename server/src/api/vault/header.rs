//! `GET /v1/vaults/{id}/header`

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use serde::Serialize;

use crate::error::{Problem, ProblemDetails};
use crate::http::address::{client_address, rate_key};
use crate::http::body::Base64Url;
use crate::state::AppState;
use crate::store::VaultStore as _;

/// What a device needs before it can unlock.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Header {
    /// Version of the vault.
    version: i64,
    /// Sealed unlock slots.
    header: Base64Url,
}

/// Reads the sealed unlock slots. Needs no token: they are what a device gets its token from. The id is 128
/// random bits, which nobody guesses, and readings are limited for each vault and for each address.
#[utoipa::path(get, path = "/v1/vaults/{id}/header", tag = "vault", params(("id" = String, Path, description = "Vault id.")),
    responses((status = 200, description = "Header.", body = Header),
              (status = 404, description = "`vault-unknown`.", body = ProblemDetails),
              (status = 429, description = "`rate-limited`.", body = ProblemDetails)))]
pub(super) async fn header(
    State(state): State<AppState>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Header>, Problem> {
    super::check_id(&id)?;
    let proxies = state.config.limits.trusted_proxies;
    let address = client_address(request.extensions(), request.headers(), proxies);
    // Counted before looking: an id that is not there costs as much as one that is.
    state.unlock_address_rate.check(&rate_key(address))?;
    state.unlock_rate.check(&id)?;
    let found = state.store.vault_header(&id).await?.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "vault-unknown",
            "There is no vault with this id.",
        )
    })?;
    Ok(Json(Header {
        version: found.version,
        header: Base64Url(found.header),
    }))
}

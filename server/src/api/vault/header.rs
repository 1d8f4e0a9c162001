//! `GET /v1/vaults/{id}/header`

use axum::Json;
use axum::extract::{Path, Request, State};
use serde::Serialize;

use crate::decoy;
use crate::error::{Problem, ProblemDetails};
use crate::http::address::caller;
use crate::http::body::Base64Url;
use crate::state::AppState;
use crate::store::VaultStore as _;

/// What a device needs before it can unlock.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Header {
    /// Sealed unlock slots.
    header: Base64Url,
}

/// Reads the sealed unlock slots. Needs no token: they are what a device gets its token from. For an id without a vault
/// the answer has the same form and is always the same, so that it does not tell which ids exist. Readings are limited
/// for each address, and for each address at each vault; whoever goes on waits longer each time, and nobody else does.
#[utoipa::path(get, path = "/v1/vaults/{id}/header", tag = "vault", params(("id" = String, Path, description = "Vault id.")),
    responses((status = 200, description = "Header, of a vault or made up.", body = Header),
              (status = 400, description = "`vault-id-malformed`.", body = ProblemDetails),
              (status = 429, description = "`rate-limited`.", body = ProblemDetails)))]
pub(super) async fn header(
    State(state): State<AppState>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Header>, Problem> {
    let bytes = super::id_bytes(&id)?;
    let address = caller(&request, state.config.limits.trusted_proxies);
    // Counted before looking: an id that is not there costs as much as one that is.
    state.unlocks.check(&id, &address, state.clock.now())?;
    // Made in any case, so that it takes as long.
    let made_up = decoy::header(&state.sealing, &id, &bytes);
    let found = state.store.vault_header(&id).await?;
    Ok(Json(Header {
        header: Base64Url(found.map_or(made_up, |found| found.header)),
    }))
}

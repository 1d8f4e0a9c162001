//! `GET /.well-known/openid-credential-issuer/issuer` and `GET /.well-known/oauth-authorization-server/issuer`
//!
//! The well-known part stands between host and path (OpenID4VCI 1.0 §12.2.2, RFC 8414 §3.1).

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::{client, dpop, encryption};
use crate::error::Problem;
use crate::state::AppState;

/// What the issuer says about itself (OpenID4VCI 1.0 §12.2).
#[utoipa::path(get, path = "/.well-known/openid-credential-issuer/issuer", tag = "issuer",
    responses((status = 200, description = "Issuer metadata.", body = Object)))]
pub(super) async fn issuer(State(state): State<AppState>) -> Result<Json<Value>, Problem> {
    let mut metadata = super::settings(&state)?
        .metadata(&state.profile)
        .map_err(|error| Problem::internal(&error))?;
    encryption::announce(&state, &mut metadata);
    Ok(Json(metadata.to_json()))
}

/// What its authorization server says about itself (RFC 8414).
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server/issuer", tag = "issuer",
    responses((status = 200, description = "Authorization server metadata.", body = Object)))]
pub(super) async fn authorization_server(State(state): State<AppState>) -> Result<Json<Value>, Problem> {
    let mut metadata = super::settings(&state)?
        .authorization_server_metadata(&state.profile)
        .map_err(|error| Problem::internal(&error))?;
    metadata.dpop_signing_alg_values_supported = dpop::algorithms().into_iter().map(str::to_owned).collect();
    client::announce(&state, &mut metadata).map_err(|error| Problem::internal(&error))?;
    Ok(Json(metadata.to_json()))
}

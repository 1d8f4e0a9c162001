//! `GET /.well-known/openid-credential-issuer/issuer` and `GET /.well-known/oauth-authorization-server/issuer`
//!
//! The well-known part stands between host and path (OpenID4VCI 1.0 §12.2.2, RFC 8414 §3.1).

use assent_core::oid4vci::AuthorizationServerMetadata;
use assent_core::oid4vci::token::AUTHORIZATION_CODE;
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
    if !state.config.sandbox {
        without_sign_in(&mut metadata);
    }
    Ok(Json(metadata.to_json()))
}

/// Only the sandbox has somebody to sign in.
fn without_sign_in(metadata: &mut AuthorizationServerMetadata) {
    metadata.authorization_endpoint = None;
    metadata.pushed_authorization_request_endpoint = None;
    metadata.require_pushed_authorization_requests = false;
    if let Some(grants) = &mut metadata.grant_types_supported {
        grants.retain(|grant| grant != AUTHORIZATION_CODE);
    }
}

#[cfg(test)]
mod tests {
    use assent_core::issuer::sandbox;
    use assent_core::profile::{Endpoint, Profile};

    use super::*;

    #[test]
    fn what_is_not_there_is_not_announced() {
        let profile = Profile::BASELINE;
        let identifier = Endpoint::parse("https://city.example/issuer", &profile).unwrap();
        let mut metadata = sandbox::settings(identifier)
            .authorization_server_metadata(&profile)
            .unwrap();
        assert!(metadata.code_endpoints(&profile).is_ok());
        without_sign_in(&mut metadata);
        assert!(metadata.code_endpoints(&profile).is_err());
        assert!(metadata.pre_authorized_token_endpoint().is_ok());
        let text = metadata.to_json().to_string();
        assert!(!text.contains("/par") && !text.contains("/authorize"), "{text}");
    }
}

//! Which wallet a request to the authorization server is from.

use assent_core::issuer::ClientId;
use assent_core::oid4vci::{Rejection, RejectionCode};
use axum::http::HeaderMap;

use super::Refusal;
use crate::state::AppState;

/// The wallet that sends a request as `client_id`. Wallets are public clients (RFC 6749 §2.1): PKCE and the registered
/// addresses keep one from using what another got.
pub(super) async fn authenticate(
    state: &AppState,
    _headers: &HeaderMap,
    client_id: Option<&str>,
) -> Result<ClientId, Refusal> {
    let known = client_id.and_then(|id| state.config.client(id));
    match known {
        Some(client) => Ok(ClientId::checked(client.id)),
        None => Err(Rejection::new(RejectionCode::InvalidClient, "this wallet is not known here").into()),
    }
}

//! `POST /issuer/notification` (OpenID4VCI 1.0 §11)

use assent_core::oid4vci::Notification;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::{AtResource, dpop};
use crate::state::AppState;

/// Takes what became of a card.
#[utoipa::path(post, path = "/issuer/notification", tag = "issuer", security(("card_access" = [])),
    request_body = Object,
    responses((status = 204, description = "Noted."),
              (status = 400, description = "`invalid_notification_id`, `invalid_notification_request` (OAuth form).", body = Object),
              (status = 401, description = "`invalid_token`, `use_dpop_nonce`, `invalid_dpop_proof` (OAuth form).", body = Object)))]
pub(super) async fn notification(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, AtResource> {
    let used = dpop::at_resource(&state, &headers, "/issuer/notification").await?;
    let notification = Notification::parse(&body)?;
    let stored = used.issuance(&state).await?;
    let issuance = stored
        .issuance()
        .clone()
        .notify(&used.presented(), &notification)?;
    stored.save(&state, issuance, &[]).await?;
    Ok(StatusCode::NO_CONTENT)
}

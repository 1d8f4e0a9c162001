//! `POST /issuer/notification` (OpenID4VCI 1.0 §11)

use assent_core::issuer::Presented;
use assent_core::oid4vci::{Notification, Rejection, RejectionCode};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::{Refusal, StoredIssuance, fingerprint};
use crate::state::AppState;
use crate::store::HandleKind;

/// Takes what became of a card.
#[utoipa::path(post, path = "/issuer/notification", tag = "issuer", security(("card_access" = [])),
    request_body = Object,
    responses((status = 204, description = "Noted."),
              (status = 400, description = "`invalid_notification_id`, `invalid_notification_request` (OAuth form).", body = Object),
              (status = 401, description = "`invalid_token` (OAuth form).", body = Object)))]
pub(super) async fn notification(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let token = super::access_token(&headers)?;
    let notification = Notification::parse(&body)?;
    let handle = fingerprint(&token.fingerprint());
    let stored = StoredIssuance::find(&state, HandleKind::Token, &handle)
        .await?
        .ok_or_else(|| Rejection::new(RejectionCode::InvalidToken, "the access token is not good"))?;
    let presented = Presented {
        token: &token,
        dpop_jkt: None,
    };
    let issuance = stored.issuance().clone().notify(&presented, &notification)?;
    stored.save(&state, issuance, &[]).await?;
    Ok(StatusCode::NO_CONTENT)
}

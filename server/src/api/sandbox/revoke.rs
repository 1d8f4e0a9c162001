//! `POST /v1/sandbox/cards/revoke`

use assent_core::status::Status;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use crate::error::Problem;
use crate::http::body::StrictJson;
use crate::state::AppState;
use crate::store::StatusListStore as _;

/// What to revoke.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Revoke {
    /// The offer the card came from.
    offer_id: String,
}

/// What was revoked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Revoked {
    /// How many copies.
    copies: u64,
}

/// Revokes every copy of a card that came from an offer. Readers of the status list know within a minute.
#[utoipa::path(post, path = "/v1/sandbox/cards/revoke", tag = "sandbox", request_body = Revoke,
    responses((status = 200, description = "Revoked.", body = Revoked)))]
pub(super) async fn revoke(
    State(state): State<AppState>,
    StrictJson(body): StrictJson<Revoke>,
) -> Result<Json<Revoked>, Problem> {
    let copies = state
        .store
        .set_status(&body.offer_id, Status::Invalid.value())
        .await?;
    Ok(Json(Revoked { copies }))
}

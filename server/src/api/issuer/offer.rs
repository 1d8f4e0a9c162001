//! `GET /issuer/offers/{id}`

use assent_core::crypto::sha256;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::Value;

use super::StoredIssuance;
use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;
use crate::store::HandleKind;

/// An offer by reference (OpenID4VCI 1.0 §4.1.3), while its code is good.
#[utoipa::path(get, path = "/issuer/offers/{id}", tag = "issuer",
    params(("id" = String, Path, description = "Id of the offer.")),
    responses((status = 200, description = "Credential offer.", body = Object),
              (status = 404, description = "`offer-unknown`.", body = ProblemDetails)))]
pub(super) async fn offer(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    StoredIssuance::find(&state, HandleKind::Offer, &sha256(id.as_bytes()))
        .await?
        .and_then(|stored| stored.offer().cloned())
        .map(Json)
        .ok_or_else(|| {
            Problem::new(
                StatusCode::NOT_FOUND,
                "offer-unknown",
                "There is no such offer, or it was used.",
            )
        })
}

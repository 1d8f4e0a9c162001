//! `GET /v1/consents/{consent_id}`

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;

use super::Consent;
use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;

/// One consent. Ask here when a webhook may have been lost.
#[utoipa::path(get, path = "/v1/consents/{consent_id}", tag = "verifier", security(("service_key" = [])),
    params(("consent_id" = String, Path, description = "Id of the consent.")),
    responses((status = 200, description = "State.", body = Consent),
              (status = 404, description = "`consent-unknown`.", body = ProblemDetails)))]
pub(in crate::api) async fn read(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Consent>, Problem> {
    let row = super::own(&state, &headers, &id).await?;
    Ok(Json(Consent::new(row, state.clock.now())))
}

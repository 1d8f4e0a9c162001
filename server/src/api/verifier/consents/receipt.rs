//! `GET /v1/consents/{consent_id}/receipt`

use assent_core::consent::ReceiptBundle;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::Value;

use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;
use crate::store::ConsentStore as _;

/// The receipt with everything needed to check it offline: the request it answers, the countersignature,
/// withdrawals and their acknowledgements. Both sides hold the same bytes.
#[utoipa::path(get, path = "/v1/consents/{consent_id}/receipt", tag = "verifier", security(("service_key" = [])),
    params(("consent_id" = String, Path, description = "Id of the consent.")),
    responses((status = 200, description = "Receipt bundle (`specs/formats`).", body = Object),
              (status = 404, description = "`consent-unknown`.", body = ProblemDetails)))]
pub(in crate::api) async fn receipt(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let row = super::own(&state, &headers, &id).await?;
    let mut bundle = ReceiptBundle::new(&super::receipt_of(&row)?, &row.consent.consent_request);
    bundle.countersignature = Some(row.consent.countersignature);
    for withdrawn in state.store.withdrawals(&row.consent.id).await? {
        bundle.events.push(withdrawn.withdrawal);
        bundle.acknowledgements.push(withdrawn.acknowledgement);
    }
    serde_json::to_value(&bundle)
        .map(Json)
        .map_err(|error| Problem::internal(&error))
}

//! `GET /v1/consents/{consent_id}/receipt`

use assent_core::consent::{ReceiptBundle, VerifiedReceipt};
use assent_core::sd_jwt::KeyBindingCheck;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::crypto::RingCrypto;
use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;
use crate::store::ConsentStore as _;

/// The receipt with everything needed to check it offline: the request it answers, the countersignature, the
/// withdrawal and its acknowledgement. Both sides hold the same bytes.
#[utoipa::path(get, path = "/v1/consents/{consent_id}/receipt", tag = "verifier", security(("service_key" = [])),
    params(("consent_id" = String, Path, description = "Id of the consent.")),
    responses((status = 200, description = "Receipt bundle (`specs/formats`).", body = Object),
              (status = 404, description = "`consent-unknown`.", body = ProblemDetails)))]
pub(in crate::api) async fn receipt(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let service = crate::api::verifier::service(&state, &headers)?;
    let row = state
        .store
        .consent(&service.id, &id)
        .await?
        .ok_or_else(super::unknown)?;
    let receipt = VerifiedReceipt::verify(
        &row.consent.receipt,
        KeyBindingCheck::NotRequired,
        // As of when it was given: a consent that is over still has its receipt.
        row.consent.given_at,
        &RingCrypto,
    )
    .map_err(|error| Problem::from_core(StatusCode::INTERNAL_SERVER_ERROR, &error))?;
    let mut bundle = ReceiptBundle::new(&receipt, &row.consent.consent_request);
    bundle.countersignature = Some(row.consent.countersignature);
    bundle.events.extend(row.withdrawal);
    bundle.acknowledgements.extend(row.acknowledgement);
    serde_json::to_value(&bundle)
        .map(Json)
        .map_err(|error| Problem::internal(&error))
}

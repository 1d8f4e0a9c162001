//! `POST /issuer/deferred_credential` (OpenID4VCI 1.0 §9)

use assent_core::issuer::PickUp;
use assent_core::oid4vci::DeferredRequest;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::{AtResource, credential, dpop, encryption};
use crate::error::Problem;
use crate::state::AppState;

/// Times a request is tried again because others change the same issuance.
const TRIES: usize = 8;

/// Gives a card that was not ready when it was requested: again, until the wallet says that it has it, for a day at most. The
/// copies are the same ones each time: for the same keys, with the same places in the status lists.
#[utoipa::path(post, path = "/issuer/deferred_credential", tag = "issuer", security(("card_access" = [])),
    request_body = Object,
    responses((status = 200, description = "Credentials.", body = Object),
              (status = 202, description = "Still later: `transaction_id`, `interval` in seconds.", body = Object),
              (status = 400, description = "`invalid_transaction_id`, … (OAuth form).", body = Object),
              (status = 401, description = "`invalid_token`, `use_dpop_nonce`, `invalid_dpop_proof` (OAuth form).", body = Object)))]
pub(super) async fn deferred(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AtResource> {
    let used = dpop::at_resource(&state, &headers, "/issuer/deferred_credential").await?;
    let opened = encryption::open(&state, &headers, &body)?;
    let request = DeferredRequest::parse(&opened.body, &state.profile)?;
    let settings = super::settings(&state)?;
    for _ in 0..TRIES {
        let stored = used.issuance(&state).await?;
        let ready = match stored
            .issuance()
            .pick_up(&used.presented(), &request, state.clock.now())?
        {
            PickUp::Later(later) => return Ok(credential::answer(&state, &later, &opened)?),
            PickUp::Ready(ready) => ready,
        };
        match credential::issue(&state, stored, ready, &settings).await {
            // Another request was first: perhaps for the same cards, which are then given again.
            Err(refusal) if refusal.is_busy() => {}
            done => return Ok(credential::answer(&state, &done?, &opened)?),
        }
    }
    Err(Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "issuance-busy",
        "Too many ask for these cards at once. Try again in a moment.",
    )
    .retry_after(1)
    .into())
}

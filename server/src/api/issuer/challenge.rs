//! `POST /issuer/challenge` (OAuth 2.0 Attestation-Based Client Authentication, draft 7, §8)
//!
//! What a challenge is: [`Rolling`]. That a proof is used once is the database's business.

use assent_core::oid4vci::attestation::{AttestationChallenge, CHALLENGE_HEADER};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;

use super::rolling::Rolling;
use crate::config::ClientAttestation;
use crate::state::AppState;

/// A challenge for the proof that goes with a wallet attestation.
#[utoipa::path(post, path = "/issuer/challenge", tag = "issuer",
    responses((status = 200, description = "`attestation_challenge`.", body = Object)))]
pub(super) async fn challenge(State(state): State<AppState>) -> Json<Value> {
    let challenge = value(&state);
    Json(AttestationChallenge { challenge }.to_json())
}

/// Gives every answer to a wallet that may authenticate itself the challenge for the next time (§8.2), refusals included.
pub(in crate::api) async fn give_challenges(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let wanted = state.config.issuer.client_attestation != ClientAttestation::Off
        && request.method() == Method::POST
        && matches!(request.uri().path(), "/issuer/token" | "/issuer/par");
    let mut response = next.run(request).await;
    if wanted && let Ok(challenge) = HeaderValue::from_str(&value(&state)) {
        let name = HeaderName::from_static(CHALLENGE_HEADER);
        response.headers_mut().insert(name, challenge);
    }
    response
}

fn value(state: &AppState) -> String {
    Rolling::Challenge.value(&state.sealing, state.clock.now())
}

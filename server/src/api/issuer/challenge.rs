//! `POST /issuer/challenge` (OAuth 2.0 Attestation-Based Client Authentication, draft 7, §8)
//!
//! Challenges are the same for everybody and kept nowhere, like the nonces for DPoP: a MAC over a number that goes up every
//! few minutes. That a proof is used once is the database's business.

use assent_core::crypto::constant_time_eq;
use assent_core::encoding::base64url;
use assent_core::env::Timestamp;
use assent_core::oid4vci::attestation::{AttestationChallenge, CHALLENGE_HEADER};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;

use crate::config::ClientAttestation;
use crate::crypto::SealingKey;
use crate::state::AppState;

/// Seconds until the challenge changes; each is good for one to two times as long.
const PERIOD: i64 = 150;

/// A challenge for the proof that goes with a wallet attestation.
#[utoipa::path(post, path = "/issuer/challenge", tag = "issuer",
    responses((status = 200, description = "`attestation_challenge`.", body = Object)))]
pub(super) async fn challenge(State(state): State<AppState>) -> Json<Value> {
    let challenge = value(&state.sealing, period(state.clock.now()));
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
    if wanted && let Ok(challenge) = HeaderValue::from_str(&value(&state.sealing, period(state.clock.now())))
    {
        let name = HeaderName::from_static(CHALLENGE_HEADER);
        response.headers_mut().insert(name, challenge);
    }
    response
}

/// Whether a challenge is one of ours and not too old: this period's or the last one's; the next one's, too, of a process
/// whose clock is a little ahead.
pub(super) fn is_good(sealing: &SealingKey, now: Timestamp, presented: &str) -> bool {
    let now = period(now);
    [now, now - 1, now + 1]
        .iter()
        .any(|period| constant_time_eq(value(sealing, *period).as_bytes(), presented.as_bytes()))
}

fn period(now: Timestamp) -> i64 {
    now.0.div_euclid(PERIOD)
}

fn value(sealing: &SealingKey, period: i64) -> String {
    base64url::encode(&sealing.mac("attestation challenge", &[&period.to_be_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_good_for_a_while() {
        let sealing = SealingKey::from_bytes(&[7; 32]).unwrap();
        let given = Timestamp(PERIOD * 1000);
        let value = value(&sealing, period(given));
        let good = |after: i64| is_good(&sealing, given.plus(after), &value);
        assert!(good(0) && good(2 * PERIOD - 1) && !good(2 * PERIOD));
        assert!(good(-1) && !good(-PERIOD - 1));
        let other = SealingKey::from_bytes(&[8; 32]).unwrap();
        assert!(!is_good(&other, given, &value) && !is_good(&sealing, given, ""));
    }
}

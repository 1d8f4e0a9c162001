//! Credential requests and responses in their envelopes (OpenID4VCI 1.0 §10; CI-29).
//!
//! The private keys are kept nowhere: they follow from the sealing key and the month, so that every process has the same
//! ones and nothing must be done when they change. A wallet may come with what it read in the metadata up to a month ago.

use assent_core::crypto::SoftwareKey;
use assent_core::env::Timestamp;
use assent_core::oid4vci::encryption::{self, EncryptionRule, Opened, ReplyKey, RequestKey};
use assent_core::oid4vci::{IssuerMetadata, Rejection};
use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::crypto::SealingKey;
use crate::error::Problem;
use crate::state::AppState;

/// Seconds for which one key is announced.
const PERIOD: i64 = 30 * 86_400;

/// Adds to the metadata how to encrypt.
pub(super) fn announce(state: &AppState, metadata: &mut IssuerMetadata) {
    let keys = [key(&state.sealing, period(state.clock.now()))];
    if let Some((request, response)) = encryption::announcement(state.config.issuer.encryption, &keys) {
        metadata.request_encryption = Some(request);
        metadata.response_encryption = Some(response);
    }
}

/// Takes a request out of its envelope.
pub(super) fn open(state: &AppState, headers: &HeaderMap, body: &[u8]) -> Result<Opened, Rejection> {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim());
    let rule = state.config.issuer.encryption;
    // Working out keys costs as much as opening: only for those that come with an envelope.
    let keys = match (rule, media_type) {
        (EncryptionRule::Off, _) | (_, None) => Vec::new(),
        (_, Some(media_type)) if !media_type.eq_ignore_ascii_case(encryption::MEDIA_TYPE) => Vec::new(),
        _ => {
            let now = period(state.clock.now());
            // The next one's: of a process whose clock is a little ahead.
            [now, now - 1, now + 1]
                .map(|period| key(&state.sealing, period))
                .into()
        }
    };
    encryption::open_request(body, media_type, rule, &keys, &state.profile)
}

/// The answer, in an envelope when the wallet asked for one.
pub(super) fn answer(
    state: &AppState,
    status: StatusCode,
    body: Value,
    reply: Option<&ReplyKey>,
) -> Result<Response, Problem> {
    let Some(reply) = reply else {
        return Ok((status, Json(body)).into_response());
    };
    let sealed = state
        .with_env(|env| reply.seal(&body, env))
        .map_err(|error| Problem::internal(&error))?;
    Ok((status, [(header::CONTENT_TYPE, encryption::MEDIA_TYPE)], sealed).into_response())
}

fn period(now: Timestamp) -> i64 {
    now.0.div_euclid(PERIOD)
}

/// The key of a period.
fn key(sealing: &SealingKey, period: i64) -> RequestKey {
    // A MAC that is no scalar of the curve comes up less than once in 2^32 times.
    let mut attempt = 0_u64;
    loop {
        let parts: [&[u8]; 2] = [&period.to_be_bytes(), &attempt.to_be_bytes()];
        let scalar = Zeroizing::new(sealing.mac("credential request key", &parts));
        if let Ok(key) = SoftwareKey::from_bytes(scalar.as_slice()) {
            return RequestKey::new(key);
        }
        attempt += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_one_period_and_one_server() {
        let sealing = |byte| SealingKey::from_bytes(&[byte; 32]).unwrap();
        let kid = |byte, period| key(&sealing(byte), period).kid().to_owned();
        assert_eq!(kid(7, 1), kid(7, 1));
        assert_ne!(kid(7, 1), kid(7, 2));
        assert_ne!(kid(7, 1), kid(8, 1));
        assert_eq!(period(Timestamp(PERIOD - 1)) + 1, period(Timestamp(PERIOD)));
    }
}

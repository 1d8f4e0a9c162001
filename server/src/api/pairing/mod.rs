//! Mailboxes through which a new device gets a vault from an old one (specs/formats/pairing.md).
//!
//! Four places, each written once, ten minutes. Nobody signs in: the name of a mailbox is 128 random bits that went from
//! one screen to the other. What is in it is not believed by either device, so nothing here guards it but its size, its
//! number and its time.

mod close;
mod read;
mod write;

use assent_core::encoding::base64url;
use axum::extract::Request;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::Problem;
use crate::http::address::caller;
use crate::state::AppState;
use crate::store::PairingLimits;

/// Seconds from the first message until the mailbox is gone.
const LIFETIME: i64 = 600;
/// Largest message, in bytes.
const MAX_MESSAGE: usize = 4096;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(write::write))
        .routes(routes!(read::read))
        .routes(routes!(close::close))
}

/// The caller's address as a key, after its request was counted.
fn counted(state: &AppState, request: &Request) -> Result<String, Problem> {
    let key = caller(request, state.config.limits.trusted_proxies);
    state.pairing_rate.check(&key)?;
    Ok(key)
}

/// The name of a mailbox is 16 random bytes in base64url; its places count from 0 to 3.
fn check(session: &str, slot: i64) -> Result<(), Problem> {
    let is_name = base64url::decode(session).is_ok_and(|bytes| bytes.len() == 16);
    if is_name && (0..4).contains(&slot) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::BAD_REQUEST,
        "pairing-session-malformed",
        "A pairing has a session of 16 bytes in base64url and messages 0 to 3.",
    ))
}

fn limits(state: &AppState) -> PairingLimits {
    PairingLimits {
        sessions: state.config.vault.max_pairings,
        bytes: state.config.vault.max_pairing_bytes,
    }
}

fn closed() -> Problem {
    Problem::new(
        StatusCode::GONE,
        "pairing-closed",
        "One of the devices ended the pairing.",
    )
}

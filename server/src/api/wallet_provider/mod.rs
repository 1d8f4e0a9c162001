//! The wallet provider role: vouches for the wallets of this operator and for their keys (OpenID4VCI 1.0 Appendices D
//! and E).
//!
//! What it can honestly say is little. A browser or a command line shows no proof of what runs in it, and the keys are
//! software: whoever asks in the right form gets the attestation (specs/decisions/0033). It keeps nothing, does not
//! learn which issuer the wallet goes to, and nobody signs in to it; it sees the address of the caller, and of a batch of
//! copies their keys.

mod key_attestation;
mod wallet_attestation;

use assent_core::oid4vci::{AttestationError, Attesters};
use axum::extract::Request;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::crypto::RingCrypto;
use crate::error::Problem;
use crate::http::address::caller;
use crate::http::body;
use crate::state::{AppState, Identity};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(wallet_attestation::wallet_attestation))
        .routes(routes!(key_attestation::key_attestation))
}

/// The provider's key and chain.
fn identity(state: &AppState) -> Result<&Identity, Problem> {
    state.keys.wallet_provider.as_ref().ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "wallet-provider-not-configured",
            "This server has no wallet provider key.",
        )
    })
}

/// The body, after the request was counted.
async fn counted(state: &AppState, request: Request) -> Result<axum::body::Bytes, Problem> {
    let key = caller(&request, state.config.limits.trusted_proxies);
    state.attestation_rate.check(&key)?;
    body::read(request, state).await
}

fn attesters(state: &AppState) -> Attesters<'_> {
    Attesters {
        anchors: &state.keys.trust,
        now: state.clock.now(),
        profile: &state.profile,
        crypto: &RingCrypto,
    }
}

fn refused(error: &AttestationError) -> Problem {
    Problem::from_core(StatusCode::BAD_REQUEST, error)
}

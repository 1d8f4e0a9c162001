//! The wallet provider role: vouches for the wallets of this operator and for their keys (OpenID4VCI 1.0 Appendices D
//! and E).
//!
//! What it can honestly say is little. A browser or a command line shows no proof of what runs in it, and the keys are
//! software: whoever asks in the right form gets the attestation (specs/decisions/0033). It keeps nothing, does not
//! learn which issuer the wallet goes to, and nobody signs in to it; it sees the address of the caller, and of a batch of
//! copies their keys.

mod key_attestation;
mod wallet_attestation;

use assent_core::crypto::SignError;
use assent_core::oid4vci::attestation::provider::ProvedKey;
use assent_core::oid4vci::{AttestationError, Attesters};
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::Problem;
use crate::http::address::caller;
use crate::http::body;
use crate::state::{AppState, Identity};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(wallet_attestation::wallet_attestation))
        .routes(routes!(key_attestation::key_attestation))
}

/// A request to vouch for something.
struct Asked<'a> {
    body: Bytes,
    /// The provider's key and chain.
    identity: &'a Identity,
    provider: &'a str,
    attesters: Attesters<'a>,
}

impl<'a> Asked<'a> {
    /// Counts the request before its body is read.
    async fn read(state: &'a AppState, request: Request) -> Result<Self, Problem> {
        let key = caller(&request, state.config.limits.trusted_proxies);
        state.attestation_rate.check(&key)?;
        let body = body::read(request, state).await?;
        let identity = state.keys.wallet_provider.as_ref().ok_or_else(|| {
            Problem::new(
                StatusCode::NOT_FOUND,
                "wallet-provider-not-configured",
                "This server has no wallet provider key.",
            )
        })?;
        Ok(Self {
            body,
            identity,
            provider: &state.config.public_url,
            attesters: state.attesters(),
        })
    }

    /// The key that `proof` shows the wallet to hold.
    fn proved(&self, proof: &str) -> Result<ProvedKey, Problem> {
        ProvedKey::verify(proof, self.provider, &self.attesters).map_err(refused)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn refused(error: AttestationError) -> Problem {
    Problem::from_core(StatusCode::BAD_REQUEST, &error)
}

/// Counts what was given.
fn given(kind: &'static str, attestation: Result<String, SignError>) -> Result<String, Problem> {
    let attestation = attestation.map_err(|error| Problem::internal(&error))?;
    metrics::counter!("assent_attestations_total", "kind" => kind).increment(1);
    Ok(attestation)
}

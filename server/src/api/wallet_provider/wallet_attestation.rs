//! `POST /v1/wallet-provider/wallet-attestation`

use assent_core::oid4vci::attestation::WalletAttestation;
use assent_core::oid4vci::attestation::provider::WalletAttestationRequest;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::Serialize;

use super::{Asked, given, refused};
use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;

/// Seconds a wallet attestation is good: as long as a sign-in at an issuer may take, and far below the day that is the
/// most (TS3).
const LIFE: i64 = 2 * 3600;

/// A wallet attestation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Attested {
    /// JWT of type `oauth-client-attestation+jwt`, good for two hours.
    wallet_attestation: String,
}

/// Vouches for a wallet, by a key it proves to hold: `{"client_id", "proof"}`. The wallet takes a fresh key for each issuer,
/// which is not named here.
#[utoipa::path(post, path = "/v1/wallet-provider/wallet-attestation", tag = "wallet-provider", request_body = Object,
    responses((status = 200, description = "The attestation.", body = Attested),
              (status = 400, description = "`attestation-invalid`, `attestation-time`, `attestation-for-another`, `attestation-signature`.", body = ProblemDetails),
              (status = 404, description = "`wallet-provider-not-configured`.", body = ProblemDetails),
              (status = 429, description = "`rate-limited`.", body = ProblemDetails)))]
pub(super) async fn wallet_attestation(
    State(state): State<AppState>,
    request: Request,
) -> Result<Json<Attested>, Problem> {
    let asked = Asked::read(&state, request).await?;
    let wanted = WalletAttestationRequest::parse(&asked.body).map_err(refused)?;
    let proved = asked.proved(&wanted.proof)?;
    // Appendix E: one name for all wallets of a kind, never one for a person.
    let clients = state.config.built_in_clients();
    if !clients.iter().any(|client| client.id == wanted.client_id) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "wallet-provider-other-wallet",
            "Only wallets of this operator are vouched for.",
        ));
    }
    let settings = &state.config.wallet_provider;
    let name = settings
        .wallet_name
        .as_ref()
        .or(state.config.registry.name.as_ref());
    let now = asked.attesters.now;
    let attestation = WalletAttestation {
        provider: asked.provider,
        client_id: &wanted.client_id,
        instance_key: &proved.key,
        wallet_name: name.map_or("Assent", String::as_str),
        wallet_version: env!("CARGO_PKG_VERSION"),
        wallet_link: settings.wallet_link.as_deref().unwrap_or(asked.provider),
        issued_at: now,
        expires_at: now.plus(LIFE),
    };
    let signed = attestation.sign(&asked.identity.chain, &asked.identity.signer);
    let wallet_attestation = given("wallet", signed)?;
    Ok(Json(Attested { wallet_attestation }))
}

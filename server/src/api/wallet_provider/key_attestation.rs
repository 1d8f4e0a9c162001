//! `POST /v1/wallet-provider/key-attestation`

use assent_core::crypto::PublicKey;
use assent_core::oid4vci::AttestationError;
use assent_core::oid4vci::attestation::provider::KeyAttestationRequest;
use assent_core::oid4vci::attestation::{KeyAttestation, level};
use axum::Json;
use axum::extract::{Request, State};
use serde::Serialize;

use super::{Asked, given, refused};
use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;

/// Seconds a key attestation is good: for one credential request.
const LIFE: i64 = 600;
/// What software keys behind a passphrase or passkey come to at best. Nobody has assessed it, and no certification is
/// claimed.
const LEVEL: [&str; 1] = [level::BASIC];

/// A key attestation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Attested {
    /// JWT of type `key-attestation+jwt`, good for ten minutes.
    key_attestation: String,
}

/// Vouches for the keys of one batch of copies, each of which the wallet proves to hold: `{"proofs"}`. Says
/// `iso_18045_basic`: they are software keys.
#[utoipa::path(post, path = "/v1/wallet-provider/key-attestation", tag = "wallet-provider", request_body = Object,
    responses((status = 200, description = "The attestation.", body = Attested),
              (status = 400, description = "`attestation-invalid`, `attestation-time`, `attestation-for-another`, `attestation-signature`.", body = ProblemDetails),
              (status = 404, description = "`wallet-provider-not-configured`.", body = ProblemDetails),
              (status = 429, description = "`rate-limited`.", body = ProblemDetails)))]
pub(super) async fn key_attestation(
    State(state): State<AppState>,
    request: Request,
) -> Result<Json<Attested>, Problem> {
    let asked = Asked::read(&state, request).await?;
    let wanted = KeyAttestationRequest::parse(&asked.body, &state.profile).map_err(refused)?;
    let mut keys: Vec<PublicKey> = Vec::with_capacity(wanted.proofs.len());
    let mut nonce: Option<Option<String>> = None;
    for proof in &wanted.proofs {
        let proved = asked.proved(proof)?;
        // One attestation has one nonce, and each key once.
        if *nonce.get_or_insert_with(|| proved.nonce.clone()) != proved.nonce || keys.contains(&proved.key) {
            return Err(refused(AttestationError::Key));
        }
        keys.push(proved.key);
    }
    let (nonce, now) = (nonce.flatten(), asked.attesters.now);
    let attestation = KeyAttestation {
        keys: &keys,
        key_storage: &LEVEL,
        user_authentication: &LEVEL,
        nonce: nonce.as_deref(),
        issued_at: now,
        expires_at: Some(now.plus(LIFE)),
        status: None,
    };
    let signed = attestation.sign(&asked.identity.chain, &asked.identity.signer);
    let key_attestation = given("keys", signed)?;
    Ok(Json(Attested { key_attestation }))
}

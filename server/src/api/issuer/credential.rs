//! `POST /issuer/credential` (OpenID4VCI 1.0 §8)

use assent_core::issuer::{CredentialSigner, NonceRecord, sandbox};
use assent_core::oid4vci::{Attesters, CredentialRequest, Rejection, RejectionCode};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{Refusal, StoredIssuance, attestation, fingerprint, status_list};
use crate::crypto::RingCrypto;
use crate::error::Problem;
use crate::state::AppState;
use crate::store::{HandleKind, IssuanceStore as _};

const DAY: i64 = 86_400;

/// Issues one copy of a card for each key proof.
#[utoipa::path(post, path = "/issuer/credential", tag = "issuer", security(("card_access" = [])),
    request_body = Object,
    responses((status = 200, description = "Credentials.", body = Object),
              (status = 400, description = "`invalid_proof`, `invalid_nonce`, … (OAuth form).", body = Object),
              (status = 401, description = "`invalid_token` (OAuth form).", body = Object)))]
pub(super) async fn credential(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let token = super::access_token(&headers)?;
    let request = CredentialRequest::parse(&body, &state.profile)?;
    let settings = super::settings(&state)?;
    let identity = super::identity(&state)?;
    let handle = fingerprint(&token.fingerprint());
    let stored = StoredIssuance::find(&state, HandleKind::Token, &handle)
        .await?
        .ok_or_else(|| Rejection::new(RejectionCode::InvalidToken, "the access token is not good"))?;
    let now = state.clock.now();
    let attesters = Attesters {
        anchors: &state.keys.trust,
        now,
        profile: &state.profile,
        crypto: &RingCrypto,
    };
    let checked = stored
        .issuance()
        .check_request(&token, &request, &settings, &attesters)?;
    let good_statuses = attestation::good_statuses(&state, checked.statuses(), now).await;
    let mut found = Vec::new();
    for nonce in checked.nonce_fingerprints() {
        if state.store.use_nonce(&fingerprint(&nonce), now).await? {
            found.push(NonceRecord {
                fingerprint: nonce,
                // Storage gave it only because it is still good.
                expires_at: now.plus(1),
            });
        }
    }
    let ready = checked.nonces_used_up(&found, &good_statuses, now)?;
    let subject = sandbox::subject(ready.configuration_id(), &state.url("/v1/registry/anchors"), now)
        .ok_or_else(|| {
            Rejection::new(
                RejectionCode::UnknownCredentialConfiguration,
                "not a card of the sandbox",
            )
        })?;
    let expires_at = now.plus(settings.credential_days * DAY);
    let statuses = status_list::draw(&state, stored.id(), ready.copies(), expires_at).await?;
    let issuance = stored.issuance().clone();
    let minted = state
        .with_env(|env| {
            let signer = CredentialSigner {
                key: &identity.signer,
                x5c: identity.chain.clone(),
            };
            ready.mint(issuance, &subject, statuses, &signer, &settings, env)
        })
        .map_err(|error| Problem::from_core(StatusCode::INTERNAL_SERVER_ERROR, &error))?;
    stored
        .save(&state, minted.issuance, settings.token_life, &[])
        .await?;
    metrics::counter!("assent_credentials_issued_total").increment(minted.copies.len() as u64);
    Ok(Json(minted.response.to_json()))
}

//! `POST /issuer/credential` (OpenID4VCI 1.0 §8)

use assent_core::issuer::{CredentialSigner, IssuerSettings, NonceRecord, ReadyRequest, sandbox};
use assent_core::oid4vci::encryption::Opened;
use assent_core::oid4vci::{CredentialAnswer, CredentialRequest, Rejection, RejectionCode};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::{AtResource, Refusal, StoredIssuance, attestation, dpop, encryption, fingerprint, status_list};
use crate::error::Problem;
use crate::state::AppState;
use crate::store::IssuanceStore as _;

const DAY: i64 = 86_400;
/// Times a request is tried again because others change the same issuance.
const TRIES: usize = 8;

/// Issues one copy of a card for each key proof, now or later.
#[utoipa::path(post, path = "/issuer/credential", tag = "issuer", security(("card_access" = [])),
    request_body = Object,
    responses((status = 200, description = "Credentials.", body = Object),
              (status = 202, description = "Later: `transaction_id`, `interval` in seconds.", body = Object),
              (status = 400, description = "`invalid_proof`, `invalid_nonce`, … (OAuth form).", body = Object),
              (status = 401, description = "`invalid_token`, `use_dpop_nonce`, `invalid_dpop_proof` (OAuth form).", body = Object)))]
pub(super) async fn credential(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AtResource> {
    let used = dpop::at_resource(&state, &headers, "/issuer/credential").await?;
    let opened = encryption::open(&state, &headers, &body)?;
    let request = CredentialRequest::parse(&opened.body, &state.profile)?;
    let settings = super::settings(&state)?;
    super::identity(&state)?;
    let now = state.clock.now();
    let check = |stored: &StoredIssuance| {
        stored
            .issuance()
            .check_request(&used.presented(), &request, &settings, &state.attesters())
    };
    let mut stored = used.issuance(&state).await?;
    let checked = check(&stored)?;
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
    let mut ready = checked.nonces_used_up(&found, &good_statuses, now)?;
    // Another request was first, perhaps for another card of the same offer: the nonce is used up, the proofs are still good.
    for _ in 1..TRIES {
        match give(&state, stored, ready, &settings).await {
            Err(refusal) if refusal.is_busy() => {}
            done => return Ok(answer(&state, &done?, &opened)?),
        }
        stored = used.issuance(&state).await?;
        ready = check(&stored)?.nonces_used_up(&found, &good_statuses, now)?;
    }
    let given = give(&state, stored, ready, &settings).await?;
    Ok(answer(&state, &given, &opened)?)
}

/// The cards, or word that they come later.
async fn give(
    state: &AppState,
    stored: StoredIssuance,
    ready: ReadyRequest,
    settings: &IssuerSettings,
) -> Result<CredentialAnswer, Refusal> {
    let Some(seconds) = stored.issuance().later() else {
        return issue(state, stored, ready, settings).await;
    };
    let issuance = stored.issuance().clone();
    let deferring = state
        .with_env(|env| ready.defer(issuance, seconds, env))
        .map_err(|error| Problem::from_core(StatusCode::INTERNAL_SERVER_ERROR, &error))?;
    stored.save(state, deferring.issuance, &[]).await?;
    Ok(deferring.answer)
}

/// The answer of this endpoint and of the one for what was not ready, to a request.
pub(super) fn answer(
    state: &AppState,
    answer: &CredentialAnswer,
    request: &Opened,
) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::OK);
    encryption::answer(state, status, answer.to_json(), request.reply.as_ref())
}

/// Makes the copies and stores that they were made.
///
/// # Errors
/// `issuance-busy` (409) when another request changed the issuance first; then nothing was issued.
pub(super) async fn issue(
    state: &AppState,
    stored: StoredIssuance,
    ready: ReadyRequest,
    settings: &IssuerSettings,
) -> Result<CredentialAnswer, Refusal> {
    let identity = super::identity(state)?;
    let now = state.clock.now();
    let subject = sandbox::subject(ready.configuration_id(), &state.url("/v1/registry/anchors"), now)
        .ok_or_else(|| {
            Rejection::new(
                RejectionCode::UnknownCredentialConfiguration,
                "not a card of the sandbox",
            )
        })?;
    let expires_at = now.plus(settings.credential_days * DAY);
    let issuance = stored.issuance().clone();
    let places = status_list::draw(state, stored.id(), ready.indexes(), expires_at).await?;
    let statuses = places.references(state);
    let drawn = statuses.len();
    let minted = state
        .with_env(|env| {
            let signer = CredentialSigner {
                key: &identity.signer,
                x5c: identity.chain.clone(),
            };
            ready.mint(issuance, &subject, statuses, &signer, settings, env)
        })
        .map_err(|error| Problem::from_core(StatusCode::INTERNAL_SERVER_ERROR, &error));
    let minted = match minted {
        Ok(minted) => minted,
        Err(problem) => {
            places.release(state).await?;
            return Err(problem.into());
        }
    };
    if let Err(problem) = stored.save(state, minted.issuance, &[]).await {
        // Only then is it certain that the copies are nobody's.
        if super::is_busy(&problem) {
            places.release(state).await?;
        }
        return Err(problem.into());
    }
    metrics::counter!("assent_credentials_issued_total").increment(drawn as u64);
    Ok(CredentialAnswer::Issued(minted.response))
}

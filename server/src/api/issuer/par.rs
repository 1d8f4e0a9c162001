//! `POST /issuer/par`: pushed authorization requests (RFC 9126)

use assent_core::issuer::{Issuance, PushedKeys};
use assent_core::oid4vci::authorization::AuthorizationRequest;
use assent_core::oid4vci::{Rejection, RejectionCode, SecretText};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{Refusal, StoredIssuance, client, dpop, fingerprint};
use crate::error::Problem;
use crate::state::AppState;
use crate::store::HandleKind;

/// Takes an authorization request before the person comes, and gives a `request_uri` that stands for it, once. An
/// `issuer_state` ties it to an offer.
#[utoipa::path(post, path = "/issuer/par", tag = "issuer",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 201, description = "`request_uri`, `expires_in`.", body = Object),
              (status = 400, description = "`invalid_request`, `invalid_scope`, `use_dpop_nonce`, … (OAuth form).", body = Object),
              (status = 401, description = "`invalid_client` (OAuth form).", body = Object)))]
pub(super) async fn par(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: String,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let request = AuthorizationRequest::parse(&body, &state.profile)?;
    // Before the client: a proof that lacks a nonce must not use up the one of an attestation.
    let jkt = dpop::at_par(&state, &headers).await?;
    let attested = client::attested(&state, &headers, Some(&request.client_id)).await?;
    let client = client::known(&state, Some(&request.client_id))?;
    // RFC 9126 §2.3, RFC 9700 §4.1.3.
    let known = state.config.client(client.as_str());
    if !known.is_some_and(|known| known.returns_to(&request.redirect_uri)) {
        let why = "this redirect_uri is not registered for the client";
        return Err(Rejection::new(RejectionCode::InvalidRequest, why).into());
    }
    let settings = super::settings(&state)?;
    let stored = match &request.issuer_state {
        None => None,
        Some(issuer_state) => {
            let handle = fingerprint(&SecretText::new(issuer_state.as_str()).fingerprint());
            let unknown = || Rejection::new(RejectionCode::InvalidRequest, "the issuer_state is not known");
            let found = StoredIssuance::find(&state, HandleKind::IssuerState, &handle).await?;
            Some(found.ok_or_else(unknown)?)
        }
    };
    let offered = stored.as_ref().map(|stored| stored.issuance().clone());
    let keys = PushedKeys {
        dpop_jkt: jkt.as_deref(),
        instance_jkt: attested.as_ref().map(|attested| attested.instance_jkt.as_str()),
    };
    let pushing = state
        .with_env(|env| Issuance::push(offered, &request, &client, &keys, &settings, env))
        .map_err(|error| Problem::internal(&error))??;
    let uri = SecretText::new(pushing.answer.request_uri.as_str());
    let handles = [(HandleKind::RequestUri, fingerprint(&uri.fingerprint()))];
    match stored {
        None => StoredIssuance::create(&state, pushing.issuance, None, &handles).await?,
        Some(stored) => match stored.save(&state, pushing.issuance, &handles).await {
            Ok(()) => {}
            Err(problem) if problem.status() == StatusCode::CONFLICT => {
                let why = "this offer is being used at the same time";
                return Err(Rejection::new(RejectionCode::InvalidRequest, why).into());
            }
            Err(problem) => return Err(problem.into()),
        },
    }
    Ok((StatusCode::CREATED, Json(pushing.answer.to_json())))
}

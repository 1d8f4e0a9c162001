//! `POST /issuer/token` (RFC 6749 §3.2; OpenID4VCI 1.0 §6)

use assent_core::issuer::Asking;
use assent_core::oid4vci::{Grant, Rejection, RejectionCode, SecretText, TokenRequest};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::Value;

use super::{Refusal, StoredIssuance, client, dpop, fingerprint};
use crate::error::Problem;
use crate::state::AppState;
use crate::store::HandleKind;

/// Times a request is tried again because others change the same issuance.
const TRIES: usize = 8;

/// Exchanges a code of an offer (with its transaction code where there is one), the code of a sign-in, or a refresh token
/// for an access token. Codes work once. Too many wrong transaction codes end an offer; the code of a sign-in that comes
/// twice ends what it gave.
#[utoipa::path(post, path = "/issuer/token", tag = "issuer",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Access token.", body = Object),
              (status = 400, description = "`invalid_request`, `invalid_grant`, `use_dpop_nonce`, `invalid_dpop_proof` (OAuth form).", body = Object),
              (status = 401, description = "`invalid_client` (OAuth form).", body = Object)))]
pub(super) async fn token(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: String,
) -> Result<Json<Value>, Refusal> {
    let request = TokenRequest::parse(&body)?;
    let settings = super::settings(&state)?;
    let unknown = || Rejection::new(RejectionCode::InvalidGrant, "the code or token is not known");
    let client_id = request.client.client_id.as_deref();
    // Before the client: a proof that lacks a nonce must not use up the one of an attestation.
    let jkt = dpop::at_token(&state, &headers).await?;
    let attested = client::attested(&state, &headers, client_id).await?;
    let client_id = client_id.or(attested.as_ref().map(|attested| attested.client_id.as_str()));
    let (kind, secret, client) = match &request.grant {
        // A pre-authorised code asks for no client, and a token of it belongs to a key.
        Grant::PreAuthorized { code, .. } => (HandleKind::Code, code, None),
        Grant::AuthorizationCode { code, .. } => {
            (HandleKind::Code, code, Some(client::known(&state, client_id)?))
        }
        // Whoever got its token by an offer may call itself as it likes. A token of a sign-in is refused further down without
        // its client.
        Grant::Refresh { refresh_token } => (
            HandleKind::Refresh,
            refresh_token,
            client::known(&state, client_id).ok(),
        ),
    };
    let asking = Asking {
        client: client.as_ref(),
        instance_jkt: attested.as_ref().map(|attested| attested.instance_jkt.as_str()),
        dpop_jkt: jkt.as_deref(),
    };
    for _ in 0..TRIES {
        let stored = StoredIssuance::find(&state, kind, &handle(secret))
            .await?
            .ok_or_else(unknown)?;
        let redeemed = state
            .with_env(|env| {
                stored
                    .issuance()
                    .clone()
                    .redeem(&request, &asking, &settings, env)
            })
            .map_err(|error| Problem::internal(&error))?;
        let mut handles = Vec::new();
        if let Ok(answer) = &redeemed.answer {
            handles.push((HandleKind::Token, handle(&answer.access_token)));
            let refresh = answer.refresh_token.as_ref();
            handles.extend(refresh.map(|token| (HandleKind::Refresh, handle(token))));
        }
        // Stored before it is answered, also when it is a refusal: a wrong code costs an attempt.
        match stored.save(&state, redeemed.issuance, &handles).await {
            Ok(()) => return Ok(Json(redeemed.answer?.to_json())),
            // Two requests at the same moment: the other one was first, and this one comes second.
            Err(problem) if super::is_busy(&problem) => {}
            Err(problem) => return Err(problem.into()),
        }
    }
    Err(unknown().into())
}

fn handle(secret: &SecretText) -> [u8; 32] {
    fingerprint(&secret.fingerprint())
}

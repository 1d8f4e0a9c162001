//! `POST /issuer/token` (OpenID4VCI 1.0 §6)

use assent_core::oid4vci::{Grant, Rejection, RejectionCode, TokenRequest};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;

use super::{Refusal, StoredIssuance, fingerprint};
use crate::error::Problem;
use crate::state::AppState;
use crate::store::HandleKind;

/// Exchanges a pre-authorised code, with its transaction code where there is one, for an access token. A code works
/// once; too many wrong transaction codes end the offer.
#[utoipa::path(post, path = "/issuer/token", tag = "issuer",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Access token.", body = Object),
              (status = 400, description = "`invalid_request`, `invalid_grant` (OAuth form).", body = Object)))]
pub(super) async fn token(State(state): State<AppState>, body: String) -> Result<Json<Value>, Refusal> {
    let request = TokenRequest::parse(&body)?;
    let settings = super::settings(&state)?;
    let unknown = || Rejection::new(RejectionCode::InvalidGrant, "the code is not known");
    let Grant::PreAuthorized { code, .. } = &request.grant else {
        let why = "only the pre-authorised code grant is supported";
        return Err(Rejection::new(RejectionCode::UnsupportedGrantType, why).into());
    };
    let code = fingerprint(&code.fingerprint());
    let stored = StoredIssuance::find(&state, HandleKind::Code, &code)
        .await?
        .ok_or_else(unknown)?;
    let redeemed = state
        .with_env(|env| stored.issuance().clone().redeem(&request, &settings, env))
        .map_err(|error| Problem::internal(&error))?;
    let mut handles = Vec::new();
    if let Ok(answer) = &redeemed.answer {
        handles.push((HandleKind::Token, fingerprint(&answer.access_token.fingerprint())));
    }
    // Stored before it is answered, also when it is a refusal: a wrong code costs an attempt.
    match stored
        .save(&state, redeemed.issuance, settings.token_life, &handles)
        .await
    {
        Ok(()) => {}
        // Two requests with one code at the same moment: the other one has it.
        Err(problem) if problem.status() == StatusCode::CONFLICT => return Err(unknown().into()),
        Err(problem) => return Err(problem.into()),
    }
    Ok(Json(redeemed.answer?.to_json()))
}

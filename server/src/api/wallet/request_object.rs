//! `GET` and `POST /vp/requests/{request_id}` (OpenID4VP 1.0 §5.10)

use assent_core::oid4vp::{REQUEST_OBJECT_MEDIA_TYPE, RequestUriPost};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::api::verifier::Signing;
use crate::api::verifier::record::{self, Alongside, Stored};
use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;
use crate::store::PresentationStore as _;

/// The signed Request Object. May be fetched again until it is answered or expires.
#[utoipa::path(get, path = "/vp/requests/{request_id}", tag = "wallet",
    params(("request_id" = String, Path, description = "The wallet's id of the request.")),
    responses((status = 200, description = "Request Object.", body = String, content_type = "application/oauth-authz-req+jwt"),
              (status = 404, description = "`presentation-unknown`.", body = ProblemDetails),
              (status = 410, description = "`transaction-closed`, `transaction-expired`.", body = ProblemDetails)))]
pub(super) async fn get(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    answer(&state, &id, None).await
}

/// The same, for a wallet that says what it supports and sends a nonce of its own.
#[utoipa::path(post, path = "/vp/requests/{request_id}", tag = "wallet",
    params(("request_id" = String, Path, description = "The wallet's id of the request.")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Request Object.", body = String, content_type = "application/oauth-authz-req+jwt"),
              (status = 400, description = "`request-uri-post-malformed`.", body = ProblemDetails),
              (status = 404, description = "`presentation-unknown`.", body = ProblemDetails),
              (status = 410, description = "`transaction-closed`, `transaction-expired`.", body = ProblemDetails)))]
pub(super) async fn post(
    State(state): State<AppState>,
    Path(id): Path<String>,
    body: String,
) -> Result<impl IntoResponse, Problem> {
    let post = RequestUriPost::parse(&body).map_err(|error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "request-uri-post-malformed",
            error.to_string(),
        )
    })?;
    answer(&state, &id, Some(post)).await
}

async fn answer(
    state: &AppState,
    id: &str,
    post: Option<RequestUriPost>,
) -> Result<impl IntoResponse + use<>, Problem> {
    let row = state
        .store
        .presentation_by_request(id)
        .await?
        .ok_or_else(record::unknown)?;
    let first = row.state == "created";
    let mut stored = Stored::open(state, row)?;
    let service = state
        .keys
        .service(&stored.row.service_id)
        .ok_or_else(record::unknown)?;
    let signing = Signing::new(service, stored.record.client_id_prefix());
    let (transaction, jwt) = stored
        .record
        .transaction
        .clone()
        .request_object(
            post.as_ref(),
            &signing.signer(),
            &state.profile,
            state.clock.now(),
        )
        .map_err(|error| Problem::from_core(StatusCode::GONE, &error))?;
    stored.record.transaction = transaction;
    if first
        && let Err(problem) = stored.save(state, Alongside::default()).await
        // Fetched twice at the same moment: the other one noted it.
        && problem.status() != StatusCode::CONFLICT
    {
        return Err(problem);
    }
    Ok(([(header::CONTENT_TYPE, REQUEST_OBJECT_MEDIA_TYPE)], jwt))
}

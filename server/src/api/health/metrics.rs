//! `GET /metrics`

use std::net::SocketAddr;

use assent_core::crypto::constant_time_eq;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use secrecy::ExposeSecret as _;

use crate::api::auth;
use crate::error::{Problem, ProblemDetails};
use crate::http::headers;
use crate::http::telemetry::metrics_handle;
use crate::state::AppState;

/// Counters and timings in the Prometheus text format. Labels are routes and status codes, never ids. Only where the
/// operator configured `[metrics]`: with its token, or on an address of its own.
#[utoipa::path(get, path = "/metrics", tag = "health", security(("metrics_token" = [])),
    responses((status = 200, description = "Measurements.", body = String, content_type = "text/plain"),
              (status = 401, description = "`metrics-refused`.", body = ProblemDetails),
              (status = 404, description = "`metrics-not-configured`.", body = ProblemDetails)))]
pub(super) async fn metrics(
    State(state): State<AppState>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let on_this_machine = peer.is_some_and(|ConnectInfo(address)| address.ip().is_loopback());
    match &state.keys.metrics_token {
        // With an address of its own it is there and nowhere else.
        _ if state.config.metrics.listen.is_some() => Err(not_here()),
        Some(_) => with_token(&state, &headers),
        // Outside the sandbox a proxy may stand before us, and then everybody comes from this machine.
        None if state.config.sandbox && on_this_machine && !headers.contains_key("x-forwarded-for") => {
            render()
        }
        None => Err(not_here()),
    }
}

/// What listens on `metrics.listen`.
pub(crate) fn own_address(state: AppState) -> Router {
    Router::new()
        .route("/metrics", routing::get(own))
        .with_state(state)
        .layer(middleware::from_fn_with_state(false, headers::add))
}

async fn own(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    match &state.keys.metrics_token {
        Some(_) => with_token(&state, &headers),
        None => render(),
    }
}

fn with_token(state: &AppState, headers: &HeaderMap) -> Result<Response, Problem> {
    let expected = state.keys.metrics_token.as_ref().ok_or_else(not_here)?;
    let given = auth::bearer(headers).unwrap_or_default();
    if constant_time_eq(expected.expose_secret().as_bytes(), given.as_bytes()) {
        render()
    } else {
        Err(auth::refused("metrics-refused"))
    }
}

fn render() -> Result<Response, Problem> {
    let handle = metrics_handle().ok_or_else(|| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "metrics-unavailable",
            "Another recorder runs in this process.",
        )
    })?;
    handle.run_upkeep();
    Ok((
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        handle.render(),
    )
        .into_response())
}

fn not_here() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "metrics-not-configured",
        "Measurements are not served here.",
    )
}

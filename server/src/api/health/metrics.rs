//! `GET /metrics`

use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::error::Problem;
use crate::http::telemetry::metrics_handle;

/// Counters and timings in the Prometheus text format. Labels are routes and status codes, never ids.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, description = "Measurements.", body = String, content_type = "text/plain")))]
pub(super) async fn metrics() -> Result<impl IntoResponse, Problem> {
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
    ))
}

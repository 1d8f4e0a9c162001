//! `GET /readyz`

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;

use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;

/// Answers 200 when requests can be served: the database takes writes and the server is not stopping.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, description = "Ready.", body = String),
              (status = 503, description = "Not ready.", body = ProblemDetails)))]
pub(super) async fn readyz(State(state): State<AppState>) -> Result<&'static str, Problem> {
    if !state.ready.load(Ordering::Relaxed) {
        return Err(not_ready("The server is stopping."));
    }
    match state.store.probe().await {
        Ok(()) => Ok("ready\n"),
        Err(error) => {
            tracing::error!(%error, "the database does not take writes");
            Err(not_ready("The database does not take writes."))
        }
    }
}

fn not_ready(detail: &str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", detail).retry_after(5)
}

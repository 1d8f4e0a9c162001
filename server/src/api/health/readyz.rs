//! `GET /readyz`

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;

use crate::error::{Chain, Problem, ProblemDetails};
use crate::state::AppState;

/// Answers 200 when requests can be served: the database takes writes and the server is not stopping.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, description = "Ready.", body = String),
              (status = 503, description = "Not ready.", body = ProblemDetails)))]
pub(super) async fn readyz(State(state): State<AppState>) -> Result<&'static str, Problem> {
    if !state.ready.load(Ordering::Relaxed) {
        return Err(not_ready("The server is stopping."));
    }
    // One try at a time, and its answer counts until the second is over: anybody may ask here without limit, and each try takes
    // the write lock that everybody's writes wait for.
    let mut probed = state.probed.lock().await;
    let now = state.clock.now();
    let works = match *probed {
        Some((at, works)) if at == now => works,
        _ => {
            let tried = state.store.probe().await;
            if let Err(error) = &tried {
                tracing::error!(error = %Chain(error), "the database does not take writes");
            }
            *probed = Some((now, tried.is_ok()));
            tried.is_ok()
        }
    };
    if works {
        Ok("ready\n")
    } else {
        Err(not_ready("The database does not take writes."))
    }
}

fn not_ready(detail: &str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", detail).retry_after(5)
}

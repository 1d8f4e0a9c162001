//! Bounds on every request: how many at once, how long, and that a panic answers 500 instead of hanging up.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::error::Problem;

/// How many requests run at once and how long each may take.
#[derive(Debug, Clone)]
pub struct Bounds {
    slots: Arc<Semaphore>,
    longest: Duration,
}

impl Bounds {
    /// At most `concurrent` requests at once, each at most `seconds` long.
    #[must_use]
    pub fn new(concurrent: usize, seconds: u64) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(concurrent)),
            longest: Duration::from_secs(seconds),
        }
    }
}

/// Answers 503 when all slots are taken, and when a request takes too long.
pub async fn bound(State(bounds): State<Bounds>, request: Request, next: Next) -> Response {
    let Ok(_slot) = bounds.slots.try_acquire() else {
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            "Too many requests at once. Try again in a moment.",
        )
        .retry_after(2)
        .into_response();
    };
    match tokio::time::timeout(bounds.longest, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "request-timed-out",
            "The request took too long and was stopped.",
        )
        .retry_after(5)
        .into_response(),
    }
}

/// The answer when a handler panicked. The panic's text may quote data, so it is not logged here.
#[must_use]
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    metrics::counter!("assent_panics_total").increment(1);
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Something failed on our side. Try again later.",
    )
    .into_response()
}

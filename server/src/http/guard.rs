//! Bounds on every request: how many at once, in all and from one address, how long, and that a panic answers 500 instead of hanging up.

use std::any::Any;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::address::caller;
use super::places::Places;
use crate::config::Limits;
use crate::error::Problem;

/// How many requests run at once and how long each may take.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Else one caller that sends slowly could take every slot.
    slots: Places,
    trusted_proxies: usize,
    longest: Duration,
}

impl Bounds {
    /// From the settings.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            slots: Places::new(limits.concurrent_requests, limits.concurrent_per_address),
            trusted_proxies: limits.trusted_proxies,
            longest: Duration::from_secs(limits.request_seconds),
        }
    }
}

/// Answers 503 when all slots are taken, and when a request takes too long.
pub async fn bound(State(bounds): State<Bounds>, request: Request, next: Next) -> Response {
    let _slot = match bounds.slots.take(caller(&request, bounds.trusted_proxies)) {
        Ok(slot) => slot,
        Err(problem) => return problem.into_response(),
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

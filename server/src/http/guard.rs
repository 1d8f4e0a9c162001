//! Bounds on every request: how many at once, in all and from one address, how long, and that a panic answers 500 instead of hanging up.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::address::{client_address, rate_key};
use crate::config::Limits;
use crate::error::Problem;

/// How many requests run at once and how long each may take.
#[derive(Debug, Clone)]
pub struct Bounds {
    slots: Arc<Semaphore>,
    by_address: Arc<Mutex<HashMap<String, usize>>>,
    per_address: usize,
    trusted_proxies: usize,
    longest: Duration,
}

/// A request of an address, until it is answered.
struct Counted {
    key: String,
    by_address: Arc<Mutex<HashMap<String, usize>>>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

impl Bounds {
    /// From the settings.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(limits.concurrent_requests)),
            by_address: Arc::default(),
            per_address: limits.concurrent_per_address,
            trusted_proxies: limits.trusted_proxies,
            longest: Duration::from_secs(limits.request_seconds),
        }
    }

    /// Counts a request of an address; `None` when it has too many already. Else one that sends slowly could take
    /// every slot.
    fn count(&self, request: &Request) -> Option<Counted> {
        let address = client_address(request.extensions(), request.headers(), self.trusted_proxies);
        let key = rate_key(address);
        let mut counts = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key.clone()).or_default();
        if *count >= self.per_address {
            return None;
        }
        *count += 1;
        Some(Counted {
            key,
            by_address: self.by_address.clone(),
        })
    }
}

/// Answers 503 when all slots are taken, and when a request takes too long.
pub async fn bound(State(bounds): State<Bounds>, request: Request, next: Next) -> Response {
    let Some(_counted) = bounds.count(&request) else {
        return Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate-limited",
            "Too many requests at once. Wait a little.",
        )
        .retry_after(2)
        .into_response();
    };
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

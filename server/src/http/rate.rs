//! Rate limits, each counted by its own key: address, service, vault.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use super::address::caller;
use crate::clock::Pace;
use crate::error::Problem;

/// A limiter by key.
pub(super) type Limiter = RateLimiter<String, DefaultKeyedStateStore<String>, Pace, NoOpMiddleware<Duration>>;

/// A limiter by key; bursts of a quarter of the quota are let through at once.
#[derive(Debug, Clone)]
pub struct RateLimit {
    limiter: Arc<Limiter>,
    burst: NonZeroU32,
}

impl RateLimit {
    /// At most `per_minute` for each key.
    #[must_use]
    pub fn per_minute(per_minute: u32, pace: Pace) -> Self {
        let rate = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(per_minute / 4).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(rate).allow_burst(burst);
        Self {
            limiter: Arc::new(RateLimiter::new(quota, DefaultKeyedStateStore::default(), pace)),
            burst,
        }
    }

    /// Counts one request of `key`.
    ///
    /// # Errors
    /// `rate-limited` (429) with the seconds to wait.
    pub fn check(&self, key: &str) -> Result<(), Problem> {
        self.check_many(key, 1)
    }

    /// Counts what costs as much as `count` requests of `key`. More than can ever come at once counts as that much.
    ///
    /// # Errors
    /// As [`RateLimit::check`].
    pub fn check_many(&self, key: &str, count: u32) -> Result<(), Problem> {
        self.take(key, count).map_err(limited)
    }

    /// The same, with the seconds to wait in place of an answer.
    pub(super) fn take(&self, key: &str, count: u32) -> Result<(), u64> {
        let count = NonZeroU32::new(count.min(self.burst.get())).unwrap_or(NonZeroU32::MIN);
        let Ok(Err(not_until)) = self.limiter.check_key_n(&key.to_owned(), count) else {
            return Ok(());
        };
        let wait = not_until.wait_time_from(self.limiter.clock().now());
        Err(wait.as_secs() + 1)
    }

    /// Forgets keys that are back at their full quota.
    pub fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// The answer to whoever has to wait.
pub(super) fn limited(seconds: u64) -> Problem {
    metrics::counter!("assent_rate_limited_total").increment(1);
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate-limited",
        "Too many requests. Wait a little.",
    )
    .retry_after(seconds)
}

/// A limiter by the caller's address.
#[derive(Debug, Clone)]
pub struct ByAddress {
    /// The limiter.
    pub limit: RateLimit,
    /// Proxies in front of us.
    pub trusted_proxies: usize,
}

/// Counts each request by its address. The questions browsers ask before a request (CORS) are not counted: they cost
/// nothing, and refusing one would hide the real answer from the wallet.
pub async fn by_address(State(by): State<ByAddress>, request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    match by.limit.check(&caller(&request, by.trusted_proxies)) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn each_key_has_its_own_quota() {
        let limit = RateLimit::per_minute(8, Clock::Set(Arc::default()).pace());
        assert!(limit.check("a").is_ok());
        assert!(limit.check("a").is_ok());
        assert_eq!(limit.check("a").unwrap_err().code(), "rate-limited");
        assert!(limit.check("b").is_ok());
    }
}

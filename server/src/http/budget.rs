//! A budget for what anybody may create without a token: new vaults, by number and by size, for each address and for the
//! whole server.
//!
//! A vault costs storage for good, so it is scarcer than a request. What a vault may grow to is bounded by its quota;
//! how many there can be, here. Counted in this process (ARCHITECTURE.md).

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::Clock as _;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{NotUntil, Quota, RateLimiter};

use super::address::caller;
use super::rate::Limiter;
use crate::clock::Pace;
use crate::config::Limits;
use crate::error::Problem;

/// Where vaults are made.
const PATH: &str = "/v1/vaults";

/// Bytes are counted in steps of this.
const STEP: u64 = 1024;

/// How many new vaults, and how many bytes of them.
#[derive(Debug)]
struct Meter {
    vaults: Limiter,
    kibibytes: Limiter,
    pace: Pace,
}

/// The budget of new vaults. Cheap to clone.
#[derive(Debug, Clone)]
pub struct NewVaults(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    by_address: Meter,
    all: Meter,
    trusted_proxies: usize,
    largest_body: usize,
}

/// What ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Exhausted {
    /// Seconds until there is some again.
    wait: u64,
}

impl Meter {
    fn new(vaults_per_hour: u32, bytes_per_hour: u64, pace: Pace) -> Self {
        let limiter = |per_hour: u32| {
            let most = NonZeroU32::new(per_hour).unwrap_or(NonZeroU32::MIN);
            // A whole hour's worth may come at once: a class of thirty behind one address.
            let quota = Quota::per_hour(most).allow_burst(most);
            RateLimiter::new(quota, DefaultKeyedStateStore::default(), pace)
        };
        let kibibytes = u32::try_from(bytes_per_hour / STEP).unwrap_or(u32::MAX);
        Self {
            vaults: limiter(vaults_per_hour),
            kibibytes: limiter(kibibytes),
            pace,
        }
    }

    fn take(&self, key: &str, bytes: u64) -> Result<(), Exhausted> {
        let key = key.to_owned();
        let wait = |until: NotUntil<_>| Exhausted {
            wait: until.wait_time_from(self.pace.now()).as_secs() + 1,
        };
        self.vaults.check_key(&key).map_err(wait)?;
        let steps = u32::try_from(bytes.div_ceil(STEP)).unwrap_or(u32::MAX);
        let steps = NonZeroU32::new(steps).unwrap_or(NonZeroU32::MIN);
        match self.kibibytes.check_key_n(&key, steps) {
            Ok(enough) => enough.map_err(wait),
            // More than a whole hour's worth in one: it never fits.
            Err(_) => Err(Exhausted { wait: 3600 }),
        }
    }

    fn forget_idle(&self) {
        for limiter in [&self.vaults, &self.kibibytes] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

impl NewVaults {
    /// From the settings.
    #[must_use]
    pub fn new(limits: &Limits, pace: Pace) -> Self {
        Self(Arc::new(Inner {
            by_address: Meter::new(
                limits.new_vaults_per_address_per_hour,
                limits.new_vault_bytes_per_address_per_hour,
                pace,
            ),
            all: Meter::new(limits.new_vaults_per_hour, limits.new_vault_bytes_per_hour, pace),
            trusted_proxies: limits.trusted_proxies,
            largest_body: limits.body_bytes,
        }))
    }

    /// Forgets addresses that are back at their full budget.
    pub fn forget_idle(&self) {
        self.0.by_address.forget_idle();
        self.0.all.forget_idle();
    }
}

/// Charges each request for a new vault to its address and to the server, before its body is read.
pub async fn of_new_vaults(State(budget): State<NewVaults>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || request.uri().path() != PATH {
        return next.run(request).await;
    }
    let budget = budget.0;
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    // Who does not say how much it is pays for the most it can be.
    let bytes = length.unwrap_or(budget.largest_body as u64);
    let taken = budget
        .by_address
        .take(&caller(&request, budget.trusted_proxies), bytes)
        .map_err(|out| refused(out, "Too many new vaults from this network. Try again later."));
    // Only who has some left of their own takes from what is everybody's.
    let taken = taken.and_then(|()| {
        budget.all.take("", bytes).map_err(|out| {
            tracing::warn!("the budget of new vaults for the whole server is used up");
            refused(
                out,
                "This server takes no more new vaults at the moment. Try again later.",
            )
        })
    });
    match taken {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            metrics::counter!("assent_new_vaults_refused_total").increment(1);
            problem.into_response()
        }
    }
}

fn refused(out: Exhausted, detail: &str) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "vault-budget-exhausted", detail).retry_after(out.wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn number_and_size_are_bounded_for_each_key() {
        let pace = Clock::Set(Arc::default()).pace();
        let meter = Meter::new(3, 4 * STEP, pace);
        assert_eq!(meter.take("a", 1), Ok(()));
        assert_eq!(meter.take("a", 3 * STEP), Ok(()));
        let out = meter.take("a", 1).unwrap_err();
        assert!(
            (900..=901).contains(&out.wait),
            "a quarter of an hour for one step: {out:?}"
        );
        assert_eq!(meter.take("b", 1), Ok(()), "another key");
        assert_eq!(
            meter.take("b", 5 * STEP),
            Err(Exhausted { wait: 3600 }),
            "it never fits"
        );
        let meter = Meter::new(2, u64::MAX, pace);
        assert_eq!(
            (meter.take("a", 0), meter.take("a", u64::from(u32::MAX))),
            (Ok(()), Ok(()))
        );
        let out = meter.take("a", 0).unwrap_err();
        assert!((1800..=1801).contains(&out.wait), "{out:?}");
    }
}

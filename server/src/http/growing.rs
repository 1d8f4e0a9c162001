//! A rate limit whose waits grow: whoever goes on after being refused waits twice as long each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use assent_core::env::Timestamp;

use super::rate::{RateLimit, limited};
use crate::clock::Pace;
use crate::error::Problem;

/// Most keys whose waits are remembered at once. Whoever is refused beyond is, and waits as the plain limit says.
const MOST: usize = 1 << 16;

/// A limiter by key.
#[derive(Debug, Clone)]
pub struct GrowingWait {
    rate: RateLimit,
    /// Longest wait, in seconds.
    longest: i64,
    refused: Arc<Mutex<HashMap<String, Refused>>>,
}

/// A key that asked too often.
#[derive(Debug, Clone, Copy)]
struct Refused {
    until: Timestamp,
    /// Seconds of the next wait.
    next: i64,
}

impl GrowingWait {
    /// Free up to `per_minute`; then waits from one second to `longest` seconds, each twice the one before. A key that
    /// keeps away for four times `longest` begins anew.
    #[must_use]
    pub fn new(per_minute: u32, longest: i64, pace: Pace) -> Self {
        Self {
            rate: RateLimit::per_minute(per_minute, pace),
            longest,
            refused: Arc::default(),
        }
    }

    /// Counts one request of `key`.
    ///
    /// # Errors
    /// `rate-limited` (429) with the seconds to wait.
    pub fn check(&self, key: &str, now: Timestamp) -> Result<(), Problem> {
        self.check_or(key, now, || false)
    }

    /// Counts one request of `key`; where its own share is used up, `spare` may let it through.
    ///
    /// # Errors
    /// As [`GrowingWait::check`].
    pub(super) fn check_or(
        &self,
        key: &str,
        now: Timestamp,
        spare: impl FnOnce() -> bool,
    ) -> Result<(), Problem> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let known = refused.get(key).copied();
        if let Some(known) = known.filter(|known| now < known.until) {
            return Err(wait(known.until.since(now)));
        }
        let Err(plain) = self.rate.take(key, 1) else {
            return Ok(());
        };
        if spare() {
            return Ok(());
        }
        let seconds = match known {
            Some(known) if now.since(known.until) < self.forgotten_after() => known.next,
            _ => 1,
        };
        if known.is_none() && refused.len() >= MOST {
            return Err(limited(plain));
        }
        refused.insert(
            key.to_owned(),
            Refused {
                until: now.plus(seconds),
                next: seconds.saturating_mul(2).min(self.longest),
            },
        );
        Err(wait(seconds))
    }

    /// Forgets keys that kept away.
    pub fn forget_idle(&self, now: Timestamp) {
        self.rate.forget_idle();
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.retain(|_, known| now.since(known.until) < self.forgotten_after());
        refused.shrink_to_fit();
    }

    fn forgotten_after(&self) -> i64 {
        self.longest.saturating_mul(4)
    }
}

fn wait(seconds: i64) -> Problem {
    limited(u64::try_from(seconds).unwrap_or(1).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn waits_double_up_to_the_longest_and_are_forgotten() {
        let limit = GrowingWait::new(4, 8, Clock::Set(Arc::default()).pace());
        let mut now = Timestamp(1_000);
        assert!(limit.check("a", now).is_ok());
        let mut waits = Vec::new();
        for _ in 0..6 {
            let Err(problem) = limit.check("a", now) else {
                panic!("let through");
            };
            assert_eq!(problem.code(), "rate-limited");
            let until = limit.refused.lock().unwrap()["a"].until;
            // Asking while waiting does not make the wait longer, and does not end it either.
            assert!(limit.check("a", until.plus(-1)).is_err());
            assert_eq!(limit.refused.lock().unwrap()["a"].until, until);
            waits.push(until.since(now));
            now = until;
        }
        assert_eq!(waits, [1, 2, 4, 8, 8, 8]);
        assert!(limit.check("b", now).is_ok(), "another key");
        now = now.plus(31);
        limit.forget_idle(now);
        assert!(limit.refused.lock().unwrap().contains_key("a"));
        limit.forget_idle(now.plus(1));
        assert!(limit.refused.lock().unwrap().is_empty());
    }
}

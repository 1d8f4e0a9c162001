//! The one place that reads the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use assent_core::env::Timestamp;

/// Where the present time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The clock of the machine.
    System,
    /// A clock that stands still, at as many seconds since 1970 as the counter says: tests set it, and no second passes
    /// by itself between two lines of theirs.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// The present time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp(time::OffsetDateTime::now_utc().unix_timestamp()),
            Self::Set(at) => Timestamp(at.load(Ordering::Relaxed)),
        }
    }

    /// What rates are counted by.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn pace(&self) -> Pace {
        match self {
            Self::System => Pace(Some(Instant::now())),
            Self::Set(_) => Pace(None),
        }
    }
}

/// Time that only goes forward, since some moment. Beside a clock that is set it stands still: what was used up comes back
/// as little on a slow machine as on a quick one.
#[derive(Debug, Clone, Copy)]
pub struct Pace(Option<Instant>);

impl governor::clock::Clock for Pace {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.map_or(Duration::ZERO, |began| began.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::Clock as _;

    use super::*;

    #[test]
    fn a_clock_that_is_set_stands_still() {
        let at = Arc::new(AtomicI64::new(7));
        let (set, system) = (Clock::Set(at.clone()), Clock::System);
        let (still, runs) = (set.pace(), system.pace());
        assert_eq!(set.now(), Timestamp(7));
        at.fetch_add(3, Ordering::Relaxed);
        while runs.now() < Duration::from_millis(2) {
            std::thread::yield_now();
        }
        assert_eq!((set.now(), still.now()), (Timestamp(10), Duration::ZERO));
        assert!(system.now() > Timestamp(1_700_000_000));
    }
}

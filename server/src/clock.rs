//! The one place that reads the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use assent_core::env::Timestamp;

/// Where the present time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The clock of the machine.
    System,
    /// The clock of the machine, shifted by as many seconds as the counter says: tests let time pass with it.
    Shifted(Arc<AtomicI64>),
}

impl Clock {
    /// The present time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = Timestamp(time::OffsetDateTime::now_utc().unix_timestamp());
        match self {
            Self::System => now,
            Self::Shifted(by) => now.plus(by.load(Ordering::Relaxed)),
        }
    }
}

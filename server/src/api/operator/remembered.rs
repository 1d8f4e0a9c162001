//! Secrets this process remembers for a while, by their hash: a memory dump shows none that can be used.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use assent_core::crypto::sha256;
use assent_core::env::Timestamp;

/// Why something was not remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotRemembered {
    /// It is there already.
    There,
    /// There is no room.
    Full,
}

/// A bounded set of secrets, each with a time until which it counts.
#[derive(Debug)]
pub(super) struct Remembered {
    most: usize,
    until: Mutex<HashMap<[u8; 32], Timestamp>>,
}

impl Remembered {
    /// An empty set of at most `most` secrets.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            until: Mutex::new(HashMap::new()),
        }
    }

    /// Remembers a secret that is not there yet.
    pub(super) fn add(&self, secret: &str, until: Timestamp, now: Timestamp) -> Result<(), NotRemembered> {
        let mut kept = self.lock();
        kept.retain(|_, until| now < *until);
        let hash = sha256(secret.as_bytes());
        if kept.contains_key(&hash) {
            return Err(NotRemembered::There);
        }
        if kept.len() >= self.most {
            return Err(NotRemembered::Full);
        }
        kept.insert(hash, until);
        Ok(())
    }

    /// Whether a secret is there and still counts.
    pub(super) fn has(&self, secret: &str, now: Timestamp) -> bool {
        self.lock()
            .get(&sha256(secret.as_bytes()))
            .is_some_and(|until| now < *until)
    }

    /// Forgets a secret.
    pub(super) fn forget(&self, secret: &str) {
        self.lock().remove(&sha256(secret.as_bytes()));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Timestamp>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_for_a_while_and_bounded() {
        let now = Timestamp(100);
        let set = Remembered::new(2);
        assert_eq!(set.add("a", now.plus(10), now), Ok(()));
        assert_eq!(set.add("a", now.plus(10), now), Err(NotRemembered::There));
        assert_eq!(set.add("b", now.plus(20), now), Ok(()));
        assert_eq!(set.add("c", now.plus(10), now), Err(NotRemembered::Full));
        assert!(set.has("a", now.plus(9)) && !set.has("a", now.plus(10)) && !set.has("c", now));
        assert_eq!(
            set.add("c", now.plus(30), now.plus(10)),
            Ok(()),
            "the first is over"
        );
        set.forget("b");
        assert!(!set.has("b", now));
    }
}

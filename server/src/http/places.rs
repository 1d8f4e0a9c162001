//! Places for what costs memory as long as its caller likes: so many in all, so many for each address.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;

use crate::error::Problem;

/// Places that are taken and given back. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Places(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    all: usize,
    per_address: usize,
    taken: usize,
    by_address: HashMap<String, usize>,
}

/// A place of an address; given back when dropped.
#[derive(Debug)]
pub struct Place {
    places: Places,
    address: String,
}

impl Places {
    /// So many in all, and of these for one address.
    #[must_use]
    pub fn new(all: usize, per_address: usize) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            all,
            per_address,
            taken: 0,
            by_address: HashMap::new(),
        })))
    }

    /// Takes one, by the key addresses are counted by.
    ///
    /// # Errors
    /// `rate-limited` (429) when this address has its share, `overloaded` (503) when all are taken.
    pub fn take(&self, address: String) -> Result<Place, Problem> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, per_address) = (inner.all, inner.per_address);
        if inner
            .by_address
            .get(&address)
            .is_some_and(|count| *count >= per_address)
        {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "rate-limited",
                "Too many requests at once. Wait a little.",
            )
            .retry_after(2));
        }
        if inner.taken >= all {
            return Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                "Too many requests at once. Try again in a moment.",
            )
            .retry_after(2));
        }
        inner.taken += 1;
        *inner.by_address.entry(address.clone()).or_default() += 1;
        Ok(Place {
            places: self.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.taken -= 1;
        if let Some(count) = inner.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                inner.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_and_given_back() {
        let places = Places::new(3, 2);
        let take = |address: &str| places.take(address.into()).map_err(|problem| problem.code());
        let first = take("a").unwrap();
        let second = take("a").unwrap();
        assert_eq!(take("a").err(), Some("rate-limited"));
        let third = take("b").unwrap();
        assert_eq!(take("c").err(), Some("overloaded"));
        drop(first);
        let fourth = take("c").unwrap();
        assert_eq!(take("a").err(), Some("overloaded"));
        drop((second, third, fourth));
        let inner = places.0.lock().unwrap();
        assert!(inner.taken == 0 && inner.by_address.is_empty());
    }
}

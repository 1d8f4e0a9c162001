//! Card types and issuers that are known because somebody publishes what they are: type metadata (SV-7, SV-8) and the
//! keys of listed issuers (SV-4).
//!
//! Documents from the types folder come first; what is fetched is fetched on a schedule, never for one presentation,
//! which would tell the publisher who is shown what, and when. What cannot be had leaves a type unknown, and an issuer
//! without keys, so its credentials are refused.

mod fetch;
mod local;

use std::sync::{Arc, PoisonError, RwLock};

use assent_core::verifier::Published;

pub(crate) use fetch::{Fetched, refresh};
pub(crate) use local::types;

/// What is known now. Readers keep what they took while it is replaced.
#[derive(Debug, Default)]
pub struct Lookups(RwLock<Arc<Published>>);

impl Lookups {
    pub(crate) fn new(published: Published) -> Self {
        Self(RwLock::new(Arc::new(published)))
    }

    /// What is known now.
    #[must_use]
    pub fn now(&self) -> Arc<Published> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, published: Published) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(published);
    }
}

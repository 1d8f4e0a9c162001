//! Randomness of the browser (`crypto.getRandomValues`).

use assent_core::env::{RandomUnavailable, SecureRandom};

/// The platform's random source.
pub(crate) struct PlatformRandom;

impl SecureRandom for PlatformRandom {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        getrandom::fill(out).map_err(|_| RandomUnavailable)
    }
}

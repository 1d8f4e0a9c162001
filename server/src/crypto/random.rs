//! Randomness of the operating system.

use assent_core::env::{RandomUnavailable, SecureRandom};
use ring::rand::SecureRandom as _;

/// The operating system's generator.
#[derive(Debug)]
pub struct SystemRandom(ring::rand::SystemRandom);

impl Default for SystemRandom {
    fn default() -> Self {
        Self(ring::rand::SystemRandom::new())
    }
}

impl SecureRandom for SystemRandom {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        self.0.fill(out).map_err(|_| RandomUnavailable)
    }
}

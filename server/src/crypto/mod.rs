//! Cryptography of the server on `ring`, behind the traits of `assent_core::crypto`.
//!
//! Signature checks on `ring` are about 3.7 times as fast as in pure Rust; the tests at the end of `verify.rs`
//! show that both say the same (specs/decisions/0002-crypto-seams.md).

mod random;
mod seal;
mod sign;
mod verify;

pub use random::SystemRandom;
pub use seal::{Place, SealError, SealingKey};
pub use sign::{KeyFileError, RingSigner};
pub use verify::RingCrypto;

/// HMAC-SHA-256 of `message`.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let tag = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key), message);
    let mut out = [0; 32];
    out.copy_from_slice(tag.as_ref());
    out
}

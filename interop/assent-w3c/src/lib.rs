//! Checks W3C credentials and resolves DIDs with `ssi`, and says what it found in plain JSON.
//!
//! What `ssi` does here: resolve DIDs, verify JWS signatures, expand, canonicalise and verify Data Integrity
//! proofs. What it leaves to its caller is checked here: that the key belongs to the issuer and may assert, that
//! the algorithm is on our list, that the credential is within its period, and that input is bounded.

mod issuer;
mod period;
mod protocol;
mod resolver;
mod verdict;
mod verify;
mod web;

pub use protocol::{Answer, MAX_LINE, Settings, answer};
pub use resolver::Resolver;
pub use verdict::{Finding, Format, Verdict};
pub use verify::verify;

//! Demonstrating Proof of Possession (RFC 9449; CI-15, CI-16): a token is good only together with a fresh signature of
//! the key it was given to, so that a copied token is worth nothing.
//!
//! The wallet's side is [`DpopSession`] (one key, the nonces of both servers) and [`Access`] (a token and how it is
//! used); the server's side is [`VerifiedDpopProof`]. Which nonces are good, and which `jti` was seen before, only the
//! server can say: see its store.

mod proof;
mod session;
mod verify;

pub use proof::{DpopKey, DpopProof};
pub use session::{Access, DpopSession, Which};
pub use verify::{DpopError, DpopExpectation, NonceRule, VerifiedDpopProof};

/// The `typ` of a proof (RFC 9449 §4.2).
pub const TYP: &str = "dpop+jwt";

/// Longest time between making and using a proof, in seconds; the leeway of clocks comes on top.
pub const MAX_AGE: i64 = 60;

/// `ath`: the hash of the access token (RFC 9449 §4.2).
fn token_hash(token: &super::SecretText) -> String {
    token.fingerprint()
}

/// A nonce has only these characters (RFC 9449 §8.1), and we bound its length.
fn is_nonce(text: &str) -> bool {
    (1..=1024).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

#[cfg(test)]
mod tests;

//! The issuer's side of the pre-authorised code flow (OpenID4VCI 1.0), as a pure state machine.
//!
//! [`Issuance`] is one offer and what became of it, at rest. Each step takes it, and gives back what to store and
//! what to answer. The server does three things around it: it finds the record (by fingerprint of a code or token),
//! stores what comes back before it answers, and keeps two sets in its own storage that must be changed atomically,
//! the nonces ([`NonceRecord`], each used once) and the status indexes ([`draw_index`], each given out once).
//!
//! ```text
//! offer ──token request──▶ authorised ──credential request──▶ authorised … ──▶ closed
//!   └──────too many wrong transaction codes, or too late──────────────────────▲
//! ```
//!
//! Only fingerprints of codes and tokens are kept. A transaction code is short, so it is kept as an HMAC under the
//! pre-authorised code, which the server does not keep: a stolen database cannot be searched for it.

mod error;
mod issuance;
mod mint;
mod nonce;
mod proofs;
mod request;
pub mod sandbox;
mod settings;
mod status_index;
mod token;

pub use error::IssuanceError;
pub use issuance::{Authorized, Closed, ClosedBecause, Issuance, NewOffer, Offered, Pickup};
pub use mint::{CredentialSigner, Minted, MintedCopy, Subject};
pub use nonce::NonceRecord;
pub use proofs::AttestationStatus;
pub use request::{CheckedRequest, ReadyRequest};
pub use settings::IssuerSettings;
pub use status_index::draw_index;
pub use token::Redeemed;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod attestation_tests;
#[cfg(test)]
mod tests;

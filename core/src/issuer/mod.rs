//! The issuer's side of issuance (OpenID4VCI 1.0), as a pure state machine.
//!
//! [`Issuance`] is one offer or sign-in and what became of it, at rest. Each step takes it, and gives back what to store
//! and what to answer. The server does three things around it: it finds the record (by fingerprint of a code, token or
//! the like), stores what comes back before it answers, and keeps two sets in its own storage that must be changed
//! atomically, the nonces ([`NonceRecord`], each used once) and the status indexes ([`draw_index`], each given out once).
//!
//! ```text
//! offered ──token request──────────────────────────────────────────▶ authorised ──credential request──▶ authorised …
//!                                                                        ▲   └──refresh token, deferred request──▶ authorised
//! invited ──authorization request──▶ pushed ──person──▶ approved ──token request
//!    ▲                                   └──────────────────┴── no, too late, begun again
//!    └── as long as the offer lives, else ──▶ closed ◀── a code used twice ── authorised
//! ```
//!
//! Only fingerprints of codes and tokens are kept. A transaction code is short, so it is kept as an HMAC under the
//! pre-authorised code, which the server does not keep: a stolen database cannot be searched for it.

mod client;
mod deferred;
mod error;
mod issuance;
mod mint;
mod nonce;
mod offer;
mod proofs;
mod request;
pub mod sandbox;
mod settings;
mod sign_in;
mod status_index;
mod token;

pub use client::{Asking, ClientId, Presented};
pub use deferred::{Deferring, PickUp};
pub use error::IssuanceError;
pub use issuance::{
    Approved, Authorized, Closed, ClosedBecause, Deferred, Invited, Issuance, Offered, Pickup, Pushed,
    Refresh, Requested, Wanted,
};
pub use mint::{CredentialSigner, Minted, MintedCopy, Subject};
pub use nonce::NonceRecord;
pub use offer::{NewOffer, NewOfferOptions};
pub use proofs::AttestationStatus;
pub use request::{CheckedRequest, ReadyRequest};
pub use settings::IssuerSettings;
pub use sign_in::{Approving, PushedKeys, Pushing};
pub use status_index::draw_index;
pub use token::Redeemed;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod attestation_tests;
#[cfg(test)]
mod sign_in_details_tests;
#[cfg(test)]
mod sign_in_tests;
#[cfg(test)]
mod tests;

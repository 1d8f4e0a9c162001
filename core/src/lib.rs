//! What both sides of Assent must agree on: formats, protocols, trust and consent.
//!
//! Nothing here reaches for a socket, a file, a clock, randomness or an async runtime: time, randomness and keys
//! are parameters ([`env::Env`]). The layers, lowest first (a module may use only lower ones):
//!
//! 1. [`error`], [`env`], [`encoding`], [`claims`], [`crypto`], [`http`], [`profile`]
//! 2. [`status`]
//! 3. [`sd_jwt`]
//! 4. [`trust`], [`dcql`]
//! 5. [`oid4vci`], [`oid4vp`]
//! 6. [`consent`]
//! 7. [`verifier`], [`issuer`]

// The derives name this crate from outside.
extern crate self as assent_core;

pub mod claims;
pub mod consent;
pub mod crypto;
pub mod dcql;
pub mod encoding;
pub mod env;
pub mod error;
pub mod http;
pub mod issuer;
pub mod oid4vci;
pub mod oid4vp;
pub mod profile;
pub mod sd_jwt;
pub mod sorted;
pub mod status;
pub mod trust;
pub mod verifier;

#[cfg(test)]
mod vectors;

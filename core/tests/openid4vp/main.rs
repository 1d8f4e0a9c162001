//! OpenID4VP 1.0 between our two sides.
//!
//! `oidf_wallet` and `oidf_verifier` mirror the modules of the OpenID Foundation conformance suite that apply to SD-JWT
//! VC over redirects; each test carries the name of its module (without `oid4vp-1final-…-`), so that results can be
//! compared one to one.

#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

mod obligations;
mod oidf_verifier;
mod oidf_wallet;
mod properties;
mod published;
mod requests;
mod support;
mod transaction;
mod transaction_data;
mod wallet;

//! The server over HTTP: each test starts a real one on a port of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where something unexpected happens"
)]

mod attestations;
mod authorize;
mod blobs;
mod bound_sign_in;
mod bound_tokens;
mod common;
mod config_check;
mod emergency;
mod erasure;
mod events;
mod identity;
mod interface;
mod issuance;
mod journey;
mod lookups;
mod operator;
mod pairing;
mod passkeys;
mod protocol;
mod results;
mod sealed_messages;
mod sign_in;
mod stopping;
mod vaults;
mod webhooks;

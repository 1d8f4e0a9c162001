//! The Assent server: the roles vault, registry, issuer and verifier over HTTP and SQL.
//!
//! Rules of the protocols live in `assent_core`; this crate adds what they must not have: sockets, a clock,
//! randomness, storage. It never depends on the wallet crate, so it cannot open a vault.
//!
//! Where to look: [`config`] for settings, [`api`] for one folder per role and one file per verb, [`store`] for
//! SQL, [`outbound`] for the only HTTP client, [`http`] for what every request passes through, [`sandbox`] for
//! the ready-made certificates and keys of `serve --sandbox`.

pub mod api;
pub mod blobs;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod decoy;
pub mod erasure;
pub mod error;
pub mod http;
pub mod jobs;
mod login;
pub mod lookups;
pub mod news;
pub mod outbound;
pub mod qr;
pub mod sandbox;
pub mod serve;
mod service;
pub mod state;
pub mod store;
pub mod webauthn;

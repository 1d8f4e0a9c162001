//! The HTTP interface: one folder per role, one file per verb.

pub mod auth;
mod emergency;
pub mod health;
pub mod issuer;
pub mod openapi;
mod operator;
mod pairing;
pub mod registry;
pub mod sandbox;
mod sign_in;
pub mod vault;
pub mod verifier;
pub mod wallet;
mod wallet_provider;

mod router;

pub(crate) use health::metrics_router;
pub(crate) use operator::Operators;
pub(crate) use sign_in::SignIn;
pub(crate) use wallet::StatusLists;

pub use router::{build, describe};

//! The HTTP interface: one folder per role, one file per verb.

pub mod auth;
pub mod health;
pub mod openapi;
pub mod registry;
pub mod vault;

mod router;

pub use router::{build, describe};

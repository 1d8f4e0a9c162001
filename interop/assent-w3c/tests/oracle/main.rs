//! Independent implementations as oracles: `ssi` and `identity-kit` against `assent-core`, both ways.
//!
//! This crate is built with `serde_json/arbitrary_precision`, so it also shows that core does not depend on how
//! numbers are represented.

mod common;
mod did;
mod sd_jwt;

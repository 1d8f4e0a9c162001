//! Published test vectors against the formats of core.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

#[path = "../common/mod.rs"]
mod common;

mod dcql;
mod eudi_pid;
mod jwe;
mod oid4vci;
mod rfc9901;
mod sd_jwt_vc;
mod sign_in;
mod token_status_list;
mod wycheproof;

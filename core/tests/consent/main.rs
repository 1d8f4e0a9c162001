//! Consent between the two sides: request, receipt, countersignature, withdrawal, state; and the published formats.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

mod formats;
mod receipt;
mod request;
mod schema;
mod state;
mod support;
mod terms;
mod withdrawal;

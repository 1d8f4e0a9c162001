//! The real program, killed and cheated: what it acknowledged is there, whole, when it starts again.
//!
//! `ASSENT_CRASH_ROUNDS` says how often it is killed (50); `cargo xtask crash --rounds 1000` runs more.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test ends where something unexpected happens, and is told by its environment what to do"
)]

mod fsync;
mod kill;
mod program;
mod upload;

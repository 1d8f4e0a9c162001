//! The wallet as one engine without I/O: a command goes in, HTTP requests come out, a reply ends it.
//!
//! A shell (browser worker, command line) calls [`Wallet::start`]; while it gets [`Step::Send`] it sends the
//! request and hands the outcome to [`Wallet::resume`]. One command runs at a time. After every command the shell
//! stores [`Wallet::cache`], which is ciphertext, and starts the next time from [`Wallet::from_cache`].

mod command;
mod error;
mod reply;

pub mod view;
mod wallet;

pub use assent_core::http::Step;
pub use command::{Command, RecoveryGroup, Unlock};
pub use error::{ErrorView, NetworkFailure, Shared, WalletError};
pub use reply::Reply;
pub use wallet::{Surroundings, Wallet};

//! The wallet as one engine without I/O: a command goes in, HTTP requests come out, a reply ends it.
//!
//! A shell (browser worker, command line) calls [`Wallet::start`]; while it gets [`Step::Send`] it sends the
//! request and hands the outcome to [`Wallet::resume`]. One command runs at a time. After every command the shell
//! stores [`Wallet::cache`], which is ciphertext, and starts the next time from [`Wallet::from_cache`].

mod bringing;
mod cache;
pub(crate) mod cards;
mod command;
mod details;
mod devices;
mod documents;
mod emergency;
mod error;
mod history;
mod methods;
mod offer;
mod pairing;
mod passkey;
mod pieces;
mod reading;
mod reopen;
mod reply;
mod request;
mod request_view;
mod rights;
mod service;
mod session;
mod sign_in;
mod sync;
mod transfer;
mod unlock;
mod vault;
pub mod view;
mod wallet;

pub use assent_core::http::Step;
pub use command::{Command, DetailChange, MethodChange, RecoveryGroup};
pub use error::{ErrorView, NetworkFailure, Shared, WalletError};
pub use passkey::Assertion;
pub use reply::Reply;
pub(crate) use sync::no_randomness;
pub use unlock::{DeviceAnswer, PasskeyAnswer, Unlock};
pub use wallet::{Surroundings, Wallet};

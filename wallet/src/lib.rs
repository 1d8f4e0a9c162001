//! What only the citizen's side may do: the vault, the cards in it, receiving and presenting them, and keeping
//! track of who got what.
//!
//! Like `assent-core`, nothing here reaches for a socket, a file, a clock or randomness: [`app::Wallet`] says
//! which HTTP request to send and is given the answer, the time and a random source.

pub mod app;
pub mod details;
mod documents;
mod history;
mod holdings;
mod labels;
mod present;
mod receive;
mod records;
mod rights;
mod settings;
mod small_letters;
pub mod transfer;
pub mod vault;

#[cfg(test)]
#[path = "../../core/src/vectors.rs"]
mod vectors;

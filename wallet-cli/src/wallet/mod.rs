//! The shell around the wallet engine: the file it lives in, and the sending of its requests.

mod blobs;
mod local;
mod open;
mod pieces;
mod shell;
mod state;

pub use open::WalletArgs;
pub use shell::{Shell, unexpected};
pub use state::{State, Where};

//! The shell around the wallet engine: the file it lives in, and the sending of its requests.

mod local;
mod shell;
mod state;

pub use shell::Shell;
pub use state::{State, Where};

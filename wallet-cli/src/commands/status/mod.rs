//! `assent status …`

pub mod list;
mod verify;

use crate::error::CliError;
use crate::output::Answer;

/// Verbs.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Check a status list token, and look one entry up
    Verify(verify::Args),
}

/// Runs one verb.
pub async fn run(command: Command) -> Result<Answer, CliError> {
    match command {
        Command::Verify(args) => verify::run(args).await,
    }
}

//! `assent receipt …`

mod verify;

use crate::error::CliError;
use crate::output::Answer;

/// Verbs.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Check a consent receipt and its countersignature, offline
    Verify(verify::Args),
}

/// Runs one verb.
pub fn run(command: Command) -> Result<Answer, CliError> {
    match command {
        Command::Verify(args) => verify::run(args),
    }
}

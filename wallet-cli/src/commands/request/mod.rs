//! `assent request …`

mod lint;
mod simulate;

use crate::error::CliError;
use crate::output::Answer;

/// Verbs.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Find mistakes in a request before wallets do
    Lint(lint::Args),
    /// Show which cards would answer a DCQL query
    Simulate(simulate::Args),
}

/// Runs one verb.
pub fn run(command: Command) -> Result<Answer, CliError> {
    match command {
        Command::Lint(args) => lint::run(args),
        Command::Simulate(args) => simulate::run(args),
    }
}

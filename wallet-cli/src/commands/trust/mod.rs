//! `assent trust …`

mod list;

use crate::error::CliError;
use crate::output::Answer;

/// Verbs.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show who is trusted, and for what
    List(list::Args),
}

/// Runs one verb.
pub async fn run(command: Command) -> Result<Answer, CliError> {
    match command {
        Command::List(args) => list::run(args).await,
    }
}

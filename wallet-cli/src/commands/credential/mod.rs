//! `assent credential …`

mod decode;
mod verify;

use crate::error::CliError;
use crate::output::Answer;

/// Verbs.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show what is in a credential, without believing it
    Decode(decode::Args),
    /// Check a credential: signature, issuer, dates, disclosures
    Verify(verify::Args),
}

/// Runs one verb.
pub async fn run(command: Command) -> Result<Answer, CliError> {
    match command {
        Command::Decode(args) => decode::run(args),
        Command::Verify(args) => verify::run(args).await,
    }
}

//! One module per noun, one file per verb.

pub mod completions;
pub mod credential;
pub mod doctor;
pub mod holder;
pub mod man;
pub mod receipt;
pub mod request;
pub mod status;
pub mod trust;
pub mod vault;

use crate::cli::Command;
use crate::error::CliError;
use crate::output::{Answer, Output};

/// Runs one command.
pub async fn run(command: Command, output: Output) -> Result<Answer, CliError> {
    match command {
        Command::Doctor(args) => doctor::run(args, output).await,
        Command::Credential(command) => credential::run(command).await,
        Command::Request(command) => request::run(command),
        Command::Receipt(command) => receipt::run(command),
        Command::Status(command) => status::run(command).await,
        Command::Trust(command) => trust::run(command).await,
        Command::Holder(args) => holder::run(args, output).await,
        Command::Vault(args) => vault::run(args, output).await,
        Command::Completions(args) => Ok(completions::run(args)),
        Command::Man(args) => man::run(args),
    }
}

//! `assent holder details …`: the person's own details, and those on cards.

mod change;
mod history;
mod input;
mod kinds;
mod list;
mod save;
mod words;

use assent_wallet::app::view::{DetailVersion, OwnDetail};
use assent_wallet::app::{Command as WalletCommand, Reply};

use super::unexpected;
use crate::error::CliError;
use crate::output::{Answer, Output};
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

/// Verbs.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show your own details and those on cards
    List(list::Args),
    /// Show which kinds of details there are
    Kinds(kinds::Args),
    /// Write down a detail
    Add(save::AddArgs),
    /// Change a detail
    Edit(save::EditArgs),
    /// Delete a detail; it can be brought back for 30 days
    Rm(change::RemoveArgs),
    /// Bring a deleted detail back
    Restore(change::RestoreArgs),
    /// Take the last change back
    Undo(change::UndoArgs),
    /// Show what a detail said before
    History(history::Args),
}

/// Runs one verb.
pub async fn run(args: Args, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    match args.command {
        Command::List(args) => list::run(args, shell).await,
        Command::Kinds(args) => kinds::run(args),
        Command::Add(args) => save::add(args, shell, output).await,
        Command::Edit(args) => save::edit(args, shell, output).await,
        Command::Rm(args) => change::remove(args, shell, output).await,
        Command::Restore(args) => change::restore(args, shell).await,
        Command::Undo(args) => change::undo(args, shell).await,
        Command::History(args) => history::run(args, shell).await,
    }
}

/// One own detail with its versions, newest first, and the reply as data.
async fn one(id: &str, shell: &mut Shell) -> Result<(OwnDetail, Vec<DetailVersion>), CliError> {
    let reply = shell.run(WalletCommand::Detail { id: id.to_owned() }).await?;
    match reply {
        Reply::Detail {
            detail: Some(detail),
            versions,
        } => Ok((detail, versions)),
        _ => Err(unexpected()),
    }
}

/// The versions that are present: what a change of what was shown is made from.
fn seen(versions: &[DetailVersion]) -> Vec<String> {
    let present = versions.iter().filter(|version| version.present);
    present.map(|version| version.id.clone()).collect()
}

//! `assent vault …`: a vault's contents as files.

mod documents;
mod export;
mod file;
mod import;
mod stats;
mod verify_backup;

use assent_wallet::app::{Command as WalletCommand, Reply};
use assent_wallet::transfer::{KindCount, Present};

use crate::error::CliError;
use crate::output::{Answer, Output};
use crate::wallet::{Shell, WalletArgs, unexpected};

/// Flags of every verb.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Works on the wallet of `assent holder`. Passphrases are read from files, or asked on a terminal.
They are never taken from a flag or from the environment.")]
pub struct Args {
    #[command(flatten)]
    wallet: WalletArgs,
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

/// Verbs.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write everything the vault holds to a file
    Export(export::Args),
    /// Bring a file into the vault
    Import(import::Args),
    /// Check that a file opens and is complete, without showing what is in it
    VerifyBackup(verify_backup::Args),
    /// Count what the vault holds, without showing it
    Stats(stats::Args),
}

/// Runs one verb.
pub async fn run(args: Args, output: Output) -> Result<Answer, CliError> {
    match args.command {
        // A backup is checked where there is no wallet.
        Command::VerifyBackup(verify) => verify_backup::run(&verify, output),
        Command::Export(export) => export::run(export, &mut args.wallet.open(output).await?, output).await,
        Command::Import(import) => import::run(import, &mut args.wallet.open(output).await?, output).await,
        Command::Stats(stats) => stats::run(stats, &mut args.wallet.open(output).await?).await,
    }
}

/// Everything the vault holds now.
async fn contents(shell: &mut Shell) -> Result<Present, CliError> {
    match shell.run(WalletCommand::TakeOut).await? {
        Reply::Contents { records, version } => Ok(Present::new(records.0, version).map_err(file::failed)?),
        _ => Err(unexpected()),
    }
}

/// Counts as lines for people.
fn lines(kinds: &[KindCount]) -> String {
    let lines: Vec<String> = kinds
        .iter()
        .map(|kind| format!("{:>7}  {:<12} {} bytes", kind.count, kind.kind, kind.bytes))
        .collect();
    lines.join("\n")
}

/// How many files of documents there are.
fn documents_line(files: usize, bytes: u64) -> String {
    format!("{files:>7}  {:<12} {bytes} bytes", "files")
}

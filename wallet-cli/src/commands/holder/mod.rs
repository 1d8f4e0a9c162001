//! `assent holder …`: a wallet without a screen, over the same engine as the app.

mod ask;
mod cards;
mod history;
mod init;
mod present;
mod receipt;
mod receive;
mod sharing;
mod withdraw;

use std::path::PathBuf;

use assent_core::encoding::record::ToJson as _;
use assent_wallet::app::{Command as WalletCommand, Reply, Shared};

use crate::error::CliError;
use crate::exit::Exit;
use crate::http::NetworkArgs;
use crate::output::{Answer, Output};
use crate::wallet::Shell;
use crate::{files, system};

/// Flags of every verb.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The wallet file holds ciphertext only. The passphrase is read from --passphrase-file, or asked on a terminal.
It is never taken from a flag or from the environment.")]
pub struct Args {
    /// The wallet file
    #[arg(long, global = true, value_name = "FILE")]
    state: Option<PathBuf>,
    /// File with the passphrase on its first line, or - for standard input
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArgs,
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

/// Verbs.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a wallet, or open an existing vault here
    Init(init::Args),
    /// Show the cards
    Cards(cards::Args),
    /// Receive the cards of an offer
    Receive(receive::Args),
    /// Answer a request: share, or refuse
    Present(present::Args),
    /// Show what happened
    History(history::Args),
    /// Show what is being shared now
    Sharing(sharing::Args),
    /// Stop sharing
    Withdraw(withdraw::Args),
    /// Save a receipt with its proofs
    Receipt(receipt::Args),
}

impl Args {
    /// True when details of a card may be on their way while this runs.
    pub fn may_share(&self) -> bool {
        matches!(&self.command, Command::Present(args) if args.may_share())
    }
}

/// Runs one verb.
pub async fn run(args: Args, output: Output) -> Result<Answer, CliError> {
    let answers_a_request = matches!(args.command, Command::Present(_));
    // What the engine does not say itself fails before an answer is made.
    run_verb(args, output)
        .await
        .map_err(|error| match answers_a_request {
            true => error.sharing(Shared::No),
            false => error,
        })
}

async fn run_verb(args: Args, output: Output) -> Result<Answer, CliError> {
    let path = args.state.or_else(system::default_state).ok_or_else(|| {
        CliError::new(
            Exit::Configuration,
            "wallet-file-unknown",
            "there is no home folder for the wallet file",
            "Give it with --state FILE.",
        )
    })?;
    let passphrase = args.passphrase_file.as_deref();
    let network = args.network;
    if let Command::Init(args) = args.command {
        return init::run(args, &path, passphrase, &network, output).await;
    }
    let mut shell = Shell::open(&path, &network, output)?;
    let passphrase = ask::passphrase(passphrase, output)?;
    let unlock = WalletCommand::Unlock {
        passphrase: Some(passphrase),
        recovery_code: None,
        passkey: None,
        device: None,
    };
    shell.run(unlock).await?;
    match args.command {
        // Handled above; an open wallet has nothing to initialise.
        Command::Init(_) => Err(unexpected()),
        Command::Cards(args) => cards::run(args, &mut shell).await,
        Command::Receive(args) => receive::run(args, &mut shell, output).await,
        Command::Present(args) => present::run(args, &mut shell, output).await,
        Command::History(args) => history::run(args, &mut shell).await,
        Command::Sharing(args) => sharing::run(args, &mut shell).await,
        Command::Withdraw(args) => withdraw::run(args, &mut shell, output).await,
        Command::Receipt(args) => receipt::run(args, &mut shell).await,
    }
}

/// The engine answered with another reply than the command has.
fn unexpected() -> CliError {
    CliError::new(
        Exit::Failed,
        "wallet-reply",
        "the wallet gave an unexpected answer",
        "This is a mistake in this program. Run it again with --trace FILE and report it.",
    )
}

/// The data of an answer: the reply as the app gets it.
fn data(reply: &Reply) -> Result<serde_json::Value, CliError> {
    Ok(reply.write_json())
}

/// Text of a link: given directly, or in a file after `@`, or `-` for standard input.
fn link(given: &str) -> Result<String, CliError> {
    match given.strip_prefix('@') {
        Some(path) => files::read_text(path.as_ref()),
        None if given == "-" => files::read_text("-".as_ref()),
        None => Ok(given.to_owned()),
    }
}

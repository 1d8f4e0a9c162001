//! `assent holder …`: a wallet without a screen, over the same engine as the app.

mod awaited;
mod cards;
mod details;
mod documents;
mod history;
mod init;
mod present;
mod receipt;
mod receive;
mod sharing;
mod sign_in;
mod withdraw;
mod words;

use assent_core::encoding::record::ToJson as _;
use assent_wallet::app::{Command as WalletCommand, Reply, Shared};

use crate::error::CliError;
use crate::files;
use crate::output::{Answer, Output};
use crate::system;
use crate::wallet::{Shell, WalletArgs, unexpected};

/// Flags of every verb.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The wallet file holds ciphertext only. The passphrase is read from --passphrase-file, or asked on a terminal.
It is never taken from a flag or from the environment.")]
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
    /// Make a wallet, or open an existing vault here
    Init(init::Args),
    /// Show the cards
    Cards(cards::Args),
    /// Show, write down and change your own details
    Details(details::Args),
    /// Keep documents and photos: add, list, get, rm
    Documents(documents::Args),
    /// Receive the cards of an offer
    Receive(receive::Args),
    /// Cards that their issuers give later
    Awaited(awaited::Args),
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
    if let Command::Init(init) = args.command {
        let (path, passphrase) = (args.wallet.path()?, args.wallet.passphrase_file.as_deref());
        return init::run(init, &path, passphrase, &args.wallet.network, output).await;
    }
    let mut shell = args.wallet.open(output).await?;
    let answer = match args.command {
        // Handled above; an open wallet has nothing to initialise.
        Command::Init(_) => Err(unexpected()),
        Command::Cards(args) => cards::run(args, &mut shell).await,
        Command::Details(args) => details::run(args, &mut shell, output).await,
        Command::Documents(args) => documents::run(args, &mut shell, output).await,
        Command::Receive(args) => receive::run(args, &mut shell, output).await,
        Command::Awaited(args) => awaited::run(args, &mut shell, output).await,
        Command::Present(args) => present::run(args, &mut shell, output).await,
        Command::History(args) => history::run(args, &mut shell).await,
        Command::Sharing(args) => sharing::run(args, &mut shell).await,
        Command::Withdraw(args) => withdraw::run(args, &mut shell, output).await,
        Command::Receipt(args) => receipt::run(args, &mut shell).await,
    }?;
    warn_of_waiting(answer, &mut shell).await
}

/// What could not reach the vault service yet is only here: said with every answer until it is there.
async fn warn_of_waiting(answer: Answer, shell: &mut Shell) -> Result<Answer, CliError> {
    let Reply::Status { status } = shell.run(WalletCommand::Status).await? else {
        return Err(unexpected());
    };
    let answer = match status.waiting {
        0 => answer,
        1 => answer.warn(
            WAITING,
            "1 change is only in this wallet file; the vault service could not be reached",
        ),
        many => answer.warn(
            WAITING,
            format!("{many} changes are only in this wallet file; the vault service could not be reached"),
        ),
    };
    let answer = match status.awaited_at {
        Some(at) if at <= system::now().0 => answer.warn(
            "cards-awaited",
            "a card that was to come later may be ready: `assent holder awaited fetch` asks for it",
        ),
        _ => answer,
    };
    Ok(match status.pending_withdrawals {
        0 => answer,
        _ => answer.warn(
            "withdrawals-wait",
            "a service does not know yet that you stopped sharing: `assent holder sharing --retry` tells it",
        ),
    })
}

const WAITING: &str = "changes-wait";

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

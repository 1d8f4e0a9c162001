//! `assent holder awaited`: cards that their issuers give later.

use std::time::Duration;

use assent_wallet::app::view::{AwaitedCard, CardSummary};
use assent_wallet::app::{Command as Engine, Reply};

use super::{data, receive, unexpected, words};
use crate::ask;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Answer, Output, one_line};
use crate::progress::Progress;
use crate::system;
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do; shows them if not given
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show the cards that come later
    List,
    /// Ask their issuers for them now
    Fetch(Fetch),
    /// Give one up: it will not come any more
    Forget(Forget),
}

#[derive(Debug, clap::Args)]
struct Fetch {
    /// Id of one of them; all that are due if not given
    #[arg(allow_hyphen_values = true)]
    awaited: Option<String>,
    /// Wait until they come
    #[arg(long)]
    wait: bool,
    /// How long to wait
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

#[derive(Debug, clap::Args)]
struct Forget {
    /// Its id
    #[arg(allow_hyphen_values = true)]
    awaited: String,
    /// Give it up without being asked
    #[arg(long)]
    yes: bool,
}

/// Runs one verb.
pub async fn run(args: Args, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    match args.command {
        None | Some(Command::List) => list(shell).await,
        Some(Command::Fetch(args)) => fetch(args, shell, output).await,
        Some(Command::Forget(args)) => forget(args, shell, output).await,
    }
}

async fn all(shell: &mut Shell) -> Result<Vec<AwaitedCard>, CliError> {
    match shell.run(Engine::Cards).await? {
        Reply::Cards { awaited, .. } => Ok(awaited),
        _ => Err(unexpected()),
    }
}

async fn list(shell: &mut Shell) -> Result<Answer, CliError> {
    let awaited = all(shell).await?;
    let text = match awaited.as_slice() {
        [] => "No card is on its way.".to_owned(),
        some => some.iter().map(words::awaited).collect::<Vec<_>>().join("\n"),
    };
    let (cards, failed) = (Vec::new(), Vec::new());
    Ok(Answer::new(
        "assent.holder-awaited/1",
        data(&Reply::Cards {
            cards,
            awaited,
            failed,
        })?,
        text,
    ))
}

async fn fetch(args: Fetch, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    let Reply::Cards {
        mut cards,
        mut awaited,
        failed,
    } = shell.run(Engine::FetchAwaited { id: args.awaited }).await?
    else {
        return Err(unexpected());
    };
    let mut late = None;
    if args.wait && !awaited.is_empty() {
        let outcome = wait(shell, &awaited, Duration::from_secs(args.timeout), output).await?;
        cards.extend(outcome.cards);
        (awaited, late) = (outcome.awaited, outcome.error);
    }
    let text = match (cards.is_empty(), awaited.is_empty()) {
        (true, true) => "No card is on its way.".to_owned(),
        _ => receive::lines(&cards, &awaited, &failed, late.as_ref()),
    };
    let data = data(&Reply::Cards {
        cards,
        awaited,
        failed,
    })?;
    Ok(Answer::new("assent.holder-receive/1", data, text).failing(late))
}

async fn forget(args: Forget, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    let known = all(shell).await?;
    let Some(found) = known.iter().find(|one| one.id == args.awaited) else {
        return Err(CliError::new(
            Exit::NotFound,
            "awaited-not-found",
            "there is no such card on its way",
            "`assent holder awaited` shows what there is.",
        ));
    };
    let what = one_line(&format!("Give up {} of {}", found.name, found.issuer));
    ask::agree(args.yes, &what, output)?;
    let reply = shell.run(Engine::ForgetAwaited { id: args.awaited }).await?;
    Ok(Answer::new(
        "assent.holder-awaited-forgotten/1",
        data(&reply)?,
        "It will not come any more.",
    ))
}

/// What waiting brought.
#[derive(Debug)]
pub struct Waited {
    /// What came.
    pub cards: Vec<CardSummary>,
    /// What did not.
    pub awaited: Vec<AwaitedCard>,
    /// Why not all came.
    pub error: Option<CliError>,
}

/// Asks for these cards, each when its issuer wants to be asked again, until they are here or the time is over.
pub async fn wait(
    shell: &mut Shell,
    wanted: &[AwaitedCard],
    timeout: Duration,
    output: Output,
) -> Result<Waited, CliError> {
    let limit = tokio::time::sleep(timeout);
    tokio::pin!(limit);
    let mut cards = Vec::new();
    let mut left = wanted.to_vec();
    loop {
        let Some(next) = left.iter().filter_map(|one| one.next_try_at).min() else {
            let error = (!left.is_empty()).then(given_up);
            return Ok(Waited {
                cards,
                awaited: left,
                error,
            });
        };
        let waiting = Progress::start("Waiting for the cards", output);
        let seconds = u64::try_from(next.saturating_sub(system::now().0)).unwrap_or(0);
        tokio::select! {
            // Never without a break, whatever the issuer says.
            () = tokio::time::sleep(Duration::from_secs(seconds.max(1))) => {}
            () = &mut limit => return Ok(Waited { cards, awaited: left, error: Some(too_late()) }),
        }
        drop(waiting);
        let Reply::Cards {
            cards: came, awaited, ..
        } = shell.run(Engine::FetchAwaited { id: None }).await?
        else {
            return Err(unexpected());
        };
        cards.extend(came);
        left = awaited
            .into_iter()
            .filter(|one| wanted.iter().any(|wanted| wanted.id == one.id))
            .collect();
    }
}

fn too_late() -> CliError {
    CliError::new(
        Exit::Unreachable,
        "awaited-timeout",
        "not all cards came in time",
        "Ask again later with `assent holder awaited fetch`.",
    )
}

fn given_up() -> CliError {
    CliError::new(
        Exit::Refused,
        "awaited-refused",
        "the issuer does not give this card any more",
        "Ask the issuer for a new offer, and forget the card with `assent holder awaited forget`.",
    )
}

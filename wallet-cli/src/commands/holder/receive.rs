//! `assent holder receive`: the cards of an offer.

use std::path::PathBuf;
use std::time::Duration;

use assent_wallet::app::view::{AwaitedCard, CardSummary, FailedCard, OfferView};
use assent_wallet::app::{Command, Reply};
use zeroize::Zeroizing;

use super::sign_in::{self, Outcome};
use super::{awaited, data, link, unexpected, words};
use crate::ask;
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::{Answer, Output, one_line};
use crate::wallet::Shell;

/// What to do about a card that did not come: the code of an offer is good once.
const NEW_OFFER: &str = "What came is kept. Ask the issuer for a new offer of what did not come.";

/// What to do about one that can still be asked for.
const AGAIN: &str = "What came is kept. Open the offer again, or use `assent holder awaited fetch`; soon, for the issuer allows it only for a while.";

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Some issuers want you to sign in first. Then this prints an address, waits until a browser on this machine came back from
it, and goes on.

With the browser on another machine, as over SSH, use --elsewhere. The browser then comes back to an address that begins
with http://127.0.0.1:1/ and does not open, on purpose: only you get what is in it. Copy it from the address bar and paste
it here. Be quick: most issuers take it for a minute only. Where nobody can be asked this ends with 5 and the code
sign-in-needed, and the address goes to --answer.

Examples:
  assent holder receive 'openid-credential-offer://?credential_offer=…' --yes --open
  assent holder receive @offer.txt --yes --elsewhere
  assent holder receive --answer 'http://127.0.0.1:1/?code=…'

Where only some cards of an offer come, they are kept; data.failed says which did not come and why, and the exit code is that
of the first of them.")]
pub struct Args {
    /// The offer: a link, @FILE, or - for standard input
    #[arg(value_name = "LINK", required_unless_present = "answer")]
    link: Option<String>,
    /// File with the transaction code, or - for standard input
    #[arg(long, value_name = "FILE")]
    tx_code_file: Option<PathBuf>,
    /// Accept without being asked
    #[arg(long)]
    yes: bool,
    /// Show the offer and stop; no card is asked for
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Open the page to sign in at in this machine's browser
    #[arg(long)]
    open: bool,
    /// The browser is on another machine: print where to sign in, and ask for the address it came back to
    #[arg(long, conflicts_with = "open")]
    elsewhere: bool,
    /// After a sign-in: the address the browser came back to, @FILE, or - for standard input
    #[arg(
        long,
        value_name = "ADDRESS",
        conflicts_with_all = ["link", "tx_code_file", "dry_run", "open", "elsewhere"]
    )]
    answer: Option<String>,
    /// Wait for cards that the issuer gives later
    #[arg(long)]
    wait: bool,
    /// How long to wait for the browser, and for later cards
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

/// Receives.
pub async fn run(args: Args, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    let outcome = match (&args.answer, &args.link) {
        (Some(answer), _) => {
            let answer = Zeroizing::new(link(answer)?);
            sign_in::cards(shell.run(Command::OfferReturn { answer }).await?)?
        }
        (None, Some(given)) => {
            let opened = shell.run(Command::OfferOpen { link: link(given)? }).await?;
            let Reply::Offer { offer } = &opened else {
                return Err(unexpected());
            };
            let offered = offered(offer);
            if args.dry_run {
                return Ok(Answer::new("assent.holder-offer/1", data(&opened)?, offered));
            }
            output.note(&offered);
            ask::agree(args.yes, "Receive these cards", output)?;
            accept(&args, offer, shell, output).await?
        }
        (None, None) => return Err(unexpected()),
    };
    let (mut cards, mut awaited, mut failed) = match outcome {
        Outcome::Cards {
            cards,
            awaited,
            failed,
        } => (cards, awaited, failed),
        Outcome::Elsewhere(answer) => return Ok(answer),
    };
    // Where nobody answered: once more.
    if failed.iter().any(|card| card.again)
        && let Ok(Reply::Cards {
            cards: came,
            awaited: comes,
            failed: still,
        }) = shell.run(again()).await
    {
        cards.extend(came);
        awaited.extend(comes);
        failed.retain(|card| !card.again);
        failed.extend(still);
    }
    let mut late = None;
    if args.wait && !awaited.is_empty() {
        let waited = awaited::wait(shell, &awaited, Duration::from_secs(args.timeout), output).await?;
        cards.extend(waited.cards);
        (awaited, late) = (waited.awaited, waited.error);
    }
    let text = lines(&cards, &awaited, &failed, late.as_ref());
    // What is lost weighs more than what is late.
    let error = failed.first().map(not_received).or(late);
    let data = data(&Reply::Cards {
        cards,
        awaited,
        failed,
    })?;
    Ok(Answer::new("assent.holder-receive/1", data, text).failing(error))
}

fn again() -> Command {
    Command::OfferAccept {
        tx_code: None,
        client_id: None,
        redirect_uri: None,
    }
}

async fn accept(
    args: &Args,
    offer: &OfferView,
    shell: &mut Shell,
    output: Output,
) -> Result<Outcome, CliError> {
    let tx_code = tx_code(args, offer, output)?;
    if offer.sign_in.is_none() {
        let accept = Command::OfferAccept {
            tx_code,
            // Said only to an issuer that wants to know the app; a code alone needs no name.
            client_id: Some(sign_in::CLIENT_ID.to_owned()),
            redirect_uri: None,
        };
        return sign_in::cards(shell.run(accept).await?);
    }
    let way = sign_in::Way {
        elsewhere: args.elsewhere,
        open: args.open,
        timeout: Duration::from_secs(args.timeout),
    };
    sign_in::run(&way, shell, output).await
}

fn offered(offer: &OfferView) -> String {
    let names: Vec<&str> = offer.cards.iter().map(|card| card.name.as_str()).collect();
    let first = match &offer.sign_in {
        Some(host) => format!(", after you signed in at {host}"),
        None => String::new(),
    };
    one_line(&format!("{} offers: {}{first}", offer.issuer, names.join(", ")))
}

fn tx_code(args: &Args, offer: &OfferView, output: Output) -> Result<Option<Zeroizing<String>>, CliError> {
    let Some(wanted) = &offer.tx_code else {
        return Ok(None);
    };
    if let Some(file) = &args.tx_code_file {
        return files::read_secret(file).map(Some);
    }
    // OpenID4VCI 1.0 §4.1.1: how the person gets it, in the issuer's words.
    let from = wanted.description.as_deref().map(one_line);
    if ask::somebody_there(output) {
        if let Some(from) = from {
            output.note(&format!("The issuer says about its code: {from}"));
        }
        return ask::text("Code from the issuer").map(Some);
    }
    let says = from
        .map(|from| format!(" and says about it: {from}"))
        .unwrap_or_default();
    Err(CliError::new(
        Exit::Refused,
        "tx-code-missing",
        format!("the offer needs a code that the issuer sent you{says}"),
        "Give it with --tx-code-file FILE, or - for standard input.",
    ))
}

/// What one card that does not come makes of the command: its reason, and how the program ends for it.
fn not_received(card: &FailedCard) -> CliError {
    let reason = CliError::from(card.problem.clone());
    CliError {
        message: one_line(&format!("{} did not come: {}", card.name, reason.message)),
        hint: if card.again { AGAIN } else { NEW_OFFER }.to_owned(),
        ..reason
    }
}

/// What came, what is to come and what does not come, for people; and what to do when not all came.
pub fn lines(
    cards: &[CardSummary],
    awaited: &[AwaitedCard],
    failed: &[FailedCard],
    late: Option<&CliError>,
) -> String {
    let came = cards.iter().map(|card| {
        let more = match card.renewal {
            Some("copies") => "  (fresh copies of a card that was here)",
            Some(_) => "  (renewed: its details changed)",
            None => "",
        };
        one_line(&format!("{}  {}{more}", card.id, card.name))
    });
    let lost = failed
        .iter()
        .map(|card| format!("{} ({})", not_received(card).message, card.problem.code));
    let next = failed.first().map(|card| not_received(card).hint);
    let then = next.into_iter().chain(late.map(|error| error.hint.clone()));
    let lines: Vec<String> = came
        .chain(awaited.iter().map(words::awaited))
        .chain(lost)
        .chain(then)
        .collect();
    lines.join("\n")
}

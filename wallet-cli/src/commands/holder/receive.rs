//! `assent holder receive`: the cards of an offer.

use std::path::PathBuf;

use assent_wallet::app::{Command, Reply};

use super::{data, link, unexpected};
use crate::ask;
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::{Answer, Output, one_line};
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The offer: a link, @FILE, or - for standard input
    #[arg(value_name = "LINK")]
    link: String,
    /// File with the transaction code, or - for standard input
    #[arg(long, value_name = "FILE")]
    tx_code_file: Option<PathBuf>,
    /// Accept without being asked
    #[arg(long)]
    yes: bool,
    /// Show the offer and stop; no card is asked for
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

/// Receives.
pub async fn run(args: Args, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    let link = link(&args.link)?;
    let reply = shell.run(Command::OfferOpen { link }).await?;
    let Reply::Offer { offer } = &reply else {
        return Err(unexpected());
    };
    let names: Vec<&str> = offer.cards.iter().map(|card| card.name.as_str()).collect();
    let offered = one_line(&format!("{} offers: {}", offer.issuer, names.join(", ")));
    if args.dry_run {
        return Ok(Answer::new("assent.holder-offer/1", data(&reply)?, offered));
    }
    output.note(&offered);
    ask::agree(args.yes, "Receive these cards", output)?;
    let tx_code = match (&offer.tx_code, &args.tx_code_file) {
        (None, _) => None,
        (Some(_), Some(file)) => Some(files::read_secret(file)?),
        (Some(_), None) if ask::somebody_there(output) => Some(ask::text("Code from the issuer")?),
        (Some(_), None) => {
            return Err(CliError::new(
                Exit::Refused,
                "tx-code-missing",
                "the offer needs a code that the issuer sent you",
                "Give it with --tx-code-file FILE, or - for standard input.",
            ));
        }
    };
    let reply = shell
        .run(Command::OfferAccept {
            tx_code,
            client_id: None,
            redirect_uri: None,
        })
        .await?;
    let Reply::Cards { cards, .. } = &reply else {
        return Err(unexpected());
    };
    let lines: Vec<String> = cards
        .iter()
        .map(|card| {
            let more = match card.renewal {
                Some("copies") => "  (fresh copies of a card that was here)",
                Some(_) => "  (renewed: its details changed)",
                None => "",
            };
            format!("{}  {}{more}", card.id, card.name)
        })
        .collect();
    Ok(Answer::new(
        "assent.holder-receive/1",
        data(&reply)?,
        lines.join("\n"),
    ))
}

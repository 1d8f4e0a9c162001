//! `assent holder cards`.

use assent_wallet::app::{Command, Reply};

use super::{data, unexpected, words};
use crate::error::CliError;
use crate::output::Answer;
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show one card with its details
    #[arg(value_name = "CARD", allow_hyphen_values = true)]
    id: Option<String>,
}

/// Shows.
pub async fn run(args: Args, shell: &mut Shell) -> Result<Answer, CliError> {
    let reply = match args.id {
        Some(id) => shell.run(Command::Card { id }).await?,
        None => shell.run(Command::Cards).await?,
    };
    let data = data(&reply)?;
    let text = match &reply {
        Reply::Cards { cards, .. } if cards.is_empty() => "No cards yet.".to_owned(),
        Reply::Cards { cards, .. } => {
            let lines: Vec<String> = cards.iter().map(words::card).collect();
            lines.join("\n")
        }
        Reply::Card { card } => {
            let mut lines = vec![words::card(&card.summary)];
            lines.extend(
                card.details
                    .iter()
                    .map(|detail| format!("  {}", words::detail(detail))),
            );
            lines.join("\n")
        }
        _ => return Err(unexpected()),
    };
    Ok(Answer::new("assent.holder-cards/1", data, text))
}

//! `assent holder history`.

use assent_wallet::app::{Command, Reply};

use super::{data, unexpected, words};
use crate::error::CliError;
use crate::output::Answer;
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show one entry
    #[arg(value_name = "ENTRY", allow_hyphen_values = true)]
    id: Option<String>,
    /// Only entries with this text
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Only this service, by its id
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    service: Option<String>,
}

/// Shows.
pub async fn run(args: Args, shell: &mut Shell) -> Result<Answer, CliError> {
    let filtered = args.text.is_some() || args.service.is_some();
    let command = match args.id {
        Some(id) => Command::Entry { id },
        None => Command::History {
            service: args.service,
            text: args.text,
        },
    };
    let reply = shell.run(command).await?;
    let text = match &reply {
        Reply::History { entries } if entries.is_empty() && filtered => "Nothing matches.".to_owned(),
        Reply::History { entries } if entries.is_empty() => "Nothing happened yet.".to_owned(),
        Reply::History { entries } => entries.iter().map(words::entry).collect::<Vec<_>>().join("\n"),
        Reply::Entry { .. } => format!("{:#}", data(&reply)?["entry"]),
        _ => return Err(unexpected()),
    };
    Ok(Answer::new("assent.holder-history/1", data(&reply)?, text))
}

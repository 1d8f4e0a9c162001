//! `assent holder sharing`.

use assent_wallet::app::{Command, Reply};

use super::{data, unexpected};
use crate::error::CliError;
use crate::output::Answer;
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Send withdrawals that wait again
    #[arg(long)]
    retry: bool,
}

/// Shows.
pub async fn run(args: Args, shell: &mut Shell) -> Result<Answer, CliError> {
    let command = if args.retry {
        Command::RetryPending
    } else {
        Command::Sharing
    };
    let reply = shell.run(command).await?;
    let Reply::Sharing { sharing } = &reply else {
        return Err(unexpected());
    };
    let text = if sharing.is_empty() {
        "You share nothing.".to_owned()
    } else {
        let lines = sharing.iter().map(|item| {
            let details: Vec<&str> = item.details.iter().map(|detail| detail.label.as_str()).collect();
            format!(
                "{}  {:?}  {}: {}",
                item.id,
                item.state,
                item.service.name,
                details.join(", ")
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    Ok(Answer::new("assent.holder-sharing/1", data(&reply)?, text))
}

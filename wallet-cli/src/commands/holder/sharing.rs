//! `assent holder sharing`.

use assent_wallet::app::{Command, Reply};

use super::{data, unexpected, words};
use crate::error::CliError;
use crate::output::{Answer, one_line};
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
        let mut lines = Vec::new();
        for item in sharing {
            lines.push(format!(
                "{}  {}: {} [{}]",
                item.id,
                one_line(&item.service.name),
                words::labels(&item.details),
                words::sharing(item.state)
            ));
            if item.purposes.len() > 1 {
                let purposes = item.purposes.iter();
                lines.extend(purposes.map(|one| {
                    let text = one_line(&one.text);
                    format!("    {}  {text}: {}", one.id, words::labels(&one.details))
                }));
            }
        }
        lines.join("\n")
    };
    Ok(Answer::new("assent.holder-sharing/1", data(&reply)?, text))
}

//! `assent holder details rm`, `restore` and `undo`.

use assent_wallet::app::{Command, DetailChange, Reply};

use super::super::{data, unexpected};
use super::{one, seen, words};
use crate::ask;
use crate::error::CliError;
use crate::output::{Answer, Output};
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct RemoveArgs {
    /// The detail, as `assent holder details list` shows it
    #[arg(value_name = "DETAIL", allow_hyphen_values = true)]
    id: String,
    /// Erase it for good: its keys are destroyed, and nobody can bring it back
    #[arg(long)]
    erase: bool,
    /// Without being asked
    #[arg(long)]
    yes: bool,
}

/// Flags.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// The detail, as `assent holder details list --deleted` shows it
    #[arg(value_name = "DETAIL", allow_hyphen_values = true)]
    id: String,
}

/// Flags.
#[derive(Debug, clap::Args)]
pub struct UndoArgs {
    /// The detail, as `assent holder details list` shows it
    #[arg(value_name = "DETAIL", allow_hyphen_values = true)]
    id: String,
}

/// Deletes, or erases.
pub async fn remove(args: RemoveArgs, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    let (detail, _) = one(&args.id, shell).await?;
    let name = words::name(&detail);
    if args.erase {
        ask::agree(args.yes, &format!("Erase {name} for good"), output)?;
    }
    if detail.deleted_at.is_none() {
        change(&args.id, DetailChange::Delete, shell).await?;
    }
    if args.erase {
        let reply = change(&args.id, DetailChange::Erase, shell).await?;
        return answer(&reply, format!("{name} is erased."));
    }
    let reply = shell.run(Command::Detail { id: args.id }).await?;
    answer(
        &reply,
        format!("{name} is deleted. It can be brought back for 30 days."),
    )
}

/// Brings back.
pub async fn restore(args: RestoreArgs, shell: &mut Shell) -> Result<Answer, CliError> {
    let reply = change(&args.id, DetailChange::Restore, shell).await?;
    said(&reply)
}

/// Takes the last change back.
pub async fn undo(args: UndoArgs, shell: &mut Shell) -> Result<Answer, CliError> {
    let reply = change(&args.id, DetailChange::Undo, shell).await?;
    said(&reply)
}

async fn change(id: &str, change: DetailChange, shell: &mut Shell) -> Result<Reply, CliError> {
    let (_, versions) = one(id, shell).await?;
    let command = Command::ChangeDetail {
        id: id.to_owned(),
        change,
        version: None,
        seen: seen(&versions),
    };
    shell.run(command).await
}

fn said(reply: &Reply) -> Result<Answer, CliError> {
    let Reply::Detail {
        detail: Some(detail), ..
    } = reply
    else {
        return Err(unexpected());
    };
    let text = format!(
        "{}: {}",
        words::name(detail),
        words::text(&detail.kind, &detail.parts)
    );
    answer(reply, text)
}

fn answer(reply: &Reply, text: String) -> Result<Answer, CliError> {
    Ok(Answer::new("assent.holder-detail/1", data(reply)?, text))
}

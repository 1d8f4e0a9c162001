//! `assent holder withdraw`: stops a sharing.

use assent_wallet::app::view::{SharingState, SharingView};
use assent_wallet::app::{Command, Reply};
use serde_json::json;

use super::{data, unexpected, words};
use crate::ask;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Answer, Output, one_line};
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Ends with 6 when it is stopped here but the service was not reached: `assent holder sharing --retry` tries again.")]
pub struct Args {
    /// The sharing, as `assent holder sharing` shows it
    #[arg(value_name = "SHARING", allow_hyphen_values = true)]
    id: String,
    /// Stop only this purpose, as `assent holder sharing` names it; may be given several times
    #[arg(long = "purpose", value_name = "PURPOSE")]
    purposes: Vec<String>,
    /// Also ask the service to erase what it has
    #[arg(long)]
    erase: bool,
    /// Stop without being asked
    #[arg(long)]
    yes: bool,
    /// Show what would be stopped, and stop nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

/// Withdraws.
pub async fn run(args: Args, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    let shared = shell.run(Command::Sharing).await?;
    let Reply::Sharing { sharing } = &shared else {
        return Err(unexpected());
    };
    let Some(found) = sharing.iter().find(|item| item.id == args.id) else {
        return Err(CliError::new(
            Exit::NotFound,
            "sharing-not-found",
            "there is no such sharing",
            "`assent holder sharing` shows what there is.",
        ));
    };
    let what = plan(found, &args.purposes)?;
    if args.dry_run {
        let all = data(&shared)?;
        let one = all["sharing"]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["id"] == args.id));
        let data = json!({ "sharing": one, "purposes": args.purposes, "ask_erasure": args.erase });
        return Ok(Answer::new("assent.holder-withdraw-plan/1", data, what));
    }
    ask::agree(args.yes, &what, output)?;
    let stop = Command::StopSharing {
        id: args.id,
        purposes: args.purposes,
        ask_erasure: args.erase,
    };
    let reply = shell.run(stop).await?;
    let Reply::SharingItem { item } = &reply else {
        return Err(unexpected());
    };
    let name = one_line(&item.service.name);
    let (text, error) = match item.state {
        SharingState::Stopped => (format!("Stopped. {name} confirmed it with a signature."), None),
        SharingState::StopDisputed => (
            format!("Stopped here. {name} did not confirm it properly."),
            Some(CliError::new(
                Exit::Refused,
                "withdrawal-disputed",
                "stopped here; the service did not confirm it properly",
                "Keep the receipt: it proves the withdrawal. Complain to the service or its authority.",
            )),
        ),
        _ => (
            format!("Stopped here. {name} was not reached yet."),
            Some(CliError::new(
                Exit::Unreachable,
                "withdrawal-pending",
                "stopped here; the service was not reached yet",
                "Try again later with `assent holder sharing --retry`.",
            )),
        ),
    };
    Ok(Answer::new("assent.holder-withdraw/1", data(&reply)?, text).failing(error))
}

/// What is about to be stopped, in words.
fn plan(found: &SharingView, purposes: &[String]) -> Result<String, CliError> {
    if purposes.is_empty() {
        let (what, name) = (words::labels(&found.details), &found.service.name);
        return Ok(one_line(&format!("Stop sharing {what} with {name}")));
    }
    let mut parts = Vec::new();
    for id in purposes {
        let Some(purpose) = found.purposes.iter().find(|purpose| purpose.id == *id) else {
            return Err(CliError::new(
                Exit::NotFound,
                "purpose-not-found",
                "this sharing is not for that purpose, or no longer",
                "`assent holder sharing` shows what there is.",
            ));
        };
        parts.push(format!(
            "{} (for: {})",
            words::labels(&purpose.details),
            purpose.text
        ));
    }
    Ok(one_line(&format!(
        "Stop sharing {} with {}",
        parts.join(", "),
        found.service.name
    )))
}

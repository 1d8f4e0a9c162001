//! `assent holder details history`.

use assent_core::env::Timestamp;
use assent_wallet::app::view::DetailVersion;
use assent_wallet::app::{Command, DetailChange, Reply};

use super::super::data;
use super::{one, seen, words};
use crate::error::CliError;
use crate::output::{Answer, one_line};
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The detail, as `assent holder details list` shows it
    #[arg(value_name = "DETAIL", allow_hyphen_values = true)]
    id: String,
    /// Say this version again; it settles what two devices said at the same time
    #[arg(
        long,
        value_name = "VERSION",
        conflicts_with = "forget",
        allow_hyphen_values = true
    )]
    take: Option<String>,
    /// Forget this version, on every device
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    forget: Option<String>,
}

/// Shows.
pub async fn run(args: Args, shell: &mut Shell) -> Result<Answer, CliError> {
    let change = match (args.take, args.forget) {
        (Some(version), _) => Some((DetailChange::Take, version)),
        (None, Some(version)) => Some((DetailChange::Forget, version)),
        (None, None) => None,
    };
    if let Some((change, version)) = change {
        let (_, versions) = one(&args.id, shell).await?;
        let command = Command::ChangeDetail {
            id: args.id.clone(),
            change,
            version: Some(version),
            seen: seen(&versions),
        };
        shell.run(command).await?;
    }
    let (detail, versions) = one(&args.id, shell).await?;
    let lines: Vec<_> = versions
        .iter()
        .map(|version| line(&detail.kind, version))
        .collect();
    let reply = Reply::Detail {
        detail: Some(detail),
        versions,
    };
    Ok(Answer::new(
        "assent.holder-detail/1",
        data(&reply)?,
        lines.join("\n"),
    ))
}

fn line(kind: &str, version: &DetailVersion) -> String {
    let at = Timestamp(version.at).to_rfc3339().unwrap_or_default();
    let said = match version.said {
        "content" => words::text(kind, &version.parts),
        other => format!("({other})"),
    };
    let mark = match (version.shown, version.present) {
        (true, _) => "  [now]",
        (false, true) => "  [said at the same time]",
        (false, false) => "",
    };
    let by = match version.by.as_str() {
        "" => version.by_kind,
        by => by,
    };
    format!("{}  {at}  {said}{mark}  ({})", version.id, one_line(by))
}

//! `assent holder details add` and `edit`.

use assent_core::encoding::json::Object;
use assent_wallet::app::{Command, Reply};
use assent_wallet::details::{kind, problem_text};
use serde_json::{Value, json};

use super::super::unexpected;
use super::words::kind_name;
use super::{input, one, seen};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Answer, Output};
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What the detail says is asked on a terminal, or read from --from. It is never taken from a flag: others on this
machine could read it.

  printf 'value=jo@mail.example\\nown_name=work\\n' | assent holder details add email --from -")]
pub struct AddArgs {
    /// The kind, as `assent holder details kinds` shows it
    #[arg(value_name = "KIND")]
    kind: String,
    #[command(flatten)]
    input: input::Args,
    /// The card that says exactly this, by its id
    #[arg(long, value_name = "CARD", allow_hyphen_values = true)]
    card: Option<String>,
}

/// Flags.
#[derive(Debug, clap::Args)]
pub struct EditArgs {
    /// The detail, as `assent holder details list` shows it
    #[arg(value_name = "DETAIL", allow_hyphen_values = true)]
    id: String,
    #[command(flatten)]
    input: input::Args,
}

/// Adds.
pub async fn add(args: AddArgs, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    let kind = kind(&args.kind).ok_or_else(unknown_kind)?;
    let (parts, own_name) = input::read(&args.input, kind, &Object::new(), "", output)?;
    let save = Command::SaveDetail {
        id: None,
        kind: args.kind,
        parts,
        own_name,
        seen: Vec::new(),
        from_card: args.card,
    };
    saved(shell.run(save).await?, kind.id)
}

/// Changes.
pub async fn edit(args: EditArgs, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    let (detail, versions) = one(&args.id, shell).await?;
    let kind = kind(&detail.kind).ok_or_else(unknown_kind)?;
    let mut before = Object::new();
    for (name, text) in &detail.parts {
        before.insert(name.clone(), Value::String(text.0.clone()));
    }
    let (parts, own_name) = input::read(&args.input, kind, &before, &detail.own_name.0, output)?;
    let save = Command::SaveDetail {
        id: Some(args.id),
        kind: detail.kind,
        parts,
        own_name,
        seen: seen(&versions),
        from_card: None,
    };
    saved(shell.run(save).await?, kind.id)
}

fn saved(reply: Reply, kind: &str) -> Result<Answer, CliError> {
    let Reply::DetailSaved { id, problems } = reply else {
        return Err(unexpected());
    };
    let problem = |(part, code): &(String, String)| json!({ "part": part, "code": code });
    let data = json!({ "id": id, "problems": problems.iter().map(problem).collect::<Vec<_>>() });
    let Some(id) = id else {
        let mut lines = vec!["Not saved:".to_owned()];
        lines.extend(problems.iter().map(|(part, code)| {
            let what = problem_text(code).unwrap_or_default();
            format!("  {part}: {what} ({code})")
        }));
        let error = CliError::new(
            Exit::Refused,
            "detail-not-accepted",
            "the detail is not accepted as it is",
            "`assent holder details kinds` shows the parts of each kind.",
        );
        return Ok(Answer::new("assent.holder-detail-saved/1", data, lines.join("\n")).failing(error));
    };
    let text = format!("{id}  {} saved.", kind_name(kind));
    Ok(Answer::new("assent.holder-detail-saved/1", data, text))
}

fn unknown_kind() -> CliError {
    CliError::new(
        Exit::NotFound,
        "detail-kind-not-found",
        "there is no such kind of detail",
        "`assent holder details kinds` shows them.",
    )
}

//! `assent vault import`.

use assent_core::encoding::record::ToJson as _;
use assent_wallet::app::Command;
use assent_wallet::transfer::{CardFate, Choice, Incoming, Plan};
use serde_json::json;

use super::contents;
use super::documents::Documents;
use super::file::FileArgs;
use crate::ask;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Answer, Output, one_line};
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is in the vault already stays as it is, so it can be done again, and after an interruption it goes on where it was.

A copy of a card is to be shown once. Say --moved only when the vault that the file is of was not used since; without
it the copies count as shown, and you are told before one is shown again.")]
pub struct Args {
    #[command(flatten)]
    file: FileArgs,
    /// The vault that the file is of was not used since, and will not be any more
    #[arg(long)]
    moved: bool,
    /// Leave the history out
    #[arg(long)]
    no_history: bool,
    /// Leave the documents out
    #[arg(long)]
    no_documents: bool,
    /// Show what would come in, and bring nothing in
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Bring it in without being asked
    #[arg(long)]
    yes: bool,
}

/// Commits that one import may take, and tries after changes made elsewhere.
const ROUNDS: usize = 2000;
const TRIES: usize = 5;

/// Imports.
pub async fn run(args: Args, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    let (mut source, incoming) = args.file.open(output)?;
    let choice = Choice {
        moved: args.moved,
        history: !args.no_history,
    };
    let first = plan(&incoming, choice, shell).await?.0;
    let documents = match args.no_documents {
        true => Documents::default(),
        false => Documents::new(&first, shell).await?,
    };
    let text = format!("{}{}", words(&first), documents.words());
    let mut data = json!({
        "made_at": incoming.made_at.to_rfc3339(),
        "records": first.kinds().write_json(),
        "cards": first.cards().write_json(),
        "documents": documents.to_json(),
        "notes": incoming.notes.write_json(),
    });
    if args.dry_run {
        let answer = answer("assent.vault-import-plan/1", data, text, &incoming, args.moved);
        return Ok(documents.warned(answer));
    }
    if !args.yes {
        output.note(&text);
    }
    ask::agree(args.yes, "Bring this in", output)?;
    records(&incoming, choice, shell).await?;
    let brought = documents.bring_in(&mut source, &incoming, shell, output).await?;
    if let Some(member) = data.get_mut("documents") {
        member["brought_in"] = brought.whole.into();
    }
    brought.failed()?;
    let text = format!("{text}\nDone.");
    let answer = answer("assent.vault-import/1", data, text, &incoming, args.moved);
    Ok(brought.warned(documents.warned(answer)))
}

/// Puts the records in, commit by commit.
async fn records(incoming: &Incoming, choice: Choice, shell: &mut Shell) -> Result<(), CliError> {
    let mut tries = TRIES;
    for _ in 0..ROUNDS {
        let (plan, version) = plan(incoming, choice, shell).await?;
        if plan.is_done() {
            return Ok(());
        }
        let put = Command::PutIn {
            records: plan.next(),
            version,
        };
        match shell.run(put).await {
            Ok(_) => tries = TRIES,
            Err(error) if error.code == "vault-moved-on" && tries > 1 => tries -= 1,
            Err(error) => return Err(goes_on(error)),
        }
    }
    Err(CliError::new(
        Exit::Conflict,
        "import-endless",
        "another device keeps changing the vault",
        "Do it again: it goes on where it was.",
    ))
}

/// The same error, saying that nothing is lost.
pub(super) fn goes_on(mut error: CliError) -> CliError {
    error.hint = format!("{} Then do it again: it goes on where it was.", error.hint);
    error
}

async fn plan(incoming: &Incoming, choice: Choice, shell: &mut Shell) -> Result<(Plan, u64), CliError> {
    let present = contents(shell).await?;
    let plan = Plan::new(incoming, &present.contents, choice, "en");
    Ok((plan, present.version))
}

fn answer(
    schema: &'static str,
    data: serde_json::Value,
    text: String,
    file: &Incoming,
    moved: bool,
) -> Answer {
    let mut answer = Answer::new(schema, data, text);
    for note in &file.notes {
        let text = match note.code {
            "documents-not-in-file" => format!(
                "{} documents are named in the file without their content",
                note.count
            ),
            "file-cut-off" => "the file is cut off or damaged at its end".to_owned(),
            _ => format!("{} could not come in as they were", note.count),
        };
        answer = answer.warn(note.code, text);
    }
    if !moved && file.contents.kinds().iter().any(|kind| kind.kind == "card") {
        answer = answer.warn(
            "copies-count-as-shown",
            "without --moved the copies of cards count as shown: ask the issuers for fresh ones",
        );
    }
    answer
}

/// What happens, for people. Names of cards, no content.
fn words(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for card in plan.cards() {
        let fate = match card.fate {
            CardFate::New => "comes in",
            CardFate::Joins => "joins the same card here",
            CardFate::Here => "is here already",
            CardFate::Again => "must be asked for again",
        };
        lines.push(one_line(&format!("{} ({}): {fate}", card.name, card.issuer)));
        lines.extend(card.again.as_ref().map(|link| one_line(&format!("  {link}"))));
    }
    for kind in plan
        .kinds()
        .iter()
        .filter(|kind| !["card", "document"].contains(&kind.kind.as_str()))
    {
        lines.push(one_line(&format!(
            "{}: {} come in, {} are here already, {} stay out",
            kind.kind, kind.new, kind.here, kind.left
        )));
    }
    if lines.is_empty() {
        lines.push("Nothing to bring in.".to_owned());
    }
    lines.join("\n")
}

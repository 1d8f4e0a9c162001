//! `assent vault verify-backup`.

use assent_wallet::transfer::{Check, Choice, Contents, Incoming, Plan};
use assent_wallet::vault::PIECE;
use serde_json::json;

use super::export::records;
use super::file::{FileArgs, Source};
use super::{documents_line, lines};
use crate::error::CliError;
use crate::output::{Answer, Output, one_line};
use crate::progress::Transfer;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Reads all of it, documents too. Needs no wallet. Ends with 3 when the file is damaged or not complete, with 5 for a wrong passphrase."
)]
pub struct Args {
    #[command(flatten)]
    file: FileArgs,
}

/// Opens the file as an import would, reads all of it, and counts.
pub fn run(args: &Args, output: Output) -> Result<Answer, CliError> {
    let (mut source, incoming) = args.file.open(output)?;
    let damaged = damaged(&mut source, &incoming, output)?;
    let cut_off = incoming.notes.iter().any(|note| note.code == "file-cut-off");
    if !damaged.is_empty() || cut_off {
        let which = match damaged.is_empty() {
            true => "the file is cut off at its end".to_owned(),
            false => format!("damaged or missing: {}", one_line(&damaged.join(", "))),
        };
        return Err(CliError::refuted(
            "transfer-document-damaged",
            which,
            "Everything else in it is whole, and can be brought in. Use another copy of the file, or make a new backup.",
        ));
    }
    let kinds = incoming.contents.kinds();
    let made_at = incoming.made_at.to_rfc3339();
    let bytes: u64 = incoming.documents.iter().map(|file| file.bytes).sum();
    let without = incoming
        .notes
        .iter()
        .find(|note| note.code == "documents-not-in-file");
    let data = json!({
        "complete": true,
        "made_at": made_at,
        "records": records(&kinds),
        "documents": { "files": incoming.documents.len(), "bytes": bytes, "without_content": without.map_or(0, |note| note.count) },
    });
    let text = format!(
        "Opens and is complete. Made {}\n{}\n{}",
        made_at.unwrap_or_default(),
        lines(&kinds),
        documents_line(incoming.documents.len(), bytes)
    );
    let answer = Answer::new("assent.vault-verify-backup/1", data, text);
    Ok(match without {
        Some(note) => answer.warn(
            note.code,
            format!(
                "{} documents are named in the file without their content",
                note.count
            ),
        ),
        None => answer,
    })
}

/// The documents whose content is not what was put in, by name.
fn damaged(source: &mut Source, incoming: &Incoming, output: Output) -> Result<Vec<String>, CliError> {
    let choice = Choice {
        moved: false,
        history: true,
    };
    let plan = Plan::new(incoming, &Contents::default(), choice, "en");
    let total = incoming.documents.iter().map(|file| file.bytes).sum();
    let progress = Transfer::start("Checking", total, output);
    let (mut read, mut damaged) = (0, Vec::new());
    for document in plan.documents() {
        for (version, at) in document.files.iter().enumerate() {
            let Some(file) = incoming.documents.get(*at) else {
                continue;
            };
            let mut check = Check::default();
            for number in 0..file.pieces() {
                progress.at(read + number as u64 * PIECE as u64);
                if source.piece(incoming, *at, number, &mut check)?.is_none() {
                    let earlier = if version == 0 { "" } else { " (an earlier version)" };
                    damaged.push(format!("{}{earlier}", document.name));
                    break;
                }
            }
            read += file.bytes;
        }
    }
    Ok(damaged)
}

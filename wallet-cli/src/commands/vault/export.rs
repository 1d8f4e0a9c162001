//! `assent vault export`.

use std::path::PathBuf;

use assent_core::env::Env;
use assent_wallet::app::{Command, Reply};
use assent_wallet::transfer::{Backup, DocumentFile, Format, Making, Work, document_files, make};
use serde_json::json;

use super::file::{failed, seal_passphrase};
use super::{contents, documents_line, lines, unexpected};
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::{Answer, Output, one_line};
use crate::progress::Transfer;
use crate::system::{self, OsRandom};
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Formats:
  backup    everything, with the keys of the cards, sealed with a passphrase (age v1: `age -d` opens it too)
  exchange  history and list of cards in the EU's exchange format (TS10), sealed with a passphrase (JWE)
  json      everything but keys, to read and to reuse; not sealed
  html      the same as a page to print; not sealed

A backup holds the documents, too, unless you say --no-documents. It is written as it is made: the file gets its name
when it is whole.

Examples:
  assent vault export vault.tar.age
  assent vault export small.tar.age --no-documents
  assent vault verify-backup vault.tar.age
  assent vault export my-data.html --format html --language nl")]
pub struct Args {
    /// Where to: a new file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The form of the file
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,
    /// File with the passphrase to seal it with, on its first line
    #[arg(long, value_name = "FILE")]
    seal_passphrase_file: Option<PathBuf>,
    /// With the content of documents; a backup has it if not said otherwise
    #[arg(long, conflicts_with = "no_documents")]
    documents: bool,
    /// Without the content of documents
    #[arg(long)]
    no_documents: bool,
    /// Language of the names in it
    #[arg(long, default_value = "en", value_parser = ["en", "nl"], value_name = "LANGUAGE")]
    language: String,
}

/// Forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Form {
    /// Everything, sealed
    #[default]
    Backup,
    /// History and list of cards, sealed
    Exchange,
    /// Data to read, as JSON
    Json,
    /// Data to read, as a page
    Html,
}

impl Form {
    fn format(self) -> Format {
        match self {
            Self::Backup => Format::Backup,
            Self::Exchange => Format::Exchange,
            Self::Json => Format::Json,
            Self::Html => Format::Html,
        }
    }
}

/// Exports.
pub async fn run(args: Args, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    let format = args.format.format();
    // Asked before anything takes long.
    let passphrase = match format.is_sealed() {
        true => Some(seal_passphrase(
            args.seal_passphrase_file.as_deref(),
            true,
            output,
        )?),
        false => None,
    };
    if args.documents && format != Format::Backup {
        return Err(CliError::new(
            Exit::Usage,
            "export-no-documents",
            "only a backup holds documents",
            "Leave --documents out, or make a backup.",
        ));
    }
    let mut file = files::NewFile::begin(&args.file)?;
    let present = contents(shell).await?;
    let kinds = present.contents.kinds();
    let with_documents = format == Format::Backup && !args.no_documents;
    let made = Made {
        files: document_files(&present.contents),
        ..Made::default()
    };
    let mut rng = OsRandom;
    let mut env = Env {
        now: system::now(),
        rng: &mut rng,
    };
    let passphrase = passphrase.as_ref().map(|passphrase| passphrase.as_str());
    let made = match passphrase.filter(|_| with_documents) {
        Some(passphrase) => {
            let begun = Backup::begin(&present.contents, true, passphrase, Work::NEW.scrypt, &mut env);
            write(begun.map_err(failed)?, made, &mut file, shell, output).await?
        }
        None => {
            let making = Making {
                format,
                passphrase,
                language: &args.language,
                work: Work::NEW,
            };
            let bytes = make(&present.contents, &making, &mut env).map_err(failed)?;
            file.write(&bytes)?;
            Made {
                bytes: bytes.len() as u64,
                ..made
            }
        }
    };
    file.finish()?;
    let file_bytes: u64 = made.files.iter().map(|file| file.bytes).sum();
    let (in_it, in_it_bytes) = if with_documents {
        (made.files.len() - made.missing, file_bytes - made.missing_bytes)
    } else {
        (0, 0)
    };
    let data = json!({
        "file": args.file,
        "bytes": made.bytes,
        "version": present.version,
        "records": records(&kinds),
        "documents": { "files": in_it, "bytes": in_it_bytes, "missing": made.names },
    });
    let text = format!(
        "{}\n{}\nWritten to {}: {} bytes",
        lines(&kinds),
        documents_line(in_it, in_it_bytes),
        args.file.display(),
        made.bytes
    );
    let mut answer = Answer::new("assent.vault-export/1", data, text);
    for name in made.names {
        answer = answer.warn(
            "document-not-in-backup",
            one_line(&format!(
                "{name}: the vault service does not have it any more, or not as it was; the file holds the rest"
            )),
        );
    }
    if format == Format::Backup && !with_documents && !made.files.is_empty() {
        answer = answer.warn(
            "documents-not-in-file",
            format!(
                "{} files of documents, {file_bytes} bytes, are not in it",
                made.files.len()
            ),
        );
    }
    Ok(answer)
}

/// What was written.
#[derive(Default)]
struct Made {
    bytes: u64,
    files: Vec<DocumentFile>,
    /// How many of them could not be had.
    missing: usize,
    missing_bytes: u64,
    /// What these are called.
    names: Vec<String>,
}

/// Writes a backup as it is made, with the content of its documents piece by piece.
async fn write(
    (mut backup, start): (Backup, Vec<u8>),
    mut made: Made,
    file: &mut files::NewFile,
    shell: &mut Shell,
    output: Output,
) -> Result<Made, CliError> {
    file.write(&start)?;
    made.bytes = start.len() as u64;
    let total = made.files.iter().map(|file| file.bytes).sum();
    let progress = Transfer::start("Writing", total, output);
    let mut done = 0;
    while let Some(document) = backup.next_document().cloned() {
        let written = done;
        for number in 0..document.pieces() {
            progress.at(done);
            match shell.read_piece(&document.document, &document.file, number).await {
                Ok(content) => {
                    let sealed = backup.content(&content).map_err(failed)?;
                    file.write(&sealed)?;
                    (made.bytes, done) = (made.bytes + sealed.len() as u64, done + content.len() as u64);
                }
                Err(error) if is_lost(&error) => {
                    made.missing += 1;
                    made.missing_bytes += document.bytes;
                    made.names.push(name(shell, &document.document).await?);
                    while backup.next_document() == Some(&document) {
                        let filled = backup.missing().map_err(failed)?;
                        file.write(&filled)?;
                        made.bytes += filled.len() as u64;
                    }
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        done = written + document.bytes;
    }
    let end = backup.end().map_err(failed)?;
    file.write(&end)?;
    made.bytes += end.len() as u64;
    Ok(made)
}

/// Whether the content is lost at the service: the backup is made without it.
fn is_lost(error: &CliError) -> bool {
    ["document-not-at-service", "document-not-authentic"].contains(&error.code.as_ref())
}

async fn name(shell: &mut Shell, document: &str) -> Result<String, CliError> {
    let Reply::Documents { documents, .. } = shell.run(Command::Documents).await? else {
        return Err(unexpected());
    };
    let known = documents.into_iter().find(|known| known.id == document);
    Ok(known.map(|known| known.name).unwrap_or_default())
}

/// Counts for `--json`.
pub(super) fn records(kinds: &[assent_wallet::transfer::KindCount]) -> serde_json::Value {
    use assent_core::encoding::record::ToJson as _;
    kinds.write_json()
}

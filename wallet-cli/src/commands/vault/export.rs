//! `assent vault export`.

use std::path::PathBuf;

use assent_core::env::Env;
use assent_wallet::transfer::{Format, Making, Work, make};
use serde_json::json;

use super::file::{failed, seal_passphrase};
use super::{contents, lines};
use crate::error::CliError;
use crate::files;
use crate::output::{Answer, Output};
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

Examples:
  assent vault export vault.tar.age
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
    let present = contents(shell).await?;
    let making = Making {
        format,
        passphrase: passphrase.as_ref().map(|passphrase| passphrase.as_str()),
        language: &args.language,
        work: Work::NEW,
    };
    let mut rng = OsRandom;
    let mut env = Env {
        now: system::now(),
        rng: &mut rng,
    };
    let made = make(&present.contents, &making, &mut env).map_err(failed)?;
    files::create_private(&args.file, &made)?;
    let kinds = present.contents.kinds();
    let data = json!({
        "file": args.file,
        "bytes": made.len(),
        "version": present.version,
        "records": records(&kinds),
    });
    let text = format!("{}\nWritten to {}", lines(&kinds), args.file.display());
    Ok(Answer::new("assent.vault-export/1", data, text))
}

/// Counts for `--json`.
pub(super) fn records(kinds: &[assent_wallet::transfer::KindCount]) -> serde_json::Value {
    use assent_core::encoding::record::ToJson as _;
    kinds.write_json()
}

//! `assent vault verify-backup`.

use serde_json::json;

use super::export::records;
use super::file::FileArgs;
use super::lines;
use crate::error::CliError;
use crate::output::{Answer, Output};

/// Flags.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Needs no wallet. Ends with 3 when the file is damaged or not complete, with 5 for a wrong passphrase."
)]
pub struct Args {
    #[command(flatten)]
    file: FileArgs,
}

/// Opens the file as an import would, and counts.
pub fn run(args: &Args, output: Output) -> Result<Answer, CliError> {
    let incoming = args.file.open(output)?;
    let kinds = incoming.contents.kinds();
    let made_at = incoming.made_at.to_rfc3339();
    let data = json!({
        "complete": true,
        "made_at": made_at,
        "records": records(&kinds),
    });
    let text = format!(
        "Opens and is complete. Made {}\n{}",
        made_at.unwrap_or_default(),
        lines(&kinds)
    );
    Ok(Answer::new("assent.vault-verify-backup/1", data, text))
}

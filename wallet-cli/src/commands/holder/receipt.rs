//! `assent holder receipt`: a receipt with everything needed to check it elsewhere.

use std::path::PathBuf;

use assent_wallet::app::{Command, Reply};

use super::{data, unexpected};
use crate::error::CliError;
use crate::files;
use crate::output::Answer;
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A receipt names details and never holds their values. Check it: assent receipt verify FILE"
)]
pub struct Args {
    /// The receipt
    #[arg(value_name = "RECEIPT", allow_hyphen_values = true)]
    id: String,
    /// Write it to this new file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Exports.
pub async fn run(args: Args, shell: &mut Shell) -> Result<Answer, CliError> {
    let reply = shell.run(Command::Receipt { id: args.id }).await?;
    let Reply::Receipt { receipt } = &reply else {
        return Err(unexpected());
    };
    let text = match &args.output {
        Some(file) => {
            files::create_private(file, receipt.export.as_bytes())?;
            format!("Saved to {}", file.display())
        }
        None => receipt.export.clone(),
    };
    Ok(Answer::new("assent.holder-receipt/1", data(&reply)?, text))
}

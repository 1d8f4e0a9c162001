//! `assent receipt verify`: offline, without account and without asking anybody.

use std::path::PathBuf;

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::Answer;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// File with the receipt, as the wallet or the service saved it
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Verifies.
pub fn run(args: Args) -> Result<Answer, CliError> {
    let _ = files::read_text(&args.file)?;
    Err(CliError::new(
        Exit::Failed,
        "not-ready",
        "receipts are not checked yet",
        "",
    ))
}

//! Reading a file of a vault's contents, and what can be wrong with it.

use std::path::{Path, PathBuf};

use assent_wallet::transfer::{Incoming, MAX_ARCHIVE, TransferError, Work, identify};
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::{ask, files};

/// Which file.
#[derive(Debug, clap::Args)]
pub struct FileArgs {
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// File with the passphrase that FILE was sealed with, on its first line
    #[arg(long, value_name = "FILE")]
    pub seal_passphrase_file: Option<PathBuf>,
}

impl FileArgs {
    /// Opens the file.
    pub fn open(&self, output: Output) -> Result<Incoming, CliError> {
        let bytes = files::read_bytes(&self.file, MAX_ARCHIVE + (1 << 20))?;
        let kind = identify(&bytes)
            .ok_or(TransferError::UnknownFile)
            .map_err(failed)?;
        let passphrase = match kind.is_sealed() {
            true => Some(seal_passphrase(
                self.seal_passphrase_file.as_deref(),
                false,
                output,
            )?),
            false => None,
        };
        let passphrase = passphrase.as_ref().map(|passphrase| passphrase.as_str());
        Incoming::open(&bytes, passphrase, Work::PROGRAM).map_err(failed)
    }
}

/// The passphrase of a file: from a file, else asked; twice when it is `new`.
pub fn seal_passphrase(
    file: Option<&Path>,
    new: bool,
    output: Output,
) -> Result<Zeroizing<String>, CliError> {
    if file.is_none() && !ask::somebody_there(output) {
        return Err(CliError::new(
            Exit::Usage,
            "seal-passphrase-missing",
            "the passphrase of the file is needed and nobody can be asked",
            "Give --seal-passphrase-file FILE.",
        ));
    }
    if file.is_none() {
        output.note("The passphrase of the file, not that of the vault:");
    }
    match new {
        true => ask::new_passphrase(file, output),
        false => ask::passphrase(file, output),
    }
}

/// What is wrong with a file, for the commands.
pub fn failed(error: TransferError) -> CliError {
    let (exit, hint) = match error {
        TransferError::WrongPassphrase => (Exit::Refused, "It is the one given when the file was made."),
        TransferError::TooMuchWork => (
            Exit::Refused,
            "Open it with the program that made it, and seal it again with less work.",
        ),
        TransferError::TooLarge => (Exit::Refused, "Check that this is the right file."),
        TransferError::PassphraseNeeded | TransferError::PassphraseTooShort => {
            (Exit::Usage, "Give --seal-passphrase-file FILE.")
        }
        TransferError::Newer => (Exit::Refuted, "Update assent."),
        TransferError::UnknownFile | TransferError::OtherRecipient | TransferError::OtherSeal => {
            (Exit::Refuted, "Check that this is the right file.")
        }
        TransferError::Damaged | TransferError::Inconsistent => {
            (Exit::Refuted, "Use another copy of the file.")
        }
        TransferError::Contents | TransferError::Random => (Exit::Failed, ""),
    };
    CliError::from_core(exit, &error, hint)
}

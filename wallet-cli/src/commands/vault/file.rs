//! Reading a file of a vault's contents, and what can be wrong with it.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use assent_wallet::transfer::{
    BEGINNING, Check, Incoming, MAX_ARCHIVE, Opening, TransferError, Work, identify,
};
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
    /// Opens the file. Of its documents nothing is read yet.
    pub fn open(&self, output: Output) -> Result<(Source, Incoming), CliError> {
        let mut source = Source::open(&self.file)?;
        let len = source.len()?;
        let start = source.read(&(0..len.min(BEGINNING as u64)))?;
        let kind = identify(&start)
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
        let mut opening = Opening::begin(&start, len, passphrase, Work::PROGRAM).map_err(failed)?;
        while let Some(place) = opening.wants() {
            opening.take(&source.read(&place)?).map_err(failed)?;
        }
        let incoming = opening.end().map_err(failed)?;
        Ok((source, incoming))
    }
}

/// Where the bytes of the file are.
#[derive(Debug)]
pub enum Source {
    /// On the disk.
    File(File, PathBuf),
    /// From standard input, which cannot be read twice.
    Memory(Zeroizing<Vec<u8>>),
}

impl Source {
    fn open(path: &Path) -> Result<Self, CliError> {
        if path == Path::new("-") {
            return files::read_bytes(path, MAX_ARCHIVE + (1 << 20)).map(Self::Memory);
        }
        let file = File::open(path).map_err(|error| files::unreadable(path, &error))?;
        // What has no length cannot be read by places.
        if file.metadata().is_ok_and(|metadata| metadata.is_file()) {
            return Ok(Self::File(file, path.to_owned()));
        }
        files::read_bytes(path, MAX_ARCHIVE + (1 << 20)).map(Self::Memory)
    }

    fn len(&self) -> Result<u64, CliError> {
        match self {
            Self::File(file, path) => {
                let metadata = file.metadata();
                metadata
                    .map(|metadata| metadata.len())
                    .map_err(|error| files::unreadable(path, &error))
            }
            Self::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Reads what is at a place. A file that became shorter meanwhile gives less.
    pub fn read(&mut self, place: &Range<u64>) -> Result<Zeroizing<Vec<u8>>, CliError> {
        match self {
            Self::File(file, path) => {
                let len = place.end - place.start;
                let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(len).unwrap_or(0)));
                let read = file
                    .seek(SeekFrom::Start(place.start))
                    .and_then(|_| file.take(len).read_to_end(&mut bytes));
                read.map_err(|error| files::unreadable(path, &error))?;
                Ok(bytes)
            }
            Self::Memory(bytes) => {
                let at = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                let bytes = bytes.get(at(place.start)..at(place.end));
                Ok(Zeroizing::new(bytes.unwrap_or_default().to_vec()))
            }
        }
    }

    /// Reads a piece of a document in the file; `None` when it is damaged or missing.
    pub fn piece(
        &mut self,
        incoming: &Incoming,
        document: usize,
        number: usize,
        check: &mut Check,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, CliError> {
        let Some(place) = incoming.piece_place(document, number) else {
            return Ok(None);
        };
        let bytes = self.read(&place)?;
        Ok(incoming.piece(document, number, &bytes, check).ok())
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
        TransferError::TooLarge => (
            Exit::Refused,
            "Check that this is the right file. Without documents there are at most 256 MiB in one.",
        ),
        TransferError::PassphraseNeeded | TransferError::PassphraseTooShort => {
            (Exit::Usage, "Give --seal-passphrase-file FILE.")
        }
        TransferError::Newer => (Exit::Refuted, "Update assent."),
        TransferError::UnknownFile | TransferError::OtherRecipient | TransferError::OtherSeal => {
            (Exit::Refuted, "Check that this is the right file.")
        }
        TransferError::Damaged | TransferError::Inconsistent | TransferError::DocumentDamaged => {
            (Exit::Refuted, "Use another copy of the file.")
        }
        TransferError::Contents | TransferError::Random => (Exit::Failed, ""),
    };
    CliError::from_core(exit, &error, hint)
}

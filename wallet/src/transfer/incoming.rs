//! A file from outside: what it is, and what is inside.

use assent_core::encoding::record::ToJson;
use assent_core::env::Timestamp;

use super::{Contents, MAX_ARCHIVE, TransferError, Work, age, archive};

/// What a file is, by its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub enum FileKind {
    /// Sealed backup.
    Backup,
    /// A backup that was unsealed with other means.
    Archive,
}

impl FileKind {
    /// True when it opens with a passphrase only.
    #[must_use]
    pub fn is_sealed(self) -> bool {
        self == Self::Backup
    }
}

/// What a file is, by its beginning; `None` when it is nothing that can be brought in.
#[must_use]
pub fn identify(file: &[u8]) -> Option<FileKind> {
    if file.starts_with(b"age-encryption.org/") {
        Some(FileKind::Backup)
    } else if archive::is_archive(file) {
        Some(FileKind::Archive)
    } else {
        None
    }
}

/// What cannot come in, or not as it was.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
pub struct Note {
    /// Stable kebab-case code; user interfaces hold the words.
    pub code: &'static str,
    /// How many are meant.
    pub count: u64,
}

/// The contents of a file.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// What it was.
    pub kind: FileKind,
    /// When it was made, as it says itself.
    pub made_at: Timestamp,
    /// Records to put in.
    pub contents: Contents,
    /// What was left out while reading.
    pub notes: Vec<Note>,
}

impl Incoming {
    /// Opens and reads a file.
    ///
    /// # Errors
    /// [`TransferError`].
    pub fn open(file: &[u8], passphrase: Option<&str>, work: Work) -> Result<Self, TransferError> {
        // The seal's own bytes are far fewer than these.
        if file.len() > MAX_ARCHIVE + (1 << 20) {
            return Err(TransferError::TooLarge);
        }
        let kind = identify(file).ok_or(TransferError::UnknownFile)?;
        let needed = || passphrase.ok_or(TransferError::PassphraseNeeded);
        match kind {
            FileKind::Backup => {
                if !file.starts_with(age::MAGIC) {
                    return Err(TransferError::OtherRecipient);
                }
                let opened = age::open(file, needed()?, work.scrypt)?;
                Ok(Self::of_archive(kind, archive::read(&opened)?))
            }
            FileKind::Archive => Ok(Self::of_archive(kind, archive::read(file)?)),
        }
    }

    fn of_archive(kind: FileKind, archive: archive::Archive) -> Self {
        Self {
            kind,
            made_at: archive.made_at,
            contents: archive.contents,
            notes: Vec::new(),
        }
    }
}

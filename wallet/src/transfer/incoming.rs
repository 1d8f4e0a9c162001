//! A file from outside: what it is, and what is inside.

use assent_core::encoding::json::{self, JsonError, Limits};
use assent_core::encoding::record::ToJson;
use assent_core::env::Timestamp;

use super::{Contents, MAX_ARCHIVE, TransferError, Work, age, archive, my_data, pbes2, ts10_in};

/// What a file is, by its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub enum FileKind {
    /// Sealed backup.
    Backup,
    /// A backup that was unsealed with other means.
    Archive,
    /// The EU's exchange format, sealed.
    Exchange,
    /// The same, unsealed with other means.
    ExchangeData,
    /// My data as JSON.
    MyData,
}

impl FileKind {
    /// True when it opens with a passphrase only.
    #[must_use]
    pub fn is_sealed(self) -> bool {
        matches!(self, Self::Backup | Self::Exchange)
    }
}

/// What a file is, by its beginning; `None` when it is nothing that can be brought in.
#[must_use]
pub fn identify(file: &[u8]) -> Option<FileKind> {
    if file.starts_with(b"age-encryption.org/") {
        Some(FileKind::Backup)
    } else if archive::is_archive(file) {
        Some(FileKind::Archive)
    } else if pbes2::is_jwe(file) {
        Some(FileKind::Exchange)
    } else if file.trim_ascii_start().starts_with(b"{") {
        // Which of the two is known when it was read.
        let head = file.get(..file.len().min(4096)).unwrap_or_default();
        let names = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
        Some(if names(b"assent-my-data/") {
            FileKind::MyData
        } else {
            FileKind::ExchangeData
        })
    } else {
        None
    }
}

/// JSON of a whole log.
const JSON: Limits = Limits {
    bytes: 64 << 20,
    depth: 32,
};

/// A card that did not travel, to be asked for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its type.
    pub vct: String,
    /// Name of its issuer.
    pub issuer: String,
    /// Identifier of its issuer.
    pub issuer_id: String,
    /// Where to ask, https.
    pub link: Option<String>,
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
    /// Cards to ask for again.
    pub wanted: Vec<Wanted>,
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
            FileKind::Exchange => Self::of_json(kind, &pbes2::open(file, needed()?, work.pbkdf2)?),
            FileKind::ExchangeData | FileKind::MyData => Self::of_json(kind, file),
        }
    }

    fn of_json(kind: FileKind, text: &[u8]) -> Result<Self, TransferError> {
        let data = json::parse_object(text, JSON).map_err(|error| match error {
            JsonError::TooLong => TransferError::TooLarge,
            _ => TransferError::Damaged,
        })?;
        if ts10_in::is_migration_data(&data) {
            let read = ts10_in::read(data)?;
            let made_at = ts10_in::latest(&read.contents);
            let kind = if kind.is_sealed() {
                kind
            } else {
                FileKind::ExchangeData
            };
            return Ok(Self::new(kind, made_at, read.contents, read.wanted, read.notes));
        }
        if !my_data::is_my_data(&data) {
            return Err(TransferError::UnknownFile);
        }
        let read = my_data::read(data)?;
        Ok(Self::new(
            FileKind::MyData,
            read.made_at,
            read.contents,
            read.wanted,
            read.notes,
        ))
    }

    fn of_archive(kind: FileKind, archive: archive::Archive) -> Self {
        let documents = archive.contents.iter();
        let documents = documents
            .filter(|(name, _)| name.starts_with("document/"))
            .count() as u64;
        let mut notes = Vec::new();
        if documents > 0 {
            notes.push(Note {
                code: "documents-not-in-file",
                count: documents,
            });
        }
        Self::new(kind, archive.made_at, archive.contents, Vec::new(), notes)
    }

    fn new(
        kind: FileKind,
        made_at: Timestamp,
        contents: Contents,
        wanted: Vec<Wanted>,
        notes: Vec<Note>,
    ) -> Self {
        Self {
            kind,
            made_at,
            contents,
            wanted,
            notes,
        }
    }
}

//! A file from outside: what it is, and what is inside.

use std::ops::Range;

use assent_core::encoding::json::{self, JsonError, Limits};
use assent_core::encoding::record::ToJson;
use assent_core::env::Timestamp;

use zeroize::Zeroizing;

use super::documents::{Check, DocumentFile, find};
use super::opening::{Opening, Source};
use super::{Contents, TransferError, Work, archive, my_data, pbes2, ts10_in};

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
pub(super) const JSON: Limits = Limits {
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
    /// The documents whose content is in the file, to be read piece by piece.
    pub documents: Vec<DocumentFile>,
    source: Option<Source>,
}

impl Incoming {
    /// Opens and reads a file that is in memory.
    ///
    /// # Errors
    /// [`TransferError`].
    pub fn open(file: &[u8], passphrase: Option<&str>, work: Work) -> Result<Self, TransferError> {
        let mut opening = Opening::begin(file, file.len() as u64, passphrase, work)?;
        while let Some(place) = opening.wants() {
            opening.take(at(file, &place).ok_or(TransferError::Damaged)?)?;
        }
        opening.end()
    }

    /// Where in the file piece `number` of a document is; `None` when there is none, or the file ends before.
    #[must_use]
    pub fn piece_place(&self, document: usize, number: usize) -> Option<Range<u64>> {
        let (from, to) = self.documents.get(document)?.piece(number)?;
        self.source.as_ref()?.place(from, to).ok()
    }

    /// Opens what is at [`Incoming::piece_place`]. Pieces that went by in order, with one `check`, are the content when the
    /// last of them opens.
    ///
    /// # Errors
    /// [`TransferError::DocumentDamaged`].
    pub fn piece(
        &self,
        document: usize,
        number: usize,
        bytes: &[u8],
        check: &mut Check,
    ) -> Result<Zeroizing<Vec<u8>>, TransferError> {
        let damaged = TransferError::DocumentDamaged;
        let file = self.documents.get(document).ok_or(damaged)?;
        let (from, to) = file.piece(number).ok_or(damaged)?;
        let source = self.source.as_ref().ok_or(damaged)?;
        let opened = source.open(from, to, bytes).map_err(|_| damaged)?;
        let content = file.open(number, &opened, check)?;
        Ok(Zeroizing::new(content.to_vec()))
    }

    /// The record of a document, for the engine.
    #[must_use]
    pub fn document_record(&self, id: &str) -> Option<&str> {
        self.contents.get(&["document/", id].concat())
    }

    pub(super) fn of_json(kind: FileKind, text: &[u8]) -> Result<Self, TransferError> {
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

    /// The records and documents of an archive; `whole` is whether it ends as it should.
    pub(super) fn of_archive(
        kind: FileKind,
        archive: archive::Archive,
        documents: Vec<DocumentFile>,
        source: Source,
        whole: bool,
    ) -> Self {
        let mut notes = Vec::new();
        let without = super::documents::readable(&archive.contents)
            .filter(|document| document.deleted_at.is_none())
            .filter(|document| !document.has_one(|file| find(&documents, &document.id, file).is_some()));
        let without = without.count() as u64;
        for (code, count) in [
            ("documents-not-in-file", without),
            ("file-cut-off", u64::from(!whole)),
        ] {
            if count > 0 {
                notes.push(Note { code, count });
            }
        }
        Self {
            documents,
            source: Some(source),
            ..Self::new(kind, archive.made_at, archive.contents, Vec::new(), notes)
        }
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
            documents: Vec::new(),
            source: None,
        }
    }
}

pub(super) fn at<'f>(file: &'f [u8], place: &Range<u64>) -> Option<&'f [u8]> {
    file.get(usize::try_from(place.start).ok()?..usize::try_from(place.end).ok()?)
}

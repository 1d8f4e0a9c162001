//! Opening a file bit by bit: what is needed of it is asked for, so that nobody holds an archive with its documents.

use std::ops::Range;

use zeroize::Zeroizing;

use super::incoming::{FileKind, JSON, identify};
use super::{Incoming, TransferError, Work, age, archive, pbes2, tar};

/// How much of the beginning of a file [`Opening::begin`] must be given, if there is as much.
pub const BEGINNING: usize = 8 << 10;
/// How much is asked for at once.
const AT_ONCE: u64 = 1 << 20;

/// The bytes of an archive, in the file.
#[derive(Clone)]
pub(super) struct Source {
    seal: Option<age::Opened>,
    len: u64,
}

impl Source {
    /// Bytes of the archive.
    fn len(&self) -> u64 {
        self.seal.as_ref().map_or(self.len, age::Opened::len)
    }

    /// Where in the file bytes `from..to` of the archive are.
    pub(super) fn place(&self, from: u64, to: u64) -> Result<Range<u64>, TransferError> {
        match &self.seal {
            Some(seal) => seal.place(from, to),
            None if from <= to && to <= self.len => Ok(from..to),
            None => Err(TransferError::Damaged),
        }
    }

    /// Opens what is there.
    pub(super) fn open(&self, from: u64, to: u64, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransferError> {
        match &self.seal {
            Some(seal) => seal.open(from, to, bytes),
            None if bytes.len() as u64 == to - from => Ok(Zeroizing::new(bytes.to_vec())),
            None => Err(TransferError::Damaged),
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Source(redacted)")
    }
}

/// A file that is being opened: give it what it [wants](Opening::wants) until it wants no more.
pub struct Opening {
    kind: FileKind,
    source: Source,
    passphrase: Zeroizing<String>,
    work: Work,
    stage: Stage,
    /// What is known so far, from the beginning on.
    read: Zeroizing<Vec<u8>>,
    /// How far it must be known for the next stage.
    needed: u64,
}

enum Stage {
    /// No archive: all of it is read.
    Other,
    /// The first block of an archive.
    Block,
    /// Its list.
    List,
    /// Its records.
    Records(archive::List),
    /// Its last blocks.
    End(archive::List, archive::Archive),
    Done(Incoming),
}

impl Opening {
    /// Begins with the first [`BEGINNING`] bytes of a file of `len` bytes, or all of it.
    ///
    /// # Errors
    /// [`TransferError`]: also when the passphrase is wrong or missing.
    pub fn begin(
        start: &[u8],
        len: u64,
        passphrase: Option<&str>,
        work: Work,
    ) -> Result<Self, TransferError> {
        let kind = identify(start).ok_or(TransferError::UnknownFile)?;
        let passphrase = match passphrase {
            Some(passphrase) => passphrase,
            None if kind.is_sealed() => return Err(TransferError::PassphraseNeeded),
            None => "",
        };
        let seal = match kind {
            FileKind::Backup if !start.starts_with(age::MAGIC) => return Err(TransferError::OtherRecipient),
            FileKind::Backup => Some(age::Opened::begin(start, len, passphrase, work.scrypt)?),
            _ => None,
        };
        let source = Source { seal, len };
        let (stage, needed) = match kind {
            // What is shorter is none, which is said when its seal opened.
            FileKind::Backup | FileKind::Archive => (Stage::Block, source.len().min(tar::BLOCK as u64)),
            // Base64 in a seal is longer by a third than what is in it.
            _ if len > 2 * JSON.bytes as u64 => return Err(TransferError::TooLarge),
            _ => (Stage::Other, len),
        };
        let mut opening = Self {
            kind,
            source,
            passphrase: Zeroizing::new(passphrase.to_owned()),
            work,
            stage,
            read: Zeroizing::new(Vec::new()),
            needed: 0,
        };
        opening.need(needed)?;
        Ok(opening)
    }

    /// Which bytes of the file to [give](Opening::take) next; `None` when it is open.
    #[must_use]
    pub fn wants(&self) -> Option<Range<u64>> {
        let (from, to) = self.wanted()?;
        self.source.place(from, to).ok()
    }

    /// Takes what it wanted.
    ///
    /// # Errors
    /// [`TransferError`].
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        let Some((from, to)) = self.wanted() else {
            return Ok(());
        };
        let opened = self.source.open(from, to, bytes);
        if let Stage::End(list, archive) = &mut self.stage {
            let whole = opened.is_ok_and(|end| tar::is_end(&end));
            if !whole && list.documents.is_empty() {
                return Err(TransferError::Damaged);
            }
            let (list, archive) = (std::mem::take(&mut list.documents), archive.clone());
            self.done(archive, list, whole);
            return Ok(());
        }
        self.read.extend_from_slice(&opened?);
        while self.read.len() as u64 == self.needed && self.further()? {}
        Ok(())
    }

    /// What was in it.
    ///
    /// # Errors
    /// [`TransferError::Damaged`] when it still wants something.
    pub fn end(self) -> Result<Incoming, TransferError> {
        match self.stage {
            Stage::Done(incoming) => Ok(incoming),
            _ => Err(TransferError::Damaged),
        }
    }

    /// From where to where of the archive.
    fn wanted(&self) -> Option<(u64, u64)> {
        let from = self.read.len() as u64;
        match &self.stage {
            Stage::Done(_) => None,
            Stage::End(list, _) => Some((list.len - tar::END as u64, list.len)),
            _ => Some((from, self.needed.min(from + AT_ONCE))),
        }
    }

    /// In one allocation: what grows leaves copies of secrets behind.
    fn need(&mut self, needed: u64) -> Result<(), TransferError> {
        if needed > self.source.len() {
            return Err(TransferError::Damaged);
        }
        let capacity = usize::try_from(needed).map_err(|_| TransferError::TooLarge)?;
        let mut read = Zeroizing::new(Vec::with_capacity(capacity));
        read.extend_from_slice(&self.read);
        self.read = read;
        self.needed = needed;
        Ok(())
    }

    /// Reads what is known now. False when nothing more is to be read from the beginning on.
    fn further(&mut self) -> Result<bool, TransferError> {
        match std::mem::replace(&mut self.stage, Stage::Other) {
            Stage::Other => {
                let passphrase = self.passphrase.as_str();
                self.stage = Stage::Done(match self.kind {
                    FileKind::Exchange => {
                        Incoming::of_json(self.kind, &pbes2::open(&self.read, passphrase, self.work.pbkdf2)?)?
                    }
                    kind => Incoming::of_json(kind, &self.read)?,
                });
                Ok(false)
            }
            Stage::Block => {
                let len = archive::list_len(&self.read)?;
                self.stage = Stage::List;
                self.need(len as u64)?;
                Ok(true)
            }
            Stage::List => {
                let list = archive::list(&self.read)?;
                let len = self.source.len();
                // One with documents may be cut off: those before the cut are still there.
                if len > list.len {
                    return Err(TransferError::Inconsistent);
                }
                if len < list.len && list.documents.is_empty() {
                    return Err(TransferError::Damaged);
                }
                self.need(list.records_end)?;
                self.stage = Stage::Records(list);
                Ok(true)
            }
            Stage::Records(mut list) => {
                let archive = archive::records(&list, &self.read)?;
                self.read = Zeroizing::new(Vec::new());
                if self.source.len() == list.len {
                    self.stage = Stage::End(list, archive);
                } else {
                    self.done(archive, std::mem::take(&mut list.documents), false);
                }
                Ok(false)
            }
            stage => {
                self.stage = stage;
                Ok(false)
            }
        }
    }

    fn done(&mut self, archive: archive::Archive, documents: Vec<super::DocumentFile>, whole: bool) {
        let source = self.source.clone();
        self.stage = Stage::Done(Incoming::of_archive(self.kind, archive, documents, source, whole));
    }
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opening(redacted)")
    }
}

//! The content of documents in an archive: which files there are, where each one is, and whether it is whole.
//!
//! A file is there as it was added, so that whoever opens the archive with other programs finds it. After each comes its
//! hash, as `sha256sum` writes it; zeros say that the content could not be had when the archive was made.

use assent_core::encoding::record::{FromJson, ToJson};
use sha2::{Digest as _, Sha256};

use super::contents::split;
use super::{Contents, TransferError, tar};
use crate::documents::Document;
use crate::records::Record as _;
use crate::vault::{MAX_ATTACHMENT, NewAttachment, PIECE};

/// Bytes of what says a hash: one block of it, and the header before.
const SUM: u64 = 2 * tar::BLOCK as u64;
/// Longest ending of a path.
const MAX_ENDING: usize = 8;

/// As the archive's list names it.
#[derive(ToJson, FromJson)]
pub(super) struct Listed {
    path: String,
    /// Name of the record that says more.
    record: String,
    /// Which version of the document: its id in the record.
    file: String,
    bytes: u64,
}

/// A version of a document, whose content is in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentFile {
    /// Id of the document.
    pub document: String,
    /// Id of the version, which its record knows.
    pub file: String,
    /// Bytes of content.
    pub bytes: u64,
    path: String,
    /// Where it begins in the archive.
    at: u64,
}

/// The documents whose records can be read.
pub(super) fn readable(contents: &Contents) -> impl Iterator<Item = Document> + '_ {
    let names = contents.iter();
    names.filter_map(|(name, _)| match split(name) {
        (Document::KIND, id) => one(contents, id),
        _ => None,
    })
}

fn one(contents: &Contents, id: &str) -> Option<Document> {
    let content = contents.get(&[Document::KIND, "/", id].concat())?;
    let document = Document::from_outside(content)?;
    (document.id == id).then_some(document)
}

/// The files of all documents that were not deleted.
#[must_use]
pub fn document_files(contents: &Contents) -> Vec<DocumentFile> {
    let mut files = Vec::new();
    for document in readable(contents).filter(|document| document.deleted_at.is_none()) {
        for file in document.files {
            let ending = ending(&file.media_type);
            files.push(DocumentFile {
                document: document.id.clone(),
                path: format!("documents/{:06}.{ending}", files.len()),
                file: file.blob,
                bytes: file.size,
                at: 0,
            });
        }
    }
    files
}

/// Where the files of a document are, among files in the order of their documents' ids.
fn of_document(files: &[DocumentFile], id: &str) -> std::ops::Range<usize> {
    let from = files.partition_point(|file| file.document.as_str() < id);
    let rest = files.get(from..).unwrap_or_default();
    from..from + rest.iter().take_while(|file| file.document == id).count()
}

/// Where a version of a document is among the files.
pub(super) fn find(files: &[DocumentFile], document: &str, version: &str) -> Option<usize> {
    let is_it = |at: &usize| files.get(*at).is_some_and(|file| file.file == version);
    of_document(files, document).find(is_it)
}

/// That the files are in the order of their documents' ids, and each is a version of a document in the records, of the
/// length that these say, and there once.
pub(super) fn are_of(files: &[DocumentFile], contents: &Contents) -> Result<(), TransferError> {
    let mut before: Option<&DocumentFile> = None;
    for (at, file) in files.iter().enumerate() {
        let document = one(contents, &file.document);
        let known = document.is_some_and(|document| {
            let version = document.file(&file.file);
            version.is_some_and(|version| version.size == file.bytes)
        });
        let in_order = before.is_none_or(|before| before.document <= file.document);
        if !known || !in_order {
            return Err(TransferError::Inconsistent);
        }
        let rest = files.get(at + 1..).unwrap_or_default().iter();
        let mut same = rest.take_while(|other| other.document == file.document);
        if same.any(|other| other.file == file.file) {
            return Err(TransferError::Inconsistent);
        }
        before = Some(file);
    }
    Ok(())
}

impl DocumentFile {
    /// From a list; the file begins at `at`.
    pub(super) fn read(listed: &Listed, number: usize, at: u64) -> Result<Self, TransferError> {
        let (kind, document) = split(&listed.record);
        let ending = listed.path.strip_prefix(&format!("documents/{number:06}."));
        let plain = |ending: &&str| {
            (1..=MAX_ENDING).contains(&ending.len())
                && ending
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if kind != Document::KIND || document.is_empty() || ending.filter(plain).is_none() {
            return Err(TransferError::Inconsistent);
        }
        if listed.bytes > MAX_ATTACHMENT {
            return Err(TransferError::TooLarge);
        }
        Ok(Self {
            document: document.to_owned(),
            file: listed.file.clone(),
            bytes: listed.bytes,
            path: listed.path.clone(),
            at,
        })
    }

    pub(super) fn listed(&self) -> Listed {
        Listed {
            path: self.path.clone(),
            record: [Document::KIND, "/", &self.document].concat(),
            file: self.file.clone(),
            bytes: self.bytes,
        }
    }

    /// How many pieces it is read in.
    #[must_use]
    pub fn pieces(&self) -> usize {
        let pieces = self.bytes.div_ceil(PIECE as u64).max(1);
        usize::try_from(pieces).unwrap_or(usize::MAX)
    }

    /// Bytes it takes at a vault service.
    #[must_use]
    pub fn sealed_bytes(&self) -> u64 {
        NewAttachment::sealed_size_of(self.bytes)
    }

    /// Where its hash ends, in the archive.
    pub(super) fn end(&self) -> u64 {
        self.at + tar::BLOCK as u64 + self.bytes.next_multiple_of(tar::BLOCK as u64) + SUM
    }

    /// From where to where piece `number` is in the archive: with the header before the first one, and what follows the last.
    pub(super) fn piece(&self, number: usize) -> Option<(u64, u64)> {
        let count = self.pieces();
        if number >= count {
            return None;
        }
        let content = self.at + tar::BLOCK as u64;
        let edge = |number: usize| content + number as u64 * PIECE as u64;
        let from = if number == 0 { self.at } else { edge(number) };
        let to = if number + 1 == count {
            self.end()
        } else {
            edge(number + 1)
        };
        Some((from, to))
    }

    /// Takes the content out of what is at [`DocumentFile::piece`]. Everything around it must be what was written.
    pub(super) fn open<'b>(
        &self,
        number: usize,
        bytes: &'b [u8],
        check: &mut Check,
    ) -> Result<&'b [u8], TransferError> {
        let damaged = TransferError::DocumentDamaged;
        let mut content = bytes;
        if number == 0 {
            let (header, rest) = bytes.split_at_checked(tar::BLOCK).ok_or(damaged)?;
            if self.header().as_deref() != Some(header) {
                return Err(damaged);
            }
            content = rest;
        }
        let start = number as u64 * PIECE as u64;
        let len = self.bytes.saturating_sub(start).min(PIECE as u64);
        let len = usize::try_from(len).map_err(|_| damaged)?;
        let (content, rest) = content.split_at_checked(len).ok_or(damaged)?;
        if number + 1 < self.pieces() {
            check.add(number, content);
            return rest.is_empty().then_some(content).ok_or(damaged);
        }
        check.add(number, content);
        let Some(hash) = check.hash(number) else {
            return Ok(content);
        };
        let padding = self.bytes.next_multiple_of(tar::BLOCK as u64) - self.bytes;
        let padding = usize::try_from(padding).map_err(|_| damaged)?;
        let (padding, sum) = rest.split_at_checked(padding).ok_or(damaged)?;
        let whole = padding.iter().all(|byte| *byte == 0) && sum == self.sum(&hash)?;
        whole.then_some(content).ok_or(damaged)
    }

    pub(super) fn header(&self) -> Option<Vec<u8>> {
        let len = usize::try_from(self.bytes).ok()?;
        tar::header(&self.path, len).map(Vec::from)
    }

    /// What says its hash.
    pub(super) fn sum(&self, hash: &[u8; 32]) -> Result<Vec<u8>, TransferError> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut line = Vec::new();
        for byte in hash {
            line.extend(
                [byte >> 4, byte & 15].map(|digit| DIGITS.get(usize::from(digit)).copied().unwrap_or(b'0')),
            );
        }
        line.extend_from_slice(b"  ");
        line.extend_from_slice(self.path.as_bytes());
        line.push(b'\n');
        let mut out = Vec::with_capacity(2 * tar::BLOCK);
        tar::append(&mut out, &[&self.path, ".sha256"].concat(), &line)?;
        Ok(out)
    }
}

/// The hash of a document's content as its pieces go by, in order from 0. A piece by itself is not checked against it.
#[derive(Clone, Default)]
pub struct Check {
    hash: Sha256,
    next: usize,
}

impl Check {
    fn add(&mut self, number: usize, content: &[u8]) {
        if self.next == number {
            self.hash.update(content);
            self.next += 1;
        }
    }

    /// The hash, when every piece up to this one went by.
    fn hash(&self, number: usize) -> Option<[u8; 32]> {
        (self.next == number + 1).then(|| self.hash.clone().finalize().into())
    }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Check(redacted)")
    }
}

/// The ending that people's programs go by.
fn ending(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => "pdf",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/heic" => "heic",
        "text/plain" => "txt",
        "application/zip" => "zip",
        _ => "bin",
    }
}

#[cfg(test)]
#[path = "documents_tests.rs"]
mod tests;

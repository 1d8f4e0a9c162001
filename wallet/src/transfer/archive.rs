//! The archive: everything a vault holds, in one file that needs no Assent to be read (`specs/formats/archive.md`).
//!
//! A tar whose first file, `manifest.json`, lists all others. Records of every kind are carried as they are, to the byte:
//! also those of kinds that this version does not know. After them comes the content of documents, each followed by its
//! hash: it is known only when it went by, for nobody holds the whole of it.

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, Limits};
use assent_core::encoding::record::{FromJson, ToJson, Value};
use assent_core::env::Timestamp;
use zeroize::Zeroizing;

use super::contents::{is_name, split};
use super::documents::{DocumentFile, Listed as ListedDocument};
use super::{Contents, TransferError, tar};

const FORMAT: &str = "assent-archive/1";
/// With the content of documents.
const WITH_DOCUMENTS: &str = "assent-archive/2";
/// What formats of later versions begin with.
const FAMILY: &str = "assent-archive/";
const MANIFEST: &str = "manifest.json";
/// Most bytes of list and records, written or read.
pub const MAX_ARCHIVE: usize = 256 << 20;
/// As much as a vault keeps in one record.
const MAX_RECORD: usize = 16 << 20;
/// Most files of documents.
const MAX_DOCUMENTS: usize = 20_000;

const ABOUT: &str = "Everything one Assent vault held, with the private keys of its cards: keep it as safe as the \
vault. Bring it into a vault with the app or with `assent vault import`.";

const MANIFEST_LIMITS: Limits = Limits {
    bytes: 64 << 20,
    depth: 8,
};

#[derive(ToJson, FromJson)]
struct Manifest {
    format: String,
    /// RFC 3339, UTC.
    made_at: String,
    about: String,
    files: Vec<Listed>,
    #[serde(default)]
    documents: Vec<ListedDocument>,
}

#[derive(ToJson, FromJson)]
struct Listed {
    path: String,
    /// Name of the record in the vault.
    record: String,
    bytes: u64,
    /// Base64url.
    sha256: String,
}

/// Writes list and records; documents, or [`tar::finish`], follow. The same contents at the same time give the same bytes.
pub(super) fn begin(
    contents: &Contents,
    documents: &[DocumentFile],
    made_at: Timestamp,
) -> Result<Zeroizing<Vec<u8>>, TransferError> {
    let mut files = Vec::new();
    let mut bytes = 0;
    for (number, (name, content)) in contents.iter().enumerate() {
        if !is_name(name) {
            return Err(TransferError::Contents);
        }
        bytes += content.len() + 1024;
        files.push(Listed {
            path: path(name, number),
            record: name.to_owned(),
            bytes: content.len() as u64,
            sha256: base64url::encode(&sha256(content.as_bytes())),
        });
    }
    let format = if documents.is_empty() {
        FORMAT
    } else {
        WITH_DOCUMENTS
    };
    let manifest = Manifest {
        format: format.to_owned(),
        made_at: made_at.to_rfc3339().ok_or(TransferError::Contents)?,
        about: ABOUT.to_owned(),
        files,
        documents: documents.iter().map(DocumentFile::listed).collect(),
    };
    let mut list = manifest.write_json();
    if let Some(list) = list.as_object_mut().filter(|_| documents.is_empty()) {
        list.remove("documents");
    }
    let list = format!("{list:#}\n");
    bytes += list.len() + 2048;
    if bytes > MAX_ARCHIVE || contents.len() >= tar::MAX_FILES || documents.len() > MAX_DOCUMENTS {
        return Err(TransferError::TooLarge);
    }
    // One allocation: what grows leaves copies of secrets behind.
    let mut out = Zeroizing::new(Vec::with_capacity(bytes));
    tar::append(&mut out, MANIFEST, list.as_bytes())?;
    for ((_, content), listed) in contents.iter().zip(&manifest.files) {
        tar::append(&mut out, &listed.path, content.as_bytes())?;
    }
    Ok(out)
}

/// Whether it begins as an archive does.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    let rest = bytes.strip_prefix(MANIFEST.as_bytes());
    rest.is_some_and(|rest| rest.first() == Some(&0))
}

/// How many bytes an archive's list takes, by its first block.
pub(super) fn list_len(block: &[u8]) -> Result<usize, TransferError> {
    if !is_archive(block) {
        return Err(TransferError::UnknownFile);
    }
    let (len, padded) = tar::length(block).ok_or(TransferError::Damaged)?;
    if len > MANIFEST_LIMITS.bytes {
        return Err(TransferError::TooLarge);
    }
    Ok(tar::BLOCK + padded)
}

/// What an archive says it holds.
pub(super) struct List {
    manifest: Manifest,
    made_at: Timestamp,
    /// Bytes up to the end of the records.
    pub(super) records_end: u64,
    /// The documents, with their places.
    pub(super) documents: Vec<DocumentFile>,
    /// Bytes of all.
    pub(super) len: u64,
}

/// Reads the list: as many bytes as [`list_len`] says. Nothing is believed of it but what it bounds.
pub(super) fn list(bytes: &[u8]) -> Result<List, TransferError> {
    let files = tar::files(bytes)?;
    let first = files.first().ok_or(TransferError::Damaged)?;
    let list = json::parse(first.content, MANIFEST_LIMITS).map_err(|_| TransferError::Damaged)?;
    // The version first: a later one may have other members.
    let with_documents = match list.get("format").and_then(Value::as_str) {
        Some(FORMAT) => false,
        Some(WITH_DOCUMENTS) => true,
        Some(other) if other.starts_with(FAMILY) => return Err(TransferError::Newer),
        _ => return Err(TransferError::UnknownFile),
    };
    let manifest = Manifest::read_json(list).map_err(|_| TransferError::Damaged)?;
    let made_at = super::moment::read_rfc3339(&manifest.made_at).ok_or(TransferError::Damaged)?;
    if manifest.documents.is_empty() == with_documents {
        return Err(TransferError::Inconsistent);
    }
    if manifest.files.len() >= tar::MAX_FILES || manifest.documents.len() > MAX_DOCUMENTS {
        return Err(TransferError::TooLarge);
    }
    let mut at = bytes.len() as u64;
    for listed in &manifest.files {
        let end = tar::file_len(listed.bytes).and_then(|len| at.checked_add(len));
        at = end
            .filter(|end| *end <= MAX_ARCHIVE as u64 && listed.bytes <= MAX_RECORD as u64)
            .ok_or(TransferError::TooLarge)?;
    }
    let records_end = at;
    let mut documents = Vec::with_capacity(manifest.documents.len());
    for (number, listed) in manifest.documents.iter().enumerate() {
        let file = DocumentFile::read(listed, number, at)?;
        at = file.end();
        documents.push(file);
    }
    Ok(List {
        manifest,
        made_at,
        records_end,
        documents,
        len: at + tar::END as u64,
    })
}

/// The records of an archive.
#[derive(Debug, Clone)]
pub(super) struct Archive {
    pub(super) contents: Contents,
    pub(super) made_at: Timestamp,
}

/// Reads the records, from the archive's beginning to their end: each file that the list names, once, in its order, with
/// its length and hash, and no other.
pub(super) fn records(list: &List, bytes: &[u8]) -> Result<Archive, TransferError> {
    let files = tar::files(bytes)?;
    let (_, files) = files.split_first().ok_or(TransferError::Damaged)?;
    if list.manifest.files.len() != files.len() {
        return Err(TransferError::Inconsistent);
    }
    let mut contents = Contents::default();
    for (number, (listed, file)) in list.manifest.files.iter().zip(files).enumerate() {
        let hash = base64url::encode(&sha256(file.content));
        let is_it = listed.path == file.name
            && is_name(&listed.record)
            && listed.path == path(&listed.record, number)
            && listed.bytes == file.content.len() as u64
            && listed.sha256 == hash;
        if !is_it {
            return Err(TransferError::Inconsistent);
        }
        let content = std::str::from_utf8(file.content).map_err(|_| TransferError::Damaged)?;
        if !contents.add(&listed.record, Zeroizing::new(content.to_owned())) {
            return Err(TransferError::Inconsistent);
        }
    }
    super::documents::are_of(&list.documents, &contents)?;
    Ok(Archive {
        contents,
        made_at: list.made_at,
    })
}

/// Where a record is in the archive. Its name may have anything in it, so the file has a number.
fn path(record: &str, number: usize) -> String {
    let (kind, _) = split(record);
    format!("records/{kind}/{number:06}.json")
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;

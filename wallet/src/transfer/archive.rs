//! The archive: everything a vault holds, in one file that needs no Assent to be read (`specs/formats/archive.md`).
//!
//! A tar whose first file, `manifest.json`, lists all others with length and hash. Records of every kind are carried
//! as they are, to the byte: also those of kinds that this version does not know.

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, Limits};
use assent_core::encoding::record::{FromJson, ToJson, Value};
use assent_core::env::Timestamp;
use zeroize::Zeroizing;

use super::contents::{is_name, split};
use super::{Contents, TransferError, tar};

const FORMAT: &str = "assent-archive/1";
/// What formats of later versions begin with.
const FAMILY: &str = "assent-archive/";
const MANIFEST: &str = "manifest.json";
/// Largest archive written or read.
pub const MAX_ARCHIVE: usize = 256 << 20;
/// As much as a vault keeps in one record.
const MAX_RECORD: usize = 16 << 20;

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

/// Writes an archive. The same contents at the same time give the same bytes.
pub(super) fn write(contents: &Contents, made_at: Timestamp) -> Result<Zeroizing<Vec<u8>>, TransferError> {
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
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        made_at: made_at.to_rfc3339().ok_or(TransferError::Contents)?,
        about: ABOUT.to_owned(),
        files,
    };
    let list = format!("{:#}\n", manifest.write_json());
    bytes += list.len() + 2048;
    if bytes > MAX_ARCHIVE || contents.len() >= tar::MAX_FILES {
        return Err(TransferError::TooLarge);
    }
    // One allocation: what grows leaves copies of secrets behind.
    let mut out = Zeroizing::new(Vec::with_capacity(bytes));
    tar::append(&mut out, MANIFEST, list.as_bytes())?;
    for ((_, content), listed) in contents.iter().zip(&manifest.files) {
        tar::append(&mut out, &listed.path, content.as_bytes())?;
    }
    tar::finish(&mut out);
    Ok(out)
}

/// An archive that was read.
#[derive(Debug, Clone)]
pub(super) struct Archive {
    pub(super) contents: Contents,
    pub(super) made_at: Timestamp,
}

/// Whether it begins as an archive does.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    let rest = bytes.strip_prefix(MANIFEST.as_bytes());
    rest.is_some_and(|rest| rest.first() == Some(&0))
}

/// Reads an archive: each file that the list names, once, in its order, with its length and hash, and no other.
pub(super) fn read(bytes: &[u8]) -> Result<Archive, TransferError> {
    if bytes.len() > MAX_ARCHIVE {
        return Err(TransferError::TooLarge);
    }
    if !is_archive(bytes) {
        return Err(TransferError::UnknownFile);
    }
    let files = tar::read(bytes)?;
    let (first, files) = files.split_first().ok_or(TransferError::Damaged)?;
    let list = json::parse(first.content, MANIFEST_LIMITS).map_err(|_| TransferError::Damaged)?;
    // The version first: a later one may have other members.
    match list.get("format").and_then(Value::as_str) {
        Some(FORMAT) => {}
        Some(other) if other.starts_with(FAMILY) => return Err(TransferError::Newer),
        _ => return Err(TransferError::UnknownFile),
    }
    let manifest = Manifest::read_json(list).map_err(|_| TransferError::Damaged)?;
    let made_at = super::moment::read_rfc3339(&manifest.made_at).ok_or(TransferError::Damaged)?;
    if manifest.files.len() != files.len() {
        return Err(TransferError::Inconsistent);
    }
    let mut contents = Contents::default();
    for (number, (listed, file)) in manifest.files.iter().zip(files).enumerate() {
        let hash = base64url::encode(&sha256(file.content));
        let is_it = listed.path == file.name
            && is_name(&listed.record)
            && listed.path == path(&listed.record, number)
            && listed.bytes == file.content.len() as u64
            && listed.sha256 == hash;
        if !is_it {
            return Err(TransferError::Inconsistent);
        }
        if file.content.len() > MAX_RECORD {
            return Err(TransferError::TooLarge);
        }
        let content = std::str::from_utf8(file.content).map_err(|_| TransferError::Damaged)?;
        if !contents.add(&listed.record, Zeroizing::new(content.to_owned())) {
            return Err(TransferError::Inconsistent);
        }
    }
    Ok(Archive { contents, made_at })
}

/// Where a record is in the archive. Its name may have anything in it, so the file has a number.
fn path(record: &str, number: usize) -> String {
    let (kind, _) = split(record);
    format!("records/{kind}/{number:06}.json")
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;

//! Everything that a vault holds, in the clear, as the engine gives it.

use assent_core::encoding::json::Object;
use assent_core::encoding::record::{self, FromJson as _, Value};
use zeroize::Zeroizing;

use super::TransferError;
use crate::records::Record;
use assent_core::sorted::Sorted;

/// Longest name of a record.
const MAX_NAME: usize = 256;

/// Every record of a vault: content by name. Contents are kept as they are, to the byte, whatever they say.
#[derive(Clone, Default)]
pub struct Contents(Sorted<String, Zeroizing<String>>);

/// A vault's contents and the version they are of.
#[derive(Debug, Clone, Default)]
pub struct Present {
    /// The contents.
    pub contents: Contents,
    /// The vault's version.
    pub version: u64,
}

impl Present {
    /// From the engine's reply `contents`.
    ///
    /// # Errors
    /// [`TransferError::Contents`].
    pub fn new(records: Value, version: u64) -> Result<Self, TransferError> {
        let records = Sorted::read_json(records).map_err(|_| TransferError::Contents)?;
        Ok(Self {
            contents: Contents(records),
            version,
        })
    }
}

impl Contents {
    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Names and contents, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_str()))
    }

    /// How many records and bytes of each kind there are, by kind.
    #[must_use]
    pub fn kinds(&self) -> Vec<KindCount> {
        let mut kinds: Vec<KindCount> = Vec::new();
        for (name, content) in self.iter() {
            let (kind, _) = split(name);
            let bytes = content.len() as u64;
            match kinds.last_mut().filter(|last| last.kind == kind) {
                Some(last) => {
                    last.count += 1;
                    last.bytes += bytes;
                }
                None => kinds.push(KindCount {
                    kind: kind.to_owned(),
                    count: 1,
                    bytes,
                }),
            }
        }
        kinds
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|content| content.as_str())
    }

    /// Adds a record. False when the name is not one of a record, or is there.
    pub(super) fn add(&mut self, name: &str, content: Zeroizing<String>) -> bool {
        let fits = is_name(name) && self.get(name).is_none();
        if fits {
            self.0.insert(name.to_owned(), content);
        }
        fits
    }

    pub(super) fn add_record<R: Record>(&mut self, record: &R) -> bool {
        let content = Zeroizing::new(record.write_json().to_string());
        self.add(&[R::KIND, "/", record.id()].concat(), content)
    }

    /// Replaces or adds.
    pub(super) fn set(&mut self, name: &str, content: &str) {
        self.0.insert(name.to_owned(), Zeroizing::new(content.to_owned()));
    }

    /// The records of a kind that can be read.
    pub(super) fn list<R: Record>(&self) -> Vec<R> {
        let of_kind = self.iter().filter(|(name, _)| split(name).0 == R::KIND);
        of_kind
            .filter_map(|(_, content)| crate::records::read(content.as_bytes()).ok())
            .collect()
    }

    /// One record that can be read.
    pub(super) fn one<R: Record>(&self, id: &str) -> Option<R> {
        let content = self.get(&[R::KIND, "/", id].concat())?;
        crate::records::read(content.as_bytes()).ok()
    }

    /// As the engine takes changes: an object of texts.
    pub(super) fn to_json(&self) -> Value {
        let mut object = Object::new();
        for (name, content) in self.iter() {
            record::put(&mut object, name, record::text(content));
        }
        Value::Object(object)
    }
}

/// Records of one kind.
#[derive(Debug, Clone, PartialEq, Eq, record::ToJson)]
pub struct KindCount {
    /// First part of their names.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// Of all their contents together.
    pub bytes: u64,
}

/// Kind and id.
pub(super) fn split(name: &str) -> (&str, &str) {
    name.split_once('/').unwrap_or((name, ""))
}

/// `<kind>/<id>`: the kind in ASCII letters, digits and hyphens; the id of anything that can be seen.
pub(super) fn is_name(name: &str) -> bool {
    let Some((kind, id)) = name.split_once('/') else {
        return false;
    };
    let is_kind = |c: char| c.is_ascii_alphanumeric() || c == '-';
    name.len() <= MAX_NAME
        && !kind.is_empty()
        && kind.len() <= 32
        && kind.chars().all(is_kind)
        && !id.is_empty()
        && !id.chars().any(char::is_control)
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contents").field("records", &self.len()).finish()
    }
}

//! Documents and photos: what the vault says of them, and those whose upload has not ended.

mod upload;

use assent_core::encoding::base64url;
use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::Timestamp;
use zeroize::Zeroizing;

use crate::app::WalletError;
use crate::records::{Record, Records, read};
use crate::vault::{Attachment, MAX_ATTACHMENT};

pub(crate) use upload::Upload;

/// Earlier versions that are kept beside the present one.
const KEPT: usize = 4;
/// Seconds until a deleted document is gone for good.
pub(crate) const UNDO: i64 = 7 * 86_400;
const MAX_NAME: usize = 200;
const MAX_NOTE: usize = 2000;
/// No record of a document is longer: five versions of 101 pieces, and what is said of them.
const MAX_RECORD: usize = 64 << 10;

/// A document.
#[derive(Clone, ToJson, FromJson)]
pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) note: String,
    /// `card/<id>` or `detail/<id>` it belongs to, or empty.
    #[serde(default)]
    pub(crate) about: String,
    pub(crate) added_at: i64,
    pub(crate) changed_at: i64,
    /// The present version first.
    pub(crate) files: Vec<StoredFile>,
    /// Since when it waits to be gone.
    #[serde(default)]
    pub(crate) deleted_at: Option<i64>,
}

/// One version of a document's content.
#[derive(Clone, ToJson, FromJson)]
pub(crate) struct StoredFile {
    /// What the service calls its pieces.
    pub(crate) blob: String,
    pub(crate) media_type: String,
    pub(crate) size: u64,
    pub(crate) at: i64,
    /// The unlock method of the device that added it, base64url.
    #[serde(default)]
    pub(crate) by: String,
    /// What opens it, base64url.
    attachment: Zeroizing<String>,
}

impl Record for Document {
    const KIND: &'static str = "document";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Document {
    /// A document with its first content.
    pub(crate) fn new(upload: &Upload, file: StoredFile) -> Self {
        Self {
            id: upload.id.clone(),
            name: upload.name.clone(),
            note: String::new(),
            about: upload.about.clone(),
            added_at: file.at,
            changed_at: file.at,
            files: vec![file],
            deleted_at: None,
        }
    }

    /// Puts a version in front; the oldest beyond the limit go. The same one a second time changes nothing.
    pub(crate) fn replace(&mut self, file: StoredFile, now: Timestamp) {
        if self
            .files
            .first()
            .is_some_and(|present| present.blob == file.blob)
        {
            return;
        }
        self.files.retain(|known| known.blob != file.blob);
        self.files.insert(0, file);
        self.files.truncate(KEPT + 1);
        self.changed_at = now.0;
    }

    /// From a file that somebody brings: `None` when it is not what this app could have written.
    pub(crate) fn from_outside(content: &str) -> Option<Self> {
        let document: Self = (content.len() <= MAX_RECORD)
            .then(|| read(content.as_bytes()).ok())
            .flatten()?;
        let is_possible = name(&document.name).is_ok_and(|name| name == document.name)
            && note(&document.note).is_ok_and(|note| note == document.note)
            && document.about.len() <= MAX_NAME
            && (1..=KEPT + 1).contains(&document.files.len())
            && document
                .files
                .iter()
                .all(|file| file.size <= MAX_ATTACHMENT && file.blob.len() <= MAX_NAME);
        is_possible.then_some(document)
    }

    /// Whether this is so of the blob of one of its versions.
    pub(crate) fn has_one(&self, is_it: impl Fn(&str) -> bool) -> bool {
        self.files.iter().any(|file| is_it(&file.blob))
    }

    /// A version by its blob.
    pub(crate) fn file(&self, blob: &str) -> Option<&StoredFile> {
        self.files.iter().find(|file| file.blob == blob)
    }
}

impl StoredFile {
    pub(crate) fn new(
        attachment: &Attachment,
        media_type: &str,
        at: Timestamp,
        by: Option<[u8; 16]>,
    ) -> Self {
        Self {
            blob: attachment.blob(),
            media_type: media_type.to_owned(),
            size: attachment.size(),
            at: at.0,
            by: by.map(|by| base64url::encode(&by)).unwrap_or_default(),
            attachment: Zeroizing::new(base64url::encode(&attachment.to_bytes())),
        }
    }

    /// The same content under the keys of this vault.
    pub(crate) fn brought(&self, attachment: &Attachment) -> Self {
        Self::new(
            attachment,
            &media_type(&self.media_type),
            Timestamp(self.at),
            None,
        )
    }

    /// What opens it.
    pub(crate) fn attachment(&self) -> Result<Attachment, WalletError> {
        let bytes = base64url::decode(&self.attachment).unwrap_or_default();
        let attachment = Attachment::from_bytes(&Zeroizing::new(bytes));
        attachment.map_err(|error| WalletError::from_code(&error))
    }
}

/// Removes what was deleted longer ago than the time in which it can be brought back.
pub(crate) fn purge(records: &mut Records<'_>, now: Timestamp) {
    for document in records.list::<Document>() {
        if document.deleted_at.is_some_and(|at| at + UNDO < now.0) {
            records.delete::<Document>(&document.id);
        }
    }
}

/// The blobs that the content of a record needs, when it is a document's.
pub(crate) fn blobs(name: &str, content: Option<&[u8]>) -> Vec<String> {
    let document = content
        .filter(|_| name.starts_with("document/"))
        .and_then(|content| read::<Document>(content).ok());
    let files = document.map(|document| document.files).unwrap_or_default();
    files.into_iter().map(|file| file.blob).collect()
}

/// A name as it is kept: what a file may be called, in one line.
pub(crate) fn name(text: &str) -> Result<String, WalletError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
        return Err(WalletError::not_possible(
            "document-name-not-possible",
            "this name is not possible",
        ));
    }
    Ok(text.to_owned())
}

/// A note as it is kept.
pub(crate) fn note(text: &str) -> Result<String, WalletError> {
    if text.chars().count() > MAX_NOTE {
        return Err(WalletError::not_possible(
            "document-note-too-long",
            "this note is too long",
        ));
    }
    Ok(text.trim().to_owned())
}

/// A media type as it is kept: `type/subtype` in small letters, else that of bytes nobody knows.
pub(crate) fn media_type(text: &str) -> String {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
    let text = text.split(';').next().unwrap_or_default().trim();
    match text.split_once('/') {
        Some((kind, rest))
            if !kind.is_empty()
                && !rest.is_empty()
                && text.len() <= 127
                && kind.bytes().chain(rest.bytes()).all(known) =>
        {
            text.to_ascii_lowercase()
        }
        _ => "application/octet-stream".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::NewAttachment;

    struct Fixed(u8);

    impl assent_core::env::SecureRandom for Fixed {
        fn fill(&mut self, out: &mut [u8]) -> Result<(), assent_core::env::RandomUnavailable> {
            self.0 += 1;
            out.fill(self.0);
            Ok(())
        }
    }

    fn file(seed: u8) -> StoredFile {
        let made = NewAttachment::new(10, &mut Fixed(seed)).unwrap();
        let attachment = made.finish(vec![[seed; 32]]).unwrap();
        StoredFile::new(&attachment, "image/png", Timestamp(seed.into()), None)
    }

    #[test]
    fn the_present_version_is_first_and_old_ones_make_room() {
        let mut document = Document {
            id: "d".to_owned(),
            name: "a".to_owned(),
            note: String::new(),
            about: String::new(),
            added_at: 1,
            changed_at: 1,
            files: vec![file(1)],
            deleted_at: None,
        };
        let times = |document: &Document| document.files.iter().map(|file| file.at).collect::<Vec<_>>();
        for seed in 2..=7 {
            document.replace(file(seed), Timestamp(seed.into()));
            document.replace(file(seed), Timestamp(100));
        }
        assert_eq!(times(&document), [7, 6, 5, 4, 3]);
        assert_eq!(document.changed_at, 7);
        document.replace(file(4), Timestamp(8));
        assert_eq!(times(&document), [4, 7, 6, 5, 3]);
        assert_eq!(
            document.files[0].attachment().unwrap().blob(),
            document.files[0].blob
        );
    }

    #[test]
    fn names_notes_and_types_are_kept_as_they_can_be_shown() {
        assert_eq!(name("  passport.jpg ").unwrap(), "passport.jpg");
        for bad in ["", "  ", "a\nb", "a\0", &"x".repeat(201)] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
        assert!(note(&"é".repeat(2000)).is_ok());
        assert!(note(&"é".repeat(2001)).is_err());
        assert_eq!(media_type("Image/PNG"), "image/png");
        assert_eq!(media_type("text/plain; charset=utf-8"), "text/plain");
        for bad in ["", "image", "/x", "a/", "a/b c", "a/<script>", "a/b/c"] {
            assert_eq!(media_type(bad), "application/octet-stream", "{bad}");
        }
    }
}

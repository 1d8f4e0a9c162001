//! Documents and uploads.

use assent_core::encoding::record::ToJson;

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct DocumentView {
    /// Its id.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// What the person noted.
    pub note: String,
    /// `card/<id>` or `detail/<id>` it belongs to, or empty.
    pub about: String,
    /// When it was added.
    pub added_at: i64,
    /// When its content was last replaced, or its name or note changed.
    pub changed_at: i64,
    /// When it will be gone for good, if it was deleted.
    pub gone_at: Option<i64>,
    /// Its versions, the present one first.
    pub files: Vec<FileView>,
}

/// One version of a document's content.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct FileView {
    /// Its id.
    pub id: String,
    /// Media type, as it was given.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// When it was added.
    pub at: i64,
    /// How the device was unlocked that added it, as the person calls it or by kind; empty when that method is gone.
    pub added_with: String,
    /// Bytes of a piece; the last one may be shorter.
    pub piece_bytes: usize,
}

/// An upload that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct UploadView {
    /// Its id.
    pub id: String,
    /// What the document will be called.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// The document that gets a new version; a new document when empty.
    pub replaces: String,
    /// When it was begun.
    pub begun_at: i64,
    /// How many pieces there are to measure and to send; those beyond the end of the content are empty.
    pub pieces: usize,
    /// How many of them were measured.
    pub measured: usize,
    /// Bytes of a piece; the last one may be shorter.
    pub piece_bytes: usize,
}

//! Where the parts of blobs are kept: in the database, in files, or in an S3-compatible store.
//!
//! A part is named by a random name of its upload and its content hash, so no name is ever written twice with other
//! content, and a part that is read is checked against its hash.

mod files;

use std::path::PathBuf;

use assent_core::crypto::sha256;

use crate::outbound::ObjectClient;
use crate::store::{BlobPart, BlobRow, BlobStore as _, Database, Garbage, StoreError};

pub use files::Files;

/// Why a part could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// A file could not be written or read.
    #[error("a blob file failed")]
    File(#[from] std::io::Error),
    /// The store outside failed.
    #[error("the object store failed")]
    Objects(#[from] crate::outbound::ObjectError),
    /// What was read is not what was written.
    #[error("a part of a blob is missing or damaged")]
    Damaged,
}

impl assent_core::error::ErrorCode for BlobError {
    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::File(_) => "storage-file-unusable",
            Self::Objects(_) => "storage-objects-failed",
            Self::Damaged => "storage-damaged",
        }
    }

    fn blame(&self) -> assent_core::error::Blame {
        assent_core::error::Blame::Us
    }

    fn audience(&self) -> assent_core::error::Audience {
        assent_core::error::Audience::Operator
    }
}

/// The place of parts.
#[derive(Debug)]
pub enum Blobs {
    /// Rows of the database.
    Database,
    /// Files on this machine.
    Files(Files),
    /// An S3-compatible store.
    Objects(ObjectClient),
}

impl Blobs {
    /// Files below `folder`.
    #[must_use]
    pub fn files(folder: PathBuf) -> Self {
        Self::Files(Files::new(folder))
    }

    /// Keeps a part: when this returns, it is on disk.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn put(
        &self,
        object: &str,
        number: i64,
        part: &BlobPart,
        bytes: &[u8],
    ) -> Result<(), BlobError> {
        match self {
            // The bytes go into the row, in the transaction that notes them.
            Self::Database => Ok(()),
            Self::Files(files) => Ok(files.put(object, number, &part.sha256, bytes).await?),
            Self::Objects(client) => Ok(client.put(&name(object, number), bytes).await?),
        }
    }

    /// Reads a part and checks it.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn get(
        &self,
        store: &Database,
        at: (&str, &str),
        blob: &BlobRow,
        number: i64,
        part: &BlobPart,
    ) -> Result<Vec<u8>, BlobError> {
        let bytes = match self {
            Self::Database => store
                .blob_part_data(at.0, at.1, number)
                .await?
                .ok_or(BlobError::Damaged)?,
            Self::Files(files) => files.get(&blob.object, number, &part.sha256).await?,
            Self::Objects(client) => {
                let most = usize::try_from(part.size).unwrap_or(0);
                client.get(&name(&blob.object, number), most).await?
            }
        };
        if sha256(&bytes) != part.sha256 {
            return Err(BlobError::Damaged);
        }
        Ok(bytes)
    }

    /// Deletes every part of an object. What is not there is no error.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn delete(&self, garbage: &Garbage) -> Result<(), BlobError> {
        match self {
            Self::Database => Ok(()),
            Self::Files(files) => Ok(files.delete(&garbage.object).await?),
            Self::Objects(client) => {
                for number in 0..garbage.part_count {
                    client.delete(&name(&garbage.object, number)).await?;
                }
                Ok(())
            }
        }
    }
}

fn name(object: &str, number: i64) -> String {
    format!("{object}/{number}")
}

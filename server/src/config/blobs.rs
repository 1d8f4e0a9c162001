//! Where attachments are kept, and how much of them.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::{Issue, secret};
use crate::blobs::Blobs;
use crate::outbound::{ObjectClient, ObjectSettings};
use crate::store::BlobQuota;

/// Attachments (blobs).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BlobConfig {
    /// The store.
    pub store: BlobPlace,
    /// Folder of the files; default: `blobs` in the data directory.
    pub folder: Option<PathBuf>,
    /// The S3-compatible store.
    pub s3: Option<S3Config>,
    /// Largest blob, in bytes.
    pub max_blob_bytes: i64,
    /// Most blobs of one vault.
    pub max_blobs: i64,
    /// Most bytes of blobs of one vault.
    pub max_bytes: i64,
    /// Hours until a blob that no record needs is deleted. An upload that stays unfinished for so long is, too.
    pub grace_hours: i64,
}

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlobPlace {
    /// The database.
    Database,
    /// Files on this machine.
    Files,
    /// An S3-compatible store.
    S3,
}

/// An S3-compatible store.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct S3Config {
    /// Address, e.g. `https://s3.example`.
    pub endpoint: String,
    /// Region.
    pub region: String,
    /// Bucket.
    pub bucket: String,
    /// First part of every object's name.
    pub prefix: String,
    /// Name of the access key.
    pub access_key_id: String,
    /// The access key.
    pub secret_access_key: Option<SecretString>,
    /// A file with the access key.
    pub secret_access_key_file: Option<PathBuf>,
}

impl std::fmt::Debug for S3Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Config")
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

impl Default for BlobConfig {
    fn default() -> Self {
        Self {
            store: BlobPlace::Database,
            folder: None,
            s3: None,
            max_blob_bytes: 128 << 20,
            max_blobs: 1000,
            max_bytes: 1 << 30,
            grace_hours: 24,
        }
    }
}

impl BlobConfig {
    /// How much one vault may hold.
    #[must_use]
    pub fn quota(&self) -> BlobQuota {
        BlobQuota {
            blobs: self.max_blobs,
            bytes: self.max_bytes,
        }
    }

    /// What can be checked without opening anything.
    pub(super) fn issues(&self, sandbox: bool) -> Vec<Issue> {
        let mut out = Vec::new();
        if self.grace_hours < 1 {
            out.push(Issue::new("vault.blobs.grace_hours", "must be at least 1"));
        }
        match (&self.store, &self.s3) {
            (BlobPlace::S3, None) => {
                out.push(Issue::new("vault.blobs.s3", "missing: store = \"s3\" needs it"))
            }
            (BlobPlace::S3, Some(s3)) => {
                let https = s3.endpoint.starts_with("https://");
                if !(https || sandbox && s3.endpoint.starts_with("http://")) {
                    out.push(Issue::new("vault.blobs.s3.endpoint", "must begin with https://"));
                }
                for (name, value) in [
                    ("vault.blobs.s3.region", &s3.region),
                    ("vault.blobs.s3.bucket", &s3.bucket),
                    ("vault.blobs.s3.access_key_id", &s3.access_key_id),
                ] {
                    if value.is_empty() {
                        out.push(Issue::new(name, "missing"));
                    }
                }
            }
            _ => {}
        }
        out
    }

    /// Opens the store.
    ///
    /// # Errors
    /// An [`Issue`] that names the setting.
    pub fn open(&self, data_dir: &std::path::Path) -> Result<Blobs, Issue> {
        match (self.store, &self.s3) {
            (BlobPlace::Database, _) | (BlobPlace::S3, None) => Ok(Blobs::Database),
            (BlobPlace::Files, _) => {
                let folder = self.folder.clone().unwrap_or_else(|| data_dir.join("blobs"));
                Ok(Blobs::files(folder))
            }
            (BlobPlace::S3, Some(s3)) => {
                let at = "vault.blobs.s3.secret_access_key";
                let key = secret::require(
                    at,
                    s3.secret_access_key.as_ref(),
                    s3.secret_access_key_file.as_ref(),
                )?;
                let client = ObjectClient::new(&ObjectSettings {
                    endpoint: &s3.endpoint,
                    region: &s3.region,
                    bucket: &s3.bucket,
                    prefix: &s3.prefix,
                    access_key_id: &s3.access_key_id,
                    secret_access_key: key.expose_secret(),
                });
                client
                    .map(Blobs::Objects)
                    .map_err(|error| Issue::new("vault.blobs.s3", error.to_string()))
            }
        }
    }
}

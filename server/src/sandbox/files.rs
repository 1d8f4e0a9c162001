//! Files only their owner may read.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use assent_core::encoding::base64url;
use assent_core::env::SecureRandom as _;
use zeroize::Zeroizing;

use super::SandboxError;
use crate::crypto::SystemRandom;

/// A directory with mode 0700.
pub(super) fn private_directory(path: &Path) -> io::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Writes a new file with mode 0600.
pub(super) fn private_file(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A file with 32 random bytes as base64url, made when missing.
pub(super) fn private_secret(path: &Path) -> Result<(), SandboxError> {
    if path.exists() {
        return Ok(());
    }
    let mut bytes = Zeroizing::new([0; 32]);
    SystemRandom::default().fill(bytes.as_mut_slice())?;
    let text = Zeroizing::new(base64url::encode(bytes.as_slice()));
    Ok(private_file(path, &text)?)
}

//! Making a backup bit by bit: documents go in piece after piece and come out sealed, and nobody holds them all.

use std::collections::VecDeque;

use assent_core::env::Env;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::documents::{DocumentFile, document_files};
use super::{Contents, TransferError, age, archive, tar};
use crate::vault::{MIN_PASSPHRASE, PIECE};

/// A backup in the making. What its functions give is written to the file, in the order of the calls.
pub struct Backup {
    sealing: age::Sealing,
    /// Those whose content is still to come, the present one first.
    files: VecDeque<DocumentFile>,
    /// Of the present one.
    left: u64,
    hash: Sha256,
    /// The present one could not be read, or not to its end.
    is_missing: bool,
}

impl Backup {
    /// Begins with everything but documents, and with the places for these when they are to follow. Gives the backup and
    /// what the file begins with. `work_factor` is log₂ of scrypt's N.
    ///
    /// # Errors
    /// [`TransferError::PassphraseTooShort`], [`TransferError::TooLarge`], [`TransferError::Contents`],
    /// [`TransferError::Random`].
    pub fn begin(
        contents: &Contents,
        with_documents: bool,
        passphrase: &str,
        work_factor: u8,
        env: &mut Env<'_>,
    ) -> Result<(Self, Vec<u8>), TransferError> {
        if passphrase.chars().count() < MIN_PASSPHRASE {
            return Err(TransferError::PassphraseTooShort);
        }
        let files = match with_documents {
            true => document_files(contents),
            false => Vec::new(),
        };
        let archive = archive::begin(contents, &files, env.now)?;
        let mut out = Vec::with_capacity(archive.len() + archive.len() / 4096 + 1024);
        let mut sealing = age::Sealing::begin(passphrase, work_factor, env.rng, &mut out)?;
        sealing.push(&archive, &mut out)?;
        let mut backup = Self {
            sealing,
            files: files.into(),
            left: 0,
            hash: Sha256::new(),
            is_missing: false,
        };
        backup.begin_file(&mut out)?;
        Ok((backup, out))
    }

    /// The document whose content comes next, from its beginning or where it is now.
    #[must_use]
    pub fn next_document(&self) -> Option<&DocumentFile> {
        self.files.front()
    }

    /// Takes more of its content.
    ///
    /// # Errors
    /// [`TransferError::DocumentDamaged`] when it is longer than its record says.
    pub fn content(&mut self, content: &[u8]) -> Result<Vec<u8>, TransferError> {
        let len = content.len() as u64;
        if self.files.is_empty() || len > self.left {
            return Err(TransferError::DocumentDamaged);
        }
        let mut out = Vec::with_capacity(content.len() + 4096);
        self.hash.update(content);
        self.sealing.push(content, &mut out)?;
        self.left -= len;
        if self.left == 0 {
            self.end_file(&mut out)?;
        }
        Ok(out)
    }

    /// The rest of its content cannot be had: its place is filled, and marked as such. To be called until another document
    /// is the next one.
    ///
    /// # Errors
    /// [`TransferError`].
    pub fn missing(&mut self) -> Result<Vec<u8>, TransferError> {
        self.is_missing = true;
        let len = usize::try_from(self.left.min(PIECE as u64)).unwrap_or(PIECE);
        self.content(&vec![0; len])
    }

    /// Gives the end of the file.
    ///
    /// # Errors
    /// [`TransferError::DocumentDamaged`] when a document is not there to its end.
    pub fn end(mut self) -> Result<Vec<u8>, TransferError> {
        if !self.files.is_empty() {
            return Err(TransferError::DocumentDamaged);
        }
        let mut out = Vec::new();
        let mut end = Vec::new();
        tar::finish(&mut end);
        self.sealing.push(&end, &mut out)?;
        self.sealing.end(&mut out)?;
        Ok(out)
    }

    /// Begins the next file; one without content ends at once.
    fn begin_file(&mut self, out: &mut Vec<u8>) -> Result<(), TransferError> {
        while let Some(file) = self.files.front() {
            let header = file.header().ok_or(TransferError::TooLarge)?;
            self.left = file.bytes;
            (self.hash, self.is_missing) = (Sha256::new(), false);
            self.sealing.push(&header, out)?;
            if self.left > 0 {
                break;
            }
            self.end_present(out)?;
        }
        Ok(())
    }

    fn end_file(&mut self, out: &mut Vec<u8>) -> Result<(), TransferError> {
        self.end_present(out)?;
        self.begin_file(out)
    }

    fn end_present(&mut self, out: &mut Vec<u8>) -> Result<(), TransferError> {
        let Some(file) = self.files.pop_front() else {
            return Ok(());
        };
        let padding = file.bytes.next_multiple_of(tar::BLOCK as u64) - file.bytes;
        let padding = vec![0; usize::try_from(padding).unwrap_or(0)];
        let hash: [u8; 32] = match self.is_missing {
            true => [0; 32],
            false => std::mem::take(&mut self.hash).finalize().into(),
        };
        self.sealing.push(&padding, out)?;
        self.sealing.push(&file.sum(&hash)?, out)
    }
}

/// A backup without documents, in memory.
pub(super) fn small(
    contents: &Contents,
    passphrase: &str,
    work_factor: u8,
    env: &mut Env<'_>,
) -> Result<Zeroizing<Vec<u8>>, TransferError> {
    let (backup, mut out) = Backup::begin(contents, false, passphrase, work_factor, env)?;
    out.extend_from_slice(&backup.end()?);
    Ok(Zeroizing::new(out))
}

impl std::fmt::Debug for Backup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backup")
            .field("documents", &self.files.len())
            .finish_non_exhaustive()
    }
}

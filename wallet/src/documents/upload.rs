//! An upload that has not ended. Kept, sealed, on this device only.

use assent_core::crypto::constant_time_eq;
use assent_core::encoding::base64url;
use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::Env;
use zeroize::Zeroizing;

use super::StoredFile;
use crate::app::WalletError;
use crate::vault::{Attachment, NewAttachment, SealedPiece, VaultId};

const HASH: usize = 32;

/// An upload.
#[derive(Clone, ToJson, FromJson)]
pub(crate) struct Upload {
    /// Its id, and that of the document it makes.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) about: String,
    /// The document that gets a new version; a new document when empty.
    pub(crate) replaces: String,
    pub(crate) begun_at: i64,
    /// What it is of when it comes out of a file of another vault: `<document>/<version>` there; else empty.
    #[serde(default)]
    pub(crate) from: String,
    /// What seals its pieces, base64url.
    sealing: Zeroizing<String>,
    /// SHA-256 of each sealed piece so far, base64url of all together.
    hashes: String,
}

impl Upload {
    pub(crate) fn new(
        (name, media_type, size): (&str, &str, u64),
        about: String,
        replaces: String,
        env: &mut Env<'_>,
    ) -> Result<Self, WalletError> {
        let sealing = NewAttachment::new(size, env.rng).map_err(|error| WalletError::from_code(&error))?;
        let mut id = [0; 16];
        env.rng.fill(&mut id).map_err(|_| crate::app::no_randomness())?;
        Ok(Self {
            id: base64url::encode(&id),
            name: super::name(name)?,
            media_type: super::media_type(media_type),
            about,
            replaces,
            begun_at: env.now.0,
            from: String::new(),
            sealing: Zeroizing::new(base64url::encode(&sealing.to_bytes())),
            hashes: String::new(),
        })
    }

    pub(crate) fn sealing(&self) -> Result<NewAttachment, WalletError> {
        let bytes = Zeroizing::new(base64url::decode(&self.sealing).unwrap_or_default());
        NewAttachment::from_bytes(&bytes).map_err(|error| WalletError::from_code(&error))
    }

    /// How many pieces were measured.
    pub(crate) fn measured(&self) -> usize {
        self.hashes().len() / HASH
    }

    /// Takes the hash of the next piece; the first one begins anew.
    pub(crate) fn measure(
        &mut self,
        vault: VaultId,
        number: usize,
        content: &[u8],
    ) -> Result<(), WalletError> {
        let mut hashes = if number == 0 { Vec::new() } else { self.hashes() };
        if hashes.len() != number * HASH {
            return Err(WalletError::not_possible(
                "document-piece-out-of-turn",
                "the pieces of a document come in order",
            ));
        }
        hashes.extend_from_slice(&self.seal(vault, number, content)?.hash);
        self.hashes = base64url::encode(&hashes);
        Ok(())
    }

    /// A piece to send. It must be what was measured: a file that changed meanwhile is refused.
    pub(crate) fn piece(
        &self,
        vault: VaultId,
        number: usize,
        content: &[u8],
    ) -> Result<SealedPiece, WalletError> {
        let piece = self.seal(vault, number, content)?;
        let hashes = self.hashes();
        let measured = hashes.chunks_exact(HASH).nth(number).unwrap_or_default();
        if !constant_time_eq(measured, &piece.hash) {
            return Err(changed());
        }
        Ok(piece)
    }

    /// What opens it, once every piece was measured.
    pub(crate) fn attachment(&self) -> Result<Attachment, WalletError> {
        let hashes = self.hashes();
        let (hashes, _) = hashes.as_chunks::<HASH>();
        let whole = self.sealing()?.finish(hashes.to_vec());
        whole.map_err(|error| WalletError::from_code(&error))
    }

    /// The version of a document that it makes.
    pub(crate) fn file(&self, by: Option<[u8; 16]>, env: &Env<'_>) -> Result<StoredFile, WalletError> {
        Ok(StoredFile::new(
            &self.attachment()?,
            &self.media_type,
            env.now,
            by,
        ))
    }

    fn seal(&self, vault: VaultId, number: usize, content: &[u8]) -> Result<SealedPiece, WalletError> {
        let sealed = self.sealing()?.seal_piece(vault, number, content);
        // Another length than the upload began with.
        sealed.map_err(|_| changed())
    }

    fn hashes(&self) -> Vec<u8> {
        base64url::decode(&self.hashes).unwrap_or_default()
    }
}

fn changed() -> WalletError {
    WalletError::not_possible(
        "document-file-differs",
        "this is not the file that the upload began with, or it changed since",
    )
}

//! The content of documents, piece by piece, past the command that runs: a megabyte on its way holds up nobody, and bytes
//! never become JSON.

use assent_core::error::Blame;
use assent_core::http::{HttpRequest, HttpResponse, Method};
use zeroize::Zeroizing;

use super::session::Core;
use super::{NetworkFailure, Wallet, WalletError, documents, sync};
use crate::documents::Document;
use crate::vault::{SEALED_PIECE, VaultError};

impl Wallet {
    /// Notes what piece `number` of an upload holds, in order from 0. Nothing is sent.
    ///
    /// # Errors
    /// `document-file-differs` when the file has another length than the upload began with; `not-found`.
    pub fn measure_piece(&mut self, upload: &str, number: usize, content: &[u8]) -> Result<(), WalletError> {
        let open = self.core.open_mut()?;
        let vault = open.vault.header().vault;
        let known = open.device.uploads.iter_mut().find(|known| known.id == upload);
        known
            .ok_or_else(WalletError::not_found)?
            .measure(vault, number, content)
    }

    /// The request that sends piece `number` of a declared upload, and the body that goes with it.
    ///
    /// # Errors
    /// `document-file-differs` when this is not what was measured; `not-found`.
    pub fn send_piece(
        &self,
        upload: &str,
        number: usize,
        content: &[u8],
    ) -> Result<(HttpRequest, Vec<u8>), WalletError> {
        let upload = documents::find(&self.core, upload)?;
        let piece = upload.piece(self.core.open()?.vault.header().vault, number, content)?;
        let path = format!("{}/parts/{number}", upload.attachment()?.blob());
        let mut request = blob_request(&self.core, &path, sync::MAX_SMALL)?;
        request.method = Method::Put;
        request
            .headers
            .push(("content-type".into(), "application/octet-stream".into()));
        Ok((request, piece.sealed))
    }

    /// What became of a piece that was sent, by the status of the answer.
    ///
    /// # Errors
    /// `document-upload-gone` when the service forgot the upload meanwhile: declare it again.
    pub fn piece_sent(&self, status: Result<u16, NetworkFailure>) -> Result<(), WalletError> {
        answered_status(status)
    }

    /// The request that reads piece `number` of a version of a document. Its answer is bytes, status 206.
    ///
    /// # Errors
    /// `not-found`.
    pub fn read_piece(&self, document: &str, file: &str, number: usize) -> Result<HttpRequest, WalletError> {
        let document = self.core.records()?.need::<Document>(document)?;
        let attachment = document
            .file(file)
            .ok_or_else(WalletError::not_found)?
            .attachment()?;
        let start = number as u64 * SEALED_PIECE as u64;
        let end = attachment.sealed_size().min(start + SEALED_PIECE as u64);
        if number >= attachment.pieces().len() {
            return Err(WalletError::not_found());
        }
        let request = blob_request(
            &self.core,
            &format!("{}/content", attachment.blob()),
            SEALED_PIECE,
        )?;
        Ok(request.header("range", format!("bytes={start}-{}", end - 1)))
    }

    /// Opens the answer to [`Wallet::read_piece`].
    ///
    /// # Errors
    /// `document-not-authentic` when these are not the bytes of that piece.
    pub fn open_piece(
        &self,
        document: &str,
        file: &str,
        number: usize,
        answer: Result<(u16, &[u8]), NetworkFailure>,
    ) -> Result<Zeroizing<Vec<u8>>, WalletError> {
        answered_status(answer.map(|(status, _)| status))?;
        let sealed = answer.map(|(_, sealed)| sealed).unwrap_or_default();
        let document = self.core.records()?.need::<Document>(document)?;
        let attachment = document
            .file(file)
            .ok_or_else(WalletError::not_found)?
            .attachment()?;
        let vault = self.core.open()?.vault.header().vault;
        attachment
            .open_piece(vault, number, sealed)
            .map_err(|error| match error {
                VaultError::RecordMissing | VaultError::RecordNotAuthentic => not_authentic(),
                error => WalletError::from_code(&error),
            })
    }
}

/// A successful answer about a blob, or the error it stands for.
pub(super) fn answered(answer: Result<HttpResponse, NetworkFailure>) -> Result<HttpResponse, WalletError> {
    let status = answer
        .as_ref()
        .map(|response| response.status)
        .map_err(|error| *error);
    answered_status(status)?;
    sync::received(answer)
}

fn answered_status(status: Result<u16, NetworkFailure>) -> Result<(), WalletError> {
    match status {
        Ok(404) => Err(not_at_service()),
        Ok(413) => Err(WalletError::new(
            "document-too-large-for-service",
            "the document is larger than this vault service keeps",
            "Make it smaller, or keep it elsewhere.",
            Blame::Caller,
        )),
        // What is sent was checked here against what was declared: it was changed on the way.
        Ok(416 | 422) => Err(not_authentic()),
        status => sync::accepted(status),
    }
}

fn blob_request(core: &Core, path: &str, max_response: usize) -> Result<HttpRequest, WalletError> {
    let url = format!("{}/blobs/{path}", core.open()?.address.as_str());
    sync::authorised(
        core,
        HttpRequest::get(url, "application/octet-stream", max_response),
    )
}

pub(super) fn not_at_service() -> WalletError {
    WalletError::new(
        "document-not-at-service",
        "the vault service does not have this document",
        "Try again. If it stays, add the document again.",
        Blame::Peer,
    )
}

fn not_authentic() -> WalletError {
    WalletError::new(
        "document-not-authentic",
        "what the vault service has is not this document",
        "Try again. If it stays, the document was damaged or replaced there.",
        Blame::Peer,
    )
}

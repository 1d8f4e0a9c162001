//! Documents and photos: sealed and opened piece by piece, never whole in memory.
//!
//! Each piece is an envelope of its own, bound to its attachment and its number, under a key of the attachment alone. The
//! list of all pieces by hash, the key and the length are in the vault, in a record. So a piece can be sent, sent again or
//! read by itself, in any order, and none can be left out, moved, cut or replaced. Sealing a piece again, after an
//! interruption, uses a fresh salt: no two contents ever share a key stream.

use assent_core::crypto::{constant_time_eq, sha256};
use assent_core::env::SecureRandom;
use ciborium::Value;
use zeroize::Zeroizing;

use super::cbor::{self, Fields};
use super::context::{Context, Kind, VaultId};
use super::error::VaultError;
use super::key::Key;
use super::padding::padded_len;
use super::{open, seal};

/// Bytes of a sealed piece; only the last one may be shorter.
pub const SEALED_PIECE: usize = 1 << 20;
/// Bytes of content in a piece: what makes it [`SEALED_PIECE`] long, with 74 bytes of envelope and 64 tags.
pub const PIECE: usize = SEALED_PIECE - 74 - 64 * 16;
/// Longest attachment, in bytes.
pub const MAX_ATTACHMENT: u64 = 100 << 20;
/// Pieces of the longest, padded.
const MAX_PIECES: usize = 128;
const MARKER: u8 = 0x80;

const LABEL: &str = "assent/attachment/1";

/// A whole attachment: what opens it. Belongs into the content of a record, nowhere else.
#[derive(Clone)]
pub struct Attachment {
    id: [u8; 16],
    key: Key,
    size: u64,
    pieces: Vec<[u8; 32]>,
}

/// A sealed piece on its way to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPiece {
    /// Its number, from 0.
    pub number: usize,
    /// SHA-256 of its bytes.
    pub hash: [u8; 32],
    /// Its bytes.
    pub sealed: Vec<u8>,
}

/// Seals content that is pushed in as it is read.
pub struct AttachmentSealer {
    vault: VaultId,
    so_far: Attachment,
    /// Less than a piece.
    buffer: Zeroizing<Vec<u8>>,
}

impl AttachmentSealer {
    /// Begins an attachment of `vault`.
    ///
    /// # Errors
    /// [`VaultError::Random`].
    pub fn new(vault: VaultId, rng: &mut dyn SecureRandom) -> Result<Self, VaultError> {
        let mut id = [0; 16];
        rng.fill(&mut id)?;
        let so_far = Attachment {
            id,
            key: Key::generate(rng)?,
            size: 0,
            pieces: Vec::new(),
        };
        Ok(Self {
            vault,
            so_far,
            buffer: Zeroizing::new(Vec::with_capacity(PIECE)),
        })
    }

    /// Goes on after an interruption, from what [`AttachmentSealer::so_far`] gave. The content must be pushed from byte
    /// [`AttachmentSealer::position`] on; it must be the same content, else the attachment is a mixture.
    ///
    /// # Errors
    /// [`VaultError::Malformed`].
    pub fn resume(vault: VaultId, so_far: &[u8]) -> Result<Self, VaultError> {
        let so_far = Attachment::read(so_far, false)?;
        Ok(Self {
            vault,
            so_far,
            buffer: Zeroizing::new(Vec::with_capacity(PIECE)),
        })
    }

    /// What to keep, sealed, to go on after an interruption: everything up to the last whole piece.
    #[must_use]
    pub fn so_far(&self) -> Zeroizing<Vec<u8>> {
        self.so_far.write(false)
    }

    /// Bytes of content in whole pieces: where to go on reading.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.so_far.size
    }

    /// Takes content; gives the pieces that it completes to `sink`.
    ///
    /// # Errors
    /// [`VaultError::AttachmentTooLarge`], [`VaultError::Random`]; what `sink` was given stays good.
    pub fn push(
        &mut self,
        mut content: &[u8],
        rng: &mut dyn SecureRandom,
        sink: &mut dyn FnMut(SealedPiece),
    ) -> Result<(), VaultError> {
        let total = self.so_far.size + self.buffer.len() as u64 + content.len() as u64;
        if total > MAX_ATTACHMENT {
            return Err(VaultError::AttachmentTooLarge);
        }
        while !content.is_empty() {
            let (now, later) = content.split_at(content.len().min(PIECE - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            content = later;
            if self.buffer.len() == PIECE {
                self.so_far.size += PIECE as u64;
                self.seal_buffer(rng, sink)?;
            }
        }
        Ok(())
    }

    /// The end of the content: pads, gives the last pieces to `sink`, and returns what opens all of them.
    ///
    /// # Errors
    /// [`VaultError::Random`].
    pub fn finish(
        mut self,
        rng: &mut dyn SecureRandom,
        sink: &mut dyn FnMut(SealedPiece),
    ) -> Result<Attachment, VaultError> {
        self.so_far.size += self.buffer.len() as u64;
        let size = self.so_far.size;
        // The length of the whole is hidden, so it is padded as a whole (at most 3 % at this length).
        let mut missing = padded_len(size) - size;
        let mut first = true;
        while missing > 0 {
            let room = PIECE - self.buffer.len();
            let now = usize::try_from(missing).map_or(room, |missing| missing.min(room));
            let end = self.buffer.len() + now;
            if first {
                self.buffer.push(MARKER);
                first = false;
            }
            self.buffer.resize(end, 0);
            missing -= now as u64;
            if self.buffer.len() == PIECE {
                self.seal_buffer(rng, sink)?;
            }
        }
        if !self.buffer.is_empty() {
            self.seal_buffer(rng, sink)?;
        }
        Ok(self.so_far)
    }

    fn seal_buffer(
        &mut self,
        rng: &mut dyn SecureRandom,
        sink: &mut dyn FnMut(SealedPiece),
    ) -> Result<(), VaultError> {
        let number = self.so_far.pieces.len();
        let place = place(self.vault, self.so_far.id, number);
        let sealed = seal(&self.so_far.key, &place, &self.buffer, rng)?;
        let hash = sha256(&sealed);
        self.so_far.pieces.push(hash);
        // Zeroes the content and keeps the room for the next piece.
        self.buffer.fill(0);
        self.buffer.clear();
        sink(SealedPiece { number, hash, sealed });
        Ok(())
    }
}

impl Attachment {
    /// Bytes of content.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// SHA-256 of each sealed piece, in order.
    #[must_use]
    pub fn pieces(&self) -> &[[u8; 32]] {
        &self.pieces
    }

    /// Bytes of all sealed pieces.
    #[must_use]
    pub fn sealed_size(&self) -> u64 {
        let last = padded_len(self.size) % PIECE as u64;
        let whole = padded_len(self.size) / PIECE as u64 * SEALED_PIECE as u64;
        // A piece that is not full: its envelope, and a tag for each chunk of 16 KiB and the last, shorter one.
        if last == 0 {
            whole
        } else {
            whole + last + 74 + (last / (16 << 10) + 1) * 16
        }
    }

    /// For the content of a record.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.write(true)
    }

    /// From [`Attachment::to_bytes`].
    ///
    /// # Errors
    /// [`VaultError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        Self::read(bytes, true)
    }

    /// Opens piece `number`; gives its content.
    ///
    /// # Errors
    /// [`VaultError::RecordMissing`] when these are not the bytes of that piece; [`VaultError::RecordNotAuthentic`].
    pub fn open_piece(
        &self,
        vault: VaultId,
        number: usize,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let hash = self.pieces.get(number).ok_or(VaultError::RecordMissing)?;
        if !constant_time_eq(&sha256(sealed), hash) {
            return Err(VaultError::RecordMissing);
        }
        let mut content = open(&self.key, &place(vault, self.id, number), sealed)
            .map_err(|_| VaultError::RecordNotAuthentic)?;
        let start = number as u64 * PIECE as u64;
        let padded = padded_len(self.size);
        if content.len() as u64 != (padded - start).min(PIECE as u64) {
            return Err(VaultError::RecordNotAuthentic);
        }
        // What is beyond the end must be the padding, exactly.
        let end =
            usize::try_from(self.size.saturating_sub(start)).map_or(PIECE, |end| end.min(content.len()));
        for (at, byte) in content.iter().enumerate().skip(end) {
            let expected = if start + at as u64 == self.size { MARKER } else { 0 };
            if *byte != expected {
                return Err(VaultError::RecordNotAuthentic);
            }
        }
        content.truncate(end);
        Ok(content)
    }

    fn write(&self, whole: bool) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(cbor::encode(&Value::Array(vec![
            Value::from(LABEL),
            Value::Bool(whole),
            cbor::bytes(&self.id),
            cbor::bytes(self.key.expose()),
            Value::from(self.size),
            Value::Array(self.pieces.iter().map(|hash| cbor::bytes(hash)).collect()),
        ])))
    }

    fn read(bytes: &[u8], whole: bool) -> Result<Self, VaultError> {
        let mut fields = Fields::new(cbor::decode(bytes)?);
        // What is not finished opens nothing, and what is finished does not go on.
        if fields.text()? != LABEL || fields.value()? != Value::Bool(whole) {
            return Err(VaultError::Malformed);
        }
        let id = fields.fixed()?;
        let key = Key::from_bytes(&Zeroizing::new(fields.bytes()?)).ok_or(VaultError::Malformed)?;
        let size: u64 = fields.number()?;
        let pieces = fields.array()?;
        fields.end()?;
        if size > MAX_ATTACHMENT || pieces.len() > MAX_PIECES {
            return Err(VaultError::Malformed);
        }
        let length = if whole { padded_len(size) } else { size };
        if pieces.len() as u64 != length.div_ceil(PIECE as u64)
            || !whole && !size.is_multiple_of(PIECE as u64)
        {
            return Err(VaultError::Malformed);
        }
        let pieces = pieces
            .into_iter()
            .map(|hash| hash.into_bytes().ok().and_then(|hash| hash.try_into().ok()))
            .collect::<Option<_>>()
            .ok_or(VaultError::Malformed)?;
        Ok(Self {
            id,
            key,
            size,
            pieces,
        })
    }
}

/// Opens sealed bytes that are pushed in as they arrive.
#[derive(Debug)]
pub struct AttachmentOpener<'a> {
    attachment: &'a Attachment,
    vault: VaultId,
    number: usize,
    buffer: Vec<u8>,
}

impl<'a> AttachmentOpener<'a> {
    /// From piece `number` on: 0, or the first one that is missing here.
    #[must_use]
    pub fn new(attachment: &'a Attachment, vault: VaultId, number: usize) -> Self {
        Self {
            attachment,
            vault,
            number,
            buffer: Vec::new(),
        }
    }

    /// The next piece: where to go on after an interruption, at byte `next * SEALED_PIECE`.
    #[must_use]
    pub fn next(&self) -> usize {
        self.number
    }

    /// Takes sealed bytes; gives the content of each whole piece to `sink`. Nothing is given out that was not checked.
    ///
    /// # Errors
    /// As [`Attachment::open_piece`]; nothing follows then.
    pub fn push(&mut self, mut sealed: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<(), VaultError> {
        while !sealed.is_empty() {
            let (now, later) = sealed.split_at(sealed.len().min(SEALED_PIECE - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            sealed = later;
            if self.buffer.len() == SEALED_PIECE {
                self.open_buffer(sink)?;
            }
        }
        Ok(())
    }

    /// The end of the sealed bytes.
    ///
    /// # Errors
    /// [`VaultError::RecordMissing`] when they were cut short.
    pub fn finish(mut self, sink: &mut dyn FnMut(&[u8])) -> Result<(), VaultError> {
        if !self.buffer.is_empty() {
            self.open_buffer(sink)?;
        }
        if self.number == self.attachment.pieces.len() {
            Ok(())
        } else {
            Err(VaultError::RecordMissing)
        }
    }

    fn open_buffer(&mut self, sink: &mut dyn FnMut(&[u8])) -> Result<(), VaultError> {
        let content = self
            .attachment
            .open_piece(self.vault, self.number, &self.buffer)?;
        self.number += 1;
        self.buffer.clear();
        if !content.is_empty() {
            sink(&content);
        }
        Ok(())
    }
}

fn place(vault: VaultId, id: [u8; 16], number: usize) -> Context {
    Context {
        handle: Some(id),
        version: Some(number as u64),
        ..Context::of_vault(Kind::Attachment, vault)
    }
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attachment(redacted)")
    }
}

impl std::fmt::Debug for AttachmentSealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AttachmentSealer(redacted)")
    }
}

#[cfg(test)]
#[path = "attachment_tests.rs"]
mod tests;

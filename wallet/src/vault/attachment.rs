//! Documents and photos: sealed and opened piece by piece, never whole in memory.
//!
//! Each piece is an envelope of its own, bound to its attachment and its number, under a key of the attachment alone. The
//! list of all pieces by hash, the key and the length are in the vault, in a record. So a piece can be sent, sent again or
//! read by itself, in any order, and none can be left out, moved, cut or replaced.
//!
//! The salt of a piece is a keyed hash of its content (specs/decisions/0026): the same content in the same place is sealed
//! to the same bytes, so an upload goes on after any interruption, and other content gets another key stream.

use assent_core::crypto::{constant_time_eq, sha256};
use assent_core::encoding::base64url;
use assent_core::env::{RandomUnavailable, SecureRandom};
use ciborium::Value;
use zeroize::Zeroizing;

use super::cbor::{self, Fields};
use super::chunked::hkdf_expand;
use super::context::{Context, Kind, VaultId};
use super::error::VaultError;
use super::key::Key;
use super::padding::{MARKER, padded_len};
use super::{open, seal};

/// Bytes of a sealed piece; only the last one may be shorter.
pub const SEALED_PIECE: usize = 1 << 20;
/// Bytes of content in a piece: what makes it [`SEALED_PIECE`] long, with 74 bytes of envelope and 64 tags.
pub const PIECE: usize = SEALED_PIECE - 74 - 64 * 16;
/// Longest attachment, in bytes.
pub const MAX_ATTACHMENT: u64 = 100 << 20;
const LABEL: &str = "assent/attachment/1";
const SALT_LABEL: &[u8] = b"assent/attachment-salt/1";
const BLOB_LABEL: &[u8] = b"assent/blob/1";

/// An attachment in the making: what seals its pieces.
#[derive(Clone)]
pub struct NewAttachment {
    id: [u8; 16],
    key: Key,
    size: u64,
}

/// A whole attachment: what opens it. Belongs into the content of a record, nowhere else.
#[derive(Clone)]
pub struct Attachment {
    made: NewAttachment,
    pieces: Vec<[u8; 32]>,
}

/// A sealed piece on its way to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPiece {
    /// SHA-256 of its bytes.
    pub hash: [u8; 32],
    /// Its bytes.
    pub sealed: Vec<u8>,
}

impl NewAttachment {
    /// Begins an attachment of `size` bytes.
    ///
    /// # Errors
    /// [`VaultError::AttachmentTooLarge`], [`VaultError::Random`].
    pub fn new(size: u64, rng: &mut dyn SecureRandom) -> Result<Self, VaultError> {
        if size > MAX_ATTACHMENT {
            return Err(VaultError::AttachmentTooLarge);
        }
        let mut id = [0; 16];
        rng.fill(&mut id)?;
        let key = Key::generate(rng)?;
        Ok(Self { id, key, size })
    }

    /// Bytes of content.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many pieces it has; the length of the whole is hidden, so there may be more than the content fills.
    #[must_use]
    pub fn piece_count(&self) -> usize {
        // At most 101: 100 MiB and 3 % of padding.
        usize::try_from(padded_len(self.size).div_ceil(PIECE as u64)).unwrap_or(usize::MAX)
    }

    /// Bytes of all sealed pieces.
    #[must_use]
    pub fn sealed_size(&self) -> u64 {
        Self::sealed_size_of(self.size)
    }

    /// Bytes of all sealed pieces of an attachment with this many bytes of content.
    #[must_use]
    pub fn sealed_size_of(size: u64) -> u64 {
        let padded = padded_len(size);
        let last = padded % PIECE as u64;
        let whole = padded / PIECE as u64 * SEALED_PIECE as u64;
        // A piece that is not full: its envelope, and a tag for each chunk of 16 KiB and the last, shorter one.
        if last == 0 {
            whole
        } else {
            whole + last + 74 + (last / (16 << 10) + 1) * 16
        }
    }

    /// Seals piece `number`: the content from byte `number * PIECE` on, [`PIECE`] bytes or up to the end.
    ///
    /// # Errors
    /// [`VaultError::RecordMissing`] when there is no such piece, or `content` has another length.
    pub fn seal_piece(
        &self,
        vault: VaultId,
        number: usize,
        content: &[u8],
    ) -> Result<SealedPiece, VaultError> {
        let shape = self.shape(number).ok_or(VaultError::RecordMissing)?;
        if content.len() != shape.content {
            return Err(VaultError::RecordMissing);
        }
        let mut padded = Zeroizing::new(Vec::new());
        let content = if shape.content == shape.padded {
            content
        } else {
            padded.reserve_exact(shape.padded);
            padded.extend_from_slice(content);
            if shape.marked {
                padded.push(MARKER);
            }
            padded.resize(shape.padded, 0);
            padded.as_slice()
        };
        let mut salt = SaltOf {
            key: &self.key,
            number: number as u64,
            content,
        };
        let sealed = seal(&self.key, &self.place(vault, number), content, &mut salt)?;
        let hash = sha256(&sealed);
        Ok(SealedPiece { hash, sealed })
    }

    /// The whole, when every piece was sealed: with the hash of each, in order.
    ///
    /// # Errors
    /// [`VaultError::RecordMissing`] when there are more or fewer.
    pub fn finish(self, pieces: Vec<[u8; 32]>) -> Result<Attachment, VaultError> {
        if pieces.len() != self.piece_count() {
            return Err(VaultError::RecordMissing);
        }
        Ok(Attachment { made: self, pieces })
    }

    /// What to keep, sealed, to go on after an interruption.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.write(false, &[])
    }

    /// From [`NewAttachment::to_bytes`].
    ///
    /// # Errors
    /// [`VaultError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        Self::read(bytes, false).map(|(made, _)| made)
    }

    fn place(&self, vault: VaultId, number: usize) -> Context {
        Context {
            handle: Some(self.id),
            version: Some(number as u64),
            ..Context::of_vault(Kind::Attachment, vault)
        }
    }

    /// What is in piece `number`; `None` when there is none.
    fn shape(&self, number: usize) -> Option<Shape> {
        let start = (number as u64).checked_mul(PIECE as u64)?;
        let padded = padded_len(self.size)
            .checked_sub(start)
            .filter(|rest| *rest > 0)?
            .min(PIECE as u64);
        let content = self.size.saturating_sub(start).min(PIECE as u64);
        Some(Shape {
            content: usize::try_from(content).ok()?,
            padded: usize::try_from(padded).ok()?,
            marked: self.size >= start && content < padded,
        })
    }

    fn write(&self, whole: bool, pieces: &[[u8; 32]]) -> Zeroizing<Vec<u8>> {
        cbor::encode_secret(Value::Array(vec![
            Value::from(LABEL),
            Value::Bool(whole),
            cbor::bytes(&self.id),
            cbor::bytes(self.key.expose()),
            Value::from(self.size),
            Value::Array(pieces.iter().map(|hash| cbor::bytes(hash)).collect()),
        ]))
    }

    fn read(bytes: &[u8], whole: bool) -> Result<(Self, Vec<[u8; 32]>), VaultError> {
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
        let made = Self { id, key, size };
        if size > MAX_ATTACHMENT || pieces.len() != if whole { made.piece_count() } else { 0 } {
            return Err(VaultError::Malformed);
        }
        let pieces = pieces
            .into_iter()
            .map(|hash| hash.into_bytes().ok().and_then(|hash| hash.try_into().ok()))
            .collect::<Option<_>>()
            .ok_or(VaultError::Malformed)?;
        Ok((made, pieces))
    }
}

impl Attachment {
    /// Bytes of content.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.made.size
    }

    /// SHA-256 of each sealed piece, in order.
    #[must_use]
    pub fn pieces(&self) -> &[[u8; 32]] {
        &self.pieces
    }

    /// Bytes of all sealed pieces.
    #[must_use]
    pub fn sealed_size(&self) -> u64 {
        self.made.sealed_size()
    }

    /// What the service calls all the pieces together: SHA-256 over a label, their length and their hashes, base64url.
    #[must_use]
    pub fn blob(&self) -> String {
        let mut bytes = BLOB_LABEL.to_vec();
        bytes.extend_from_slice(&self.sealed_size().to_be_bytes());
        bytes.extend(self.pieces.iter().flatten());
        base64url::encode(&sha256(&bytes))
    }

    /// For the content of a record.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.made.write(true, &self.pieces)
    }

    /// From [`Attachment::to_bytes`].
    ///
    /// # Errors
    /// [`VaultError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        NewAttachment::read(bytes, true).map(|(made, pieces)| Self { made, pieces })
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
        let shape = self.made.shape(number).ok_or(VaultError::RecordMissing)?;
        let mut content = open(&self.made.key, &self.made.place(vault, number), sealed)
            .map_err(|_| VaultError::RecordNotAuthentic)?;
        // What is beyond the end must be the padding, exactly.
        let mut beyond = content.iter().skip(shape.content);
        let padded = content.len() == shape.padded
            && (!shape.marked || beyond.next() == Some(&MARKER))
            && beyond.all(|byte| *byte == 0);
        if !padded {
            return Err(VaultError::RecordNotAuthentic);
        }
        content.truncate(shape.content);
        Ok(content)
    }
}

/// What is in one piece.
struct Shape {
    /// Bytes of content.
    content: usize,
    /// Bytes with padding.
    padded: usize,
    /// The padding begins here.
    marked: bool,
}

/// In place of randomness: a keyed hash of what is sealed. Two contents of one piece have two salts; one has one.
struct SaltOf<'a> {
    key: &'a Key,
    number: u64,
    content: &'a [u8],
}

impl SecureRandom for SaltOf<'_> {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        let info = [SALT_LABEL, &self.number.to_be_bytes(), self.content];
        hkdf_expand(self.key.expose(), &info, out);
        Ok(())
    }
}

impl std::fmt::Debug for NewAttachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewAttachment(redacted)")
    }
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attachment(redacted)")
    }
}

#[cfg(test)]
#[path = "attachment_tests.rs"]
mod tests;

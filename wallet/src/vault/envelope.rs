//! The one envelope: format byte, suite byte, key id, C2SP chunked encryption.

use assent_core::crypto::constant_time_eq;
use assent_core::env::{RandomUnavailable, SecureRandom};
use zeroize::Zeroizing;

use super::context::Context;
use super::key::Key;
use super::{chunked, padding};

const FORMAT: u8 = 0x01;
/// Suite 1: Cobblestone-256.
const SUITE: u8 = 0x01;
const PREFIX: usize = 2 + 16;

/// The envelope does not open with this key in this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Too short, or a format or suite that is not known.
    #[error("not an envelope of a known format")]
    Format,
    /// Made with another key.
    #[error("the envelope was made with another key")]
    OtherKey,
    /// Changed, moved from another place, or not padded as it must be.
    #[error("the envelope was changed or moved")]
    NotAuthentic,
}

/// Seals `content` for its place.
///
/// # Errors
/// [`RandomUnavailable`] when the platform has no randomness.
pub fn seal(
    key: &Key,
    context: &Context,
    content: &[u8],
    rng: &mut dyn SecureRandom,
) -> Result<Vec<u8>, RandomUnavailable> {
    let id = key.id();
    let context_bytes = context.encode(SUITE, id);
    let padded = if context.kind.is_padded() {
        padding::padded(content.len())
    } else {
        content.len()
    };
    let mut out = Vec::with_capacity(PREFIX + chunked::encrypted_len(padded));
    out.extend_from_slice(&[FORMAT, SUITE]);
    out.extend_from_slice(&id);
    chunked::encrypt(key.expose(), &context_bytes, content, padded, &mut out, rng)?;
    Ok(out)
}

/// Opens an envelope found at the place `context`.
///
/// # Errors
/// [`OpenError`].
pub fn open(key: &Key, context: &Context, envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (prefix, body) = envelope.split_at_checked(PREFIX).ok_or(OpenError::Format)?;
    if prefix[..2] != [FORMAT, SUITE] {
        return Err(OpenError::Format);
    }
    let id = key.id();
    if !constant_time_eq(&prefix[2..], &id) {
        return Err(OpenError::OtherKey);
    }
    let content = chunked::decrypt(key.expose(), &context.encode(SUITE, id), body)
        .map_err(|_| OpenError::NotAuthentic)?;
    if !context.kind.is_padded() {
        return Ok(content);
    }
    padding::unpad(content).ok_or(OpenError::NotAuthentic)
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;

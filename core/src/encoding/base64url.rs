//! Base64url without padding (RFC 7515 §2), strict: no padding, no other alphabet, no trailing bits.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// The text was not strict unpadded base64url (or, for [`decode_standard`], not padded standard base64).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not valid base64")]
pub struct BadBase64;

/// Encodes without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes, refusing padding, foreign characters and non-zero trailing bits.
///
/// # Errors
/// [`BadBase64`] for anything else than the one canonical encoding.
pub fn decode(text: &str) -> Result<Vec<u8>, BadBase64> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| BadBase64)
}

/// Encodes as padded standard base64, the form of `x5c` entries (RFC 7515 §4.1.6).
#[must_use]
pub fn encode_standard(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes padded standard base64, the form of `x5c` entries (RFC 7515 §4.1.6).
///
/// # Errors
/// [`BadBase64`] for anything else.
pub fn decode_standard(text: &str) -> Result<Vec<u8>, BadBase64> {
    STANDARD.decode(text).map_err(|_| BadBase64)
}

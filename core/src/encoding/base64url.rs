//! Base64url without padding (RFC 7515 §2), strict: no padding, no other alphabet, no trailing bits.
//!
//! What is encoded may be a key, so the library is one without branches or tables that depend on it. The standard
//! alphabet is written and read through the same code, so that the browser's modules hold it once.

use base64ct::{Base64UrlUnpadded, Encoding as _};

/// The text was not strict unpadded base64url (or what the other functions here read).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not valid base64")]
pub struct BadBase64;

/// Encodes without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Decodes, refusing padding, foreign characters and non-zero trailing bits.
///
/// # Errors
/// [`BadBase64`] for anything else than the one canonical encoding.
pub fn decode(text: &str) -> Result<Vec<u8>, BadBase64> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| BadBase64)
}

/// Encodes as padded standard base64, the form of `x5c` entries (RFC 7515 §4.1.6).
#[must_use]
pub fn encode_standard(bytes: &[u8]) -> String {
    let mut text = encode_standard_bare(bytes);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Decodes padded standard base64, the form of `x5c` entries (RFC 7515 §4.1.6).
///
/// # Errors
/// [`BadBase64`] for anything else.
pub fn decode_standard(text: &str) -> Result<Vec<u8>, BadBase64> {
    let bare = text
        .strip_suffix("==")
        .or_else(|| text.strip_suffix('='))
        .unwrap_or(text);
    // As much padding as is needed, and no more: with three signs or a needless one the rest is no whole number of groups.
    if !text.len().is_multiple_of(4) || text.len() - bare.len() != bare.len().wrapping_neg() % 4 {
        return Err(BadBase64);
    }
    decode_standard_bare(bare)
}

/// Encodes as standard base64 without padding, as in the header of an age file. For what is no secret.
#[must_use]
pub fn encode_standard_bare(bytes: &[u8]) -> String {
    encode(bytes).replace('-', "+").replace('_', "/")
}

/// Decodes standard base64 without padding, as in the header of an age file. For what is no secret.
///
/// # Errors
/// [`BadBase64`] for anything else.
pub fn decode_standard_bare(text: &str) -> Result<Vec<u8>, BadBase64> {
    if text.contains(['-', '_']) {
        return Err(BadBase64);
    }
    decode(&text.replace('+', "-").replace('/', "_"))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{GeneralPurpose, STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    type Ours = (
        fn(&[u8]) -> String,
        fn(&str) -> Result<Vec<u8>, BadBase64>,
        GeneralPurpose,
    );

    /// Ours, and the same of somebody else.
    fn all() -> [Ours; 3] {
        [
            (encode, decode, URL_SAFE_NO_PAD),
            (encode_standard, decode_standard, STANDARD),
            (encode_standard_bare, decode_standard_bare, STANDARD_NO_PAD),
        ]
    }

    fn agree(text: &str) {
        for (_, decode, theirs) in all() {
            assert_eq!(decode(text).ok(), theirs.decode(text).ok(), "{text:?}");
        }
    }

    /// RFC 4648 §10.
    #[test]
    fn the_examples_of_rfc_4648() {
        for (plain, padded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode_standard(plain.as_bytes()), padded);
            assert_eq!(decode_standard(padded).unwrap(), plain.as_bytes());
            let bare = padded.trim_end_matches('=');
            assert_eq!(encode(plain.as_bytes()), bare);
            assert_eq!(decode(bare).unwrap(), plain.as_bytes());
        }
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
        assert_eq!(encode_standard(&[0xfb, 0xff]), "+/8=");
    }

    #[test]
    fn only_the_canonical_form() {
        for bad in [
            "a", "aaaaa", "Zh", "Zm9", "Zg==", "Zg=", "Zm9v=", "Z g", "Zg\n", "+_8", "é", "====", "=", "A===",
        ] {
            assert_eq!(decode(bad), Err(BadBase64), "{bad:?}");
        }
        for bad in [
            "Zg", "Zg=", "Zg===", "Zm9v=", "Zm9v====", "Zm8==", "Zh==", "-_8=", "=", "==", "====", "Z=g=",
        ] {
            assert_eq!(decode_standard(bad), Err(BadBase64), "{bad:?}");
        }
    }

    /// Every symbol and every byte that is none, in every place of a group and in every length; as another
    /// implementation has it.
    #[test]
    fn every_symbol_in_every_place() {
        for byte in 0..=u8::MAX {
            for before in 0..5 {
                for after in 0..5 {
                    let mut text = "A".repeat(before);
                    text.push(char::from(byte));
                    text.push_str(&"A".repeat(after));
                    agree(&text);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for (encode, decode, theirs) in all() {
                let text = encode(&bytes);
                prop_assert_eq!(&text, &theirs.encode(&bytes));
                prop_assert_eq!(decode(&text), Ok(bytes.clone()));
            }
        }

        #[test]
        fn texts_are_taken_as_others_take_them(text in "[A-Za-z0-9+/_=-]{0,40}", other in ".{0,12}") {
            agree(&text);
            agree(&other);
        }
    }
}

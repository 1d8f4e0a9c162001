//! Base64url without padding (RFC 7515 §2), strict: no padding, no other alphabet, no trailing bits.
//!
//! Written out: what is encoded may be a key, so there is neither a branch nor a table that depends on it; and every
//! browser fetches this, so there is one loop for all alphabets.

/// The text was not strict unpadded base64url (or what the other functions here read).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not valid base64")]
pub struct BadBase64;

/// Symbols 62 and 63, in which the alphabets differ (RFC 4648 §4, §5).
type Last = [u8; 2];
const URL: Last = *b"-_";
const STANDARD: Last = *b"+/";

/// Encodes without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    write(bytes, URL)
}

/// Decodes, refusing padding, foreign characters and non-zero trailing bits.
///
/// # Errors
/// [`BadBase64`] for anything else than the one canonical encoding.
pub fn decode(text: &str) -> Result<Vec<u8>, BadBase64> {
    read(text, URL)
}

/// Encodes as padded standard base64, the form of `x5c` entries (RFC 7515 §4.1.6).
#[must_use]
pub fn encode_standard(bytes: &[u8]) -> String {
    let mut text = write(bytes, STANDARD);
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
    read(bare, STANDARD)
}

/// Encodes as standard base64 without padding, as in the header of an age file.
#[must_use]
pub fn encode_standard_bare(bytes: &[u8]) -> String {
    write(bytes, STANDARD)
}

/// Decodes standard base64 without padding, as in the header of an age file.
///
/// # Errors
/// [`BadBase64`] for anything else.
pub fn decode_standard_bare(text: &str) -> Result<Vec<u8>, BadBase64> {
    read(text, STANDARD)
}

fn write(bytes: &[u8], last: Last) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| group.get(at).copied().map_or(0, u32::from);
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for shift in [18, 12, 6, 0].into_iter().take(group.len() + 1) {
            out.push(char::from(symbol((bits >> shift & 63).to_le_bytes()[0], last)));
        }
    }
    out
}

fn read(text: &str, last: Last) -> Result<Vec<u8>, BadBase64> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    // What is read and not yet written, how many bits that are, and whether all were symbols.
    let (mut bits, mut count, mut good) = (0_u32, 0_u32, 0_i16);
    for symbol in text.bytes() {
        let value = value(symbol, last);
        good |= value;
        bits = bits << 6 | u32::from(value.to_le_bytes()[0] & 63);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count).to_le_bytes()[0]);
            bits &= (1 << count) - 1;
        }
    }
    // A single symbol at the end holds no byte; what is left over must be zero (RFC 4648 §3.5).
    if good < 0 || bits != 0 || text.len() % 4 == 1 {
        return Err(BadBase64);
    }
    Ok(out)
}

/// The symbol of a value below 64.
fn symbol(value: u8, last: Last) -> u8 {
    let [a, b] = last.map(i16::from);
    let value = i16::from(value);
    // All ones from `from` on, else zero.
    let from = |from: i16| (from - 1 - value) >> 8;
    let symbol =
        value + 65 + (from(26) & 6) + (from(52) & -75) + (from(62) & (a - 58)) + (from(63) & (b - a - 1));
    symbol.to_le_bytes()[0]
}

/// The value of a symbol; -1 when it is none.
fn value(symbol: u8, last: Last) -> i16 {
    let [a, b] = last.map(i16::from);
    let symbol = i16::from(symbol);
    // `value` and one more for a symbol in the range, else zero.
    let within =
        |low: i16, high: i16, value: i16| (((low - 1 - symbol) & (symbol - high - 1)) >> 8) & (value + 1);
    within(65, 90, symbol - 65)
        + within(97, 122, symbol - 71)
        + within(48, 57, symbol + 4)
        + within(a, a, 62)
        + within(b, b, 63)
        - 1
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

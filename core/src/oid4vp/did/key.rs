//! `did:key` and Multikey values: base58btc (`z`) of a multicodec prefix and the key.

use super::DidError;
use crate::crypto::PublicKey;

/// Longest base58 text: room for a compressed P-384 point, the longest key we use.
const MAX_BASE58: usize = 128;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

pub(super) fn read(multibase: &str) -> Result<PublicKey, DidError> {
    let text = multibase.strip_prefix('z').ok_or(DidError::Malformed)?;
    let bytes = decode_base58(text).ok_or(DidError::Malformed)?;
    // Multicodec table, as unsigned varints: ed25519-pub 0xed, p256-pub 0x1200, p384-pub 0x1201.
    let (codec, key) = bytes.split_at_checked(2).ok_or(DidError::Malformed)?;
    let key = match (codec, key.len()) {
        ([0xed, 0x01], 32) => PublicKey::from_ed25519(key),
        ([0x80, 0x24], 33) => PublicKey::from_p256_sec1(key),
        ([0x81, 0x24], 49) => PublicKey::from_p384_sec1(key),
        _ => return Err(DidError::Key),
    };
    key.map_err(|_| DidError::Key)
}

fn decode_base58(text: &str) -> Option<Vec<u8>> {
    if text.len() > MAX_BASE58 {
        return None;
    }
    // Big-endian digits in base 256, least significant last.
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        let mut carry = u32::try_from(ALPHABET.iter().position(|known| *known == byte)?).ok()?;
        for digit in out.iter_mut().rev() {
            carry += u32::from(*digit) * 58;
            *digit = u8::try_from(carry & 0xff).ok()?;
            carry >>= 8;
        }
        while carry > 0 {
            out.insert(0, u8::try_from(carry & 0xff).ok()?);
            carry >>= 8;
        }
    }
    let zeros = text.bytes().take_while(|byte| *byte == b'1').count();
    out.splice(0..0, std::iter::repeat_n(0, zeros));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base58() {
        assert_eq!(decode_base58("").unwrap(), b"");
        assert_eq!(decode_base58("2NEpo7TZRRrLZSi2U").unwrap(), b"Hello World!");
        assert_eq!(decode_base58("11").unwrap(), [0, 0]);
        assert_eq!(decode_base58("0"), None);
        assert_eq!(decode_base58(&"z".repeat(129)), None);
    }
}

//! The recovery code: 160 random bits in Crockford's base 32, with a checksum, in nine groups of four.

use std::fmt;

use assent_core::crypto::sha256;
use assent_core::env::{RandomUnavailable, SecureRandom};
use zeroize::Zeroizing;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SECRET: usize = 20;
const SYMBOLS: usize = 32;
const CHECK: usize = 4;
const GROUP: usize = 4;

/// What was typed is not a recovery code: wrong length, a letter that does not occur, or a typing mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a valid recovery code")]
pub struct BadRecoveryCode;

/// A recovery code.
#[derive(Clone)]
pub struct RecoveryCode(Zeroizing<[u8; SECRET]>);

impl RecoveryCode {
    /// A fresh code.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when the platform has no randomness.
    pub fn generate(rng: &mut dyn SecureRandom) -> Result<Self, RandomUnavailable> {
        let mut secret = Zeroizing::new([0; SECRET]);
        rng.fill(secret.as_mut_slice())?;
        Ok(Self(secret))
    }

    /// The code as nine groups of four characters.
    #[must_use]
    pub fn groups(&self) -> Vec<Zeroizing<String>> {
        let symbols = self.symbols();
        symbols
            .chunks(GROUP)
            .map(|group| {
                Zeroizing::new(
                    group
                        .iter()
                        .map(|value| char::from(ALPHABET[usize::from(*value)]))
                        .collect(),
                )
            })
            .collect()
    }

    /// Reads a code as people type it: any case, spaces and hyphens anywhere, `O` for `0`, `I` and `L` for `1`.
    ///
    /// # Errors
    /// [`BadRecoveryCode`].
    pub fn parse(text: &str) -> Result<Self, BadRecoveryCode> {
        let mut symbols = Zeroizing::new(Vec::with_capacity(SYMBOLS + CHECK));
        for c in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let value = ALPHABET.iter().position(|symbol| char::from(*symbol) == c);
            symbols.push(
                value
                    .and_then(|value| u8::try_from(value).ok())
                    .ok_or(BadRecoveryCode)?,
            );
            if symbols.len() > SYMBOLS + CHECK {
                return Err(BadRecoveryCode);
            }
        }
        if symbols.len() != SYMBOLS + CHECK {
            return Err(BadRecoveryCode);
        }
        let mut secret = Zeroizing::new([0; SECRET]);
        for (chunk, out) in symbols[..SYMBOLS].chunks(8).zip(secret.chunks_mut(5)) {
            let bits = chunk
                .iter()
                .fold(0u64, |bits, value| bits << 5 | u64::from(*value));
            out.copy_from_slice(&bits.to_be_bytes()[3..]);
        }
        let code = Self(secret);
        if code.symbols()[SYMBOLS..] != symbols[SYMBOLS..] {
            return Err(BadRecoveryCode);
        }
        Ok(code)
    }

    pub(super) fn secret(&self) -> &[u8; SECRET] {
        &self.0
    }

    fn symbols(&self) -> Zeroizing<Vec<u8>> {
        let mut symbols = Zeroizing::new(Vec::with_capacity(SYMBOLS + CHECK));
        for chunk in self.0.chunks(5) {
            let bits = chunk.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
            symbols.extend((0..8).rev().map(|i| (bits >> (5 * i) & 31) as u8));
        }
        // 20 bits of a hash over the secret: one typing mistake in a million goes unseen, and then it does not
        // open the vault either.
        let mut input = Zeroizing::new(b"vault/recovery-check".to_vec());
        input.extend_from_slice(self.0.as_slice());
        let hash = sha256(&input);
        let bits = u32::from(hash[0]) << 16 | u32::from(hash[1]) << 8 | u32::from(hash[2]);
        symbols.extend((0..CHECK).rev().map(|i| (bits >> (5 * i) & 31) as u8));
        symbols
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(code: &RecoveryCode) -> String {
        code.groups()
            .iter()
            .map(|group| group.as_str())
            .collect::<Vec<_>>()
            .join("-")
    }

    proptest! {
        #[test]
        fn comes_back_and_catches_mistakes(secret in any::<[u8; 20]>(), at in 0usize..36, shift in 1u8..32) {
            let code = RecoveryCode(Zeroizing::new(secret));
            let typed = text(&code);
            prop_assert_eq!(typed.len(), 36 + 8);
            prop_assert_eq!(RecoveryCode::parse(&typed.to_lowercase()).unwrap().0, Zeroizing::new(secret));
            let mut symbols: Vec<u8> = typed.bytes().filter(|b| *b != b'-').collect();
            let value = ALPHABET.iter().position(|s| *s == symbols[at]).unwrap();
            symbols[at] = ALPHABET[(value + usize::from(shift)) % 32];
            // One wrong letter in the check part is always seen; in the secret part except once in 2^20.
            if at >= 32 {
                prop_assert!(RecoveryCode::parse(std::str::from_utf8(&symbols).unwrap()).is_err());
            }
        }
    }

    #[test]
    fn a_wrong_letter_in_the_secret_is_seen() {
        let typed = text(&RecoveryCode(Zeroizing::new([0xA5; 20])));
        for at in 0..typed.len() {
            let mut wrong = typed.clone().into_bytes();
            if wrong[at] == b'-' {
                continue;
            }
            wrong[at] = if wrong[at] == b'7' { b'8' } else { b'7' };
            assert!(
                RecoveryCode::parse(std::str::from_utf8(&wrong).unwrap()).is_err(),
                "position {at}"
            );
        }
        assert!(RecoveryCode::parse(&typed.replace('-', " ")).is_ok());
        assert!(RecoveryCode::parse(&typed[1..]).is_err());
        assert!(RecoveryCode::parse(&typed.replacen(|c: char| c != '-', "U", 1)).is_err());
        assert!(RecoveryCode::parse(&"0".repeat(1 << 20)).is_err());
    }
}

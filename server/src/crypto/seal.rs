//! Sealing of what the server must keep for a while but a stolen database must not show: released claims,
//! transaction keys, answers kept for repeated requests.
//!
//! AES-256-GCM with a random nonce; the authenticated context is the place (table, row, column), so that sealed
//! bytes moved to another row do not open.

use assent_core::env::{RandomUnavailable, SecureRandom};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::{Zeroize as _, Zeroizing};

use super::SystemRandom;

/// Where sealed bytes live.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Table name.
    pub table: &'static str,
    /// Primary key of the row.
    pub row: &'a str,
    /// Column name.
    pub column: &'static str,
}

impl Place<'_> {
    /// Unambiguous: table and column are fixed names without a separator in them.
    fn context(&self) -> Vec<u8> {
        [self.table, "\n", self.column, "\n", self.row]
            .concat()
            .into_bytes()
    }
}

/// Why sealing or opening failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The platform gave no randomness.
    #[error("the platform gave no randomness")]
    Random,
    /// Wrong key, wrong place or changed bytes.
    #[error("sealed data does not open")]
    DoesNotOpen,
}

impl From<RandomUnavailable> for SealError {
    fn from(_: RandomUnavailable) -> Self {
        Self::Random
    }
}

/// The key of the server's own sealed columns.
pub struct SealingKey {
    seal: LessSafeKey,
    mac: [u8; 32],
}

impl Drop for SealingKey {
    fn drop(&mut self) {
        self.mac.zeroize();
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(redacted)")
    }
}

impl SealingKey {
    /// From 32 bytes.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`] for another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SealError> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| SealError::DoesNotOpen)?;
        Ok(Self {
            seal: LessSafeKey::new(key),
            mac: super::hmac_sha256(bytes, b"assent/server/mac/1"),
        })
    }

    /// A MAC of `parts` for one purpose, under a key derived from this one. Parts are told apart by their lengths.
    #[must_use]
    pub fn mac(&self, purpose: &'static str, parts: &[&[u8]]) -> [u8; 32] {
        let mut message = Vec::new();
        for part in [&[purpose.as_bytes()], parts].concat() {
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part);
        }
        super::hmac_sha256(&self.mac, &message)
    }

    /// Seals `plain` for `place`: nonce, ciphertext, tag.
    ///
    /// # Errors
    /// [`SealError::Random`].
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::default().fill(&mut nonce)?;
        let mut out = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plain);
        let tag = self
            .seal
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.context()),
                &mut out[NONCE_LEN..],
            )
            .map_err(|_| SealError::DoesNotOpen)?;
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Opens what [`Self::seal`] made for the same place.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`].
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (nonce, rest) = sealed
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(SealError::DoesNotOpen)?;
        let mut buffer = Zeroizing::new(rest.to_vec());
        let length = self
            .seal
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(place.context()),
                buffer.as_mut_slice(),
            )
            .map_err(|_| SealError::DoesNotOpen)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_in_its_place_and_unchanged() {
        let key = SealingKey::from_bytes(&[7; 32]).unwrap();
        let place = Place {
            table: "presentations",
            row: "a",
            column: "state",
        };
        let sealed = key.seal(place, b"secret").unwrap();
        assert_eq!(key.open(place, &sealed).unwrap().as_slice(), b"secret");
        assert!(!sealed.windows(6).any(|w| w == b"secret"));
        assert_ne!(
            sealed,
            key.seal(place, b"secret").unwrap(),
            "a fresh nonce each time"
        );
        for other in [
            Place { row: "b", ..place },
            Place {
                column: "other",
                ..place
            },
            Place {
                table: "tokens",
                ..place
            },
        ] {
            assert_eq!(key.open(other, &sealed).unwrap_err(), SealError::DoesNotOpen);
        }
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert!(key.open(place, &changed).is_err(), "byte {i}");
            assert!(key.open(place, &sealed[..i]).is_err(), "cut at {i}");
        }
        assert!(SealingKey::from_bytes(&[7; 31]).is_err());
    }

    #[test]
    fn a_mac_has_one_purpose_and_knows_where_parts_end() {
        let key = SealingKey::from_bytes(&[7; 32]).unwrap();
        let mac = key.mac("a", &[b"bc", b"d"]);
        assert_eq!(mac, key.mac("a", &[b"bc", b"d"]));
        for other in [
            key.mac("b", &[b"bc", b"d"]),
            key.mac("a", &[b"b", b"cd"]),
            key.mac("a", &[b"bcd"]),
        ] {
            assert_ne!(mac, other);
        }
        assert_ne!(
            mac,
            SealingKey::from_bytes(&[8; 32]).unwrap().mac("a", &[b"bc", b"d"])
        );
    }
}

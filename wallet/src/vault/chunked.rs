//! C2SP chunked encryption v1 (c2sp.org/chunked-encryption), instance Cobblestone-256: HKDF-Expand-SHA-512 and
//! AES-256-GCM. The context goes into the key derivation, so the 32-byte commitment covers key *and* context.

use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use assent_core::crypto::constant_time_eq;
use assent_core::env::{RandomUnavailable, SecureRandom};
use hmac::{Hmac, Mac as _};
use sha2::Sha512;
use zeroize::Zeroizing;

use super::padding::MARKER;

const SALT: usize = 24;
const COMMITMENT: usize = 32;
const CHUNK: usize = 16 << 10;
const TAG: usize = 16;
const PREFIX: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";

/// The ciphertext is not authentic for this key and context. One error for every reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotAuthentic;

/// Encrypts `message`, padded to `padded` bytes (which is its own length for none), under a fresh random salt; appends to
/// `out`. Each chunk is padded and encrypted where it lies, while it is in the cache, and never copied in the clear.
pub(super) fn encrypt(
    key: &[u8; 32],
    context: &[u8],
    message: &[u8],
    padded: usize,
    out: &mut Vec<u8>,
    rng: &mut dyn SecureRandom,
) -> Result<(), RandomUnavailable> {
    let mut salt = [0; SALT];
    rng.fill(&mut salt)?;
    let derived = Derived::new(key, &salt, context);
    out.extend_from_slice(&salt);
    out.extend_from_slice(&derived.commitment);
    // The last chunk is always shorter than 16 KiB, if need be empty: that marks the end.
    for index in 0..=padded / CHUNK {
        let (from, to) = (index * CHUNK, padded.min((index + 1) * CHUNK));
        let start = out.len();
        out.extend_from_slice(message.get(from..to.min(message.len())).unwrap_or_default());
        if (from..to).contains(&message.len()) {
            out.push(MARKER);
        }
        out.resize(start + to - from, 0);
        let buffer = (&mut out[start..]).into();
        match derived
            .cipher
            .encrypt_inout_detached(&derived.nonce(index), b"", buffer)
        {
            Ok(tag) => out.extend_from_slice(&tag),
            // AES-GCM refuses only messages beyond 64 GiB, a chunk is 16 KiB. What is not encrypted does not stay.
            Err(_) => out.truncate(start),
        }
    }
    Ok(())
}

/// The length of what [`encrypt`] appends.
pub(super) fn encrypted_len(message: usize) -> usize {
    SALT + COMMITMENT + message + TAG * (message / CHUNK + 1)
}

/// Decrypts; checks the commitment before any chunk.
pub(super) fn decrypt(
    key: &[u8; 32],
    context: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let (salt, rest) = ciphertext.split_at_checked(SALT).ok_or(NotAuthentic)?;
    let (commitment, body) = rest.split_at_checked(COMMITMENT).ok_or(NotAuthentic)?;
    let derived = Derived::new(key, salt, context);
    if !constant_time_eq(&derived.commitment, commitment) {
        return Err(NotAuthentic);
    }
    // "Message chunking": the final chunk is shorter than 16 KiB, else the message was truncated.
    let full = body.len() / (CHUNK + TAG);
    if body.len() % (CHUNK + TAG) < TAG {
        return Err(NotAuthentic);
    }
    let mut out = Zeroizing::new(Vec::with_capacity(body.len()));
    for (index, chunk) in body.chunks(CHUNK + TAG).enumerate().take(full + 1) {
        let (sealed, tag) = chunk
            .split_at_checked(chunk.len().wrapping_sub(TAG))
            .ok_or(NotAuthentic)?;
        let tag = Tag::try_from(tag).map_err(|_| NotAuthentic)?;
        let start = out.len();
        out.extend_from_slice(sealed);
        let buffer = (&mut out[start..]).into();
        derived
            .cipher
            .decrypt_inout_detached(&derived.nonce(index), b"", buffer, &tag)
            .map_err(|_| NotAuthentic)?;
    }
    Ok(out)
}

struct Derived {
    cipher: Aes256Gcm,
    base_nonce: [u8; 12],
    commitment: [u8; COMMITMENT],
}

impl Derived {
    fn new(key: &[u8; 32], salt: &[u8], context: &[u8]) -> Self {
        let mut okm = Zeroizing::new([0; 32 + 12 + COMMITMENT]);
        hkdf_expand(key, &[PREFIX, salt, context], okm.as_mut_slice());
        let (mut base_nonce, mut commitment) = ([0; 12], [0; COMMITMENT]);
        base_nonce.copy_from_slice(&okm[32..44]);
        commitment.copy_from_slice(&okm[44..]);
        let mut aead_key = Zeroizing::new([0; 32]);
        aead_key.copy_from_slice(&okm[..32]);
        Self {
            cipher: Aes256Gcm::new((&*aead_key).into()),
            base_nonce,
            commitment,
        }
    }

    /// The base nonce XOR the chunk number as a big-endian integer.
    fn nonce(&self, index: usize) -> Nonce<aes_gcm::aead::consts::U12> {
        let mut nonce = self.base_nonce;
        for (byte, counter) in nonce[4..].iter_mut().zip((index as u64).to_be_bytes()) {
            *byte ^= counter;
        }
        nonce.into()
    }
}

/// HKDF-Expand with SHA-512 (RFC 5869 §2.3) for a uniformly random 32-byte key, `out` of at most 255 blocks.
///
/// The `hkdf` crate insists on a key as long as the hash; chunked encryption uses one as long as the AEAD's.
pub(super) fn hkdf_expand(key: &[u8; 32], info: &[&[u8]], out: &mut [u8]) {
    let mut previous = Zeroizing::new(Vec::new());
    for (index, block) in out.chunks_mut(64).enumerate() {
        let mut mac = hmac_sha512(key);
        mac.update(&previous);
        for part in info {
            mac.update(part);
        }
        mac.update(&[u8::try_from(index + 1).unwrap_or(u8::MAX)]);
        *previous = mac.finalize().into_bytes().to_vec();
        block.copy_from_slice(&previous[..block.len()]);
    }
}

fn hmac_sha512(key: &[u8; 32]) -> Hmac<Sha512> {
    // HMAC pads a key shorter than its block of 128 bytes with zeros (RFC 2104 §2); done here, since the
    // fixed-size constructor cannot fail.
    let mut block = Zeroizing::new([0u8; 128]);
    block[..32].copy_from_slice(key);
    Hmac::new((&*block).into())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use sha2::Digest as _;

    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len() / 2)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn wycheproof_cobblestone_256() {
        let file: Value =
            crate::vectors::json("wycheproof/testvectors_v1/c2sp_chunked_encryption_aes_256_gcm_test.json");
        let (mut valid, mut invalid) = (0, 0);
        for group in file["testGroups"].as_array().unwrap() {
            for test in group["tests"].as_array().unwrap() {
                let id = &test["tcId"];
                let bytes = |name: &str| hex(test[name].as_str().unwrap());
                let ciphertext = miniz_oxide::inflate::decompress_to_vec_zlib(&bytes("ct")).unwrap();
                let opened = <[u8; 32]>::try_from(bytes("key"))
                    .map_err(|_| NotAuthentic)
                    .and_then(|key| decrypt(&key, &bytes("ctx"), &ciphertext));
                if test["result"] == "valid" {
                    let message = opened.unwrap_or_else(|_| panic!("test {id} must open"));
                    assert_eq!(
                        message.len() as u64,
                        test["msgLength"].as_u64().unwrap(),
                        "test {id}"
                    );
                    assert_eq!(Sha512::digest(&*message)[..], bytes("msgSha512")[..], "test {id}");
                    valid += 1;
                } else {
                    assert_eq!(opened.map(|m| m.len()), Err(NotAuthentic), "test {id}");
                    invalid += 1;
                }
            }
        }
        assert!(valid >= 5 && invalid >= 20, "{valid} valid, {invalid} invalid");
    }

    /// RFC 5869 has no SHA-512 vector; the construction is checked against HMAC written out.
    #[test]
    fn expand_chains_blocks() {
        let key = [7; 32];
        let mut out = [0; 100];
        hkdf_expand(&key, &[b"a", b"b"], &mut out);
        let mut mac = hmac_sha512(&key);
        mac.update(b"ab\x01");
        let first = mac.finalize().into_bytes();
        let mut mac = hmac_sha512(&key);
        mac.update(&first);
        mac.update(b"ab\x02");
        let second = mac.finalize().into_bytes();
        assert_eq!(out[..64], first[..]);
        assert_eq!(out[64..], second[..36]);
    }
}

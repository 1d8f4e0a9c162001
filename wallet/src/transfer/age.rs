//! The age v1 file format with a passphrase (<https://c2sp.org/age>): readable by every `age` program.
//!
//! Of the format only the scrypt recipient: a backup must open with what its owner knows, on a machine that has nothing
//! else.

use assent_core::crypto::constant_time_eq;
use assent_core::env::SecureRandom;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::TransferError;

/// What every file begins with.
pub(super) const MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// log₂ of scrypt's N for new files: what `age` itself uses. 256 MiB.
pub const WORK_FACTOR: u8 = 18;

const SALT_LABEL: &[u8] = b"age-encryption.org/v1/scrypt";
const CHUNK: usize = 64 << 10;
const TAG: usize = 16;
const FILE_KEY: usize = 16;
const NONCE: usize = 16;
const MAC: usize = 32;
/// Longest header read: ours has about 160 bytes.
const MAX_HEADER: usize = 1024;

/// Seals `plaintext` under a passphrase. `work_factor` is log₂ of scrypt's N.
pub(super) fn seal(
    plaintext: &[u8],
    passphrase: &str,
    work_factor: u8,
    rng: &mut dyn SecureRandom,
) -> Result<Vec<u8>, TransferError> {
    let mut salt = [0; 16];
    let mut file_key = Zeroizing::new([0; FILE_KEY]);
    let mut nonce = [0; NONCE];
    rng.fill(&mut salt)?;
    rng.fill(file_key.as_mut_slice())?;
    rng.fill(&mut nonce)?;
    let wrapped = cipher(&wrapping_key(passphrase, &salt, work_factor)?)
        .encrypt(&Nonce::default(), file_key.as_slice())
        .map_err(|_| TransferError::TooLarge)?;
    let mut out = MAGIC.to_vec();
    let stanza = format!(
        "-> scrypt {} {work_factor}\n{}\n---",
        BASE64.encode(salt),
        BASE64.encode(wrapped)
    );
    out.extend_from_slice(stanza.as_bytes());
    let mac = header_mac(file_key.as_slice(), &out)?;
    out.extend_from_slice(format!(" {}\n", BASE64.encode(mac)).as_bytes());
    out.extend_from_slice(&nonce);
    let cipher = cipher(&payload_key(file_key.as_slice(), &nonce)?);
    out.reserve(plaintext.len() + plaintext.len().div_ceil(CHUNK).max(1) * TAG);
    let mut rest = plaintext;
    for number in 0.. {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK));
        rest = after;
        let nonce = chunk_nonce(number, rest.is_empty());
        let sealed = cipher
            .encrypt(&nonce, chunk)
            .map_err(|_| TransferError::TooLarge)?;
        out.extend_from_slice(&sealed);
        if rest.is_empty() {
            break;
        }
    }
    Ok(out)
}

/// Opens a file sealed under a passphrase. Work factors above `most_work` are refused before any work is done.
pub(super) fn open(
    file: &[u8],
    passphrase: &str,
    most_work: u8,
) -> Result<Zeroizing<Vec<u8>>, TransferError> {
    let header = Header::read(file)?;
    if header.work_factor > most_work {
        return Err(TransferError::TooMuchWork);
    }
    let file_key = cipher(&wrapping_key(passphrase, &header.salt, header.work_factor)?)
        .decrypt(&Nonce::default(), header.wrapped.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| TransferError::WrongPassphrase)?;
    if !constant_time_eq(&header_mac(&file_key, header.authenticated)?, &header.mac) {
        return Err(TransferError::Damaged);
    }
    let (nonce, mut rest) = header
        .payload
        .split_at_checked(NONCE)
        .ok_or(TransferError::Damaged)?;
    let cipher = cipher(&payload_key(&file_key, nonce)?);
    let mut out = Zeroizing::new(Vec::with_capacity(rest.len()));
    for number in 0.. {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK + TAG));
        rest = after;
        let opened = cipher
            .decrypt(&chunk_nonce(number, rest.is_empty()), chunk)
            .map(Zeroizing::new)
            .map_err(|_| TransferError::Damaged)?;
        // "The final chunk MAY be shorter than 64 KiB but MUST NOT be empty unless the whole payload is empty."
        if opened.is_empty() && number > 0 {
            return Err(TransferError::Damaged);
        }
        out.extend_from_slice(&opened);
        if rest.is_empty() {
            break;
        }
    }
    Ok(out)
}

/// The header of a file for a passphrase.
struct Header<'a> {
    salt: [u8; 16],
    work_factor: u8,
    wrapped: [u8; FILE_KEY + TAG],
    /// All up to and including `---`.
    authenticated: &'a [u8],
    mac: [u8; MAC],
    payload: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(file: &'a [u8]) -> Result<Self, TransferError> {
        let rest = file.strip_prefix(MAGIC).ok_or(TransferError::UnknownFile)?;
        let mut lines = Lines(rest);
        let stanza = lines.next_line()?;
        let mut words = stanza.split(' ');
        // "A scrypt recipient stanza MUST be the only stanza in the header."
        let (Some("->"), Some("scrypt"), Some(salt), Some(work_factor), None) = (
            words.next(),
            words.next(),
            words.next(),
            words.next(),
            words.next(),
        ) else {
            return Err(TransferError::OtherRecipient);
        };
        let salt = decode(salt)?;
        let work_factor = read_work_factor(work_factor)?;
        let wrapped = decode(lines.next_line()?)?;
        let end = lines.next_line()?;
        let mac = end.strip_prefix("--- ").ok_or(TransferError::OtherRecipient)?;
        let mac = decode(mac)?;
        let header = file.len() - lines.0.len();
        let authenticated = file
            .get(..header - end.len() - 1 + "---".len())
            .ok_or(TransferError::Damaged)?;
        Ok(Self {
            salt,
            work_factor,
            wrapped,
            authenticated,
            mac,
            payload: lines.0,
        })
    }
}

struct Lines<'a>(&'a [u8]);

impl<'a> Lines<'a> {
    fn next_line(&mut self) -> Result<&'a str, TransferError> {
        let at = self.0.iter().take(MAX_HEADER).position(|byte| *byte == b'\n');
        let (line, rest) = at
            .and_then(|at| self.0.split_at_checked(at))
            .ok_or(TransferError::Damaged)?;
        self.0 = rest.get(1..).unwrap_or_default();
        std::str::from_utf8(line).map_err(|_| TransferError::Damaged)
    }
}

/// "The work factor is encoded in decimal, without leading zeros."
fn read_work_factor(text: &str) -> Result<u8, TransferError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    match text.parse() {
        Ok(factor) if plain && factor < 64 => Ok(factor),
        _ => Err(TransferError::Damaged),
    }
}

/// Canonical base64 without padding, of exactly this many bytes.
fn decode<const N: usize>(text: &str) -> Result<[u8; N], TransferError> {
    let bytes = BASE64.decode(text).map_err(|_| TransferError::Damaged)?;
    bytes.try_into().map_err(|_| TransferError::Damaged)
}

fn cipher(key: &Zeroizing<[u8; 32]>) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new((&**key).into())
}

fn wrapping_key(
    passphrase: &str,
    salt: &[u8; 16],
    work_factor: u8,
) -> Result<Zeroizing<[u8; 32]>, TransferError> {
    let params = scrypt::Params::new(work_factor, 8, 1).map_err(|_| TransferError::TooMuchWork)?;
    let mut key = Zeroizing::new([0; 32]);
    let salt = [SALT_LABEL, salt].concat();
    scrypt::scrypt(passphrase.as_bytes(), &salt, &params, key.as_mut_slice())
        .map_err(|_| TransferError::TooMuchWork)?;
    Ok(key)
}

fn payload_key(file_key: &[u8], nonce: &[u8]) -> Result<Zeroizing<[u8; 32]>, TransferError> {
    expand(file_key, Some(nonce), b"payload")
}

fn header_mac(file_key: &[u8], header: &[u8]) -> Result<[u8; MAC], TransferError> {
    let key = expand(file_key, None, b"header")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).map_err(|_| TransferError::Damaged)?;
    mac.update(header);
    Ok(mac.finalize().into_bytes().into())
}

fn expand(key: &[u8], salt: Option<&[u8]>, info: &[u8]) -> Result<Zeroizing<[u8; 32]>, TransferError> {
    let mut out = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(salt, key)
        .expand(info, out.as_mut_slice())
        .map_err(|_| TransferError::Damaged)?;
    Ok(out)
}

/// Eleven bytes of counter, big-endian, and one that says whether it is the last chunk.
fn chunk_nonce(number: u64, last: bool) -> Nonce {
    let mut nonce = [0; 12];
    if let Some(counter) = nonce.get_mut(3..11) {
        counter.copy_from_slice(&number.to_be_bytes());
    }
    nonce[11] = u8::from(last);
    nonce.into()
}

#[cfg(test)]
#[path = "age_tests.rs"]
mod tests;

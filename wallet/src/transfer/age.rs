//! The age v1 file format with a passphrase (<https://c2sp.org/age>): readable by every `age` program.
//!
//! Of the format only the scrypt recipient: a backup must open with what its owner knows, on a machine that has nothing
//! else.

use std::ops::Range;

use assent_core::crypto::constant_time_eq;
use assent_core::encoding::base64url;
use assent_core::env::SecureRandom;
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
const SEALED_CHUNK: u64 = (CHUNK + TAG) as u64;
const FILE_KEY: usize = 16;
const NONCE: usize = 16;
const MAC: usize = 32;
/// Longest header read: ours has about 160 bytes.
const MAX_HEADER: usize = 1024;

/// Seals `plaintext` under a passphrase. `work_factor` is log₂ of scrypt's N.
#[cfg(test)]
pub(super) fn seal(
    plaintext: &[u8],
    passphrase: &str,
    work_factor: u8,
    rng: &mut dyn SecureRandom,
) -> Result<Vec<u8>, TransferError> {
    let mut out = Vec::new();
    let mut sealing = Sealing::begin(passphrase, work_factor, rng, &mut out)?;
    sealing.push(plaintext, &mut out)?;
    sealing.end(&mut out)?;
    Ok(out)
}

/// Opens a whole file sealed under a passphrase, for who wants to see what is inside; [`super::Opening`] reads what it needs of
/// one. Work factors above `most_work` are refused before any work is done.
///
/// # Errors
/// [`TransferError`].
pub fn open(file: &[u8], passphrase: &str, most_work: u8) -> Result<Zeroizing<Vec<u8>>, TransferError> {
    let opened = Opened::begin(file, file.len() as u64, passphrase, most_work)?;
    let len = opened.len();
    let place = opened.place(0, len)?;
    let sealed = file.get(place.start as usize..place.end as usize);
    opened.open(0, len, sealed.ok_or(TransferError::Damaged)?)
}

/// A file in the making: takes plaintext in bits of any length, gives sealed bytes as they become ready.
pub(super) struct Sealing {
    cipher: ChaCha20Poly1305,
    number: u64,
    /// At most one chunk: whether it is the last one is known when more comes, or nothing does.
    waiting: Zeroizing<Vec<u8>>,
}

impl Sealing {
    /// Begins a file: its header goes to `out`.
    pub(super) fn begin(
        passphrase: &str,
        work_factor: u8,
        rng: &mut dyn SecureRandom,
        out: &mut Vec<u8>,
    ) -> Result<Self, TransferError> {
        let mut salt = [0; 16];
        let mut file_key = Zeroizing::new([0; FILE_KEY]);
        let mut nonce = [0; NONCE];
        rng.fill(&mut salt)?;
        rng.fill(file_key.as_mut_slice())?;
        rng.fill(&mut nonce)?;
        let wrapped = cipher(&wrapping_key(passphrase, &salt, work_factor)?)
            .encrypt(&Nonce::default(), file_key.as_slice())
            .map_err(|_| TransferError::TooLarge)?;
        let mut header = MAGIC.to_vec();
        let stanza = format!(
            "-> scrypt {} {work_factor}\n{}\n---",
            base64url::encode_standard_bare(&salt),
            base64url::encode_standard_bare(&wrapped)
        );
        header.extend_from_slice(stanza.as_bytes());
        let mac = header_mac(file_key.as_slice(), &header)?;
        header.extend_from_slice(format!(" {}\n", base64url::encode_standard_bare(&mac)).as_bytes());
        header.extend_from_slice(&nonce);
        out.extend_from_slice(&header);
        Ok(Self {
            cipher: cipher(&payload_key(file_key.as_slice(), &nonce)?),
            number: 0,
            waiting: Zeroizing::new(Vec::with_capacity(CHUNK)),
        })
    }

    /// Seals more.
    pub(super) fn push(&mut self, mut content: &[u8], out: &mut Vec<u8>) -> Result<(), TransferError> {
        while !content.is_empty() {
            if self.waiting.len() == CHUNK {
                self.chunk(false, out)?;
            }
            let (next, rest) = content.split_at(content.len().min(CHUNK - self.waiting.len()));
            self.waiting.extend_from_slice(next);
            content = rest;
        }
        Ok(())
    }

    /// Seals the end.
    pub(super) fn end(mut self, out: &mut Vec<u8>) -> Result<(), TransferError> {
        self.chunk(true, out)
    }

    fn chunk(&mut self, last: bool, out: &mut Vec<u8>) -> Result<(), TransferError> {
        let sealed = self
            .cipher
            .encrypt(&chunk_nonce(self.number, last), self.waiting.as_slice())
            .map_err(|_| TransferError::TooLarge)?;
        out.extend_from_slice(&sealed);
        self.waiting.clear();
        self.number += 1;
        Ok(())
    }
}

/// A file whose key is known. Any part of it opens by itself, so one damaged chunk hides no more than what is in it.
#[derive(Clone)]
pub(super) struct Opened {
    cipher: ChaCha20Poly1305,
    /// Where the first chunk begins.
    payload: u64,
    /// Of the file.
    end: u64,
    chunks: u64,
}

impl Opened {
    /// From the beginning of a file of `len` bytes. Work factors above `most_work` are refused before any work is done.
    pub(super) fn begin(
        start: &[u8],
        len: u64,
        passphrase: &str,
        most_work: u8,
    ) -> Result<Self, TransferError> {
        let header = Header::read(start)?;
        if header.work_factor > most_work {
            return Err(TransferError::TooMuchWork);
        }
        let (nonce, rest) = header
            .payload
            .split_at_checked(NONCE)
            .ok_or(TransferError::Damaged)?;
        let payload = (start.len() - rest.len()) as u64;
        let sealed = len.checked_sub(payload).ok_or(TransferError::Damaged)?;
        let chunks = sealed.div_ceil(SEALED_CHUNK);
        // "The final chunk MAY be shorter than 64 KiB but MUST NOT be empty unless the whole payload is empty."
        let last = sealed - chunks.saturating_sub(1) * SEALED_CHUNK;
        if last < TAG as u64 || (last == TAG as u64 && chunks > 1) {
            return Err(TransferError::Damaged);
        }
        let file_key = cipher(&wrapping_key(passphrase, &header.salt, header.work_factor)?)
            .decrypt(&Nonce::default(), header.wrapped.as_slice())
            .map(Zeroizing::new)
            .map_err(|_| TransferError::WrongPassphrase)?;
        if !constant_time_eq(&header_mac(&file_key, header.authenticated)?, &header.mac) {
            return Err(TransferError::Damaged);
        }
        Ok(Self {
            cipher: cipher(&payload_key(&file_key, nonce)?),
            payload,
            end: len,
            chunks,
        })
    }

    /// Bytes of content.
    pub(super) fn len(&self) -> u64 {
        self.end - self.payload - self.chunks * TAG as u64
    }

    /// Where in the file the chunks with bytes `from..to` of the content are.
    pub(super) fn place(&self, from: u64, to: u64) -> Result<Range<u64>, TransferError> {
        if from > to || to > self.len() {
            return Err(TransferError::Damaged);
        }
        let (first, after) = (
            from / CHUNK as u64,
            to.div_ceil(CHUNK as u64).max(from / CHUNK as u64 + 1),
        );
        let at = |chunk: u64| self.end.min(self.payload + chunk * SEALED_CHUNK);
        Ok(at(first)..at(after))
    }

    /// Opens bytes `from..to` of the content; `sealed` is what is at [`Opened::place`].
    pub(super) fn open(
        &self,
        from: u64,
        to: u64,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TransferError> {
        let place = self.place(from, to)?;
        if sealed.len() as u64 != place.end - place.start {
            return Err(TransferError::Damaged);
        }
        let first = from / CHUNK as u64;
        let skip = usize::try_from(from % CHUNK as u64).map_err(|_| TransferError::TooLarge)?;
        let wanted = usize::try_from(to - from).map_err(|_| TransferError::TooLarge)?;
        let mut out = Zeroizing::new(Vec::with_capacity(wanted));
        for (number, chunk) in (first..).zip(sealed.chunks(CHUNK + TAG)) {
            let opened = self
                .cipher
                .decrypt(&chunk_nonce(number, number + 1 == self.chunks), chunk)
                .map(Zeroizing::new)
                .map_err(|_| TransferError::Damaged)?;
            let begin = if number == first { skip } else { 0 };
            let here = opened.get(begin..).unwrap_or_default();
            let len = here.len().min(wanted - out.len());
            out.extend_from_slice(here.get(..len).unwrap_or_default());
        }
        Ok(out)
    }
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
    let bytes = base64url::decode_standard_bare(text).map_err(|_| TransferError::Damaged)?;
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

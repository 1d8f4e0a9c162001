//! JSON Web Encryption, compact serialisation, for encrypted responses.
//!
//! RFC 7516 (JWE), RFC 7518 §4.6 (ECDH-ES, direct key agreement) and §5.3 (AES-GCM), as OpenID4VP 1.0 §8.3 and
//! HAIP 1.0 §5 use them: P-256 only, `A128GCM` and `A256GCM` only, no compression, no key wrapping. Everything
//! else is refused when the text is read.

mod header;
mod kdf;

use std::fmt;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm, Nonce};
use zeroize::Zeroizing;

use super::base64url;
use crate::crypto::{KeyError, PublicKey, SoftwareKey};
use crate::env::{Env, RandomUnavailable};
use crate::error::{Blame, ErrorCode};

pub use header::Header;

/// Longest compact JWE accepted, in bytes.
pub const MAX_JWE: usize = 1 << 20;

const IV_LEN: usize = 12;
const TAG_LEN: usize = 16;

/// Content encryption algorithms (RFC 7518 §5.3) of HAIP 1.0 §5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentEncryption {
    /// AES-128 in Galois/Counter Mode.
    A128Gcm,
    /// AES-256 in Galois/Counter Mode.
    A256Gcm,
}

impl ContentEncryption {
    /// The JOSE name.
    #[must_use]
    pub fn as_jose(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// Reads a JOSE name; `None` for everything not supported.
    #[must_use]
    pub fn from_jose(name: &str) -> Option<Self> {
        match name {
            "A128GCM" => Some(Self::A128Gcm),
            "A256GCM" => Some(Self::A256Gcm),
            _ => None,
        }
    }

    /// Length of the content encryption key in bytes.
    #[must_use]
    pub fn key_len(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm => 32,
        }
    }
}

/// Why a JWE could not be read or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// Not five base64url parts of the right sizes, or too long.
    #[error("not a compact JWE")]
    Malformed,
    /// The protected header is not acceptable JSON or has members of the wrong type.
    #[error("the JWE header is malformed")]
    Header,
    /// `alg` is not `ECDH-ES`, or `enc` neither `A128GCM` nor `A256GCM`.
    #[error("the JWE algorithm is not allowed")]
    Algorithm,
    /// `crit` or `zip` is there: we know no critical extension and never decompress (RFC 7516 §4.1.3, §4.1.13).
    #[error("the JWE header demands an extension we do not know")]
    Critical,
    /// `epk` is not a point on P-256, or the recipient's key is not a P-256 key.
    #[error("the JWE key is not a valid P-256 key")]
    Key,
    /// Wrong key, or the text was changed.
    #[error("the JWE does not decrypt with this key")]
    Decrypt,
    /// The platform gave no randomness.
    #[error("the platform gave no randomness")]
    Random,
}

impl From<RandomUnavailable> for JweError {
    fn from(_: RandomUnavailable) -> Self {
        Self::Random
    }
}

impl From<KeyError> for JweError {
    fn from(_: KeyError) -> Self {
        Self::Key
    }
}

impl ErrorCode for JweError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "jwe-malformed",
            Self::Header => "jwe-header",
            Self::Algorithm => "jwe-algorithm",
            Self::Critical => "jwe-critical",
            Self::Key => "jwe-key",
            Self::Decrypt => "jwe-decrypt",
            Self::Random => "jwe-random",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Random => Blame::Us,
            _ => Blame::Peer,
        }
    }
}

/// Encrypts `plaintext` to `recipient` with a fresh ephemeral key. `kid` is the recipient key's id, echoed in
/// the header (OpenID4VP 1.0 §8.3). No `apu` or `apv` is written: the standard does not ask for them.
///
/// # Errors
/// [`JweError::Key`] when the recipient's key is not on P-256, [`JweError::Random`].
pub fn encrypt(
    recipient: &PublicKey,
    kid: Option<&str>,
    enc: ContentEncryption,
    plaintext: &[u8],
    env: &mut Env<'_>,
) -> Result<String, JweError> {
    let ephemeral = SoftwareKey::generate(env.rng)?;
    let header = header::write(enc, kid, &ephemeral);
    let shared = ephemeral.agree(recipient)?;
    let key = kdf::content_key(&shared, enc, &[], &[]);
    let iv = env.random::<IV_LEN>()?;
    let protected = base64url::encode(header.as_bytes());
    let sealed = seal(enc, &key, iv, protected.as_bytes(), plaintext).ok_or(JweError::Key)?;
    let at = sealed.len().checked_sub(TAG_LEN).ok_or(JweError::Key)?;
    let (ciphertext, tag) = sealed.split_at(at);
    Ok(format!(
        "{protected}..{}.{}.{}",
        base64url::encode(&iv),
        base64url::encode(ciphertext),
        base64url::encode(tag)
    ))
}

/// A JWE that was read but not decrypted.
#[derive(Clone)]
pub struct EncryptedJwe {
    header: Header,
    protected: String,
    iv: [u8; IV_LEN],
    sealed: Vec<u8>,
}

impl EncryptedJwe {
    /// Reads a compact JWE.
    ///
    /// # Errors
    /// [`JweError`], never `Decrypt`.
    pub fn parse(compact: &str) -> Result<Self, JweError> {
        if compact.len() > MAX_JWE {
            return Err(JweError::Malformed);
        }
        let mut parts = compact.split('.');
        let (Some(protected), Some(key), Some(iv), Some(ciphertext), Some(tag), None) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return Err(JweError::Malformed);
        };
        let decode = |part: &str| base64url::decode(part).map_err(|_| JweError::Malformed);
        let header = header::parse(&decode(protected)?)?;
        // RFC 7516 §5.2 step 10: with direct key agreement the encrypted key is the empty octet sequence.
        if !key.is_empty() {
            return Err(JweError::Malformed);
        }
        let iv = decode(iv)?.try_into().map_err(|_| JweError::Malformed)?;
        let mut sealed = decode(ciphertext)?;
        let tag = decode(tag)?;
        // RFC 7518 §5.3: 96-bit IV, 128-bit tag. A shorter tag would make forging easier.
        if tag.len() != TAG_LEN {
            return Err(JweError::Malformed);
        }
        sealed.extend_from_slice(&tag);
        Ok(Self {
            header,
            protected: protected.to_owned(),
            iv,
            sealed,
        })
    }

    /// The protected header. Only good for finding the key.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Decrypts with the recipient's key.
    ///
    /// # Errors
    /// [`JweError::Decrypt`] for a wrong key or a changed text, [`JweError::Key`].
    pub fn decrypt(&self, key: &SoftwareKey) -> Result<Zeroizing<Vec<u8>>, JweError> {
        let shared = key.agree(&self.header.epk)?;
        let key = kdf::content_key(&shared, self.header.enc, &self.header.apu, &self.header.apv);
        open(
            self.header.enc,
            &key,
            self.iv,
            self.protected.as_bytes(),
            &self.sealed,
        )
        .map(Zeroizing::new)
        .ok_or(JweError::Decrypt)
    }
}

impl fmt::Debug for EncryptedJwe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptedJwe")
            .field("kid", &self.header.kid)
            .field("enc", &self.header.enc)
            .finish_non_exhaustive()
    }
}

fn seal(enc: ContentEncryption, key: &[u8], iv: [u8; IV_LEN], aad: &[u8], msg: &[u8]) -> Option<Vec<u8>> {
    let payload = Payload { msg, aad };
    let nonce = Nonce::from(iv);
    match enc {
        ContentEncryption::A128Gcm => Aes128Gcm::new_from_slice(key).ok()?.encrypt(&nonce, payload).ok(),
        ContentEncryption::A256Gcm => Aes256Gcm::new_from_slice(key).ok()?.encrypt(&nonce, payload).ok(),
    }
}

fn open(enc: ContentEncryption, key: &[u8], iv: [u8; IV_LEN], aad: &[u8], msg: &[u8]) -> Option<Vec<u8>> {
    let payload = Payload { msg, aad };
    let nonce = Nonce::from(iv);
    match enc {
        ContentEncryption::A128Gcm => Aes128Gcm::new_from_slice(key).ok()?.decrypt(&nonce, payload).ok(),
        ContentEncryption::A256Gcm => Aes256Gcm::new_from_slice(key).ok()?.decrypt(&nonce, payload).ok(),
    }
}

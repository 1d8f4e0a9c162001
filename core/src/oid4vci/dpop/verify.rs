//! A proof as a server checks it (RFC 9449 §4.3).

use std::fmt;

use serde_json::Value;

use super::super::SecretText;
use super::{MAX_AGE, TYP, is_nonce, token_hash};
use crate::crypto::{CryptoProvider, KeyError, PublicKey, constant_time_eq};
use crate::encoding::base64url;
use crate::encoding::fields::{FieldError, Fields};
use crate::encoding::jws::{JwsError, UnverifiedJws};
use crate::env::Timestamp;
use crate::http::Method;
use crate::profile::{CLOCK_LEEWAY, Profile};

/// Longest proof accepted, in bytes.
const MAX_PROOF: usize = 8 << 10;
/// Longest `jti` accepted, in bytes.
const MAX_JTI: usize = 256;

/// What a proof is checked against.
#[derive(Debug, Clone, Copy)]
pub struct DpopExpectation<'a> {
    /// The method of the request.
    pub method: Method,
    /// The public address of the request, with or without query.
    pub url: &'a str,
    /// The token that came along, at a protected resource.
    pub access_token: Option<&'a SecretText>,
    /// Which nonces are good.
    pub nonce: NonceRule<'a>,
    /// The present time.
    pub now: Timestamp,
}

/// Which nonces are good (RFC 9449 §4.3 check 10).
#[derive(Clone, Copy)]
pub enum NonceRule<'a> {
    /// The server gave out none: a nonce in the proof is ignored.
    NotUsed,
    /// There must be one, and it must be one of those.
    Required(&'a dyn Fn(&str) -> bool),
}

impl fmt::Debug for NonceRule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotUsed => "NotUsed",
            Self::Required(_) => "Required",
        })
    }
}

/// A proof that is right for the request it came with. The caller must still see to it that `jti` was not used before
/// with this key (RFC 9449 §11.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedDpopProof {
    /// Thumbprint of the key, base64url of SHA-256: what a token is bound to.
    pub jkt: String,
    /// The id of the proof.
    pub jti: String,
    /// From when the proof is too old, so that its id need not be remembered. Also for another process of the server, whose
    /// clock may go behind that of the one that forgets.
    pub good_until: Timestamp,
}

/// Why a proof was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DpopError {
    /// Not a JWS, too long, or its signature is wrong.
    #[error("the DPoP proof is not acceptable: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is not `dpop+jwt`.
    #[error("the DPoP proof has the wrong typ")]
    Type,
    /// The algorithm is not among the ones in the metadata.
    #[error("the algorithm of the DPoP proof is not accepted")]
    Algorithm,
    /// `jwk` is missing, malformed or private.
    #[error("the key in the DPoP proof is not acceptable: {0}")]
    Key(#[from] KeyError),
    /// A claim is missing or of the wrong type.
    #[error("the DPoP proof is malformed: {0}")]
    Claim(#[from] FieldError),
    /// `htm` or `htu` is of another request.
    #[error("the DPoP proof is for another request")]
    Request,
    /// `iat` is too long ago or in the future.
    #[error("the DPoP proof is too old or from the future")]
    Time,
    /// `ath` is missing or of another token.
    #[error("the DPoP proof is for another token")]
    Token,
    /// The nonce is missing, unknown or too old: give out a new one (`use_dpop_nonce`).
    #[error("the DPoP proof needs a nonce of this server")]
    Nonce,
}

impl VerifiedDpopProof {
    /// Verifies one proof.
    ///
    /// # Errors
    /// [`DpopError`]; [`DpopError::Nonce`] only when nothing else is wrong.
    pub fn verify(
        proof: &str,
        expected: &DpopExpectation<'_>,
        profile: &Profile,
        crypto: &dyn CryptoProvider,
    ) -> Result<Self, DpopError> {
        if proof.len() > MAX_PROOF {
            return Err(JwsError::Malformed.into());
        }
        // §4.3 checks 2 to 7, numbered as there. 5: `none` and HMAC already stopped at parsing.
        let jws = UnverifiedJws::parse(proof)?;
        let header = jws.header();
        if !header.is_type(TYP) {
            return Err(DpopError::Type);
        }
        if !profile.allows(header.alg) {
            return Err(DpopError::Algorithm);
        }
        let jwk = header.all.get("jwk").and_then(Value::as_object);
        // 7: no private key; `from_jwk` refuses one.
        let key = PublicKey::from_jwk(jwk.ok_or(KeyError::Malformed)?)?;
        let claims = jws.verify(&key, crypto)?.claims()?;
        let fields = Fields::new(&claims, "");
        let jti = fields.text("jti", MAX_JTI)?;
        // 8 and 9.
        let same_address = match (normal(fields.text("htu", 2048)?), normal(expected.url)) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => false,
        };
        if fields.text("htm", 16)? != expected.method.as_str() || !same_address {
            return Err(DpopError::Request);
        }
        // 11.
        let issued_at = fields.timestamp("iat")?;
        let age = expected.now.since(issued_at);
        if !(-CLOCK_LEEWAY..=MAX_AGE + CLOCK_LEEWAY).contains(&age) {
            return Err(DpopError::Time);
        }
        // 12: with a token, its hash; that the token is bound to this key is the caller's check.
        if let Some(token) = expected.access_token {
            let ath = fields.opt_text("ath", 64)?.ok_or(DpopError::Token)?;
            if !constant_time_eq(ath.as_bytes(), token_hash(token).as_bytes()) {
                return Err(DpopError::Token);
            }
        }
        // 10, last: a nonce is only given for a proof that is right otherwise.
        if let NonceRule::Required(good) = expected.nonce {
            let nonce = fields.opt_text("nonce", 1024)?.filter(|nonce| is_nonce(nonce));
            if !nonce.is_some_and(good) {
                return Err(DpopError::Nonce);
            }
        }
        Ok(Self {
            jkt: base64url::encode(&key.thumbprint()),
            jti: jti.to_owned(),
            good_until: issued_at.plus(MAX_AGE + 2 * CLOCK_LEEWAY + 1),
        })
    }
}

/// An address without query and fragment, in the normal form of RFC 3986 §6.2.2 and §6.2.3 as far as two writers of
/// one address differ: letter case of scheme and host, a default port, an empty path, needless escapes. Dot segments
/// are left as they are: such an address is equal to none of ours.
fn normal(url: &str) -> Option<String> {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.to_ascii_lowercase();
    let default = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let authority = authority.strip_suffix(default).unwrap_or(&authority);
    let path = if path.is_empty() {
        "/".to_owned()
    } else {
        unescaped(path)
    };
    Some([scheme.as_str(), "://", authority, &path].concat())
}

/// Escapes of unreserved characters undone, all others in upper case.
fn unescaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let Some((hex, after)) = after.split_at_checked(2) else {
            out.push('%');
            rest = after;
            continue;
        };
        match u8::from_str_radix(hex, 16) {
            Ok(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => out.push(char::from(byte)),
            _ => {
                out.push('%');
                out.push_str(&hex.to_ascii_uppercase());
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

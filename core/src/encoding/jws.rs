//! JSON Web Signature, compact serialisation (RFC 7515 §7.1), for the asymmetric algorithms we allow.
//!
//! The algorithm is a closed type, so `none`, HMAC and anything unknown stop at parsing. Headers that point at
//! keys (`jwk`, `jku`, `x5u`) are never followed here; `x5c` is handed on to be checked against anchors.

use serde_json::{Map, Value};

use super::base64url;
use super::json::{self, Limits, Object};
use crate::crypto::{Algorithm, BadSignature, CryptoProvider, PublicKey, SignError, Signer};
use crate::encoding::record::{ToJson as _, put};

/// Why a compact JWS could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Not three base64url parts, or too long.
    #[error("not a compact JWS")]
    Malformed,
    /// The protected header is not acceptable JSON or has members of the wrong type.
    #[error("the JWS header is malformed")]
    Header,
    /// The algorithm is missing or not one we allow (this includes `none` and every HMAC).
    #[error("the JWS algorithm is not allowed")]
    Algorithm,
    /// The header has `crit` or `b64`, which we do not understand (RFC 7515 §4.1.11: must be refused).
    #[error("the JWS header demands an extension we do not know")]
    Critical,
    /// The signature does not verify.
    #[error("the JWS signature is wrong")]
    Signature,
    /// The payload is not an acceptable JSON object.
    #[error("the JWT payload is not a JSON object")]
    Payload,
}

impl From<BadSignature> for JwsError {
    fn from(_: BadSignature) -> Self {
        Self::Signature
    }
}

/// A protected header.
#[derive(Debug, Clone)]
pub struct Header {
    /// Signature algorithm, already on the allow-list.
    pub alg: Algorithm,
    /// `typ`, exactly as sent.
    pub typ: Option<String>,
    /// `kid`, exactly as sent.
    pub kid: Option<String>,
    /// `x5c` as DER, leaf first; empty when absent. At most 8 certificates.
    pub x5c: Vec<Vec<u8>>,
    /// The whole header, for members of one profile only.
    pub all: Object,
}

impl Header {
    /// True when `typ` is `expected`, ignoring case and an `application/` prefix (RFC 7515 §4.1.9).
    #[must_use]
    pub fn is_type(&self, expected: &str) -> bool {
        let Some(typ) = &self.typ else { return false };
        let bare = match typ.get(..12) {
            Some(prefix) if prefix.eq_ignore_ascii_case("application/") => &typ[12..],
            _ => typ.as_str(),
        };
        bare.eq_ignore_ascii_case(expected)
    }
}

/// A JWS that was read but not verified: its payload must not be believed.
#[derive(Debug, Clone)]
pub struct UnverifiedJws {
    header: Header,
    payload: Vec<u8>,
    signing_input: String,
    signature: Vec<u8>,
}

/// Longest compact JWS accepted, in bytes.
pub const MAX_JWS: usize = 1 << 20;

impl UnverifiedJws {
    /// Reads a compact JWS.
    ///
    /// # Errors
    /// [`JwsError`], never `Signature`: nothing is verified here.
    pub fn parse(compact: &str) -> Result<Self, JwsError> {
        if compact.len() > MAX_JWS {
            return Err(JwsError::Malformed);
        }
        let (signing_input, signature) = compact.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Malformed)?;
        if payload.contains('.') {
            return Err(JwsError::Malformed);
        }
        let header = base64url::decode(header).map_err(|_| JwsError::Malformed)?;
        Ok(Self {
            header: parse_header(&header)?,
            payload: base64url::decode(payload).map_err(|_| JwsError::Malformed)?,
            signing_input: signing_input.to_owned(),
            signature: base64url::decode(signature).map_err(|_| JwsError::Malformed)?,
        })
    }

    /// The protected header. Only good for finding the key to verify with.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload as JSON *before* verification. Only good for finding the key to verify with.
    ///
    /// # Errors
    /// [`JwsError::Payload`].
    pub fn unverified_claims(&self) -> Result<Object, JwsError> {
        json::parse_object(&self.payload, Limits::MESSAGE).map_err(|_| JwsError::Payload)
    }

    /// Verifies the signature with `key`. The header's algorithm must be the key's.
    ///
    /// # Errors
    /// [`JwsError::Algorithm`] when key and header disagree, [`JwsError::Signature`].
    pub fn verify(&self, key: &PublicKey, crypto: &dyn CryptoProvider) -> Result<VerifiedJws<'_>, JwsError> {
        if key.algorithm() != self.header.alg {
            return Err(JwsError::Algorithm);
        }
        crypto.verify(key, self.signing_input.as_bytes(), &self.signature)?;
        Ok(VerifiedJws {
            header: &self.header,
            payload: &self.payload,
        })
    }
}

/// A JWS whose signature was verified.
#[derive(Debug, Clone, Copy)]
pub struct VerifiedJws<'a> {
    header: &'a Header,
    payload: &'a [u8],
}

impl<'a> VerifiedJws<'a> {
    /// The protected header.
    #[must_use]
    pub fn header(&self) -> &'a Header {
        self.header
    }

    /// The payload bytes.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The payload as a JSON object.
    ///
    /// # Errors
    /// [`JwsError::Payload`].
    pub fn claims(&self) -> Result<Object, JwsError> {
        json::parse_object(self.payload, Limits::MESSAGE).map_err(|_| JwsError::Payload)
    }
}

/// Signs `payload`. `header` gets `alg` from the signer; other members are kept.
///
/// # Errors
/// [`SignError`] from the signer.
pub fn sign(mut header: Object, payload: &[u8], signer: &dyn Signer) -> Result<String, SignError> {
    signer.algorithm().as_jose().put_json(&mut header, "alg");
    let header = Value::Object(header).to_string();
    let mut out = base64url::encode(header.as_bytes());
    out.push('.');
    out.push_str(&base64url::encode(payload));
    let signature = signer.sign(out.as_bytes())?;
    out.push('.');
    out.push_str(&base64url::encode(&signature));
    Ok(out)
}

/// Signs a JSON object as a JWT with the given `typ` and, unless empty, the chain as `x5c`.
///
/// # Errors
/// [`SignError`] from the signer.
pub fn sign_jwt(
    typ: &str,
    x5c: &[Vec<u8>],
    claims: &Object,
    signer: &dyn Signer,
) -> Result<String, SignError> {
    let mut header = Map::new();
    typ.put_json(&mut header, "typ");
    if !x5c.is_empty() {
        let chain = x5c
            .iter()
            .map(|der| Value::from(base64url::encode_standard(der)))
            .collect();
        put(&mut header, "x5c", Value::Array(chain));
    }
    let payload = Value::Object(claims.clone()).to_string();
    sign(header, payload.as_bytes(), signer)
}

fn parse_header(bytes: &[u8]) -> Result<Header, JwsError> {
    let limits = Limits {
        bytes: 64 << 10,
        depth: 8,
    };
    let all = json::parse_object(bytes, limits).map_err(|_| JwsError::Header)?;
    // RFC 7515 §4.1.11: an unknown critical extension invalidates the JWS; RFC 7797 `b64` is one we do not know.
    if all.contains_key("crit") || all.contains_key("b64") {
        return Err(JwsError::Critical);
    }
    let text = |name: &str| match all.get(name) {
        None => Ok(None),
        Some(Value::String(s)) => Ok(Some(s.clone())),
        Some(_) => Err(JwsError::Header),
    };
    let alg = text("alg")?
        .as_deref()
        .and_then(Algorithm::from_jose)
        .ok_or(JwsError::Algorithm)?;
    let x5c = match all.get("x5c") {
        None => Vec::new(),
        Some(Value::Array(chain)) if (1..=8).contains(&chain.len()) => chain
            .iter()
            .map(|entry| {
                entry
                    .as_str()
                    .and_then(|s| base64url::decode_standard(s).ok())
                    .ok_or(JwsError::Header)
            })
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(JwsError::Header),
    };
    Ok(Header {
        alg,
        typ: text("typ")?,
        kid: text("kid")?,
        x5c,
        all,
    })
}

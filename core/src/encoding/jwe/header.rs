//! The protected header of a JWE (RFC 7516 §4.1, RFC 7518 §4.6.1).

use serde_json::Value;

use super::{ContentEncryption, JweError};
use crate::crypto::{PublicKey, Signer as _, SoftwareKey};
use crate::encoding::base64url;
use crate::encoding::json::{self, Limits, Object};
use crate::encoding::record::ToJson as _;

/// A protected header; `alg` is always `ECDH-ES`.
#[derive(Debug, Clone)]
pub struct Header {
    /// Content encryption.
    pub enc: ContentEncryption,
    /// Id of the recipient's key.
    pub kid: Option<String>,
    /// The sender's ephemeral key, checked to be on P-256.
    pub epk: PublicKey,
    /// Agreement PartyUInfo, decoded; empty when absent.
    pub apu: Vec<u8>,
    /// Agreement PartyVInfo, decoded; empty when absent.
    pub apv: Vec<u8>,
}

pub(super) fn write(enc: ContentEncryption, kid: Option<&str>, ephemeral: &SoftwareKey) -> String {
    let mut header = Object::new();
    "ECDH-ES".put_json(&mut header, "alg");
    enc.as_jose().put_json(&mut header, "enc");
    if let Some(kid) = kid {
        kid.put_json(&mut header, "kid");
    }
    ephemeral.public_key().to_jwk().put_json(&mut header, "epk");
    Value::Object(header).to_string()
}

pub(super) fn parse(bytes: &[u8]) -> Result<Header, JweError> {
    let limits = Limits {
        bytes: 8 << 10,
        depth: 4,
    };
    let header = json::parse_object(bytes, limits).map_err(|_| JweError::Header)?;
    // RFC 7516 §4.1.13: unknown critical extensions invalidate the JWE, and we know none. §4.1.3 `zip` would let
    // a small text grow without bound.
    if header.contains_key("crit") || header.contains_key("zip") {
        return Err(JweError::Critical);
    }
    let text = |name: &str| match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(JweError::Header),
    };
    if text("alg")? != Some("ECDH-ES") {
        return Err(JweError::Algorithm);
    }
    let enc = text("enc")?
        .and_then(ContentEncryption::from_jose)
        .ok_or(JweError::Algorithm)?;
    let info = |name: &str| match text(name)? {
        None => Ok(Vec::new()),
        Some(value) => base64url::decode(value).map_err(|_| JweError::Header),
    };
    let epk = header
        .get("epk")
        .and_then(Value::as_object)
        .ok_or(JweError::Header)?;
    let epk = PublicKey::from_jwk(epk).map_err(|_| JweError::Key)?;
    if !matches!(epk, PublicKey::P256(_)) {
        return Err(JweError::Key);
    }
    Ok(Header {
        enc,
        kid: text("kid")?.map(str::to_owned),
        epk,
        apu: info("apu")?,
        apv: info("apv")?,
    })
}

//! The key binding JWT: proof that the presenter holds the key the credential is bound to (RFC 9901 §4.3, §7.3).

use serde_json::Value;

use super::validity::numeric_date;
use super::{KeyBindingError, SdAlg};
use crate::crypto::{CryptoProvider, PublicKey, SignError, Signer, constant_time_eq};
use crate::encoding::json::Object;
use crate::encoding::jws::{self, UnverifiedJws};
use crate::encoding::record::{ToJson as _, put};
use crate::env::Timestamp;

/// The `typ` of a key binding JWT (RFC 9901 §4.3).
pub const KB_JWT_TYPE: &str = "kb+jwt";

/// What a key binding JWT must say.
#[derive(Debug, Clone, Copy)]
pub struct KeyBinding<'a> {
    /// The nonce of this request, compared in constant time.
    pub nonce: &'a str,
    /// Who the presentation is for: over OpenID4VP the full client identifier with its prefix.
    pub audience: &'a str,
    /// The present time.
    pub now: Timestamp,
    /// Oldest accepted `iat`, in seconds before `now`.
    pub max_age: i64,
    /// How far `iat` may lie in the future, in seconds: clocks differ.
    pub leeway: i64,
}

impl<'a> KeyBinding<'a> {
    /// Five minutes back, one minute ahead.
    #[must_use]
    pub fn new(nonce: &'a str, audience: &'a str, now: Timestamp) -> Self {
        Self {
            nonce,
            audience,
            now,
            max_age: 300,
            leeway: 60,
        }
    }
}

/// The verifier's policy on key binding. It never depends on what arrived (RFC 9901 §9.5).
#[derive(Debug, Clone, Copy)]
pub enum KeyBindingCheck<'a> {
    /// There must be a right one.
    Required(KeyBinding<'a>),
    /// A bearer credential is enough. A KB-JWT that came along is not looked at and proves nothing.
    NotRequired,
    /// There must be none: an issuer sends a credential to its holder (RFC 9901 §7.2).
    Forbidden,
}

/// Checks `kb_jwt` over `sd_jwt` (the text up to and including the last `~`), signed by `holder`.
pub(super) fn verify(
    kb_jwt: &str,
    sd_jwt: &str,
    sd_alg: SdAlg,
    holder: &PublicKey,
    expected: &KeyBinding<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<(), KeyBindingError> {
    let jws = UnverifiedJws::parse(kb_jwt)?;
    // RFC 9901 §7.3 step 5.b to 5.d: allowed algorithm, type, signature with the key from `cnf`.
    if !jws.header().is_type(KB_JWT_TYPE) {
        return Err(KeyBindingError::Type);
    }
    let claims = jws.verify(holder, crypto)?.claims()?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    // Step 5.e: `iat` within a window.
    let issued = numeric_date(&claims, "iat")
        .ok()
        .flatten()
        .ok_or(KeyBindingError::IssuedAt)?;
    let age = expected.now.since(issued);
    if age > expected.max_age || age < expected.leeway.saturating_neg() {
        return Err(KeyBindingError::IssuedAt);
    }
    // Step 5.f: nonce and audience. §4.3: `aud` is one string.
    if !text("nonce").is_some_and(|nonce| constant_time_eq(nonce.as_bytes(), expected.nonce.as_bytes())) {
        return Err(KeyBindingError::Nonce);
    }
    if text("aud") != Some(expected.audience) {
        return Err(KeyBindingError::Audience);
    }
    // Step 5.g: the hash over exactly this selection.
    let hash = sd_alg.digest(sd_jwt);
    if !text("sd_hash").is_some_and(|sent| constant_time_eq(sent.as_bytes(), hash.as_bytes())) {
        return Err(KeyBindingError::SdHash);
    }
    Ok(())
}

/// Makes the key binding JWT for `sd_jwt` (RFC 9901 §4.3).
pub(super) fn sign(
    sd_jwt: &str,
    sd_alg: SdAlg,
    nonce: &str,
    audience: &str,
    issued_at: Timestamp,
    signer: &dyn Signer,
) -> Result<String, SignError> {
    sign_claims(&claims(sd_jwt, sd_alg, nonce, audience, issued_at), signer)
}

/// The claims of that JWT.
pub(super) fn claims(
    sd_jwt: &str,
    sd_alg: SdAlg,
    nonce: &str,
    audience: &str,
    issued_at: Timestamp,
) -> Object {
    let mut claims = Object::new();
    issued_at.0.put_json(&mut claims, "iat");
    audience.put_json(&mut claims, "aud");
    nonce.put_json(&mut claims, "nonce");
    put(&mut claims, "sd_hash", Value::from(sd_alg.digest(sd_jwt)));
    claims
}

/// Signs them.
pub(super) fn sign_claims(claims: &Object, signer: &dyn Signer) -> Result<String, SignError> {
    jws::sign_jwt(KB_JWT_TYPE, &[], claims, signer)
}

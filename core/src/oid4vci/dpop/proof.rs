//! A proof as the wallet makes it (RFC 9449 §4.2).

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::super::SecretText;
use super::{TYP, token_hash};
use crate::crypto::{SignError, Signer as _, SoftwareKey};
use crate::encoding::base64url;
use crate::encoding::jws;
use crate::encoding::record::{self, FromJson, Malformed, ToJson, put};
use crate::env::{Env, RandomUnavailable};
use crate::http::Method;

/// The key that tokens are bound to: one for one issuance, so that two issuers cannot tell that they have the same
/// wallet. At rest it is its 32-byte scalar in base64url; keep it only where the whole record is sealed.
#[derive(Debug, Clone)]
pub struct DpopKey(SoftwareKey);

impl DpopKey {
    /// A fresh key.
    ///
    /// # Errors
    /// [`RandomUnavailable`].
    pub fn generate(env: &mut Env<'_>) -> Result<Self, RandomUnavailable> {
        SoftwareKey::generate(env.rng).map(Self)
    }

    /// The thumbprint of its public half: `jkt`, `dpop_jkt` (RFC 9449 §6.1, §10).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url::encode(&self.0.public_key().thumbprint())
    }
}

impl From<SoftwareKey> for DpopKey {
    fn from(key: SoftwareKey) -> Self {
        Self(key)
    }
}

impl ToJson for DpopKey {
    fn write_json(&self) -> Value {
        record::text(&Zeroizing::new(base64url::encode(self.0.to_bytes().as_slice())))
    }
}

impl FromJson for DpopKey {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        let bad = Malformed("a key");
        let text = Zeroizing::new(String::read_json(value)?);
        let bytes = Zeroizing::new(base64url::decode(&text).map_err(|_| bad)?);
        SoftwareKey::from_bytes(&bytes).map(Self).map_err(|_| bad)
    }
}

/// What a proof says; `jti` and `iat` are new each time it is signed (CI-16).
#[derive(Debug, Clone, Copy)]
pub struct DpopProof<'a> {
    /// The method of the request: `htm`.
    pub method: Method,
    /// The address of the request; query and fragment are left out of `htu`.
    pub url: &'a str,
    /// The token that is sent along: `ath`.
    pub access_token: Option<&'a SecretText>,
    /// What the server gave out last: `nonce`.
    pub nonce: Option<&'a str>,
}

impl DpopProof<'_> {
    /// Signs it.
    ///
    /// # Errors
    /// [`SignError`], also when the platform has no randomness.
    pub fn sign(&self, key: &DpopKey, env: &mut Env<'_>) -> Result<String, SignError> {
        let mut header = Map::new();
        TYP.put_json(&mut header, "typ");
        put(&mut header, "jwk", Value::Object(key.0.public_key().to_jwk()));
        let mut claims = Map::new();
        env.random_token()
            .map_err(|_| SignError)?
            .put_json(&mut claims, "jti");
        self.method.as_str().put_json(&mut claims, "htm");
        let htu = self.url.split(['?', '#']).next().unwrap_or_default();
        htu.put_json(&mut claims, "htu");
        env.now.0.put_json(&mut claims, "iat");
        if let Some(token) = self.access_token {
            token_hash(token).put_json(&mut claims, "ath");
        }
        if let Some(nonce) = self.nonce {
            nonce.put_json(&mut claims, "nonce");
        }
        jws::sign(header, Value::Object(claims).to_string().as_bytes(), &key.0)
    }
}

//! Issuers who publish their keys under their own web address (SD-JWT VC, "JWT VC Issuer Metadata"; SV-4).
//!
//! HAIP wants certificates, so nobody is believed like this unless the operator lists the issuer: by its exact `iss`,
//! with the types it may issue. An issuer has one way of being verified: one that is listed here is not believed by a
//! certificate, and a credential cannot choose (section "Ecosystem-specific Public Key Verification Methods").
//!
//! Only verifiers use this. Whoever calls brings the documents; here they are read.

use serde_json::Value;

use crate::crypto::{Algorithm, CryptoProvider, KeyError, PublicKey};
use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::json::{self, JsonError, Limits, Object};
use crate::error::ErrorCode;
use crate::profile::{Endpoint, Profile};
use crate::sd_jwt::{SdJwtError, UnverifiedSdJwt, VcCheck, VcError, VerifiedSdJwtVc};

/// Largest document accepted, in bytes.
pub const MAX_ISSUER_METADATA: usize = 256 << 10;
/// Most keys looked at.
const MAX_KEYS: usize = 64;

/// An issuer that is believed by its address, with its keys.
#[derive(Debug, Clone)]
pub struct WebIssuer {
    /// What the operator calls it.
    pub name: String,
    /// `iss`, compared letter by letter.
    pub iss: Endpoint,
    /// The credential types it may issue.
    pub vct: Vec<String>,
    /// Its keys, as they were published.
    pub keys: IssuerKeys,
}

/// Published keys.
#[derive(Debug, Clone, Default)]
pub struct IssuerKeys(Vec<(Option<String>, PublicKey)>);

/// What an issuer's metadata says about its keys.
#[derive(Debug, Clone)]
pub enum PublishedKeys {
    /// They are in the metadata (`jwks`).
    Here(IssuerKeys),
    /// They are at another address (`jwks_uri`).
    At(Endpoint),
}

/// Why published keys were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssuerKeysError {
    /// Not acceptable JSON.
    #[error("the issuer's metadata: {0}")]
    Json(#[from] JsonError),
    /// A member is missing or wrong.
    #[error("the issuer's metadata is malformed: {0}")]
    Field(#[from] FieldError),
    /// The document belongs to another issuer.
    #[error("the metadata belongs to another issuer")]
    WrongIssuer,
    /// A private key is published: whoever reads it can sign.
    #[error("the issuer has published a private key")]
    Private,
    /// None of the keys is of a kind we use.
    #[error("the issuer has no key that can be used")]
    NoKey,
}

impl ErrorCode for IssuerKeysError {
    fn code(&self) -> &'static str {
        match self {
            Self::Json(_) | Self::Field(_) => "issuer-keys-malformed",
            Self::WrongIssuer => "issuer-keys-of-another",
            Self::Private => "issuer-keys-private",
            Self::NoKey => "issuer-keys-none",
        }
    }
}

/// Where the metadata of an issuer is: `/.well-known/jwt-vc-issuer` between host and path, without a last `/`.
#[must_use]
pub fn issuer_metadata_url(iss: &Endpoint) -> String {
    iss.well_known("jwt-vc-issuer")
}

impl PublishedKeys {
    /// Reads the metadata of `iss`.
    ///
    /// # Errors
    /// [`IssuerKeysError`].
    pub fn parse(document: &[u8], iss: &Endpoint, profile: &Profile) -> Result<Self, IssuerKeysError> {
        let object = read(document)?;
        let fields = Fields::new(&object, "");
        // "JWT VC Issuer Metadata Validation": identical, or the document must not be used.
        if fields.text("issuer", 2048)? != iss.as_str() {
            return Err(IssuerKeysError::WrongIssuer);
        }
        // One or the other, not both.
        match (fields.opt_object("jwks")?, fields.opt_text("jwks_uri", 2048)?) {
            (Some(jwks), None) => Ok(Self::Here(IssuerKeys::read(jwks)?)),
            (None, Some(uri)) => Endpoint::parse(uri, profile)
                .map(Self::At)
                .map_err(|_| fields.error("jwks_uri", Problem::NotAllowed).into()),
            (None, None) => Err(fields.error("jwks", Problem::Missing).into()),
            (Some(_), Some(_)) => Err(fields.error("jwks_uri", Problem::NotAllowed).into()),
        }
    }
}

impl IssuerKeys {
    /// Reads a JWK Set (RFC 7517 §5), as found at `jwks_uri`.
    ///
    /// # Errors
    /// [`IssuerKeysError`].
    pub fn parse(document: &[u8]) -> Result<Self, IssuerKeysError> {
        Self::read(&read(document)?)
    }

    fn read(jwks: &Object) -> Result<Self, IssuerKeysError> {
        let fields = Fields::new(jwks, "jwks");
        let list = fields
            .opt_list("keys", MAX_KEYS)?
            .ok_or_else(|| fields.error("keys", Problem::Missing))?;
        let mut keys = Vec::new();
        for jwk in list.iter().filter_map(Value::as_object) {
            let kid = match jwk.get("kid") {
                None => None,
                Some(Value::String(kid)) => Some(kid.clone()),
                Some(_) => continue,
            };
            // Keys of other kinds and for other uses may stand beside ours (RFC 7517 §5).
            if jwk.get("use").is_some_and(|usage| usage.as_str() != Some("sig")) {
                continue;
            }
            match PublicKey::from_jwk(jwk) {
                Ok(key) => keys.push((kid, key)),
                Err(KeyError::Private) => return Err(IssuerKeysError::Private),
                Err(_) => {}
            }
        }
        if keys.is_empty() {
            return Err(IssuerKeysError::NoKey);
        }
        Ok(Self(keys))
    }

    /// The keys.
    pub fn iter(&self) -> impl Iterator<Item = &PublicKey> {
        self.0.iter().map(|(_, key)| key)
    }

    /// The key a header names, or the only one there is for its algorithm.
    fn find(&self, kid: Option<&str>, alg: Algorithm) -> Option<&PublicKey> {
        let mut fitting = self.0.iter().filter(|(known, key)| {
            key.algorithm() == alg && kid.is_none_or(|kid| known.as_deref() == Some(kid))
        });
        match (fitting.next(), fitting.next()) {
            (Some((_, key)), None) => Some(key),
            _ => None,
        }
    }
}

fn read(document: &[u8]) -> Result<Object, JsonError> {
    let limits = Limits {
        bytes: MAX_ISSUER_METADATA,
        depth: 8,
    };
    json::parse_object(document, limits)
}

/// Why a credential of an issuer known by its address was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebCredentialError {
    /// The SD-JWT was refused.
    #[error(transparent)]
    SdJwt(#[from] SdJwtError),
    /// The credential breaks a rule of SD-JWT VC or of key binding.
    #[error(transparent)]
    Vc(#[from] VcError),
    /// The credential brings a certificate, and its issuer is to be verified by published keys.
    #[error("the credential wants to be verified in another way than its issuer")]
    Method,
    /// None of the issuer's keys is named.
    #[error("the credential names no key of its issuer")]
    Key,
    /// The issuer is known, but not for this type of credential.
    #[error("the issuer may not issue credentials of this type")]
    TypeNotAllowed,
}

impl ErrorCode for WebCredentialError {
    fn code(&self) -> &'static str {
        match self {
            Self::SdJwt(inner) => inner.code(),
            Self::Vc(inner) => inner.code(),
            Self::Method => "credential-issuer-method",
            Self::Key => "credential-issuer-key",
            Self::TypeNotAllowed => "credential-type-not-allowed",
        }
    }
}

impl WebIssuer {
    /// The issuer that a credential says it is from, when it is one of `issuers`. Nothing is verified yet.
    #[must_use]
    pub fn of<'i>(unverified: &UnverifiedSdJwt, issuers: &'i [Self]) -> Option<&'i Self> {
        let claims = unverified.unverified_claims().ok()?;
        let iss = claims.get("iss")?.as_str()?;
        issuers.iter().find(|issuer| issuer.iss.as_str() == iss)
    }

    /// Verifies a credential of this issuer: its signature, the rules of SD-JWT VC with the key binding policy in
    /// `check`, and that it may issue this type.
    ///
    /// # Errors
    /// [`WebCredentialError`].
    pub fn verify(
        &self,
        unverified: UnverifiedSdJwt,
        check: &VcCheck<'_>,
        crypto: &dyn CryptoProvider,
    ) -> Result<VerifiedSdJwtVc, WebCredentialError> {
        let header = unverified.issuer_jws().header();
        if !header.x5c.is_empty() {
            return Err(WebCredentialError::Method);
        }
        let key = self
            .keys
            .find(header.kid.as_deref(), header.alg)
            .ok_or(WebCredentialError::Key)?;
        let vc = unverified.verify_issuer(key, crypto)?.into_vc(check, crypto)?;
        // SV-10: trust is per issuer and type.
        if !self.vct.contains(&vc.vct) {
            return Err(WebCredentialError::TypeNotAllowed);
        }
        Ok(vc)
    }
}

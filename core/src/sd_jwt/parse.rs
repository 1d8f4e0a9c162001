//! From text to verified claims (RFC 9901 §4, §7.1).

use std::fmt;
use std::ops::Range;

use serde_json::Value;

use super::json_form;
use super::process::{Placed, process};
use super::{MAX_DISCLOSURES, MAX_SD_JWT, SdAlg, SdJwtError};
use crate::claims::ClaimsPath;
use crate::crypto::{CryptoProvider, PublicKey};
use crate::encoding::json::Object;
use crate::encoding::jws::{Header, UnverifiedJws};

/// An SD-JWT, with or without key binding, that was read but not verified.
#[derive(Clone)]
pub struct UnverifiedSdJwt {
    parts: Parts,
    jws: UnverifiedJws,
}

impl UnverifiedSdJwt {
    /// Reads the compact form: `JWT~D1~…~Dn~`, with a KB-JWT after the last `~` or nothing (RFC 9901 §4).
    ///
    /// # Errors
    /// [`SdJwtError`] for text of another form, too long, with too many disclosures, or with an issuer-signed JWT
    /// that cannot be read or uses an algorithm that is not allowed.
    pub fn parse(compact: &str) -> Result<Self, SdJwtError> {
        // The bound comes before any copy, decoding or hashing.
        if compact.len() > MAX_SD_JWT {
            return Err(SdJwtError::TooLong);
        }
        Self::from_text(compact.to_owned())
    }

    /// Reads the JWS JSON serialisation, flattened or general (RFC 9901 §8). Of a general one the first signature
    /// counts: only that one may carry disclosures.
    ///
    /// # Errors
    /// As [`Self::parse`]; [`SdJwtError::Malformed`] for another shape.
    pub fn parse_json(value: &Value) -> Result<Self, SdJwtError> {
        let (text, unprotected) = json_form::to_compact(value)?;
        let parsed = Self::from_text(text)?;
        // RFC 7515 §4: a header parameter is either protected or unprotected.
        let protected = &parsed.jws.header().all;
        if unprotected.keys().any(|name| protected.contains_key(name)) {
            return Err(SdJwtError::Malformed);
        }
        Ok(parsed)
    }

    fn from_text(text: String) -> Result<Self, SdJwtError> {
        let parts = Parts::split(text)?;
        let jws = UnverifiedJws::parse(parts.jwt())?;
        Ok(Self { parts, jws })
    }

    /// The issuer-signed JWT, to find the issuer's key by its header.
    #[must_use]
    pub fn issuer_jws(&self) -> &UnverifiedJws {
        &self.jws
    }

    /// The payload before verification and without disclosures; only good for finding the issuer's key.
    ///
    /// # Errors
    /// [`SdJwtError::Jws`] when the payload is not a JSON object.
    pub fn unverified_claims(&self) -> Result<Object, SdJwtError> {
        Ok(self.jws.unverified_claims()?)
    }

    /// Verifies the issuer's signature with `key` and puts the disclosures back (RFC 9901 §7.1 steps 2 to 5).
    /// Validity in time, type and key binding are for [`VerifiedSdJwt::into_vc`].
    ///
    /// # Errors
    /// [`SdJwtError`] for every rejection of §7.1.
    pub fn verify_issuer(
        self,
        key: &PublicKey,
        crypto: &dyn CryptoProvider,
    ) -> Result<VerifiedSdJwt, SdJwtError> {
        let payload = self.jws.verify(key, crypto)?.claims()?;
        self.processed(payload)
    }

    /// As [`Self::verify_issuer`] for text that was verified before and kept where nobody else can write.
    pub(super) fn trust_stored(self) -> Result<VerifiedSdJwt, SdJwtError> {
        let payload = self.jws.unverified_claims()?;
        self.processed(payload)
    }

    fn processed(self, payload: Object) -> Result<VerifiedSdJwt, SdJwtError> {
        let processed = process(payload, self.parts.disclosures())?;
        Ok(VerifiedSdJwt {
            parts: self.parts,
            jws: self.jws,
            claims: processed.claims,
            sd_alg: processed.sd_alg,
            placed: processed.placed,
            partly_hidden: processed.partly_hidden,
        })
    }
}

impl fmt::Debug for UnverifiedSdJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedSdJwt").finish_non_exhaustive()
    }
}

/// An SD-JWT whose issuer signature is right and whose disclosures fit.
#[derive(Clone)]
pub struct VerifiedSdJwt {
    pub(super) parts: Parts,
    jws: UnverifiedJws,
    pub(super) claims: Object,
    pub(super) sd_alg: SdAlg,
    pub(super) placed: Vec<Placed>,
    pub(super) partly_hidden: Vec<String>,
}

impl VerifiedSdJwt {
    /// The claims with all sent disclosures put back.
    #[must_use]
    pub fn claims(&self) -> &Object {
        &self.claims
    }

    /// The header of the issuer-signed JWT.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.jws.header()
    }

    /// The hash function of the digests.
    #[must_use]
    pub fn sd_alg(&self) -> SdAlg {
        self.sd_alg
    }

    /// Where the sent disclosures belong, in the order they were sent.
    pub fn disclosed(&self) -> impl Iterator<Item = &ClaimsPath> {
        self.placed.iter().map(|placed| &placed.path)
    }

    /// The key binding JWT, unchecked.
    #[must_use]
    pub fn unverified_key_binding(&self) -> Option<&str> {
        self.parts.kb_jwt()
    }
}

impl fmt::Debug for VerifiedSdJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedSdJwt")
            .field("typ", &self.header().typ)
            .field("disclosures", &self.placed.len())
            .finish_non_exhaustive()
    }
}

/// The compact text and where its parts are.
#[derive(Clone)]
pub(super) struct Parts {
    text: String,
    disclosures: Vec<Range<usize>>,
    jwt_end: usize,
    /// Just after the last `~`.
    sd_jwt_end: usize,
}

impl Parts {
    fn split(text: String) -> Result<Self, SdJwtError> {
        if text.len() > MAX_SD_JWT {
            return Err(SdJwtError::TooLong);
        }
        // SJ-1: there is always at least one `~`, and what follows the last one is a KB-JWT or nothing.
        let jwt_end = text.find('~').ok_or(SdJwtError::Malformed)?;
        let last = text.rfind('~').ok_or(SdJwtError::Malformed)?;
        let sd_jwt_end = last + 1;
        let mut disclosures = Vec::new();
        let mut start = jwt_end + 1;
        while start < sd_jwt_end {
            let end = text[start..].find('~').map_or(last, |at| start + at);
            if end == start {
                return Err(SdJwtError::Malformed);
            }
            if disclosures.len() == MAX_DISCLOSURES {
                return Err(SdJwtError::TooManyDisclosures);
            }
            disclosures.push(start..end);
            start = end + 1;
        }
        let parts = Self {
            text,
            disclosures,
            jwt_end,
            sd_jwt_end,
        };
        match parts.kb_jwt() {
            Some(kb) if kb.bytes().filter(|byte| *byte == b'.').count() != 2 => Err(SdJwtError::Malformed),
            _ => Ok(parts),
        }
    }

    pub(super) fn jwt(&self) -> &str {
        &self.text[..self.jwt_end]
    }

    /// Everything up to and including the last `~`: what `sd_hash` covers (RFC 9901 §4.3.1).
    pub(super) fn sd_jwt(&self) -> &str {
        &self.text[..self.sd_jwt_end]
    }

    /// The text of [`Self::sd_jwt`], without a copy.
    pub(super) fn into_sd_jwt(mut self) -> String {
        self.text.truncate(self.sd_jwt_end);
        self.text
    }

    pub(super) fn kb_jwt(&self) -> Option<&str> {
        let kb = &self.text[self.sd_jwt_end..];
        (!kb.is_empty()).then_some(kb)
    }

    pub(super) fn disclosures(&self) -> impl ExactSizeIterator<Item = &str> {
        self.disclosures.iter().map(|range| &self.text[range.clone()])
    }
}

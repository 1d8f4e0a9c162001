//! The rules of SD-JWT VC on top of a verified SD-JWT (draft-ietf-oauth-sd-jwt-vc §2.2, HAIP 1.0 §6.1).

use std::fmt;

use serde_json::Value;

use super::key_binding::{self, KeyBindingCheck};
use super::validity::numeric_date;
use super::{KeyBindingError, VcError, VerifiedSdJwt};
use crate::claims::{ClaimsPath, PathElement};
use crate::crypto::{CryptoProvider, PublicKey};
use crate::encoding::json::Object;
use crate::env::Timestamp;
use crate::status::StatusReference;

/// The `typ` of an SD-JWT VC.
pub const SD_JWT_VC_TYPE: &str = "dc+sd-jwt";

/// Claims that must not be selectively disclosable (SD-JWT VC §2.2.2.2; `aka_vcts` since draft -19).
pub const NEVER_DISCLOSABLE: [&str; 8] = [
    "iss",
    "nbf",
    "exp",
    "cnf",
    "vct",
    "vct#integrity",
    "status",
    "aka_vcts",
];

/// What to demand of an SD-JWT VC.
#[derive(Debug, Clone, Copy)]
pub struct VcCheck<'a> {
    /// The present time.
    pub now: Timestamp,
    /// How far clocks may differ, in seconds.
    pub leeway: i64,
    /// The key binding policy.
    pub key_binding: KeyBindingCheck<'a>,
    /// True when `cnf` must name a holder key (HAIP 1.0 §6.1).
    pub require_holder_key: bool,
    /// True when `exp` or `status` must be there (HAIP 1.0 §6.1).
    pub require_limit: bool,
}

impl<'a> VcCheck<'a> {
    /// A verifier that wants proof of possession.
    #[must_use]
    pub fn presentation(now: Timestamp, key_binding: KeyBindingCheck<'a>) -> Self {
        Self {
            now,
            leeway: 60,
            key_binding,
            require_holder_key: false,
            require_limit: false,
        }
    }

    /// A wallet that receives a credential from its issuer: no KB-JWT may be there (RFC 9901 §7.2).
    #[must_use]
    pub fn issuance(now: Timestamp) -> Self {
        Self {
            now,
            leeway: 60,
            key_binding: KeyBindingCheck::Forbidden,
            require_holder_key: false,
            require_limit: false,
        }
    }
}

/// An SD-JWT VC that passed every check but trust in its issuer (`trust::verify_credential`) and its status.
#[derive(Clone)]
pub struct VerifiedSdJwtVc {
    /// The credential type, compared case-sensitively.
    pub vct: String,
    /// `iss`, when present. Identity comes from the certificate chain; this is only what the credential says.
    pub issuer: Option<String>,
    /// The processed claims, registered ones included; always an object.
    pub claims: Value,
    /// The key of `cnf.jwk`.
    pub holder_key: Option<PublicKey>,
    /// True when a right KB-JWT proved possession of [`Self::holder_key`] in this presentation.
    pub possession_proven: bool,
    /// Where the status is, when the credential has one.
    pub status: Option<StatusReference>,
    /// Where the sent disclosures belong: concrete paths, in the order they were sent.
    pub disclosed: Vec<ClaimsPath>,
    /// `iat`.
    pub issued_at: Option<Timestamp>,
    /// `nbf`.
    pub not_before: Option<Timestamp>,
    /// `exp`.
    pub expires_at: Option<Timestamp>,
    text: String,
}

impl VerifiedSdJwt {
    /// Applies the rules of SD-JWT VC and the key binding policy.
    ///
    /// # Errors
    /// [`VcError`].
    pub fn into_vc(
        self,
        check: &VcCheck<'_>,
        crypto: &dyn CryptoProvider,
    ) -> Result<VerifiedSdJwtVc, VcError> {
        // SV-1: the legacy `vc+sd-jwt` is not accepted.
        if !self.header().is_type(SD_JWT_VC_TYPE) {
            return Err(VcError::Type);
        }
        self.check_always_visible()?;
        let claims = &self.claims;
        let vct = match claims.get("vct") {
            Some(Value::String(vct)) if !vct.is_empty() => vct.clone(),
            _ => return Err(VcError::Vct),
        };
        let issuer = match claims.get("iss") {
            None => None,
            Some(Value::String(issuer)) => Some(issuer.clone()),
            Some(_) => return Err(VcError::MalformedClaim),
        };
        let time = |name| numeric_date(claims, name).map_err(|_| VcError::MalformedClaim);
        let (issued_at, not_before, expires_at) = (time("iat")?, time("nbf")?, time("exp")?);
        // RFC 7519 §4.1.4: "on or after" the time it must not be accepted; leeway in the holder's favour.
        if expires_at.is_some_and(|exp| check.now >= exp.plus(check.leeway)) {
            return Err(VcError::Expired);
        }
        let latest = check.now.plus(check.leeway);
        if not_before.is_some_and(|nbf| nbf > latest) || issued_at.is_some_and(|iat| iat > latest) {
            return Err(VcError::NotYetValid);
        }
        let status = match claims.get("status") {
            None => None,
            Some(status) => Some(StatusReference::from_status(status).map_err(|_| VcError::MalformedClaim)?),
        };
        if check.require_limit && expires_at.is_none() && status.is_none() {
            return Err(VcError::Unlimited);
        }
        let holder_key = holder_key(claims)?;
        if check.require_holder_key && holder_key.is_none() {
            return Err(VcError::HolderKey);
        }
        let possession_proven = self.check_key_binding(check, holder_key.as_ref(), crypto)?;

        Ok(VerifiedSdJwtVc {
            vct,
            issuer,
            claims: Value::Object(self.claims),
            holder_key,
            possession_proven,
            status,
            disclosed: self.placed.into_iter().map(|placed| placed.path).collect(),
            issued_at,
            not_before,
            expires_at,
            text: self.parts.into_sd_jwt(),
        })
    }

    /// SV-2: neither the claims themselves nor anything inside them may be selectively disclosable.
    fn check_always_visible(&self) -> Result<(), VcError> {
        let never = |name: &str| NEVER_DISCLOSABLE.contains(&name);
        let hidden = self.partly_hidden.iter().any(|name| never(name));
        let disclosed = self
            .placed
            .iter()
            .any(|placed| matches!(placed.path.elements(), [PathElement::Key(name), ..] if never(name)));
        if hidden || disclosed {
            return Err(VcError::MustNotBeDisclosable);
        }
        Ok(())
    }

    fn check_key_binding(
        &self,
        check: &VcCheck<'_>,
        holder: Option<&PublicKey>,
        crypto: &dyn CryptoProvider,
    ) -> Result<bool, VcError> {
        match (&check.key_binding, self.parts.kb_jwt()) {
            (KeyBindingCheck::Required(expected), Some(kb_jwt)) => {
                check_audience(&self.claims, expected.audience)?;
                let holder = holder.ok_or(KeyBindingError::NoHolderKey)?;
                key_binding::verify(kb_jwt, self.parts.sd_jwt(), self.sd_alg, holder, expected, crypto)?;
                Ok(true)
            }
            (KeyBindingCheck::Required(_), None) => Err(KeyBindingError::Missing.into()),
            (KeyBindingCheck::Forbidden, Some(_)) => Err(KeyBindingError::Unexpected.into()),
            (KeyBindingCheck::Forbidden, None) | (KeyBindingCheck::NotRequired, _) => Ok(false),
        }
    }
}

impl VerifiedSdJwtVc {
    /// The SD-JWT without key binding, ending in `~`: what a wallet keeps.
    #[must_use]
    pub fn sd_jwt(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for VerifiedSdJwtVc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedSdJwtVc")
            .field("vct", &self.vct)
            .field("issuer", &self.issuer)
            .field("disclosures", &self.disclosed.len())
            .finish_non_exhaustive()
    }
}

/// RFC 7519 §4.1.3: a verifier not named in a present `aud` must refuse.
fn check_audience(claims: &Object, audience: &str) -> Result<(), VcError> {
    let named = match claims.get("aud") {
        None => true,
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(audience)),
        Some(_) => return Err(VcError::MalformedClaim),
    };
    if named { Ok(()) } else { Err(VcError::Audience) }
}

/// SV-5: the key of `cnf.jwk` (RFC 7800 §3.2). A `cnf` of another kind is an error: binding must not get lost.
fn holder_key(claims: &Object) -> Result<Option<PublicKey>, VcError> {
    let Some(cnf) = claims.get("cnf") else {
        return Ok(None);
    };
    let jwk = cnf
        .get("jwk")
        .and_then(Value::as_object)
        .ok_or(VcError::HolderKey)?;
    PublicKey::from_jwk(jwk).map(Some).map_err(|_| VcError::HolderKey)
}

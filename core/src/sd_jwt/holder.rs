//! The holder's side: keep a credential, and present exactly what was approved (RFC 9901 §7.2).

use std::fmt;

use serde_json::Value;

use super::key_binding;
use super::parse::{Parts, UnverifiedSdJwt};
use super::process::Placed;
use super::{HolderError, SdAlg, VerifiedSdJwt, VerifiedSdJwtVc};
use crate::claims::{ClaimsPath, PathElement};
use crate::crypto::{PublicKey, Signer};
use crate::encoding::record::put;
use crate::env::Timestamp;

/// A credential in its holder's hands, with every disclosure the issuer gave.
#[derive(Clone)]
pub struct HolderSdJwt {
    parts: Parts,
    claims: Value,
    sd_alg: SdAlg,
    placed: Vec<Placed>,
    /// Where each leaf of the claims is, and the innermost disclosure that shows it (`None`: always visible).
    leaves: Vec<(ClaimsPath, Option<usize>)>,
}

impl HolderSdJwt {
    /// From a credential verified at issuance.
    ///
    /// # Errors
    /// [`HolderError::KeyBindingFromIssuer`] (RFC 9901 §7.2), [`HolderError::Stored`] for claims nested deeper than
    /// a claims path can point.
    pub fn from_verified(verified: VerifiedSdJwt) -> Result<Self, HolderError> {
        if verified.parts.kb_jwt().is_some() {
            return Err(HolderError::KeyBindingFromIssuer);
        }
        let claims = Value::Object(verified.claims);
        let mut leaves = Vec::new();
        collect_leaves(&claims, &mut Vec::new(), &verified.placed, None, &mut leaves);
        Ok(Self {
            parts: verified.parts,
            claims,
            sd_alg: verified.sd_alg,
            placed: verified.placed,
            leaves,
        })
    }

    /// From a credential that passed the checks of SD-JWT VC.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_vc(vc: &VerifiedSdJwtVc) -> Result<Self, HolderError> {
        Self::open(vc.sd_jwt())
    }

    /// From the text of [`Self::as_compact`], kept where nobody but the holder can write (a sealed vault). The
    /// issuer's signature is not verified again; digests are.
    ///
    /// # Errors
    /// [`HolderError::Stored`] when the text is not an SD-JWT, [`HolderError::KeyBindingFromIssuer`].
    pub fn open(compact: &str) -> Result<Self, HolderError> {
        Self::from_verified(UnverifiedSdJwt::parse(compact)?.trust_stored()?)
    }

    /// The whole SD-JWT with all its disclosures, ending in `~`: what to store.
    #[must_use]
    pub fn as_compact(&self) -> &str {
        self.parts.sd_jwt()
    }

    /// All claims, processed; always an object.
    #[must_use]
    pub fn claims(&self) -> &Value {
        &self.claims
    }

    /// The credential type (`vct`), when there is one.
    #[must_use]
    pub fn vct(&self) -> Option<&str> {
        self.claims.get("vct").and_then(Value::as_str)
    }

    /// The key the credential is bound to, when there is one.
    #[must_use]
    pub fn holder_key(&self) -> Option<PublicKey> {
        let jwk = self.claims.get("cnf")?.get("jwk")?.as_object()?;
        PublicKey::from_jwk(jwk).ok()
    }

    /// Concrete paths of everything the holder may keep back: one per disclosure.
    pub fn disclosable(&self) -> impl Iterator<Item = &ClaimsPath> {
        self.placed.iter().map(|placed| &placed.path)
    }

    /// Concrete paths of the leaves that would become visible by disclosing `approved`, beyond those every
    /// presentation shows.
    ///
    /// # Errors
    /// As [`Self::disclose`].
    pub fn disclosed_paths(&self, approved: &[ClaimsPath]) -> Result<Vec<ClaimsPath>, HolderError> {
        let released = self.select_exactly(approved)?;
        Ok(self.revealed(&released).cloned().collect())
    }

    /// The paths that must be approved so that `wanted` can be disclosed: `wanted` itself, made concrete, and what
    /// the issuer made disclosable only together with it (a whole address instead of its town).
    ///
    /// # Errors
    /// [`HolderError::NothingThere`].
    pub fn needed_approval(&self, wanted: &[ClaimsPath]) -> Result<Vec<ClaimsPath>, HolderError> {
        let targets = self.targets(wanted)?;
        let released = self.closure(&targets);
        let mut needed = targets;
        for leaf in self.revealed(&released) {
            if !needed.iter().any(|path| path.covers(leaf)) {
                needed.push(leaf.clone());
            }
        }
        Ok(needed)
    }

    /// The SD-JWT with the disclosures for `approved` and no others, ending in `~`. A path that points at an
    /// object or array includes everything below it; parents of approved claims are included as RFC 9901 §7.2
    /// demands.
    ///
    /// # Errors
    /// [`HolderError::NothingThere`] for a path that selects nothing; [`HolderError::RevealsMore`] when the issuer's
    /// structure would show claims that were not approved.
    pub fn disclose(&self, approved: &[ClaimsPath]) -> Result<String, HolderError> {
        let released = self.select_exactly(approved)?;
        let mut out = String::with_capacity(self.parts.sd_jwt().len());
        out.push_str(self.parts.jwt());
        out.push('~');
        for (disclosure, released) in self.parts.disclosures().zip(released) {
            if released {
                out.push_str(disclosure);
                out.push('~');
            }
        }
        Ok(out)
    }

    /// As [`Self::disclose`], with a key binding JWT for `audience` and `nonce` (RFC 9901 §4.3).
    ///
    /// # Errors
    /// As [`Self::disclose`]; [`HolderError::WrongKey`] when `signer` is not the key of `cnf` or there is none;
    /// [`HolderError::Sign`].
    pub fn present(
        &self,
        approved: &[ClaimsPath],
        nonce: &str,
        audience: &str,
        issued_at: Timestamp,
        signer: &dyn Signer,
    ) -> Result<String, HolderError> {
        if self.holder_key() != Some(signer.public_key()) {
            return Err(HolderError::WrongKey);
        }
        let mut out = self.disclose(approved)?;
        let kb_jwt = key_binding::sign(&out, self.sd_alg, nonce, audience, issued_at, signer)?;
        out.push_str(&kb_jwt);
        Ok(out)
    }

    /// As [`Self::present`], and authorises transactions with it: `transaction_data` are the texts of the request, as
    /// they came (OpenID4VP 1.0 §B.3.3.1). Only for types the person was shown.
    ///
    /// # Errors
    /// As [`Self::present`].
    pub fn present_and_authorise(
        &self,
        approved: &[ClaimsPath],
        nonce: &str,
        audience: &str,
        transaction_data: &[&str],
        issued_at: Timestamp,
        signer: &dyn Signer,
    ) -> Result<String, HolderError> {
        if self.holder_key() != Some(signer.public_key()) {
            return Err(HolderError::WrongKey);
        }
        let mut out = self.disclose(approved)?;
        let mut claims = key_binding::claims(&out, self.sd_alg, nonce, audience, issued_at);
        let hashes = transaction_data
            .iter()
            .map(|text| Value::from(SdAlg::Sha256.digest(text)));
        put(&mut claims, "transaction_data_hashes", hashes.collect());
        out.push_str(&key_binding::sign_claims(&claims, signer)?);
        Ok(out)
    }

    /// The concrete paths that `paths` select.
    fn targets(&self, paths: &[ClaimsPath]) -> Result<Vec<ClaimsPath>, HolderError> {
        let mut targets = Vec::new();
        for path in paths {
            let found = path
                .select(&self.claims)
                .map_err(|_| HolderError::NothingThere(path.clone()))?;
            for (concrete, _) in found {
                if !targets.contains(&concrete) {
                    targets.push(concrete);
                }
            }
        }
        Ok(targets)
    }

    /// Which disclosures show `targets`: those on the way to a target, the target's own, and those below it.
    fn closure(&self, targets: &[ClaimsPath]) -> Vec<bool> {
        let mut released: Vec<bool> = self
            .placed
            .iter()
            .map(|placed| {
                targets
                    .iter()
                    .any(|target| target.covers(&placed.path) || placed.path.covers(target))
            })
            .collect();
        // RFC 9901 §7.2: the digest of each disclosure is in the JWT or in another released disclosure. The paths
        // above already imply it; following the links keeps it true by construction.
        for index in 0..self.placed.len() {
            let mut at = Some(index).filter(|index| released.get(*index) == Some(&true));
            while let Some(parent) = at
                .and_then(|index| self.placed.get(index))
                .and_then(|placed| placed.parent)
            {
                if let Some(slot) = released.get_mut(parent) {
                    *slot = true;
                }
                at = Some(parent);
            }
        }
        released
    }

    fn select_exactly(&self, approved: &[ClaimsPath]) -> Result<Vec<bool>, HolderError> {
        let targets = self.targets(approved)?;
        let released = self.closure(&targets);
        let excess: Vec<ClaimsPath> = self
            .revealed(&released)
            .filter(|leaf| !targets.iter().any(|target| target.covers(leaf)))
            .cloned()
            .collect();
        if excess.is_empty() {
            Ok(released)
        } else {
            Err(HolderError::RevealsMore(excess))
        }
    }

    /// Leaves shown by the released disclosures and not visible anyway.
    fn revealed<'s>(&'s self, released: &'s [bool]) -> impl Iterator<Item = &'s ClaimsPath> {
        self.leaves
            .iter()
            // A released disclosure has all its parents released, so the innermost one decides.
            .filter(|(_, shown_by)| shown_by.is_some_and(|index| released.get(index) == Some(&true)))
            .map(|(path, _)| path)
    }
}

impl fmt::Debug for HolderSdJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HolderSdJwt")
            .field("vct", &self.vct())
            .field("disclosures", &self.placed.len())
            .finish_non_exhaustive()
    }
}

/// Collects the scalars, empty objects and empty arrays below `value`. What lies deeper than a claims path can
/// point counts with its deepest nameable parent.
fn collect_leaves(
    value: &Value,
    path: &mut Vec<PathElement>,
    placed: &[Placed],
    shown_by: Option<usize>,
    leaves: &mut Vec<(ClaimsPath, Option<usize>)>,
) {
    let here = ClaimsPath::new(path.clone());
    let shown_by = placed
        .iter()
        .position(|placed| here.as_ref() == Some(&placed.path))
        .or(shown_by);
    let at_end = path.len() == crate::claims::MAX_PATH;
    match value {
        Value::Object(map) if !map.is_empty() && !at_end => {
            for (name, member) in map {
                path.push(PathElement::Key(name.clone()));
                collect_leaves(member, path, placed, shown_by, leaves);
                path.pop();
            }
        }
        Value::Array(items) if !items.is_empty() && !at_end => {
            for (index, item) in items.iter().enumerate() {
                path.push(PathElement::Index(index));
                collect_leaves(item, path, placed, shown_by, leaves);
                path.pop();
            }
        }
        _ => leaves.extend(here.map(|path| (path, shown_by))),
    }
}

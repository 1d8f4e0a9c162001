//! One credential against one credential query. Both sides use this.

use serde_json::Value;

use super::candidate::{Candidate, CredentialType};
use super::limits::MAX_WORK;
use super::query::{ClaimQuery, CredentialQuery, Meta, TrustedAuthorityKind};
use crate::claims::{ClaimsPath, PathElement};
use crate::encoding::base64url;
use crate::error::ErrorCode;
use crate::sorted::SortedSet;

/// How a credential satisfies a credential query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// Which of `claim_sets` is satisfied (the first that is); `None` when the query has none.
    pub claim_set: Option<usize>,
    /// The claims to disclose, or disclosed: concrete paths (no `null`), without repetitions, in query order.
    /// Empty when the query names no claims: then nothing selectively disclosable is wanted.
    pub paths: Vec<ClaimsPath>,
}

/// Why a credential does not satisfy a credential query.
///
/// For the verifier. A wallet never tells these apart to the other side (OpenID4VP 1.0 §15.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Another credential format than asked for.
    #[error("the credential has another format than asked for")]
    Format,
    /// Another type (`vct`, doctype, types) than asked for.
    #[error("the credential has another type than asked for")]
    Type,
    /// Not bound to a key of the holder although that was asked for.
    #[error("the credential is not bound to its holder")]
    HolderBinding,
    /// The issuer is under none of the trusted authorities.
    #[error("the issuer is under none of the trusted authorities")]
    Authority,
    /// A claim asked for is missing, or has another value than asked for.
    #[error("a claim asked for is missing or has another value")]
    Claims,
    /// The work limit was reached.
    #[error("the query costs too much work")]
    TooMuchWork,
}

impl ErrorCode for Mismatch {
    fn code(&self) -> &'static str {
        match self {
            Self::Format => "dcql-mismatch-format",
            Self::Type => "dcql-mismatch-type",
            Self::HolderBinding => "dcql-mismatch-holder-binding",
            Self::Authority => "dcql-mismatch-authority",
            Self::Claims => "dcql-mismatch-claims",
            Self::TooMuchWork => "dcql-too-much-work",
        }
    }
}

/// The work left. Every value visited or compared costs one.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Budget {
    pub(super) fn new() -> Self {
        Self(MAX_WORK)
    }

    fn spend(&mut self, amount: usize) -> Result<(), Mismatch> {
        self.0 = self.0.checked_sub(amount).ok_or(Mismatch::TooMuchWork)?;
        Ok(())
    }
}

pub(super) fn match_credential(
    query: &CredentialQuery,
    candidate: &Candidate<'_>,
    budget: &mut Budget,
) -> Result<Matched, Mismatch> {
    match_type(query.meta(), candidate.credential_type, budget)?;
    // §6.1: without a holder key there is nothing to prove possession of.
    if query.requires_holder_binding() && !candidate.holder_bound {
        return Err(Mismatch::HolderBinding);
    }
    match_authorities(query, candidate, budget)?;
    // §6.4.1: no claim_sets means all claims; otherwise the first option that can be satisfied.
    if query.claim_sets().is_empty() {
        let all = (0..query.claims().len()).collect::<Vec<_>>();
        let paths = match_claims(query.claims(), &all, candidate.claims, budget)?;
        return Ok(Matched {
            claim_set: None,
            paths,
        });
    }
    for (index, option) in query.claim_sets().iter().enumerate() {
        match match_claims(query.claims(), option, candidate.claims, budget) {
            Ok(paths) => {
                return Ok(Matched {
                    claim_set: Some(index),
                    paths,
                });
            }
            Err(Mismatch::TooMuchWork) => return Err(Mismatch::TooMuchWork),
            Err(_) => {}
        }
    }
    Err(Mismatch::Claims)
}

fn match_type(meta: &Meta, credential: CredentialType<'_>, budget: &mut Budget) -> Result<(), Mismatch> {
    budget.spend(1)?;
    let one_of = |asked: &[Vec<String>], types: &[String]| {
        // B.1.1: one alternative, all types of which the credential has.
        asked
            .iter()
            .any(|alternative| alternative.iter().all(|asked| types.contains(asked)))
    };
    let fits = match (meta, credential) {
        (Meta::SdJwtVc { vct_values }, CredentialType::SdJwtVc { vct, extends }) => vct_values
            .iter()
            .any(|asked| asked == vct || extends.contains(asked)),
        (Meta::MsoMdoc { doctype_value }, CredentialType::MsoMdoc { doctype }) => doctype_value == doctype,
        (Meta::JwtVcJson { type_values }, CredentialType::JwtVcJson { types })
        | (Meta::LdpVc { type_values }, CredentialType::LdpVc { types }) => one_of(type_values, types),
        _ => return Err(Mismatch::Format),
    };
    if fits { Ok(()) } else { Err(Mismatch::Type) }
}

/// §6.1.1: satisfied when one value of one entry matches.
fn match_authorities(
    query: &CredentialQuery,
    candidate: &Candidate<'_>,
    budget: &mut Budget,
) -> Result<(), Mismatch> {
    if query.trusted_authorities().is_empty() {
        return Ok(());
    }
    for entry in query.trusted_authorities() {
        for value in &entry.values {
            budget.spend(1)?;
            let found = match &entry.kind {
                TrustedAuthorityKind::AuthorityKeyIdentifier => base64url::decode(value)
                    .is_ok_and(|wanted| candidate.authorities.key_identifiers.contains(&wanted)),
                TrustedAuthorityKind::EtsiTrustedList => candidate.authorities.trusted_lists.contains(value),
                TrustedAuthorityKind::OpenIdFederation => {
                    candidate.authorities.federation_entities.contains(value)
                }
                TrustedAuthorityKind::Other(_) => false,
            };
            if found {
                return Ok(());
            }
        }
    }
    Err(Mismatch::Authority)
}

fn match_claims(
    claims: &[ClaimQuery],
    wanted: &[usize],
    credential: &Value,
    budget: &mut Budget,
) -> Result<Vec<ClaimsPath>, Mismatch> {
    let mut seen: SortedSet<&ClaimsPath> = SortedSet::new();
    let mut found: SortedSet<ClaimsPath> = SortedSet::new();
    let mut paths = Vec::new();
    for claim in wanted.iter().filter_map(|index| claims.get(*index)) {
        budget.spend(1)?;
        // §6.3: a claim must not be named twice; the repetition is ignored.
        if !seen.insert(&claim.path) {
            continue;
        }
        for path in match_claim(claim, credential, budget)? {
            if found.insert(path.clone()) {
                paths.push(path);
            }
        }
    }
    Ok(paths)
}

/// The concrete paths one claims query selects. With `values`, only selected values that are among them count
/// (a mismatch is treated as the claim being absent, §6.4.1), so a list is not disclosed beyond its matches.
fn match_claim(
    claim: &ClaimQuery,
    credential: &Value,
    budget: &mut Budget,
) -> Result<Vec<ClaimsPath>, Mismatch> {
    let mut matched = Vec::new();
    for (path, value) in select(&claim.path, credential, budget)? {
        budget.spend(claim.values.len())?;
        if claim.values.is_empty() || claim.values.iter().any(|wanted| wanted.equals(value)) {
            matched.extend(ClaimsPath::new(path));
        }
    }
    if matched.is_empty() {
        return Err(Mismatch::Claims);
    }
    Ok(matched)
}

/// §7.1.1, as [`ClaimsPath::select`] does, with the work counted.
fn select<'v>(
    path: &ClaimsPath,
    credential: &'v Value,
    budget: &mut Budget,
) -> Result<Vec<(Vec<PathElement>, &'v Value)>, Mismatch> {
    let mut selected = vec![(Vec::new(), credential)];
    for element in path.elements() {
        let mut next = Vec::new();
        for (base, value) in selected {
            let children: Vec<(PathElement, &Value)> = match element {
                PathElement::Key(key) => {
                    let members = value.as_object().ok_or(Mismatch::Claims)?;
                    members
                        .get(key)
                        .map(|child| (element.clone(), child))
                        .into_iter()
                        .collect()
                }
                PathElement::Index(index) => {
                    let items = value.as_array().ok_or(Mismatch::Claims)?;
                    items
                        .get(*index)
                        .map(|child| (element.clone(), child))
                        .into_iter()
                        .collect()
                }
                PathElement::All => {
                    let items = value.as_array().ok_or(Mismatch::Claims)?;
                    budget.spend(items.len())?;
                    items
                        .iter()
                        .enumerate()
                        .map(|(index, child)| (PathElement::Index(index), child))
                        .collect()
                }
            };
            budget.spend(1)?;
            for (step, child) in children {
                let mut path = base.clone();
                path.push(step);
                next.push((path, child));
            }
        }
        selected = next;
    }
    Ok(selected)
}

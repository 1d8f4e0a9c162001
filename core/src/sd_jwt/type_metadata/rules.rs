//! A credential against the rules of its type.

use serde_json::Value;

use super::document::{ClaimMetadata, Disclosability};
use super::{KnownType, TypeRuleError, integrity};
use crate::claims::{ClaimsPath, PathElement};
use crate::sd_jwt::VerifiedSdJwtVc;
use crate::sorted::SortedSet;

/// Most values looked at. Every claim of a PID once is about a hundred.
const MAX_WORK: usize = 50_000;

/// How much of a credential is there to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// All of it: as it came from its issuer.
    Issued,
    /// What its holder showed. That something is not there proves nothing, unless it cannot be kept back.
    Presented,
}

impl KnownType {
    /// Checks a verified credential of this type: which version of the type it is for (`vct#integrity`), which claims
    /// it must have (`mandatory`), and which can be kept back (`sd`).
    ///
    /// A claim counts as disclosable when it has a disclosure of its own; that it stands inside one that has is not
    /// the same, since then it cannot be shown or kept back by itself.
    ///
    /// # Errors
    /// [`TypeRuleError`].
    pub fn check(&self, vc: &VerifiedSdJwtVc, stage: Stage) -> Result<(), TypeRuleError> {
        match vc.claims.get("vct#integrity") {
            None => {}
            Some(Value::String(value)) if integrity::matches(self.document(), value) => {}
            Some(_) => return Err(TypeRuleError::Integrity),
        }
        let disclosed: SortedSet<&[PathElement]> = vc.disclosed.iter().map(ClaimsPath::elements).collect();
        let mut work = MAX_WORK;
        for claim in self.claims() {
            check_claim(claim, &vc.claims, &disclosed, stage, &mut work)?;
        }
        Ok(())
    }
}

fn check_claim(
    claim: &ClaimMetadata,
    claims: &Value,
    disclosed: &SortedSet<&[PathElement]>,
    stage: Stage,
    work: &mut usize,
) -> Result<(), TypeRuleError> {
    let elements = claim.path.elements();
    let found = select(elements, claims, work)?;
    let sd = claim.disclosable.unwrap_or(Disclosability::Allowed);
    for place in &found {
        let by_itself = disclosed.contains(place.as_slice());
        match sd {
            Disclosability::Always if !by_itself => {
                return Err(TypeRuleError::AlwaysVisible(claim.path.clone()));
            }
            Disclosability::Never if by_itself => {
                return Err(TypeRuleError::Disclosable(claim.path.clone()));
            }
            _ => {}
        }
    }
    if claim.mandatory != Some(true) || !found.is_empty() {
        return Ok(());
    }
    let proven = match (stage, elements.split_last()) {
        (Stage::Issued, _) => true,
        // Where the claim's own place is hidden, so is the claim.
        (Stage::Presented, Some((_, parent))) => {
            sd == Disclosability::Never && !select(parent, claims, work)?.is_empty()
        }
        (Stage::Presented, None) => false,
    };
    if proven {
        return Err(TypeRuleError::Missing(claim.path.clone()));
    }
    Ok(())
}

/// The concrete places a path selects, none when it does not fit; as [`ClaimsPath::select`], with the work counted.
fn select(
    elements: &[PathElement],
    claims: &Value,
    work: &mut usize,
) -> Result<Vec<Vec<PathElement>>, TypeRuleError> {
    let mut selected: Vec<(Vec<PathElement>, &Value)> = vec![(Vec::new(), claims)];
    for element in elements {
        let mut next = Vec::new();
        for (place, value) in selected {
            let children: Vec<(PathElement, &Value)> = match (element, value) {
                (PathElement::Key(key), Value::Object(members)) => members
                    .get(key)
                    .map(|child| (element.clone(), child))
                    .into_iter()
                    .collect(),
                (PathElement::Index(index), Value::Array(items)) => items
                    .get(*index)
                    .map(|child| (element.clone(), child))
                    .into_iter()
                    .collect(),
                (PathElement::All, Value::Array(items)) => {
                    spend(work, items.len())?;
                    let numbered = items.iter().enumerate();
                    numbered
                        .map(|(index, child)| (PathElement::Index(index), child))
                        .collect()
                }
                // "Claim Path": processing is aborted.
                _ => return Ok(Vec::new()),
            };
            spend(work, 1)?;
            for (step, child) in children {
                let mut place = place.clone();
                place.push(step);
                next.push((place, child));
            }
        }
        selected = next;
    }
    Ok(selected.into_iter().map(|(place, _)| place).collect())
}

fn spend(work: &mut usize, amount: usize) -> Result<(), TypeRuleError> {
    *work = work.checked_sub(amount).ok_or(TypeRuleError::TooMuchWork)?;
    Ok(())
}

//! A type with everything it extends.

use super::document::{ClaimMetadata, Disclosability, TypeDisplay, TypeMetadata};
use super::{TypeMetadataError, integrity};
use crate::claims::ClaimsPath;

/// A type whose metadata is complete.
#[derive(Debug, Clone)]
pub struct KnownType {
    vct: String,
    extends: Vec<String>,
    display: Vec<TypeDisplay>,
    claims: Vec<ClaimMetadata>,
    /// The document of the type itself, as it came.
    document: Vec<u8>,
}

impl KnownType {
    /// The type.
    #[must_use]
    pub fn vct(&self) -> &str {
        &self.vct
    }

    /// The types it extends, the nearest first. They say what it is like, not who may issue it (SV-10).
    #[must_use]
    pub fn extends(&self) -> &[String] {
        &self.extends
    }

    /// What people call it, by language; of the nearest type that says.
    #[must_use]
    pub fn display(&self) -> &[TypeDisplay] {
        &self.display
    }

    /// Its claims, those of the types it extends included.
    #[must_use]
    pub fn claims(&self) -> &[ClaimMetadata] {
        &self.claims
    }

    /// The label of a claim in `language`, in English, or in the first language there is.
    #[must_use]
    pub fn label(&self, path: &ClaimsPath, language: &str) -> Option<&str> {
        let same_length = |claim: &&ClaimMetadata| claim.path.elements().len() == path.elements().len();
        let claim = self.claims.iter().find(|claim| claim.path == *path).or_else(|| {
            self.claims
                .iter()
                .filter(same_length)
                .find(|claim| claim.path.covers(path))
        })?;
        let by = |wanted: &str| {
            claim.display.iter().find(|display| {
                let primary = display.locale.split('-').next().unwrap_or_default();
                primary.eq_ignore_ascii_case(wanted)
            })
        };
        let display = by(language).or_else(|| by("en")).or(claim.display.first())?;
        Some(&display.label)
    }

    /// The document of the type itself, as it came.
    #[must_use]
    pub fn document(&self) -> &[u8] {
        &self.document
    }

    /// What `vct#integrity` of a credential made for this version is.
    #[must_use]
    pub fn integrity(&self) -> String {
        integrity::of(&self.document)
    }

    /// `types` has the type first and the last one it extends last.
    pub(super) fn merge(types: Vec<(TypeMetadata, Vec<u8>)>) -> Result<Self, TypeMetadataError> {
        let mut names: Vec<String> = types.iter().map(|(metadata, _)| metadata.vct.clone()).collect();
        let document = types.first().map(|(_, document)| document.clone());
        let mut claims: Vec<ClaimMetadata> = Vec::new();
        let mut display = Vec::new();
        // "Extending Claim Metadata": the extended type first, then the extending one over it.
        for (metadata, _) in types.into_iter().rev() {
            if !metadata.display.is_empty() {
                display = metadata.display;
            }
            for claim in metadata.claims {
                match claims.iter_mut().find(|known| known.path == claim.path) {
                    Some(known) => *known = extended(known, claim)?,
                    None => claims.push(claim),
                }
            }
        }
        if names.is_empty() {
            return Err(TypeMetadataError::Incomplete);
        }
        Ok(Self {
            vct: names.remove(0),
            extends: names,
            display,
            claims,
            document: document.unwrap_or_default(),
        })
    }
}

/// A rule over the one it overrides. What the new one does not say stays; what is fixed cannot be loosened.
fn extended(base: &ClaimMetadata, new: ClaimMetadata) -> Result<ClaimMetadata, TypeMetadataError> {
    let fixed = matches!(
        base.disclosable,
        Some(Disclosability::Always | Disclosability::Never)
    );
    let changed = new.disclosable.is_some() && new.disclosable != base.disclosable;
    let unset = base.mandatory == Some(true) && new.mandatory == Some(false);
    if (fixed && changed) || unset {
        return Err(TypeMetadataError::Loosened(new.path));
    }
    Ok(ClaimMetadata {
        disclosable: new.disclosable.or(base.disclosable),
        mandatory: new.mandatory.or(base.mandatory),
        ..new
    })
}

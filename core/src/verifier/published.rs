//! What was collected beforehand from those who publish it. Never fetched for one presentation: that would tell them
//! who is shown what, and when.

use crate::sd_jwt::VerifiedSdJwtVc;
use crate::sd_jwt::type_metadata::{KnownType, Stage, TypeRuleError};
use crate::trust::WebIssuer;

/// Types whose metadata is known, and issuers known by their web address.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// Types. Several may have one name: versions, told apart by `vct#integrity`.
    pub types: Vec<KnownType>,
    /// Issuers.
    pub issuers: Vec<WebIssuer>,
}

impl Published {
    /// The type of a presented credential, checked against it; `None` when it is not known, and then nothing is
    /// demanded.
    pub(super) fn check(&self, vc: &VerifiedSdJwtVc) -> Result<Option<&KnownType>, TypeRuleError> {
        let mut outcome = Ok(None);
        for known in self.types.iter().filter(|known| known.vct() == vc.vct) {
            match known.check(vc, Stage::Presented) {
                // Another version may be the one.
                Err(TypeRuleError::Integrity) => outcome = Err(TypeRuleError::Integrity),
                other => return other.map(|()| Some(known)),
            }
        }
        outcome
    }
}

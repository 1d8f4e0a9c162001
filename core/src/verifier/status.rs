//! The status of a presented credential: fail closed.

use std::collections::BTreeMap;

use super::error::PresentationError;
use super::receive::VerificationContext;
use super::verify::Checked;
use crate::env::Timestamp;
use crate::status::{Status, UnverifiedStatusListToken};
use crate::trust::verify_status_list;

/// Checks the status of a presentation, when its credential has one (draft-ietf-oauth-status-list §8.3).
pub(super) fn check(
    checked: &mut Checked,
    tokens: &BTreeMap<String, UnverifiedStatusListToken>,
    with: &VerificationContext<'_>,
    now: Timestamp,
) -> Result<(), PresentationError> {
    let Some(reference) = &checked.status else {
        return Ok(());
    };
    // A self-issued credential has no issuer whose list could be believed.
    let anchor = checked.anchor.as_ref().ok_or(PresentationError::StatusUnknown)?;
    let token = tokens
        .get(&reference.uri)
        .ok_or(PresentationError::StatusUnknown)?;
    let list = verify_status_list(token, anchor, with.anchors, now, with.crypto)
        .map_err(PresentationError::Status)?;
    match list
        .status(reference, now)
        .map_err(|error| PresentationError::Status(error.into()))?
    {
        Status::Valid => {
            checked.presentation.status_checked = true;
            Ok(())
        }
        Status::Invalid => Err(PresentationError::Revoked),
        Status::Suspended => Err(PresentationError::Suspended),
        // Nobody agreed with us what these mean.
        Status::ApplicationSpecific(_) | Status::Reserved(_) => Err(PresentationError::StatusUnknown),
    }
}

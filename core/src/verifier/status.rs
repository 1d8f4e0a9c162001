//! The status of a presented credential: fail closed.

use std::collections::BTreeMap;

use super::error::PresentationError;
use super::receive::VerificationContext;
use super::verify::{Checked, StatusTrust};
use crate::env::Timestamp;
use crate::status::{Status, UnverifiedStatusListToken, VerifiedStatusList};
use crate::trust::{IssuerKeys, StatusTrustError, verify_authority_status_list, verify_status_list};

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
    let token = tokens
        .get(&reference.uri)
        .ok_or(PresentationError::StatusUnknown)?;
    let list = match &checked.status_trust {
        // A self-issued credential has no issuer whose list could be believed.
        None => return Err(PresentationError::StatusUnknown),
        Some(StatusTrust::Anchor(anchor)) => {
            verify_status_list(token, anchor, with.anchors, now, with.crypto)
        }
        Some(StatusTrust::Keys(keys)) if token.x5c().is_empty() => by_one_of(keys, token, with),
        Some(StatusTrust::Keys(_)) => verify_authority_status_list(token, with.anchors, now, with.crypto),
    }
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

/// A list without a certificate, signed with one of the keys its issuer publishes.
fn by_one_of(
    keys: &IssuerKeys,
    token: &UnverifiedStatusListToken,
    with: &VerificationContext<'_>,
) -> Result<VerifiedStatusList, StatusTrustError> {
    let mut outcome = Err(crate::trust::ChainError::Untrusted.into());
    for key in keys.iter() {
        match token.verify(key, with.crypto) {
            Ok(list) => return Ok(list),
            Err(error) => outcome = Err(error.into()),
        }
    }
    outcome
}

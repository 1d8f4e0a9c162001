//! Trust in the signer of a status list.

use super::{ChainError, Role, StatusTrustError, TrustAnchors, verify_chain};
use crate::crypto::CryptoProvider;
use crate::env::Timestamp;
use crate::status::{UnverifiedStatusListToken, VerifiedStatusList};

/// Verifies a status list token for a credential whose chain ended at the anchor `issuer_anchor`
/// ([`super::VerifiedChain::anchor_sha256`]).
///
/// The signer is believed when its chain ends at that same anchor, or at one configured for
/// [`Role::StatusListSigner`]: an issuer has no say about the credentials of another.
///
/// # Errors
/// [`StatusTrustError`]. There is then no statement, and the credential must be refused.
pub fn verify_status_list(
    token: &UnverifiedStatusListToken,
    issuer_anchor: &[u8; 32],
    anchors: &TrustAnchors,
    now: Timestamp,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedStatusList, StatusTrustError> {
    verify_status_list_of(token, Role::CredentialIssuer, issuer_anchor, anchors, now, crypto)
}

/// As [`verify_status_list`], for whatever was signed by somebody with an anchor of `role`: an attestation's wallet
/// provider, say.
///
/// # Errors
/// [`StatusTrustError`]. There is then no statement, and what refers to the list must be refused.
pub fn verify_status_list_of(
    token: &UnverifiedStatusListToken,
    role: Role,
    anchor: &[u8; 32],
    anchors: &TrustAnchors,
    now: Timestamp,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedStatusList, StatusTrustError> {
    match verify_chain(token.x5c(), anchors, role, now, crypto) {
        Ok(chain) if chain.anchor_sha256 == *anchor => Ok(token.verify(&chain.leaf_key, crypto)?),
        Ok(_) | Err(ChainError::Untrusted) => verify_authority_status_list(token, anchors, now, crypto),
        Err(other) => Err(other.into()),
    }
}

/// Verifies a status list token whose signer must be configured for [`Role::StatusListSigner`], for credentials whose
/// issuer has no anchor of its own.
///
/// # Errors
/// [`StatusTrustError`].
pub fn verify_authority_status_list(
    token: &UnverifiedStatusListToken,
    anchors: &TrustAnchors,
    now: Timestamp,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedStatusList, StatusTrustError> {
    let chain = verify_chain(token.x5c(), anchors, Role::StatusListSigner, now, crypto)?;
    Ok(token.verify(&chain.leaf_key, crypto)?)
}

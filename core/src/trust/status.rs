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
    let x5c = token.x5c();
    let chain = match verify_chain(x5c, anchors, Role::CredentialIssuer, now, crypto) {
        Ok(chain) if chain.anchor_sha256 == *issuer_anchor => chain,
        Ok(_) | Err(ChainError::Untrusted) => {
            verify_chain(x5c, anchors, Role::StatusListSigner, now, crypto)?
        }
        Err(other) => return Err(other.into()),
    };
    Ok(token.verify(&chain.leaf_key, crypto)?)
}

//! From text to a trusted credential, for the wallet and the verifier alike.

use super::{ChainError, CredentialError, Role, TrustAnchors, VerifiedChain, verify_chain};
use crate::crypto::CryptoProvider;
use crate::sd_jwt::{UnverifiedSdJwt, VcCheck, VerifiedSdJwtVc};

/// A credential from an issuer that is trusted for its type. Its status is still to be checked.
#[derive(Debug, Clone)]
pub struct VerifiedCredential {
    /// The credential.
    pub vc: VerifiedSdJwtVc,
    /// Who issued it.
    pub chain: VerifiedChain,
}

/// Verifies the compact form of an SD-JWT VC, with or without key binding: the `x5c` chain to an issuer anchor,
/// the issuer's signature and all disclosures, the rules of SD-JWT VC with the key binding policy in `check`, and
/// that this issuer may issue this type (SD-JWT VC §2.5, §7.7). `check.now` is the time for everything.
///
/// # Errors
/// [`CredentialError`].
pub fn verify_credential(
    compact: &str,
    anchors: &TrustAnchors,
    check: &VcCheck<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedCredential, CredentialError> {
    let unverified = UnverifiedSdJwt::parse(compact)?;
    let x5c = &unverified.issuer_jws().header().x5c;
    let chain = verify_chain(x5c, anchors, Role::CredentialIssuer, check.now, crypto)?;
    verify_credential_on_chain(unverified, chain, check, crypto)
}

/// As [`verify_credential`], with a chain that was verified before: a busy verifier keeps those of its issuers, by
/// [`VerifiedChain::leaf_sha256`] and not longer than [`VerifiedChain::valid_until`].
///
/// # Errors
/// [`CredentialError`]; [`ChainError::Untrusted`] when the chain is not that of this credential,
/// [`ChainError::Time`] when it is no longer valid.
pub fn verify_credential_on_chain(
    unverified: UnverifiedSdJwt,
    chain: VerifiedChain,
    check: &VcCheck<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedCredential, CredentialError> {
    let leaf = unverified.issuer_jws().header().x5c.first();
    if leaf.map(|der| crate::crypto::sha256(der)) != Some(chain.leaf_sha256) {
        return Err(ChainError::Untrusted.into());
    }
    if check.now > chain.valid_until {
        return Err(ChainError::Time.into());
    }
    let vc = unverified
        .verify_issuer(&chain.leaf_key, crypto)?
        .into_vc(check, crypto)?;
    // SV-10: trust is per issuer and type; a type that extends another gives no right to issue it.
    if !chain.vcts.contains(&vc.vct) {
        return Err(CredentialError::TypeNotAllowed);
    }
    Ok(VerifiedCredential { vc, chain })
}

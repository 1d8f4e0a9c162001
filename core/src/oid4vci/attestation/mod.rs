//! What a wallet's provider says about a wallet and its keys (OpenID4VCI 1.0 Appendices D and E; CI-23, CI-24, HP-3).
//!
//! A [`KeyAttestation`] says how keys are kept; it goes into a credential request, beside a proof or instead of one. A
//! [`WalletAttestation`] says that a key belongs to a genuine wallet; together with a proof of that key
//! ([`ClientProof`]) it authenticates the wallet at the authorization server (OAuth 2.0 Attestation-Based Client
//! Authentication, draft 7). Both are signed by a wallet provider, whose certificate must lead to an anchor configured
//! for [`crate::trust::Role::WalletProvider`].

mod challenge;
mod client;
mod error;
mod key;
pub mod provider;
mod wallet;

pub use challenge::{AttestationChallenge, CHALLENGE_HEADER};
pub use client::{ClientExpectation, ClientProof, VerifiedClient};
pub use error::AttestationError;
pub use key::{KeyAttestation, KeyAttestationUse, VerifiedKeyAttestation, level};
pub use wallet::{VerifiedWalletAttestation, WalletAttestation};

use std::fmt;

use crate::crypto::CryptoProvider;
use crate::encoding::json::Object;
use crate::encoding::jws::UnverifiedJws;
use crate::env::Timestamp;
use crate::profile::Profile;
use crate::status::StatusReference;
use crate::trust::{Role, TrustAnchors, VerifiedChain, verify_chain};

/// What attestations are judged by.
#[derive(Clone, Copy)]
pub struct Attesters<'a> {
    /// Whose attestations are believed: those of [`Role::WalletProvider`].
    pub anchors: &'a TrustAnchors,
    /// The present time.
    pub now: Timestamp,
    /// What is allowed.
    pub profile: &'a Profile,
    /// Signatures.
    pub crypto: &'a dyn CryptoProvider,
}

impl fmt::Debug for Attesters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attesters")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

impl Attesters<'_> {
    /// The claims of an attestation whose signer leads to an anchor.
    fn verify(&self, jws: &UnverifiedJws) -> Result<(Object, VerifiedChain), AttestationError> {
        let header = jws.header();
        if !self.profile.allows(header.alg) {
            return Err(AttestationError::Algorithm);
        }
        // HAIP 1.0 §4.4.1, §4.5.1: the signer is named by `x5c`, without the anchor.
        let chain = verify_chain(
            &header.x5c,
            self.anchors,
            Role::WalletProvider,
            self.now,
            self.crypto,
        )?;
        let verified = jws.verify(&chain.leaf_key, self.crypto)?;
        Ok((verified.claims()?, chain))
    }
}

/// The `status` of an attestation. One that cannot be read is not taken for absent.
fn read_status(claims: &Object) -> Result<Option<StatusReference>, AttestationError> {
    claims
        .get("status")
        .map(StatusReference::from_status)
        .transpose()
        .map_err(|_| AttestationError::Status)
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
pub(crate) mod tests;

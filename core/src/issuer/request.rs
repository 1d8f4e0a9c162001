//! Checking a credential request (OpenID4VCI 1.0 §8; CI-21…CI-23, CI-26, CI-30).

use super::client::Presented;
use super::issuance::{Given, Issuance};
use super::nonce::NonceRecord;
use super::proofs::{AttestationStatus, ProvenKeys};
use super::settings::IssuerSettings;
use crate::crypto::PublicKey;
use crate::env::Timestamp;
use crate::oid4vci::{Attesters, CredentialRequest, CredentialTarget, Rejection, RejectionCode, SecretText};

/// A request whose token and proofs are right. Its nonces must still be used up, and the status of its attestations be
/// looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedRequest {
    configuration_id: String,
    proven: ProvenKeys,
}

/// A request that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyRequest {
    pub(super) configuration_id: String,
    pub(super) keys: Vec<PublicKey>,
    /// Fingerprint of the transaction that is picked up, when it was put off before.
    pub(super) transaction: Option<String>,
    /// What was given out for it before.
    pub(super) given: Option<Given>,
}

impl Issuance {
    /// Checks a credential request made with `presented`. The caller found this record by the fingerprint of the token.
    ///
    /// # Errors
    /// [`Rejection`] to answer with; nothing changes then.
    pub fn check_request(
        &self,
        presented: &Presented<'_>,
        request: &CredentialRequest,
        settings: &IssuerSettings,
        attesters: &Attesters<'_>,
    ) -> Result<CheckedRequest, Rejection> {
        let refuse = |code, why: &str| Err(Rejection::new(code, why));
        let authorized = self.with_token(presented, attesters.now)?;
        let id = match &request.target {
            // CI-13, §8.2: by the identifier where one was given out, and only then. It is that of the configuration: there
            // is one dataset for each.
            CredentialTarget::Identifier(id) if authorized.wanted.by_details.contains(id) => id,
            CredentialTarget::Configuration(id) if !authorized.wanted.by_details.contains(id) => id,
            CredentialTarget::Configuration(_) => {
                return refuse(
                    RejectionCode::InvalidCredentialRequest,
                    "credential_identifier of the token answer must be used",
                );
            }
            CredentialTarget::Identifier(_) => {
                return refuse(
                    RejectionCode::UnknownCredentialIdentifier,
                    "not an identifier of ours",
                );
            }
        };
        let Some(configuration) = settings.configurations.get(id) else {
            return refuse(
                RejectionCode::UnknownCredentialConfiguration,
                "not a configuration of ours",
            );
        };
        if !authorized.wanted.configuration_ids.contains(id) {
            return refuse(
                RejectionCode::CredentialRequestDenied,
                "the offer was for something else",
            );
        }
        let client_id = authorized.client_id.as_deref().or(authorized.named.as_deref());
        let proven = ProvenKeys::check(&request.proofs, configuration, client_id, settings, attesters)?;
        let issued: usize = authorized
            .pickups
            .iter()
            .filter(|pickup| pickup.configuration_id == *id)
            .map(|pickup| pickup.copies)
            .chain(
                authorized
                    .deferred
                    .iter()
                    .filter(|deferred| deferred.configuration_id == *id && deferred.given.is_none())
                    .map(|deferred| deferred.keys.len()),
            )
            .sum();
        if issued + proven.keys.len() > settings.copies_per_offer {
            return refuse(RejectionCode::CredentialRequestDenied, "this offer was used up");
        }
        Ok(CheckedRequest {
            configuration_id: id.clone(),
            proven,
        })
    }
}

impl CheckedRequest {
    #[cfg(test)]
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn for_tests(configuration_id: &str, proven: ProvenKeys) -> Self {
        Self {
            configuration_id: configuration_id.to_owned(),
            proven,
        }
    }

    /// Fingerprints of the nonces in the proofs: find *and delete* their records in one atomic step. Usually one.
    #[must_use]
    pub fn nonce_fingerprints(&self) -> Vec<String> {
        let fingerprint = |nonce: &String| SecretText::new(nonce.as_str()).fingerprint();
        self.proven.nonces.iter().map(fingerprint).collect()
    }

    /// The lists to look into for the status of key attestations; usually none.
    #[must_use]
    pub fn statuses(&self) -> &[AttestationStatus] {
        &self.proven.statuses
    }

    /// Goes on with the records that were found and deleted, and the statuses that were found to be good.
    ///
    /// # Errors
    /// [`RejectionCode::InvalidNonce`] when a nonce was not found or is too old (CI-26), [`RejectionCode::InvalidProof`]
    /// when an attestation was withdrawn or nobody could say.
    pub fn nonces_used_up(
        self,
        found: &[NonceRecord],
        good_statuses: &[AttestationStatus],
        now: Timestamp,
    ) -> Result<ReadyRequest, Rejection> {
        if !self
            .proven
            .statuses
            .iter()
            .all(|status| good_statuses.contains(status))
        {
            let why = "a key attestation was withdrawn, or its status is not known";
            return Err(Rejection::new(RejectionCode::InvalidProof, why));
        }
        let good = |fingerprint: &String| {
            found
                .iter()
                .any(|record| record.fingerprint == *fingerprint && now < record.expires_at)
        };
        if self.proven.nonces.is_empty() || !self.nonce_fingerprints().iter().all(good) {
            return Err(Rejection::new(RejectionCode::InvalidNonce, "fetch a new nonce"));
        }
        Ok(ReadyRequest {
            configuration_id: self.configuration_id,
            keys: self.proven.keys,
            transaction: None,
            given: None,
        })
    }
}

impl ReadyRequest {
    /// How many status indexes to draw: one for each copy, none where the copies were given out before and have theirs.
    #[must_use]
    pub fn indexes(&self) -> usize {
        if self.given.is_some() { 0 } else { self.keys.len() }
    }

    /// Which configuration: find the person's claims for it.
    #[must_use]
    pub fn configuration_id(&self) -> &str {
        &self.configuration_id
    }
}

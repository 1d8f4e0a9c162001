//! Checking a credential request (OpenID4VCI 1.0 §8; CI-21…CI-23, CI-26, CI-30).

use std::collections::BTreeSet;

use super::issuance::Issuance;
use super::nonce::NonceRecord;
use super::settings::IssuerSettings;
use crate::crypto::{CryptoProvider, PublicKey, constant_time_eq};
use crate::env::Timestamp;
use crate::oid4vci::proof::ProofExpectation;
use crate::oid4vci::{
    CredentialRequest, CredentialTarget, Rejection, RejectionCode, SecretText, VerifiedKeyProof,
};
use crate::profile::Profile;

/// A request whose token and proofs are right. Its nonces must still be used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedRequest {
    configuration_id: String,
    keys: Vec<PublicKey>,
    nonces: BTreeSet<String>,
}

/// A request that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyRequest {
    pub(super) configuration_id: String,
    pub(super) keys: Vec<PublicKey>,
}

impl Issuance {
    /// Checks a credential request made with `token`. The caller found this record by the fingerprint of the token.
    ///
    /// # Errors
    /// [`Rejection`] to answer with; nothing changes then.
    pub fn check_request(
        &self,
        token: &SecretText,
        request: &CredentialRequest,
        settings: &IssuerSettings,
        now: Timestamp,
        profile: &Profile,
        crypto: &dyn CryptoProvider,
    ) -> Result<CheckedRequest, Rejection> {
        let refuse = |code, why: &str| Err(Rejection::new(code, why));
        let Self::Authorized(authorized) = self else {
            return refuse(RejectionCode::InvalidToken, "the access token is not good");
        };
        let fingerprint = token.fingerprint();
        let known = constant_time_eq(fingerprint.as_bytes(), authorized.token_fingerprint.as_bytes());
        if !known || now >= authorized.expires_at {
            return refuse(RejectionCode::InvalidToken, "the access token is not good");
        }
        let id = match &request.target {
            CredentialTarget::Configuration(id) => id,
            // We give out no identifiers in token responses, so none can be known (CI-13).
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
        if !authorized.configuration_ids.contains(id) {
            return refuse(
                RejectionCode::CredentialRequestDenied,
                "the offer was for something else",
            );
        }
        if request.proofs.is_empty() {
            return refuse(RejectionCode::InvalidProof, "proofs are missing");
        }
        // CI-22, §12.2.4.
        if request.proofs.len() > settings.batch_size {
            return refuse(RejectionCode::InvalidProof, "more proofs than the batch size");
        }
        let issued: usize = authorized
            .pickups
            .iter()
            .filter(|pickup| pickup.configuration_id == *id)
            .map(|pickup| pickup.copies)
            .sum();
        if issued + request.proofs.len() > settings.copies_per_offer {
            return refuse(RejectionCode::CredentialRequestDenied, "this offer was used up");
        }
        let accepted = configuration.proof_types.get("jwt");
        let expected = ProofExpectation {
            issuer: &settings.identifier,
            client_id: None,
            nonce_required: true,
            now,
        };
        let (mut keys, mut nonces) = (Vec::new(), BTreeSet::new());
        for proof in &request.proofs {
            let verified = VerifiedKeyProof::verify(proof, &expected, profile, crypto)
                .map_err(|error| Rejection::new(RejectionCode::InvalidProof, &error.to_string()))?;
            // CI-23: only algorithms the metadata lists.
            let algorithm = verified.key.algorithm().as_jose();
            if !accepted.is_some_and(|proof| proof.signing_algorithms.iter().any(|name| name == algorithm)) {
                return refuse(
                    RejectionCode::InvalidProof,
                    "the algorithm is not one of the metadata",
                );
            }
            // CI-22: copies with one key would be one copy as far as anyone can tell.
            if keys.contains(&verified.key) {
                return refuse(RejectionCode::InvalidProof, "two proofs have the same key");
            }
            keys.push(verified.key);
            nonces.extend(verified.nonce);
        }
        Ok(CheckedRequest {
            configuration_id: id.clone(),
            keys,
            nonces,
        })
    }
}

impl CheckedRequest {
    /// Fingerprints of the nonces in the proofs: find *and delete* their records in one atomic step. Usually one.
    #[must_use]
    pub fn nonce_fingerprints(&self) -> Vec<String> {
        let fingerprint = |nonce: &String| SecretText::new(nonce.as_str()).fingerprint();
        self.nonces.iter().map(fingerprint).collect()
    }

    /// Goes on with the records that were found and deleted.
    ///
    /// # Errors
    /// [`RejectionCode::InvalidNonce`] when one was not found or is too old (CI-26).
    pub fn nonces_used_up(self, found: &[NonceRecord], now: Timestamp) -> Result<ReadyRequest, Rejection> {
        let good = |fingerprint: &String| {
            found
                .iter()
                .any(|record| record.fingerprint == *fingerprint && now < record.expires_at)
        };
        if self.nonces.is_empty() || !self.nonce_fingerprints().iter().all(good) {
            return Err(Rejection::new(RejectionCode::InvalidNonce, "fetch a new nonce"));
        }
        Ok(ReadyRequest {
            configuration_id: self.configuration_id,
            keys: self.keys,
        })
    }
}

impl ReadyRequest {
    /// How many copies: draw as many status indexes.
    #[must_use]
    pub fn copies(&self) -> usize {
        self.keys.len()
    }

    /// Which configuration: find the person's claims for it.
    #[must_use]
    pub fn configuration_id(&self) -> &str {
        &self.configuration_id
    }
}

//! The keys that a credential request proves (OpenID4VCI 1.0 Appendices D and F; CI-22…CI-24, CI-30).

use std::collections::BTreeSet;

use super::settings::IssuerSettings;
use crate::crypto::PublicKey;
use crate::oid4vci::attestation::{KeyAttestationUse, VerifiedKeyAttestation};
use crate::oid4vci::metadata::ProofType;
use crate::oid4vci::proof::ProofExpectation;
use crate::oid4vci::{
    Attesters, CredentialConfiguration, Proofs, Rejection, RejectionCode, VerifiedKeyProof,
};
use crate::status::StatusReference;

/// Where a key attestation says its status is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestationStatus {
    /// The list and the place in it.
    pub reference: StatusReference,
    /// The anchor of the wallet provider, whose signers alone are believed.
    pub anchor_sha256: [u8; 32],
}

/// What the proofs of one request come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ProvenKeys {
    pub(super) keys: Vec<PublicKey>,
    pub(super) nonces: BTreeSet<String>,
    pub(super) statuses: Vec<AttestationStatus>,
}

impl ProvenKeys {
    pub(super) fn check(
        proofs: &Proofs,
        configuration: &CredentialConfiguration,
        client_id: Option<&str>,
        settings: &IssuerSettings,
        attesters: &Attesters<'_>,
    ) -> Result<Self, Rejection> {
        let expected = ProofExpectation {
            issuer: &settings.identifier,
            // CI-23: the client of the sign-in; none for a pre-authorised code.
            client_id,
            nonce_required: true,
        };
        // CI-21: a proof of a type that the metadata lists.
        let accepted = |name| {
            let accepted = configuration.proof_types.get(name);
            accepted.ok_or_else(|| invalid("this type of proof is not one of the metadata"))
        };
        let mut proven = Self::default();
        match proofs {
            Proofs::None => return Err(invalid("proofs are missing")),
            Proofs::Jwt(proofs) => {
                // CI-22, §12.2.4; before anything is verified.
                if proofs.len() > settings.batch_size {
                    return Err(invalid("more proofs than the batch size"));
                }
                let accepted = accepted("jwt")?;
                let mut signers = Vec::new();
                for proof in proofs {
                    let key = proven.proof(proof, accepted, &expected, attesters)?;
                    // CI-22: copies with one key would be one copy as far as anyone can tell.
                    if signers.contains(&key) {
                        return Err(invalid("two proofs have the same key"));
                    }
                    signers.push(key);
                }
            }
            Proofs::Attestation(attestation) => {
                let accepted = accepted("attestation")?;
                let attestation =
                    VerifiedKeyAttestation::verify(attestation, KeyAttestationUse::Alone, attesters)
                        .map_err(|error| invalid(&error.to_string()))?;
                proven.attested(attestation, accepted)?;
            }
        }
        if proven.keys.is_empty() {
            return Err(invalid("proofs are missing"));
        }
        if proven.keys.len() > settings.batch_size {
            return Err(invalid("more keys than the batch size"));
        }
        Ok(proven)
    }

    /// Takes one `jwt` proof; gives the key it is signed with.
    fn proof(
        &mut self,
        proof: &str,
        accepted: &ProofType,
        expected: &ProofExpectation<'_>,
        attesters: &Attesters<'_>,
    ) -> Result<PublicKey, Rejection> {
        let verified = VerifiedKeyProof::verify(proof, expected, attesters)
            .map_err(|error| invalid(&error.to_string()))?;
        self.nonces.extend(verified.nonce);
        let key = verified.key;
        match verified.attestation {
            Some(attestation) => self.attested(attestation, accepted)?,
            None if accepted.key_attestations_required.is_some() => {
                return Err(invalid("a key attestation is required"));
            }
            None => self.add(key.clone(), accepted)?,
        }
        Ok(key)
    }

    /// Takes every key of an attestation (Appendix F.1, F.3).
    fn attested(
        &mut self,
        attestation: VerifiedKeyAttestation,
        accepted: &ProofType,
    ) -> Result<(), Rejection> {
        // Appendix F.1, F.3: the algorithm of the attestation is one of the metadata too.
        listed(&attestation.chain.leaf_key, accepted)?;
        if let Some(required) = &accepted.key_attestations_required {
            attestation
                .meets(required)
                .map_err(|error| invalid(&error.to_string()))?;
        }
        self.nonces.extend(attestation.nonce);
        if let Some(reference) = attestation.status {
            let status = AttestationStatus {
                reference,
                anchor_sha256: attestation.chain.anchor_sha256,
            };
            if !self.statuses.contains(&status) {
                self.statuses.push(status);
            }
        }
        for key in attestation.keys {
            self.add(key, accepted)?;
        }
        Ok(())
    }

    fn add(&mut self, key: PublicKey, accepted: &ProofType) -> Result<(), Rejection> {
        listed(&key, accepted)?;
        // The proofs of one batch may have the same attestation beside them.
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
        Ok(())
    }
}

/// CI-23: only algorithms the metadata lists.
fn listed(key: &PublicKey, accepted: &ProofType) -> Result<(), Rejection> {
    let algorithm = key.algorithm().as_jose();
    if accepted.signing_algorithms.iter().any(|name| name == algorithm) {
        Ok(())
    } else {
        Err(invalid("the algorithm is not one of the metadata"))
    }
}

fn invalid(why: &str) -> Rejection {
    Rejection::new(RejectionCode::InvalidProof, why)
}

//! A wallet, and keys, that the wallet's operator vouches for (OpenID4VCI 1.0 Appendices D and E; HP-3).
//!
//! Only where an issuer demands it: whoever vouches for keys sees them (specs/decisions/0033). The operator is not told
//! the issuer.

use assent_core::crypto::SoftwareKey;
use assent_core::encoding::base64url;
use assent_core::env::{Env, Timestamp};
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::attestation::provider::{KeyAttestationRequest, WalletAttestationRequest, prove};
use assent_core::oid4vci::attestation::{AttestationChallenge, ClientProof, level};
use assent_core::oid4vci::metadata::{KeyAttestationsRequired, ProofType};
use assent_core::oid4vci::{AnswerError, AttestedClient, CredentialConfiguration, Proofs, RejectionCode};
use assent_core::profile::{Endpoint, Profile};
use zeroize::Zeroizing;

use super::ReceiveError;

/// How keys are proved to an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A proof of each key.
    Proofs,
    /// A proof of one key, and beside it what the operator says about all (Appendix F.1).
    AttestedProof,
    /// Only what the operator says (Appendix F.3).
    Attestation,
}

impl Form {
    /// What fits a configuration, the form that shows the operator least first; `None` when nothing does.
    pub(crate) fn of(configuration: &CredentialConfiguration) -> Option<Self> {
        let usable = |name| {
            let proof: &ProofType = configuration.proof_types.get(name)?;
            let es256 = proof.signing_algorithms.iter().any(|alg| alg == "ES256");
            es256.then_some(&proof.key_attestations_required)
        };
        match (usable("jwt"), usable("attestation")) {
            (Some(None), _) => Some(Self::Proofs),
            (Some(Some(required)), _) if can_be_said(required) => Some(Self::AttestedProof),
            (_, Some(None)) => Some(Self::Attestation),
            (_, Some(Some(required))) if can_be_said(required) => Some(Self::Attestation),
            _ => None,
        }
    }
}

/// Whether our keys can be what an issuer demands: software keys are of the lowest level, and nobody says more of them.
fn can_be_said(required: &KeyAttestationsRequired) -> bool {
    [&required.key_storage, &required.user_authentication]
        .iter()
        .all(|accepted| accepted.is_empty() || accepted.iter().any(|value| value == level::BASIC))
}

/// Asks the operator to vouch for keys that are about to be proved.
pub(crate) fn ask_for_keys(
    operator: &str,
    keys: &[SoftwareKey],
    c_nonce: Option<&str>,
    now: Timestamp,
) -> Result<HttpRequest, ReceiveError> {
    let proofs = keys.iter().map(|key| prove(key, operator, c_nonce, now));
    let proofs = proofs.collect::<Result<_, _>>().map_err(|_| ReceiveError::Keys)?;
    Ok(KeyAttestationRequest { proofs }.to_http(operator))
}

/// What the operator said about them.
pub(crate) fn take_keys(response: &HttpResponse, profile: &Profile) -> Result<String, ReceiveError> {
    KeyAttestationRequest::answer(response, profile).map_err(not_vouched)
}

/// `proofs` of a request for these keys. `prove` signs a proof, with an attestation beside it or without.
pub(super) fn proofs(
    form: Form,
    keys: &[SoftwareKey],
    attestation: Option<&str>,
    prove: impl Fn(&SoftwareKey, Option<&str>) -> Result<String, ReceiveError>,
) -> Result<Proofs, ReceiveError> {
    Ok(match (form, attestation) {
        (Form::Proofs, _) => Proofs::Jwt(
            keys.iter()
                .map(|key| prove(key, None))
                .collect::<Result<_, _>>()?,
        ),
        (Form::AttestedProof, Some(attestation)) => {
            let first = keys.first().ok_or(ReceiveError::Keys)?;
            Proofs::Jwt(vec![prove(first, Some(attestation))?])
        }
        (Form::Attestation, Some(attestation)) => Proofs::Attestation(attestation.to_owned()),
        (_, None) => return Err(ReceiveError::NotVouched),
    })
}

/// The key that stands for this wallet at one authorization server, for one issuance: two servers see two. As it is kept.
pub(crate) type InstanceKey = Zeroizing<String>;

/// This wallet at one authorization server, with its operator's word.
#[derive(Clone)]
pub(crate) struct Attested {
    client_id: String,
    server: Endpoint,
    key: SoftwareKey,
    attestation: String,
    challenge: Option<String>,
    /// A challenge was asked for again.
    tried: bool,
}

/// An [`Attested`] to be.
pub(crate) struct Applicant {
    pub(crate) client_id: String,
    key: SoftwareKey,
}

impl Applicant {
    /// With a fresh key, or the one that stands for the wallet there already.
    pub(crate) fn new(
        client_id: &str,
        known: Option<&InstanceKey>,
        env: &mut Env<'_>,
    ) -> Result<Self, ReceiveError> {
        let key = match known {
            None => SoftwareKey::generate(env.rng).map_err(|_| ReceiveError::Keys)?,
            Some(known) => base64url::decode(known)
                .map(Zeroizing::new)
                .ok()
                .and_then(|bytes| SoftwareKey::from_bytes(&bytes).ok())
                .ok_or(ReceiveError::Keys)?,
        };
        Ok(Self {
            client_id: client_id.to_owned(),
            key,
        })
    }

    /// Asks the operator.
    pub(crate) fn request(&self, operator: &str, now: Timestamp) -> Result<HttpRequest, ReceiveError> {
        let proof = prove(&self.key, operator, None, now).map_err(|_| ReceiveError::Keys)?;
        let request = WalletAttestationRequest {
            client_id: self.client_id.clone(),
            proof,
        };
        Ok(request.to_http(operator))
    }

    /// Takes the operator's word, for use at `server`.
    pub(crate) fn attested(
        self,
        response: &HttpResponse,
        server: Endpoint,
        profile: &Profile,
    ) -> Result<Attested, ReceiveError> {
        Ok(Attested {
            client_id: self.client_id,
            server,
            key: self.key,
            attestation: WalletAttestationRequest::answer(response, profile).map_err(not_vouched)?,
            challenge: None,
            tried: false,
        })
    }
}

impl Attested {
    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// To be kept with what it is good for.
    pub(crate) fn key(&self) -> InstanceKey {
        Zeroizing::new(base64url::encode(self.key.to_bytes().as_slice()))
    }

    /// Takes a challenge of the server's challenge endpoint.
    pub(crate) fn challenged(
        &mut self,
        response: &HttpResponse,
        profile: &Profile,
    ) -> Result<(), ReceiveError> {
        self.challenge = Some(AttestationChallenge::from_response(response, profile)?.challenge);
        Ok(())
    }

    /// True when the request is to be made again with the challenge of this answer; once.
    pub(crate) fn must_retry(&mut self, response: &HttpResponse) -> bool {
        let Some(beside) = AttestationChallenge::beside(response) else {
            return false;
        };
        self.challenge = Some(beside.challenge);
        let wanted = response.status == 400
            && assent_core::oid4vci::Rejection::from_response(response)
                .is_some_and(|rejection| rejection.code == RejectionCode::UseAttestationChallenge);
        wanted && !std::mem::replace(&mut self.tried, true)
    }

    /// For one request.
    pub(crate) fn prove(&self, env: &mut Env<'_>) -> Result<AttestedClient, ReceiveError> {
        let proof = ClientProof {
            client_id: &self.client_id,
            server: &self.server,
            challenge: self.challenge.as_deref(),
        };
        Ok(AttestedClient {
            attestation: self.attestation.clone(),
            pop: proof.sign(&self.key, env).map_err(|_| ReceiveError::Keys)?,
        })
    }
}

/// The operator cannot, or will not.
fn not_vouched(error: AnswerError) -> ReceiveError {
    match error {
        // Asked too often is no refusal either (RFC 6585 §4).
        AnswerError::Status(429 | 500..) => ReceiveError::OperatorUnreachable,
        _ => ReceiveError::NotVouched,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assent_core::issuer::sandbox;

    fn with(types: &[(&str, Option<&[&str]>)]) -> Option<Form> {
        let mut configuration = sandbox::configurations().remove(sandbox::RESIDENCE).unwrap();
        let types = types.iter().map(|(name, storage)| {
            let required = storage.map(|storage| KeyAttestationsRequired {
                key_storage: storage.iter().map(|text| (*text).to_owned()).collect(),
                user_authentication: Vec::new(),
            });
            let proof = ProofType {
                signing_algorithms: vec!["ES256".into()],
                key_attestations_required: required,
            };
            ((*name).to_owned(), proof)
        });
        configuration.proof_types = types.collect();
        Form::of(&configuration)
    }

    #[test]
    fn nobody_is_asked_to_vouch_where_it_is_not_demanded() {
        let basic: &[&str] = &[level::MODERATE, level::BASIC];
        assert_eq!(with(&[("jwt", None), ("attestation", None)]), Some(Form::Proofs));
        assert_eq!(
            with(&[("jwt", None), ("attestation", Some(basic))]),
            Some(Form::Proofs)
        );
        assert_eq!(with(&[("jwt", Some(basic))]), Some(Form::AttestedProof));
        assert_eq!(with(&[("jwt", Some(&[]))]), Some(Form::AttestedProof));
        assert_eq!(with(&[("attestation", None)]), Some(Form::Attestation));
        assert_eq!(with(&[("attestation", Some(basic))]), Some(Form::Attestation));
    }

    #[test]
    fn software_keys_are_not_called_more_than_they_are() {
        let moderate: &[&str] = &[level::MODERATE];
        assert_eq!(with(&[("jwt", Some(moderate))]), None);
        assert_eq!(with(&[("attestation", Some(moderate))]), None);
        assert_eq!(
            with(&[("jwt", Some(moderate)), ("attestation", None)]),
            Some(Form::Attestation)
        );
        assert_eq!(with(&[("di_vp", None)]), None);
        assert_eq!(with(&[]), None);
    }
}

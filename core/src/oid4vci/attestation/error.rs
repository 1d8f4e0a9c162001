//! Why attestations are refused.

use crate::crypto::KeyError;
use crate::encoding::fields::FieldError;
use crate::encoding::jws::JwsError;
use crate::error::ErrorCode;
use crate::trust::ChainError;

/// Why an attestation, or the proof that goes with it, was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// Not a JWS, or its signature is wrong.
    #[error("the attestation is not acceptable: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is another.
    #[error("the attestation has the wrong typ")]
    Type,
    /// Signed with an algorithm that is not accepted.
    #[error("the algorithm of the attestation is not accepted")]
    Algorithm,
    /// The signer leads to no wallet provider that is trusted here.
    #[error("the wallet provider is not trusted: {0}")]
    Chain(#[from] ChainError),
    /// A claim is missing or of the wrong type.
    #[error("the attestation is malformed: {0}")]
    Claim(#[from] FieldError),
    /// A key in it is malformed or private, or a key is there twice.
    #[error("a key in the attestation is not acceptable")]
    Key,
    /// It has run out, is not good yet, or says nothing of its end where it must.
    #[error("the attestation has run out or is not good yet")]
    Time,
    /// `status` is there and cannot be read: what cannot be checked is not believed.
    #[error("the status of the attestation cannot be read")]
    Status,
    /// The nonce is missing where there must be one.
    #[error("the attestation has no nonce")]
    NoNonce,
    /// The keys are not kept as the issuer demands.
    #[error("the attestation does not say what the issuer demands of keys")]
    Level,
    /// The proof is for another server.
    #[error("the proof of the wallet attestation is for another server")]
    Audience,
    /// Attestation, proof and request name different clients.
    #[error("the wallet attestation is for another client")]
    Client,
}

impl From<KeyError> for AttestationError {
    fn from(_: KeyError) -> Self {
        Self::Key
    }
}

impl ErrorCode for AttestationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Chain(_) => "attestation-untrusted",
            Self::Jws(JwsError::Signature) => "attestation-signature",
            Self::Time => "attestation-time",
            Self::NoNonce => "attestation-no-nonce",
            Self::Level => "attestation-level",
            Self::Audience | Self::Client => "attestation-for-another",
            _ => "attestation-invalid",
        }
    }
}

//! What can go wrong with trust.

use crate::error::{Audience, Blame, ErrorCode};
use crate::sd_jwt::{SdJwtError, VcError};
use crate::status::StatusError;

/// Why a configured anchor was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// The JSON is not of the documented shape.
    #[error("the list of trust anchors is malformed at {0}")]
    Malformed(String),
    /// Not a DER certificate with a key we support.
    #[error("the certificate of anchor \"{0}\" cannot be used")]
    Certificate(String),
    /// Not a certification authority, and not marked as directly trusted.
    #[error(
        "anchor \"{0}\" is not a certification authority; mark it directly_trusted to trust that one certificate"
    )]
    NotAnAuthority(String),
}

impl ErrorCode for AnchorError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "trust-anchors-malformed",
            Self::Certificate(_) => "trust-anchor-certificate",
            Self::NotAnAuthority(_) => "trust-anchor-not-an-authority",
        }
    }

    fn blame(&self) -> Blame {
        Blame::Us
    }

    fn audience(&self) -> Audience {
        Audience::Operator
    }
}

/// Why a certificate chain was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No certificate was sent.
    #[error("there is no certificate")]
    Empty,
    /// A certificate cannot be read.
    #[error("a certificate is malformed")]
    Malformed,
    /// The leaf is self-signed (HAIP 1.0 §5, §6.1.1).
    #[error("the certificate is self-signed")]
    SelfSigned,
    /// A certificate is outside its validity, or its anchor is.
    #[error("a certificate has expired or is not valid yet")]
    Time,
    /// No path leads to an anchor of this role.
    #[error("the certificate does not lead to a trusted authority")]
    Untrusted,
    /// A signature in the chain is wrong or uses an algorithm that is not allowed.
    #[error("a signature in the certificate chain is wrong")]
    Signature,
    /// The leaf is an authority, an authority is none, or key usage or a constraint forbids this use.
    #[error("a certificate may not be used like this")]
    Usage,
    /// A certificate was sent that is not part of the path (RFC 7515 §4.1.6: each certifies the one before).
    #[error("the chain contains a certificate that does not belong to it")]
    Extra,
    /// The leaf's key is of a kind we do not support.
    #[error("the key of the certificate is not supported")]
    Key,
}

impl ErrorCode for ChainError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "certificate-missing",
            Self::Malformed => "certificate-malformed",
            Self::SelfSigned => "certificate-self-signed",
            Self::Time => "certificate-time",
            Self::Untrusted => "certificate-untrusted",
            Self::Signature => "certificate-signature",
            Self::Usage => "certificate-usage",
            Self::Extra => "certificate-extra",
            Self::Key => "certificate-key",
        }
    }
}

/// Why a credential was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// The SD-JWT was refused.
    #[error(transparent)]
    SdJwt(#[from] SdJwtError),
    /// The issuer's certificate chain was refused.
    #[error("the issuer of the credential is not trusted: {0}")]
    Chain(#[from] ChainError),
    /// The credential breaks a rule of SD-JWT VC or of key binding.
    #[error(transparent)]
    Vc(#[from] VcError),
    /// The issuer is known, but not for this type of credential.
    #[error("the issuer may not issue credentials of this type")]
    TypeNotAllowed,
}

impl ErrorCode for CredentialError {
    fn code(&self) -> &'static str {
        match self {
            Self::SdJwt(inner) => inner.code(),
            Self::Chain(inner) => inner.code(),
            Self::Vc(inner) => inner.code(),
            Self::TypeNotAllowed => "credential-type-not-allowed",
        }
    }
}

/// Why a status list was refused. The credential must then be refused too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusTrustError {
    /// The signer's certificate chain was refused.
    #[error("the signer of the status list is not trusted: {0}")]
    Chain(#[from] ChainError),
    /// The token was refused.
    #[error(transparent)]
    Status(#[from] StatusError),
}

impl ErrorCode for StatusTrustError {
    fn code(&self) -> &'static str {
        match self {
            Self::Chain(inner) => inner.code(),
            Self::Status(inner) => inner.code(),
        }
    }
}

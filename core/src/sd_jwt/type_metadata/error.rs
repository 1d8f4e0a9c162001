//! Why type metadata is not usable, and why a credential breaks it.

use crate::claims::ClaimsPath;
use crate::encoding::fields::FieldError;
use crate::encoding::json::JsonError;
use crate::error::{Audience, Blame, ErrorCode};

/// Why type metadata was refused. A type with refused metadata is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypeMetadataError {
    /// Not acceptable JSON.
    #[error("the type metadata: {0}")]
    Json(#[from] JsonError),
    /// A member is missing or wrong.
    #[error("the type metadata is malformed: {0}")]
    Field(#[from] FieldError),
    /// The document is not the one the hash beside its name is of.
    #[error("the type metadata is not what its integrity value says")]
    Integrity,
    /// The document describes another type than the one asked for.
    #[error("the type metadata describes another type")]
    WrongType,
    /// A type extends itself, directly or with steps in between.
    #[error("the types extend each other in a circle")]
    Circular,
    /// More types extend each other than accepted.
    #[error("too many types extend each other")]
    TooManyTypes,
    /// A document is missing.
    #[error("the metadata of a type that is extended is missing")]
    Incomplete,
    /// A type allows what the type it extends forbids.
    #[error("the type loosens what the type it extends says about {0}")]
    Loosened(ClaimsPath),
}

impl ErrorCode for TypeMetadataError {
    fn code(&self) -> &'static str {
        match self {
            Self::Json(_) | Self::Field(_) => "type-metadata-malformed",
            Self::Integrity => "type-metadata-integrity",
            Self::WrongType => "type-metadata-wrong-type",
            Self::Circular => "type-metadata-circular",
            Self::TooManyTypes => "type-metadata-too-many-types",
            Self::Incomplete => "type-metadata-incomplete",
            Self::Loosened(_) => "type-metadata-loosened",
        }
    }

    fn blame(&self) -> Blame {
        Blame::Peer
    }

    fn audience(&self) -> Audience {
        Audience::Operator
    }
}

/// Why a credential breaks the rules of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypeRuleError {
    /// The credential was made for another version of the metadata (`vct#integrity`).
    #[error("the credential belongs to another version of its type")]
    Integrity,
    /// A mandatory claim is missing.
    #[error("the type demands {0}, which is missing")]
    Missing(ClaimsPath),
    /// A claim can be kept back that must always be visible.
    #[error("the type does not allow to keep {0} back")]
    Disclosable(ClaimsPath),
    /// A claim is always visible that must be possible to keep back.
    #[error("the type wants {0} to be possible to keep back")]
    AlwaysVisible(ClaimsPath),
    /// The rules cost too much work on this credential.
    #[error("the rules of the type cost too much work")]
    TooMuchWork,
}

impl ErrorCode for TypeRuleError {
    fn code(&self) -> &'static str {
        match self {
            Self::Integrity => "type-rule-integrity",
            Self::Missing(_) => "type-rule-missing",
            Self::Disclosable(_) => "type-rule-disclosable",
            Self::AlwaysVisible(_) => "type-rule-always-visible",
            Self::TooMuchWork => "type-rule-too-much-work",
        }
    }
}

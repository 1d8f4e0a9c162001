//! What can go wrong with an SD-JWT, one enum per operation.

use crate::claims::ClaimsPath;
use crate::crypto::SignError;
use crate::encoding::jws::JwsError;
use crate::env::RandomUnavailable;
use crate::error::{Audience, Blame, ErrorCode};

/// Why an SD-JWT was refused (RFC 9901 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdJwtError {
    /// Longer than [`MAX_SD_JWT`](super::MAX_SD_JWT).
    #[error("the SD-JWT is too long")]
    TooLong,
    /// More disclosures than [`MAX_DISCLOSURES`](super::MAX_DISCLOSURES).
    #[error("the SD-JWT has too many disclosures")]
    TooManyDisclosures,
    /// Not the form of RFC 9901 §4: a missing final `~`, an empty part, text after the KB-JWT.
    #[error("not an SD-JWT")]
    Malformed,
    /// The issuer-signed JWT was refused.
    #[error("the issuer-signed JWT was refused: {0}")]
    Jws(#[from] JwsError),
    /// `_sd_alg` is not a string, not on the allow-list, or not at the top level (§4.1.1).
    #[error("the hash algorithm of the disclosures is not allowed")]
    HashAlgorithm,
    /// A disclosure is not unpadded base64url of a JSON array of two or three elements with a string salt (§4.2).
    #[error("a disclosure is malformed")]
    MalformedDisclosure,
    /// `_sd` is not an array of strings, or `...` is not the only member of an array element (§4.2.4).
    #[error("an embedded digest is malformed")]
    MalformedDigest,
    /// A disclosure of two elements was referenced from an object, or one of three from an array (§7.1 step 3.c).
    #[error("a disclosure does not fit the place of its digest")]
    WrongPlace,
    /// A claim is named `_sd`, `...` or `_sd_alg` (§7.1 step 3.c.ii.2).
    #[error("a claim has a reserved name")]
    ReservedName,
    /// A disclosed claim already exists at its level (§7.1 step 3.c.ii.3).
    #[error("a disclosed claim already exists at its level")]
    Collision,
    /// A digest occurs twice (§7.1 step 4), or the same disclosure was sent twice.
    #[error("a digest occurs more than once")]
    DuplicateDigest,
    /// A disclosure matches no digest (§7.1 step 5).
    #[error("a disclosure is not referenced by the SD-JWT")]
    UnreferencedDisclosure,
    /// A disclosure lies deeper than a claims path can point ([`MAX_PATH`](crate::claims::MAX_PATH)).
    #[error("the claims are nested too deeply")]
    TooDeep,
}

impl ErrorCode for SdJwtError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "sd-jwt-too-long",
            Self::TooManyDisclosures => "sd-jwt-too-many-disclosures",
            Self::Malformed => "sd-jwt-malformed",
            Self::Jws(JwsError::Signature) => "sd-jwt-issuer-signature",
            Self::Jws(JwsError::Algorithm) => "sd-jwt-algorithm",
            Self::Jws(_) => "sd-jwt-issuer-jwt",
            Self::HashAlgorithm => "sd-jwt-hash-algorithm",
            Self::MalformedDisclosure => "sd-jwt-malformed-disclosure",
            Self::MalformedDigest => "sd-jwt-malformed-digest",
            Self::WrongPlace => "sd-jwt-disclosure-wrong-place",
            Self::ReservedName => "sd-jwt-reserved-name",
            Self::Collision => "sd-jwt-claim-collision",
            Self::DuplicateDigest => "sd-jwt-duplicate-digest",
            Self::UnreferencedDisclosure => "sd-jwt-unreferenced-disclosure",
            Self::TooDeep => "sd-jwt-too-deep",
        }
    }
}

/// Why a key binding JWT was refused (RFC 9901 §7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyBindingError {
    /// Key binding is required and there is none (§7.3 step 3, §9.5).
    #[error("the key binding JWT is missing")]
    Missing,
    /// There is one where an issuer or the policy allows none (§7.2).
    #[error("a key binding JWT is not allowed here")]
    Unexpected,
    /// The credential names no holder key, so nothing can prove possession.
    #[error("the credential names no holder key")]
    NoHolderKey,
    /// Not an acceptable JWT, or one with a wrong signature.
    #[error("the key binding JWT was refused: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is not `kb+jwt` (§4.3).
    #[error("the type of the key binding JWT is wrong")]
    Type,
    /// `aud` is not exactly the expected verifier.
    #[error("the key binding JWT is for another verifier")]
    Audience,
    /// `nonce` is not the one of this request.
    #[error("the key binding JWT has another nonce")]
    Nonce,
    /// `iat` is missing, or outside the accepted window.
    #[error("the key binding JWT is too old or from the future")]
    IssuedAt,
    /// `sd_hash` is not over this SD-JWT: it was made for other disclosures.
    #[error("the key binding JWT is over another selection of disclosures")]
    SdHash,
}

impl ErrorCode for KeyBindingError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "key-binding-missing",
            Self::Unexpected => "key-binding-unexpected",
            Self::NoHolderKey => "key-binding-no-holder-key",
            Self::Jws(JwsError::Signature) => "key-binding-signature",
            Self::Jws(_) => "key-binding-malformed",
            Self::Type => "key-binding-type",
            Self::Audience => "key-binding-audience",
            Self::Nonce => "key-binding-nonce",
            Self::IssuedAt => "key-binding-issued-at",
            Self::SdHash => "key-binding-sd-hash",
        }
    }
}

/// Why a verified SD-JWT is not an acceptable SD-JWT VC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VcError {
    /// `typ` is not `dc+sd-jwt` (SD-JWT VC §2.2.1). The old `vc+sd-jwt` is not accepted.
    #[error("the credential is not of type dc+sd-jwt")]
    Type,
    /// `vct` is missing or not a non-empty string.
    #[error("the credential has no type (vct)")]
    Vct,
    /// A claim that must not be selectively disclosable is (SD-JWT VC §2.2.2.2).
    #[error("a claim that must always be visible is selectively disclosable")]
    MustNotBeDisclosable,
    /// A registered claim has the wrong JSON type.
    #[error("a registered claim is malformed")]
    MalformedClaim,
    /// `exp` has passed.
    #[error("the credential has expired")]
    Expired,
    /// `nbf` has not come, or `iat` lies in the future.
    #[error("the credential is not valid yet")]
    NotYetValid,
    /// Neither `exp` nor `status` limits the credential although the policy demands one (HAIP 1.0 §6.1).
    #[error("the credential has neither an end of validity nor a status")]
    Unlimited,
    /// `aud` does not name this verifier.
    #[error("the credential is meant for another audience")]
    Audience,
    /// `cnf` is missing although the policy demands it, or holds no supported public JWK.
    #[error("the credential has no usable holder key")]
    HolderKey,
    /// The key binding was refused.
    #[error(transparent)]
    KeyBinding(#[from] KeyBindingError),
}

impl ErrorCode for VcError {
    fn code(&self) -> &'static str {
        match self {
            Self::Type => "sd-jwt-vc-type",
            Self::Vct => "sd-jwt-vc-vct",
            Self::MustNotBeDisclosable => "sd-jwt-vc-must-not-be-disclosable",
            Self::MalformedClaim => "sd-jwt-vc-malformed-claim",
            Self::Expired => "sd-jwt-vc-expired",
            Self::NotYetValid => "sd-jwt-vc-not-yet-valid",
            Self::Unlimited => "sd-jwt-vc-unlimited",
            Self::Audience => "sd-jwt-vc-audience",
            Self::HolderKey => "sd-jwt-vc-holder-key",
            Self::KeyBinding(inner) => inner.code(),
        }
    }
}

/// Why the holder cannot present what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HolderError {
    /// A path selects nothing in this credential.
    #[error("the credential has nothing at {0}")]
    NothingThere(ClaimsPath),
    /// The issuer made these claims disclosable only together with approved ones, and they were not approved.
    /// [`HolderSdJwt::needed_approval`](super::HolderSdJwt::needed_approval) tells them beforehand.
    #[error("the disclosure would reveal more than was approved")]
    RevealsMore(Vec<ClaimsPath>),
    /// The signer is not the key the credential is bound to.
    #[error("the key is not the one the credential is bound to")]
    WrongKey,
    /// The stored text is not a usable SD-JWT.
    #[error("the stored credential cannot be read: {0}")]
    Stored(#[from] SdJwtError),
    /// A key binding JWT came from an issuer (RFC 9901 §7.2).
    #[error("an issuer sent a key binding JWT")]
    KeyBindingFromIssuer,
    /// The key could not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl ErrorCode for HolderError {
    fn code(&self) -> &'static str {
        match self {
            Self::NothingThere(_) => "sd-jwt-holder-nothing-there",
            Self::RevealsMore(_) => "sd-jwt-holder-reveals-more",
            Self::WrongKey => "sd-jwt-holder-wrong-key",
            Self::Stored(_) => "sd-jwt-holder-stored",
            Self::KeyBindingFromIssuer => "sd-jwt-holder-key-binding-from-issuer",
            Self::Sign(_) => "sd-jwt-holder-sign",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::NothingThere(_) | Self::RevealsMore(_) => Blame::Caller,
            Self::KeyBindingFromIssuer => Blame::Peer,
            Self::WrongKey | Self::Stored(_) | Self::Sign(_) => Blame::Us,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

/// Why an SD-JWT cannot be issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// A claim has one of the reserved names `_sd`, `...`, `_sd_alg`.
    #[error("a claim has a reserved name")]
    ReservedName,
    /// The policy names a path that is not in the claims.
    #[error("there is nothing to make disclosable at {0}")]
    NothingThere(ClaimsPath),
    /// The policy makes a claim disclosable that SD-JWT VC §2.2.2.2 forbids.
    #[error("the claim {0} must not be selectively disclosable")]
    MustNotBeDisclosable(ClaimsPath),
    /// The same claim is among the disclosable and the always visible ones.
    #[error("the claim \"{0}\" was given twice")]
    GivenTwice(String),
    /// More than [`MAX_DISCLOSURES`](super::MAX_DISCLOSURES), or claims nested too deeply.
    #[error("too many or too deeply nested disclosures")]
    TooLarge,
    /// The platform has no randomness for salts.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The key could not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl ErrorCode for IssueError {
    fn code(&self) -> &'static str {
        match self {
            Self::ReservedName => "sd-jwt-issue-reserved-name",
            Self::NothingThere(_) => "sd-jwt-issue-nothing-there",
            Self::MustNotBeDisclosable(_) => "sd-jwt-issue-must-not-be-disclosable",
            Self::GivenTwice(_) => "sd-jwt-issue-given-twice",
            Self::TooLarge => "sd-jwt-issue-too-large",
            Self::Random(_) => "sd-jwt-issue-random",
            Self::Sign(_) => "sd-jwt-issue-sign",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Random(_) | Self::Sign(_) => Blame::Us,
            _ => Blame::Caller,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Operator
    }
}

//! What can go wrong with a vault.

use assent_core::env::RandomUnavailable;
use assent_core::error::{Audience, Blame, ErrorCode};

/// Why a vault could not be made, opened, read or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The passphrase or recovery code is wrong.
    #[error("the passphrase or recovery code is wrong")]
    WrongSecret,
    /// The vault has no slot of that kind.
    #[error("this vault has no such unlock method")]
    NoSuchSlot,
    /// Shorter than ten characters.
    #[error("the passphrase is too short: use at least ten characters")]
    PassphraseTooShort,
    /// The recovery code is mistyped.
    #[error("this is not a valid recovery code")]
    BadRecoveryCode,
    /// The stretching parameters are outside our limits.
    #[error("the unlock method was weakened or is not usable: refused")]
    SlotParameters,
    /// Bytes that are not what a vault writes.
    #[error("the vault data is malformed")]
    Malformed,
    /// The slots are not the ones the manifest lists.
    #[error("the unlock methods were changed without the vault's key: refused")]
    SlotsChanged,
    /// The manifest does not open, or its signature is wrong.
    #[error("the vault's manifest is not authentic")]
    ManifestNotAuthentic,
    /// The counter went back: the service showed an older vault.
    #[error("the vault service showed an older state than before")]
    RolledBack,
    /// Another manifest with the same counter, or one that does not follow the one we know.
    #[error("the vault service showed two different states")]
    Forked,
    /// A record the manifest lists is not there or not the listed one.
    #[error("the vault service kept back or replaced a record")]
    RecordMissing,
    /// A record does not open.
    #[error("a record of the vault is not authentic")]
    RecordNotAuthentic,
    /// The platform gave no randomness.
    #[error("the platform gave no randomness")]
    Random,
}

impl From<RandomUnavailable> for VaultError {
    fn from(_: RandomUnavailable) -> Self {
        Self::Random
    }
}

impl From<super::cbor::BadCbor> for VaultError {
    fn from(_: super::cbor::BadCbor) -> Self {
        Self::Malformed
    }
}

impl ErrorCode for VaultError {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongSecret => "vault-wrong-secret",
            Self::NoSuchSlot => "vault-no-such-unlock-method",
            Self::PassphraseTooShort => "vault-passphrase-too-short",
            Self::BadRecoveryCode => "vault-bad-recovery-code",
            Self::SlotParameters => "vault-unlock-weakened",
            Self::Malformed => "vault-malformed",
            Self::SlotsChanged => "vault-slots-changed",
            Self::ManifestNotAuthentic => "vault-manifest-not-authentic",
            Self::RolledBack => "vault-rolled-back",
            Self::Forked => "vault-forked",
            Self::RecordMissing => "vault-record-missing",
            Self::RecordNotAuthentic => "vault-record-not-authentic",
            Self::Random => "random-unavailable",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::WrongSecret | Self::NoSuchSlot | Self::PassphraseTooShort | Self::BadRecoveryCode => {
                Blame::Caller
            }
            Self::Random => Blame::Us,
            _ => Blame::Peer,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

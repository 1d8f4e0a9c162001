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
    /// A passkey answered nothing, zeros or a constant: it cannot protect a vault.
    #[error("this passkey cannot protect a vault")]
    PasskeyUnusable,
    /// A device's own key is not a point of the curve.
    #[error("this device's key cannot be used")]
    DeviceKeyUnusable,
    /// Fewer than two unlock methods, or none that can be written down.
    #[error("a vault needs two unlock methods, one of them a passphrase or a recovery code")]
    TooFewMethods,
    /// More unlock methods than a vault may have.
    #[error("the vault has as many unlock methods of this kind as it may have")]
    TooManyMethods,
    /// The same passkey or device key a second time.
    #[error("this is an unlock method of the vault already")]
    AlreadyAMethod,
    /// A name that is empty, too long, or has control characters in it.
    #[error("this name is not possible")]
    NameNotPossible,
    /// Another device made a new root key: this one must unlock again.
    #[error("another device changed the keys of this vault: unlock again")]
    EpochChanged,
    /// Written by a newer version of the app.
    #[error("the vault was written by a newer version of the app")]
    NewerThanApp,
    /// Not signed with the key that the unlock method, or this device, knows the vault by.
    #[error("the vault service showed another vault in place of this one")]
    VaultReplaced,
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
    /// More than 100 MB.
    #[error("an attachment has at most 100 MB")]
    AttachmentTooLarge,
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
            Self::PasskeyUnusable => "vault-passkey-unusable",
            Self::DeviceKeyUnusable => "vault-device-key-unusable",
            Self::TooFewMethods => "vault-too-few-unlock-methods",
            Self::TooManyMethods => "vault-too-many-unlock-methods",
            Self::AlreadyAMethod => "vault-unlock-method-already-there",
            Self::NameNotPossible => "vault-name-not-possible",
            Self::EpochChanged => "vault-unlock-again",
            Self::NewerThanApp => "vault-newer-than-app",
            Self::VaultReplaced => "vault-replaced",
            Self::Malformed => "vault-malformed",
            Self::SlotsChanged => "vault-slots-changed",
            Self::ManifestNotAuthentic => "vault-manifest-not-authentic",
            Self::RolledBack => "vault-rolled-back",
            Self::Forked => "vault-forked",
            Self::RecordMissing => "vault-record-missing",
            Self::AttachmentTooLarge => "vault-attachment-too-large",
            Self::RecordNotAuthentic => "vault-record-not-authentic",
            Self::Random => "random-unavailable",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::WrongSecret
            | Self::NoSuchSlot
            | Self::PassphraseTooShort
            | Self::BadRecoveryCode
            | Self::PasskeyUnusable
            | Self::DeviceKeyUnusable
            | Self::TooFewMethods
            | Self::TooManyMethods
            | Self::AlreadyAMethod
            | Self::AttachmentTooLarge
            | Self::NameNotPossible
            | Self::EpochChanged => Blame::Caller,
            Self::Random | Self::NewerThanApp => Blame::Us,
            _ => Blame::Peer,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

//! What can go wrong with a file that holds a vault's contents.

use assent_core::env::RandomUnavailable;
use assent_core::error::{Audience, Blame, ErrorCode};

use crate::app::WalletError;

/// Why a file could not be made, or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    /// None of the formats.
    #[error("this is not a file that Assent can bring in")]
    UnknownFile,
    /// Over the limit of this device.
    #[error("the file is larger than this device can bring in")]
    TooLarge,
    /// A sealed file, and no passphrase.
    #[error("the file is sealed: its passphrase is needed")]
    PassphraseNeeded,
    /// The seal did not open.
    #[error("the passphrase is not the one this file was sealed with, or the file was damaged")]
    WrongPassphrase,
    /// Shorter than ten characters.
    #[error("the passphrase is too short: use at least ten characters")]
    PassphraseTooShort,
    /// Work factor or iteration count outside our limits.
    #[error("the file asks for more work than this device does to open a file")]
    TooMuchWork,
    /// An age file that is not of version 1 or is not for a passphrase.
    #[error("the file is sealed for something else than a passphrase")]
    OtherRecipient,
    /// A JWE with other algorithms, compression or extensions.
    #[error("the file is sealed in a way that the exchange format does not allow")]
    OtherSeal,
    /// Ends early, or has something after its end.
    #[error("the file is damaged or not complete")]
    Damaged,
    /// Entries that are missing, twice there, exchanged, or not what the list at its beginning says.
    #[error("the file contradicts itself: somebody changed it, or it is damaged")]
    Inconsistent,
    /// The content of a document is not what was put in: missing, cut or changed.
    #[error("this document is damaged or missing in the file")]
    DocumentDamaged,
    /// Written by a newer version.
    #[error("the file was made by a newer version of the app")]
    Newer,
    /// What the engine gave is not the contents of a vault.
    #[error("the contents of the vault cannot be read")]
    Contents,
    /// The platform gave no randomness.
    #[error("the platform gave no randomness")]
    Random,
}

impl From<RandomUnavailable> for TransferError {
    fn from(_: RandomUnavailable) -> Self {
        Self::Random
    }
}

impl TransferError {
    /// As the wallet's screens get it.
    #[must_use]
    pub fn for_screens(self) -> WalletError {
        WalletError::from_code(&self)
    }
}

impl ErrorCode for TransferError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownFile => "transfer-unknown-file",
            Self::TooLarge => "transfer-too-large",
            Self::PassphraseNeeded => "transfer-passphrase-needed",
            Self::WrongPassphrase => "transfer-wrong-passphrase",
            Self::PassphraseTooShort => "transfer-passphrase-too-short",
            Self::TooMuchWork => "transfer-too-much-work",
            Self::OtherRecipient => "transfer-other-recipient",
            Self::OtherSeal => "transfer-other-seal",
            Self::Damaged => "transfer-damaged",
            Self::Inconsistent => "transfer-inconsistent",
            Self::DocumentDamaged => "transfer-document-damaged",
            Self::Newer => "transfer-newer",
            Self::Contents => "transfer-contents",
            Self::Random => "transfer-random",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Contents | Self::Random => Blame::Us,
            _ => Blame::Caller,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

//! Ways to unlock, as commands carry them: texts in, secrets out.

use std::fmt;

use assent_core::crypto::constant_time_eq;
use assent_core::encoding::base64url;
use assent_core::encoding::record::FromJson;
use assent_core::error::Blame;
use zeroize::Zeroizing;

use super::session::Core;
use super::vault::vault_error;
use super::{Assertion, WalletError};
use crate::vault::{Header, PrfOutputs, RecoveryCode, Secret, Unlocking, VaultError};

/// How to unlock: exactly one member.
#[derive(Clone, Default, FromJson)]
#[serde(rename_all = "camelCase")]
pub struct Unlock {
    /// The passphrase.
    #[serde(default)]
    pub passphrase: Option<Zeroizing<String>>,
    /// The recovery code, in any grouping and case.
    #[serde(default)]
    pub recovery_code: Option<Zeroizing<String>>,
    /// A passkey's answers.
    #[serde(default)]
    pub passkey: Option<PasskeyAnswer>,
    /// The answer of this device's own key.
    #[serde(default)]
    pub device: Option<DeviceAnswer>,
}

/// What a passkey answered to the salts it was asked with. All base64url.
#[derive(Clone, FromJson)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyAnswer {
    /// Its credential id.
    pub credential_id: String,
    /// `prf.results.first`, 32 bytes.
    pub current: Zeroizing<String>,
    /// `prf.results.second`, 32 bytes.
    pub next: Zeroizing<String>,
    /// What it signed in the same moment, for the vault service.
    #[serde(default)]
    pub assertion: Option<Assertion>,
    /// What it said of itself when it was made just now (`getAuthenticatorData()`), base64url.
    #[serde(default)]
    pub made: Option<String>,
}

/// What this device's own key agreed on. All base64url.
#[derive(Clone, FromJson)]
#[serde(rename_all = "camelCase")]
pub struct DeviceAnswer {
    /// The slot.
    pub slot: String,
    /// The x coordinate, 32 bytes (`deriveBits` of WebCrypto).
    pub agreed: Zeroizing<String>,
}

impl Unlock {
    /// Opens the slot of `header` that fits.
    pub(super) fn open(&self, header: &Header) -> Result<Unlocking, WalletError> {
        match self {
            Self {
                passphrase: Some(passphrase),
                recovery_code: None,
                passkey: None,
                device: None,
            } => header.unlock(&Secret::Passphrase(passphrase)),
            Self {
                passphrase: None,
                recovery_code: Some(code),
                passkey: None,
                device: None,
            } => RecoveryCode::parse(code)
                .map_err(|_| VaultError::BadRecoveryCode)
                .and_then(|code| header.unlock(&Secret::RecoveryCode(&code))),
            Self {
                passphrase: None,
                recovery_code: None,
                passkey: Some(answer),
                device: None,
            } => answer.read().and_then(|(credential, outputs)| {
                header.unlock(&Secret::Passkey {
                    credential: &credential,
                    outputs: &outputs,
                })
            }),
            Self {
                passphrase: None,
                recovery_code: None,
                passkey: None,
                device: Some(answer),
            } => answer.read().and_then(|(slot, agreed)| {
                header.unlock(&Secret::Device {
                    slot,
                    agreed: &agreed,
                })
            }),
            _ => return Err(missing()),
        }
        .map_err(vault_error)
    }

    /// Makes sure that the person is there, before keys change (ASVS 5.0 V7.5.3). This device's own key proves nothing of
    /// a person.
    pub(super) fn confirms(&self, core: &Core) -> Result<(), WalletError> {
        let vault = &core.open()?.vault;
        if self.device.is_some() {
            return Err(missing());
        }
        let unlocking = self.open(vault.header())?;
        let (given, known) = (
            unlocking.root().access_token(vault.header().vault),
            vault.access_token(),
        );
        if constant_time_eq(given.as_bytes(), known.as_bytes()) {
            Ok(())
        } else {
            Err(vault_error(VaultError::WrongSecret))
        }
    }
}

impl PasskeyAnswer {
    pub(super) fn read(&self) -> Result<(Vec<u8>, PrfOutputs), VaultError> {
        let bytes = |text: &str| base64url::decode(text).map_err(|_| VaultError::PasskeyUnusable);
        let (current, next) = (
            Zeroizing::new(bytes(&self.current)?),
            Zeroizing::new(bytes(&self.next)?),
        );
        Ok((bytes(&self.credential_id)?, PrfOutputs::new(&current, &next)?))
    }
}

impl DeviceAnswer {
    fn read(&self) -> Result<([u8; 16], Zeroizing<[u8; 32]>), VaultError> {
        let bytes = |text: &str| {
            base64url::decode(text)
                .map(Zeroizing::new)
                .map_err(|_| VaultError::DeviceKeyUnusable)
        };
        let slot = bytes(&self.slot)?
            .as_slice()
            .try_into()
            .map_err(|_| VaultError::DeviceKeyUnusable)?;
        let agreed = bytes(&self.agreed)?
            .as_slice()
            .try_into()
            .map_err(|_| VaultError::DeviceKeyUnusable)?;
        Ok((slot, Zeroizing::new(agreed)))
    }
}

fn missing() -> WalletError {
    WalletError::new(
        "unlock-method-missing",
        "give one way to unlock: passphrase, recovery code, passkey or this device's key",
        "Type or choose one of them.",
        Blame::Caller,
    )
}

impl fmt::Debug for Unlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unlock(redacted)")
    }
}

impl fmt::Debug for PasskeyAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasskeyAnswer(redacted)")
    }
}

impl fmt::Debug for DeviceAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceAnswer(redacted)")
    }
}

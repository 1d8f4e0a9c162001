//! Who may follow whom: each root key signs for the next one. Whoever was removed knows an old root key and the vault's
//! signing key; with a service's help they could make up a later state under a root key of theirs. They cannot sign for it
//! with a root key they never had, so a device that saw the removal refuses such a state, however far ahead it claims to be.

use assent_core::crypto::{CryptoProvider, PublicKey, Signer as _, SoftwareKey};
use ciborium::Value;

use super::cbor::{self, BadCbor, Fields};
use super::context::VaultId;
use super::error::VaultError;
use super::hpke::POINT;
use super::keyring::public;

/// Most root keys that are named. A device that was away for more of them takes the vault for another branch.
const MAX_LINKS: usize = 64;

/// What a root key is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochMark {
    /// Its epoch.
    pub epoch: u64,
    /// The public half of the signing key derived from it, SEC 1.
    pub key: [u8; POINT],
}

impl EpochMark {
    pub(super) fn to_cbor(self) -> Value {
        Value::Array(vec![Value::from(self.epoch), cbor::bytes(&self.key)])
    }

    /// `None` from null.
    pub(super) fn from_cbor(value: Value) -> Result<Option<Self>, BadCbor> {
        if value == Value::Null {
            return Ok(None);
        }
        let mut fields = Fields::of(value)?;
        let (epoch, key) = (fields.number()?, fields.fixed()?);
        fields.end()?;
        Ok(Some(Self { epoch, key }))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    mark: EpochMark,
    /// By the root key before it; of the first one nothing is known.
    signature: [u8; 64],
}

/// The root keys of a vault, oldest first, each but the first signed by the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Succession(Vec<Link>);

impl Succession {
    /// Begins with the root key of `epoch`, whose signing key is `key`.
    pub(super) fn beginning(epoch: u64, key: &SoftwareKey) -> Self {
        Self(vec![Link {
            mark: EpochMark {
                epoch,
                key: public(key),
            },
            signature: [0; 64],
        }])
    }

    /// Goes on with a new root key. `old` and `new` are the signing keys of the last one and of the new one.
    ///
    /// # Errors
    /// [`VaultError::Random`] in the practically impossible case that nothing can be signed.
    pub(super) fn go_on(
        &mut self,
        vault: VaultId,
        old: &SoftwareKey,
        new: &SoftwareKey,
    ) -> Result<(), VaultError> {
        let mark = EpochMark {
            epoch: self.last().epoch + 1,
            key: public(new),
        };
        let signature = old
            .sign(&statement(vault, &public(old), &mark))
            .ok()
            .and_then(|signature| signature.try_into().ok())
            .ok_or(VaultError::Random)?;
        self.0.push(Link { mark, signature });
        if self.0.len() > MAX_LINKS {
            self.0.remove(0);
        }
        Ok(())
    }

    /// The newest.
    pub(super) fn last(&self) -> EpochMark {
        const NONE: EpochMark = EpochMark {
            epoch: 0,
            key: [0; POINT],
        };
        self.0.last().map_or(NONE, |link| link.mark)
    }

    /// Whether it ends with `own`, follows from what this device `knew` of the vault, and each is signed by the one before.
    pub(super) fn leads_to(
        &self,
        own: EpochMark,
        knew: Option<EpochMark>,
        vault: VaultId,
        crypto: &dyn CryptoProvider,
    ) -> bool {
        let start = match knew {
            Some(knew) => self.0.iter().position(|link| link.mark == knew),
            None => Some(0),
        };
        let Some(links) = start.and_then(|start| self.0.get(start..)) else {
            return false;
        };
        self.last() == own
            && links.iter().zip(links.iter().skip(1)).all(|(old, new)| {
                old.mark.epoch.checked_add(1) == Some(new.mark.epoch)
                    && crypto
                        .verify(
                            &PublicKey::P256(old.mark.key),
                            &statement(vault, &old.mark.key, &new.mark),
                            &new.signature,
                        )
                        .is_ok()
            })
    }

    pub(super) fn to_cbor(&self) -> Value {
        let links = self.0.iter().map(|link| {
            Value::Array(vec![
                Value::from(link.mark.epoch),
                cbor::bytes(&link.mark.key),
                cbor::bytes(&link.signature),
            ])
        });
        Value::Array(links.collect())
    }

    pub(super) fn from_cbor(links: Vec<Value>) -> Result<Self, BadCbor> {
        if links.is_empty() || links.len() > MAX_LINKS {
            return Err(BadCbor);
        }
        let links = links.into_iter().map(|link| {
            let mut fields = Fields::of(link)?;
            let mark = EpochMark {
                epoch: fields.number()?,
                key: fields.fixed()?,
            };
            let signature = fields.fixed()?;
            fields.end()?;
            Ok(Link { mark, signature })
        });
        links.collect::<Result<_, _>>().map(Self)
    }
}

fn statement(vault: VaultId, old: &[u8; POINT], new: &EpochMark) -> Vec<u8> {
    cbor::encode(&Value::Array(vec![
        Value::from("assent/vault-succession/1"),
        cbor::bytes(&vault.0),
        cbor::bytes(old),
        Value::from(new.epoch),
        cbor::bytes(&new.key),
    ]))
}

#[cfg(test)]
#[path = "succession_tests.rs"]
mod tests;

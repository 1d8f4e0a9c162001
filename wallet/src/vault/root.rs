//! The vault root key of one epoch and what is derived from it. What must outlive the epoch is in the keyring.

use std::fmt;

use assent_core::crypto::{SoftwareKey, sha256};
use assent_core::encoding::base64url;
use assent_core::env::{RandomUnavailable, SecureRandom};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::chunked::hkdf_expand;
use super::context::VaultId;
use super::error::VaultError;
use super::key::Key;

/// The vault root key (VRK): 32 random bytes from which the keys of the vault follow.
#[derive(Clone)]
pub struct RootKey(Key);

impl RootKey {
    /// A fresh root key.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when the platform has no randomness.
    pub fn generate(rng: &mut dyn SecureRandom) -> Result<Self, RandomUnavailable> {
        Ok(Self(Key::generate(rng)?))
    }

    /// The bearer token the vault service wants for `vault`.
    #[must_use]
    pub fn access_token(&self, vault: VaultId) -> Zeroizing<String> {
        self.derive(vault).access_token()
    }

    /// Its 32 bytes, for sealing.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.0.expose())
    }

    /// From 32 bytes; `None` for another length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Key::from_bytes(bytes).map(Self)
    }

    pub(super) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// The keys derived for one vault.
    pub(super) fn derive(&self, vault: VaultId) -> DerivedKeys {
        let key = |label: &str| {
            let mut out = Zeroizing::new([0; 32]);
            hkdf_expand(
                self.0.expose(),
                &[b"assent/vault/1/", label.as_bytes(), b"\0", &vault.0],
                out.as_mut_slice(),
            );
            out
        };
        let sealing = |label: &str| Key::from_bytes(key(label).as_slice()).unwrap_or_else(|| self.0.clone());
        DerivedKeys {
            kek: sealing("kek"),
            manifest: sealing("man"),
            access: key("access"),
            next: key("next"),
        }
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(redacted)")
    }
}

/// Keys with one purpose each.
#[derive(Clone)]
pub(super) struct DerivedKeys {
    pub(super) kek: Key,
    pub(super) manifest: Key,
    access: Zeroizing<[u8; 32]>,
    next: Zeroizing<[u8; 32]>,
}

impl DerivedKeys {
    /// Signs for the root key after this one.
    ///
    /// # Errors
    /// [`VaultError::Random`] in the practically impossible case that no key can be derived.
    pub(super) fn successor_key(&self) -> Result<SoftwareKey, VaultError> {
        signing_key(&self.next, &[b"succession"]).ok_or(VaultError::Random)
    }

    /// The bearer token the vault service wants.
    pub(super) fn access_token(&self) -> Zeroizing<String> {
        Zeroizing::new(base64url::encode(self.access.as_slice()))
    }

    /// What the vault service keeps to recognise the token.
    pub(super) fn access_token_hash(&self) -> [u8; 32] {
        sha256(self.access_token().as_bytes())
    }
}

/// The P-256 key that `key` gives for `parts`.
pub(super) fn signing_key(key: &[u8; 32], parts: &[&[u8]]) -> Option<SoftwareKey> {
    // A MAC is outside the range of P-256 scalars less than once in 2^32 times.
    (0u8..8).find_map(|attempt| {
        let start: [&[u8]; 2] = [b"es256\0", &[attempt]];
        let mac = hmac_sha256(key, &[&start, parts].concat());
        SoftwareKey::from_bytes(mac.as_slice()).ok()
    })
}

pub(super) fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut block = Zeroizing::new([0u8; 64]);
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_and_every_vault_has_its_own_key() {
        let root = RootKey::from_bytes(&[3; 32]).unwrap();
        let (keys, other) = (root.derive(VaultId([1; 16])), root.derive(VaultId([2; 16])));
        let all = [&keys, &other].map(|keys| {
            [
                *keys.kek.expose(),
                *keys.manifest.expose(),
                *keys.access,
                *keys.next,
            ]
        });
        let all = all.as_flattened();
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b));
            assert_ne!(*a, [3; 32]);
        }
        assert_ne!(keys.access_token(), other.access_token());
    }
}

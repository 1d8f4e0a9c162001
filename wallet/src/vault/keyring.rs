//! Keys that stay when the root key changes: random, and sealed together under the root key's `kek`.

use assent_core::crypto::{PublicKey, Signer as _, SoftwareKey, sha256};
use assent_core::env::SecureRandom;
use zeroize::Zeroizing;

use super::context::{Context, Kind, VaultId};
use super::error::VaultError;
use super::hpke::POINT;
use super::key::Key;
use super::root::{hmac_sha256, signing_key};
use super::sealed::Handle;
use super::{open, seal};

/// The vault's lasting keys.
#[derive(Clone)]
pub(super) struct Keyring {
    /// SIG: signs the manifest.
    pub(super) signer: SoftwareKey,
    /// INBOX: what others seal to while the citizen is away.
    pub(super) inbox: SoftwareKey,
    /// Seals what one device keeps for itself.
    pub(super) device: Key,
    handles: Key,
    pairwise: Key,
}

impl Keyring {
    pub(super) fn generate(rng: &mut dyn SecureRandom) -> Result<Self, VaultError> {
        Ok(Self {
            signer: SoftwareKey::generate(rng)?,
            inbox: SoftwareKey::generate(rng)?,
            device: Key::generate(rng)?,
            handles: Key::generate(rng)?,
            pairwise: Key::generate(rng)?,
        })
    }

    pub(super) fn seal(
        &self,
        kek: &Key,
        vault: VaultId,
        epoch: u64,
        rng: &mut dyn SecureRandom,
    ) -> Result<Vec<u8>, VaultError> {
        let mut content = Zeroizing::new(Vec::with_capacity(5 * 32));
        content.extend_from_slice(self.signer.to_bytes().as_slice());
        content.extend_from_slice(self.inbox.to_bytes().as_slice());
        for key in [&self.device, &self.handles, &self.pairwise] {
            content.extend_from_slice(key.expose());
        }
        Ok(seal(kek, &place(vault, epoch), &content, rng)?)
    }

    pub(super) fn open(kek: &Key, vault: VaultId, epoch: u64, sealed: &[u8]) -> Result<Self, VaultError> {
        // The manifest lists it by hash; but it is needed to verify the manifest.
        let content = open(kek, &place(vault, epoch), sealed).map_err(|_| VaultError::SlotsChanged)?;
        let (parts, []) = content.as_chunks::<32>() else {
            return Err(VaultError::Malformed);
        };
        let [signer, inbox, device, handles, pairwise] = parts else {
            return Err(VaultError::Malformed);
        };
        let pair = |bytes: &[u8]| SoftwareKey::from_bytes(bytes).map_err(|_| VaultError::Malformed);
        let key = |bytes: &[u8]| Key::from_bytes(bytes).ok_or(VaultError::Malformed);
        Ok(Self {
            signer: pair(signer)?,
            inbox: pair(inbox)?,
            device: key(device)?,
            handles: key(handles)?,
            pairwise: key(pairwise)?,
        })
    }

    /// The opaque handle of a record by its name.
    pub(super) fn handle(&self, name: &str) -> Handle {
        let mac = hmac_sha256(self.handles.expose(), &[b"record\0", name.as_bytes()]);
        let mut handle = [0; 16];
        handle.copy_from_slice(&mac[..16]);
        Handle(handle)
    }

    /// The signing key used towards one provider only: the same on every device, unrelated between providers.
    pub(super) fn pairwise(&self, provider: &str) -> Option<SoftwareKey> {
        signing_key(self.pairwise.expose(), &[provider.as_bytes()])
    }
}

/// The public half, SEC 1 uncompressed.
pub(super) fn public(key: &SoftwareKey) -> [u8; POINT] {
    match key.public_key() {
        PublicKey::P256(point) => point,
        // A software key is on P-256; anything else matches no header.
        _ => [0; POINT],
    }
}

/// What the manifest lists of the sealed keyring.
pub(super) fn hash(sealed: &[u8]) -> [u8; 32] {
    sha256(sealed)
}

fn place(vault: VaultId, epoch: u64) -> Context {
    Context {
        epoch: Some(epoch),
        ..Context::of_vault(Kind::IdentityKey, vault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::testing::Counter;

    #[test]
    fn comes_back_in_its_epoch_and_vault_only() {
        let mut rng = Counter(1);
        let (ring, kek) = (
            Keyring::generate(&mut rng).unwrap(),
            Key::generate(&mut rng).unwrap(),
        );
        let vault = VaultId([1; 16]);
        let sealed = ring.seal(&kek, vault, 3, &mut rng).unwrap();
        let again = Keyring::open(&kek, vault, 3, &sealed).unwrap();
        assert_eq!(public(&again.signer), public(&ring.signer));
        assert_eq!(public(&again.inbox), public(&ring.inbox));
        assert_eq!(again.device.expose(), ring.device.expose());
        assert_eq!(again.handle("a"), ring.handle("a"));
        assert_eq!(
            public(&again.pairwise("p").unwrap()),
            public(&ring.pairwise("p").unwrap())
        );
        assert!(Keyring::open(&kek, vault, 4, &sealed).is_err());
        assert!(Keyring::open(&kek, VaultId([2; 16]), 3, &sealed).is_err());
    }

    #[test]
    fn pairwise_keys_and_handles_are_unrelated() {
        let mut rng = Counter(1);
        let (one, other) = (
            Keyring::generate(&mut rng).unwrap(),
            Keyring::generate(&mut rng).unwrap(),
        );
        let provider = |ring: &Keyring, name| public(&ring.pairwise(name).unwrap());
        assert_ne!(provider(&one, "a"), provider(&one, "b"));
        assert_ne!(provider(&one, "a"), provider(&other, "a"));
        assert_ne!(one.handle("a"), one.handle("b"));
        assert_ne!(one.handle("a"), other.handle("a"));
    }
}

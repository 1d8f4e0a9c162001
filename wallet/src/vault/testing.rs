//! What the vault's tests share.

use assent_core::crypto::{RustCrypto, sha256};
use assent_core::env::{RandomUnavailable, SecureRandom, Timestamp};
use zeroize::Zeroizing;

use super::sealed::Sealed;
use super::{
    Change, Handle, LockedVault, NewMethod, RecoveryCode, RemoteRecord, RemoteVault, Secret, SlotChange,
    Staged, UnlockedVault, VaultError,
};
use assent_core::sorted::Sorted;

/// Counts: every draw differs, every run is the same.
pub(super) struct Counter(pub(super) u64);

impl SecureRandom for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in out.chunks_mut(32) {
            self.0 += 1;
            chunk.copy_from_slice(&sha256(&self.0.to_be_bytes())[..chunk.len()]);
        }
        Ok(())
    }
}

/// Bytes of a hexadecimal text.
pub(super) fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

pub(super) const PASSPHRASE: &str = "correct horse battery";
pub(super) const NOW: Timestamp = Timestamp(1_795_000_000);

/// A service that keeps what it is given.
#[derive(Clone, Default)]
pub(super) struct Service {
    pub(super) version: u64,
    pub(super) token_hash: [u8; 32],
    pub(super) header: Vec<u8>,
    pub(super) manifest: Vec<u8>,
    pub(super) records: Sorted<Handle, Sealed>,
}

impl Service {
    pub(super) fn store(
        &mut self,
        vault: &mut UnlockedVault,
        changes: &[(&str, Option<&str>)],
        rng: &mut Counter,
    ) {
        let changes = changes
            .iter()
            .map(|(name, content)| {
                let change = content.map_or(Change::Delete, |content| {
                    Change::Put(Zeroizing::new(content.as_bytes().to_vec()))
                });
                ((*name).to_owned(), change)
            })
            .collect();
        let staged = vault.stage(changes, rng).unwrap();
        if self.version == 0 {
            self.header = vault.header().to_bytes();
            self.token_hash = vault.access_token_hash();
        }
        self.take(vault, staged);
    }

    pub(super) fn change(
        &mut self,
        vault: &mut UnlockedVault,
        change: &SlotChange<'_>,
        rng: &mut Counter,
    ) -> Result<(), VaultError> {
        let staged = vault.stage_slots(change, NOW, rng)?;
        self.take(vault, staged);
        Ok(())
    }

    /// Stores a commit, all of it, and has the vault adopt it.
    pub(super) fn take(&mut self, vault: &mut UnlockedVault, staged: Staged) {
        self.keep(&staged);
        vault.adopt(staged, self.version);
        assert_eq!(self.header, vault.header().to_bytes());
        assert_eq!(self.token_hash, vault.access_token_hash());
    }

    pub(super) fn keep(&mut self, staged: &Staged) {
        assert_eq!(staged.base_version, self.version);
        self.version += 1;
        self.manifest = staged.manifest.clone();
        if let Some(header) = &staged.header {
            self.header = header.to_bytes();
        }
        for handle in &staged.delete {
            self.records.remove(handle);
        }
        for record in &staged.put {
            let sealed = Sealed {
                key: record.key.clone(),
                sealed: record.sealed.clone(),
            };
            self.records.insert(record.handle, sealed);
        }
        if let Some(epoch) = &staged.epoch {
            self.token_hash = epoch.access_token_hash;
            let given: Vec<_> = epoch.keys.iter().map(|(handle, _)| *handle).collect();
            assert!(self.records.keys().eq(&given), "a new epoch brings every key");
            for (handle, key) in &epoch.keys {
                self.records.get_mut(handle).unwrap().key = key.clone();
            }
        }
    }

    pub(super) fn remote(&self) -> RemoteVault {
        RemoteVault {
            version: self.version,
            header: self.header.clone(),
            manifest: self.manifest.clone(),
            records: self
                .records
                .iter()
                .map(|(handle, record)| RemoteRecord {
                    handle: *handle,
                    key: Some(record.key.clone()),
                    sealed: Some(record.sealed.clone()),
                })
                .collect(),
        }
    }

    pub(super) fn open(&self, code: &RecoveryCode) -> Result<UnlockedVault, VaultError> {
        self.open_with(&Secret::RecoveryCode(code))
    }

    pub(super) fn open_with(&self, secret: &Secret<'_>) -> Result<UnlockedVault, VaultError> {
        let locked = LockedVault::from_remote(self.remote(), None)?;
        locked.unlock(&locked.header().unlock(secret)?, &RustCrypto)
    }
}

/// A vault with two cards, opened with passphrase or recovery code.
pub(super) fn start() -> (Service, UnlockedVault, RecoveryCode, Counter) {
    let mut rng = Counter(0);
    let code = RecoveryCode::generate(&mut rng).unwrap();
    let methods = [
        (NewMethod::Passphrase(PASSPHRASE), "in my head"),
        (NewMethod::RecoveryCode(&code), "in the drawer"),
    ];
    let mut vault = UnlockedVault::create(&methods, NOW, &mut rng).unwrap();
    let mut service = Service::default();
    service.store(
        &mut vault,
        &[("card/a", Some("one")), ("card/b", Some("two"))],
        &mut rng,
    );
    (service, vault, code, rng)
}

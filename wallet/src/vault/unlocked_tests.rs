//! The vault against a service that lies in every field (A2x of the threat model).

use assent_core::crypto::RustCrypto;
use assent_core::env::RandomUnavailable;

use super::*;

struct Counter(u64);

impl SecureRandom for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in out.chunks_mut(32) {
            self.0 += 1;
            chunk.copy_from_slice(&sha256(&self.0.to_be_bytes())[..chunk.len()]);
        }
        Ok(())
    }
}

const PASSPHRASE: &str = "correct horse battery";

/// A service that keeps what it is given.
#[derive(Clone, Default)]
struct Service {
    version: u64,
    header: Vec<u8>,
    manifest: Vec<u8>,
    records: BTreeMap<Handle, Vec<u8>>,
}

impl Service {
    fn store(&mut self, vault: &mut UnlockedVault, changes: &[(&str, Option<&str>)], rng: &mut Counter) {
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
        assert_eq!(staged.base_version, self.version);
        self.version += 1;
        self.header = vault.header().to_bytes();
        self.manifest = staged.manifest.clone();
        for handle in &staged.delete {
            self.records.remove(handle);
        }
        for record in &staged.put {
            self.records.insert(record.handle, record.sealed.clone());
        }
        vault.adopt(staged, self.version);
    }

    fn remote(&self) -> RemoteVault {
        RemoteVault {
            version: self.version,
            header: self.header.clone(),
            manifest: self.manifest.clone(),
            records: self
                .records
                .iter()
                .map(|(handle, sealed)| StoredRecord {
                    handle: *handle,
                    sealed: sealed.clone(),
                })
                .collect(),
        }
    }

    fn open(&self, code: &RecoveryCode) -> Result<UnlockedVault, VaultError> {
        LockedVault::from_remote(self.remote())?.unlock_with_recovery_code(code, &RustCrypto)
    }
}

fn start() -> (Service, UnlockedVault, RecoveryCode, Counter) {
    let mut rng = Counter(0);
    let code = RecoveryCode::generate(&mut rng).unwrap();
    let mut vault = UnlockedVault::create(PASSPHRASE, &code, &mut rng).unwrap();
    let mut service = Service::default();
    service.store(
        &mut vault,
        &[("card/a", Some("one")), ("card/b", Some("two"))],
        &mut rng,
    );
    (service, vault, code, rng)
}

#[test]
fn opens_elsewhere_with_either_method() {
    let (service, _, code, mut rng) = start();
    let vault = service.open(&code).unwrap();
    assert_eq!(vault.get("card/a"), Some(&b"one"[..]));
    assert_eq!(vault.list("card/").count(), 2);
    let locked = LockedVault::from_remote(service.remote()).unwrap();
    let vault = locked.unlock_with_passphrase(PASSPHRASE, &RustCrypto).unwrap();
    assert_eq!(vault.get("card/b"), Some(&b"two"[..]));
    assert_eq!(
        locked
            .unlock_with_passphrase("wrong horse battery", &RustCrypto)
            .unwrap_err(),
        VaultError::WrongSecret
    );
    let other = RecoveryCode::generate(&mut rng).unwrap();
    assert_eq!(service.open(&other).unwrap_err(), VaultError::WrongSecret);
}

#[test]
fn a_signing_key_that_does_not_open_is_refused() {
    let (service, mut vault, _, _) = start();
    let mut remote = service.remote();
    let mut header = Header::from_bytes(&remote.header).unwrap();
    *header.identity.last_mut().unwrap() ^= 1;
    remote.header = header.to_bytes();
    assert_eq!(
        vault.receive(remote, &RustCrypto).unwrap_err(),
        VaultError::SlotsChanged
    );
}

#[test]
fn two_devices_follow_each_other() {
    let (mut service, mut one, code, mut rng) = start();
    let mut two = service.open(&code).unwrap();
    service.store(
        &mut two,
        &[("card/a", Some("uno")), ("card/b", None), ("card/c", Some("tre"))],
        &mut rng,
    );
    one.receive(service.remote(), &RustCrypto).unwrap();
    assert_eq!(one.get("card/a"), Some(&b"uno"[..]));
    assert_eq!(one.get("card/b"), None);
    // Only what changed is enough, since the rest is here and matches the manifest.
    service.store(&mut two, &[("card/d", Some("quattro"))], &mut rng);
    let mut delta = service.remote();
    delta
        .records
        .retain(|record| record.handle == two.keys.handle("card/d"));
    one.receive(delta, &RustCrypto).unwrap();
    assert_eq!(one.list("card/").count(), 3);
    let kept = LockedVault::from_bytes(&one.lock(&mut rng).unwrap().to_bytes()).unwrap();
    let again = kept.unlock_with_recovery_code(&code, &RustCrypto).unwrap();
    assert_eq!(again.get("card/d"), Some(&b"quattro"[..]));
    assert_eq!(again.pin, one.pin);
}

#[test]
fn an_older_state_raises_the_alarm() {
    let (mut service, mut vault, _, mut rng) = start();
    let old = service.clone();
    service.store(&mut vault, &[("card/a", Some("newer"))], &mut rng);
    assert_eq!(
        vault.receive(old.remote(), &RustCrypto),
        Err(VaultError::RolledBack)
    );
    assert_eq!(vault.get("card/a"), Some(&b"newer"[..]));
}

#[test]
fn two_states_with_one_counter_raise_the_alarm() {
    let (service, mut one, code, mut rng) = start();
    let mut two = service.open(&code).unwrap();
    let (mut side_a, mut side_b) = (service.clone(), service);
    side_a.store(&mut one, &[("card/a", Some("A"))], &mut rng);
    side_b.store(&mut two, &[("card/a", Some("B"))], &mut rng);
    assert_eq!(one.receive(side_b.remote(), &RustCrypto), Err(VaultError::Forked));
    // Nor may the other branch grow on, one step further.
    side_b.store(&mut two, &[("card/a", Some("BB"))], &mut rng);
    assert_eq!(one.receive(side_b.remote(), &RustCrypto), Err(VaultError::Forked));
}

#[test]
fn records_cannot_be_kept_back_swapped_or_rolled_back_alone() {
    let (mut service, mut vault, code, mut rng) = start();
    let (a, b) = (vault.keys.handle("card/a"), vault.keys.handle("card/b"));
    let first_a = service.records[&a].clone();
    service.store(&mut vault, &[("card/a", Some("newer"))], &mut rng);

    let mut missing = service.clone();
    missing.records.remove(&b);
    assert_eq!(missing.open(&code).unwrap_err(), VaultError::RecordMissing);

    let mut swapped = service.clone();
    let (box_a, box_b) = (service.records[&a].clone(), service.records[&b].clone());
    swapped.records.insert(a, box_b);
    swapped.records.insert(b, box_a);
    assert_eq!(swapped.open(&code).unwrap_err(), VaultError::RecordMissing);

    let mut stale = service.clone();
    stale.records.insert(a, first_a);
    assert_eq!(stale.open(&code).unwrap_err(), VaultError::RecordMissing);

    // A record nobody listed is not read, whatever is in it.
    let mut extra = service.clone();
    extra.records.insert(Handle([9; 16]), vec![1, 2, 3]);
    assert_eq!(extra.open(&code).unwrap().list("").count(), 2);
}

/// Even with the manifest's hash out of the way, the envelope itself is bound to handle and version.
#[test]
fn sealed_records_are_bound_to_handle_and_version() {
    let (service, vault, _, _) = start();
    let (a, b) = (vault.keys.handle("card/a"), vault.keys.handle("card/b"));
    let bytes = &service.records[&a];
    let listed = vault.manifest.records[&a];
    let open =
        |handle, listed| open_record(&vault.keys, vault.header.vault, handle, listed, bytes).map(|_| ());
    assert_eq!(open(a, listed), Ok(()));
    assert_eq!(open(b, listed), Err(VaultError::RecordNotAuthentic));
    assert_eq!(
        open(a, Listed { version: 2, ..listed }),
        Err(VaultError::RecordNotAuthentic)
    );
    assert_eq!(
        open(a, Listed { epoch: 2, ..listed }),
        Err(VaultError::RecordNotAuthentic)
    );
}

#[test]
fn slots_cannot_be_added_or_replaced() {
    let (service, vault, code, mut rng) = start();
    let header = Header::from_bytes(&service.header).unwrap();
    let attacker_root = RootKey::generate(&mut rng).unwrap();
    let slot = Slot::for_recovery_code(&code, &attacker_root, header.vault, &mut rng).unwrap();
    // A slot of the attacker's own: its root key opens nothing.
    let mut replaced = service.clone();
    replaced.header = Header {
        slots: vec![slot.clone()],
        ..header.clone()
    }
    .to_bytes();
    assert_eq!(replaced.open(&code).unwrap_err(), VaultError::SlotsChanged);
    // An added slot beside the true ones is seen through the manifest.
    let mut added = service.clone();
    let slots = [header.slots.clone(), vec![slot]].concat();
    added.header = Header {
        slots,
        ..header.clone()
    }
    .to_bytes();
    assert_eq!(
        LockedVault::from_remote(added.remote())
            .unwrap()
            .unlock_with_passphrase(PASSPHRASE, &RustCrypto)
            .unwrap_err(),
        VaultError::SlotsChanged
    );
    let mut dropped = service.clone();
    dropped.header = Header {
        slots: header.slots[1..].to_vec(),
        ..header
    }
    .to_bytes();
    assert_eq!(dropped.open(&code).unwrap_err(), VaultError::SlotsChanged);
    let mut vault = vault;
    assert_eq!(
        vault.receive(dropped.remote(), &RustCrypto),
        Err(VaultError::SlotsChanged)
    );
}

#[test]
fn no_byte_of_header_manifest_or_records_can_change() {
    let (service, _, code, _) = start();
    let check = |changed: Service, what: &str| {
        assert!(
            changed.open(&code).is_err(),
            "a changed byte of the {what} went unseen"
        );
    };
    for at in (0..service.manifest.len()).step_by(7) {
        let mut changed = service.clone();
        changed.manifest[at] ^= 1;
        check(changed, "manifest");
    }
    for at in (0..service.header.len()).step_by(11) {
        let mut changed = service.clone();
        changed.header[at] ^= 1;
        check(changed, "header");
    }
    let handle = *service.records.keys().next().unwrap();
    for at in (0..service.records[&handle].len()).step_by(13) {
        let mut changed = service.clone();
        changed.records.get_mut(&handle).unwrap()[at] ^= 1;
        check(changed, "record");
    }
}

#[test]
fn nothing_readable_is_stored_and_debug_says_nothing() {
    let (service, vault, _, mut rng) = start();
    let kept = vault.lock(&mut rng).unwrap().to_bytes();
    for secret in ["card/", "one", "two"] {
        for stored in service
            .records
            .values()
            .chain([&service.manifest, &service.header, &kept])
        {
            assert!(
                !stored
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes()),
                "{secret}"
            );
        }
    }
    let debug = format!("{vault:?}");
    assert!(!debug.contains("one") && !debug.contains("card"), "{debug}");
}

//! The vault against a service that lies in every field (A2x of the threat model).

use assent_core::crypto::RustCrypto;

use super::*;
use crate::vault::manifest::Listed;
use crate::vault::testing::{NOW, PASSPHRASE, Service, start};
use crate::vault::{NewMethod, PrfOutputs, RecoveryCode, Secret, Slot};

#[test]
fn opens_elsewhere_with_either_method() {
    let (service, _, code, mut rng) = start();
    let vault = service.open(&code).unwrap();
    assert_eq!(vault.get("card/a"), Some(&b"one"[..]));
    assert_eq!(vault.list("card/").count(), 2);
    let vault = service.open_with(&Secret::Passphrase(PASSPHRASE)).unwrap();
    assert_eq!(vault.get("card/b"), Some(&b"two"[..]));
    let names: Vec<_> = vault.slots().iter().map(|slot| slot.name.as_str()).collect();
    assert_eq!(names, ["in my head", "in the drawer"]);
    let wrong = service.open_with(&Secret::Passphrase("wrong horse battery"));
    assert_eq!(wrong.unwrap_err(), VaultError::WrongSecret);
    let other = RecoveryCode::generate(&mut rng).unwrap();
    assert_eq!(service.open(&other).unwrap_err(), VaultError::WrongSecret);
    let passkey = PrfOutputs::new(&[1; 32], &[2; 32]).unwrap();
    let absent = Secret::Passkey {
        credential: b"none",
        outputs: &passkey,
    };
    assert_eq!(service.open_with(&absent).unwrap_err(), VaultError::NoSuchSlot);
}

#[test]
fn a_keyring_that_does_not_open_is_refused() {
    let (service, mut vault, _, _) = start();
    let mut remote = service.remote();
    let mut header = Header::from_bytes(&remote.header).unwrap();
    *header.keyring.last_mut().unwrap() ^= 1;
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
        .retain(|record| record.handle == two.ring.handle("card/d"));
    one.receive(delta, &RustCrypto).unwrap();
    assert_eq!(one.list("card/").count(), 3);
    let kept = LockedVault::from_bytes(&one.lock(&mut rng).unwrap().to_bytes()).unwrap();
    let unlocking = kept.header().unlock(&Secret::RecoveryCode(&code)).unwrap();
    let again = kept.unlock(&unlocking, &RustCrypto).unwrap();
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
    let (a, b) = (vault.ring.handle("card/a"), vault.ring.handle("card/b"));
    let first_a = service.records.get(&a).unwrap().clone();
    service.store(&mut vault, &[("card/a", Some("newer"))], &mut rng);

    let mut missing = service.clone();
    missing.records.remove(&b);
    assert_eq!(missing.open(&code).unwrap_err(), VaultError::RecordMissing);

    let mut swapped = service.clone();
    let (box_a, box_b) = (
        service.records.get(&a).unwrap().clone(),
        service.records.get(&b).unwrap().clone(),
    );
    swapped.records.insert(a, box_b);
    swapped.records.insert(b, box_a);
    assert_eq!(swapped.open(&code).unwrap_err(), VaultError::RecordMissing);

    let mut stale = service.clone();
    stale.records.insert(a, first_a);
    assert_eq!(stale.open(&code).unwrap_err(), VaultError::RecordMissing);

    // A record nobody listed is not read, whatever is in it.
    let mut extra = service.clone();
    let junk = Sealed {
        key: vec![1],
        sealed: vec![1, 2, 3],
    };
    extra.records.insert(Handle([9; 16]), junk);
    assert_eq!(extra.open(&code).unwrap().list("").count(), 2);
}

/// Even with the manifest's hash out of the way, the envelope itself is bound to handle and version.
#[test]
fn sealed_records_are_bound_to_handle_and_version() {
    let (service, vault, _, _) = start();
    let (a, b) = (vault.ring.handle("card/a"), vault.ring.handle("card/b"));
    let bytes = &service.records.get(&a).unwrap();
    let listed = *vault.manifest.records.get(&a).unwrap();
    let open = |handle, listed| {
        open_record(
            &vault.keys.kek,
            &vault.ring,
            vault.header.vault,
            handle,
            listed,
            bytes,
        )
        .map(|_| ())
    };
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
    let attacker = RootKey::generate(&mut rng).unwrap();
    let place = SlotPlace {
        vault: header.vault,
        epoch: 1,
        signer: &header.signer,
    };
    let slot = Slot::new(&NewMethod::RecoveryCode(&code), &attacker, place, &mut rng).unwrap();
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
        added.open_with(&Secret::Passphrase(PASSPHRASE)).unwrap_err(),
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
    for at in 0..service.records.get(&handle).unwrap().key.len() {
        let mut changed = service.clone();
        changed.records.get_mut(&handle).unwrap().key[at] ^= 1;
        check(changed, "attribute key");
    }
    for at in (0..service.records.get(&handle).unwrap().sealed.len()).step_by(13) {
        let mut changed = service.clone();
        changed.records.get_mut(&handle).unwrap().sealed[at] ^= 1;
        check(changed, "record");
    }
}

#[test]
fn nothing_readable_is_stored_and_debug_says_nothing() {
    let (service, vault, _, mut rng) = start();
    let kept = vault.lock(&mut rng).unwrap().to_bytes();
    for secret in ["card/", "one", "two"] {
        for stored in service.records.values().map(|record| &record.sealed).chain([
            &service.manifest,
            &service.header,
            &kept,
        ]) {
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

/// HPKE says nothing about who sealed, and a slot's public key is public: a service can seal a root key of its own to
/// the citizen's slots and show a vault that is whole in itself. The private key that the method opens names the
/// true vault's signing key.
#[test]
fn a_vault_of_the_services_own_behind_the_citizens_slots_is_refused() {
    let (service, mut vault, code, mut rng) = start();
    let theirs = [
        (NewMethod::Passphrase("the service's own"), ""),
        (NewMethod::RecoveryCode(&code), ""),
    ];
    let mut fake = UnlockedVault::create(&theirs, NOW, &mut rng).unwrap();
    let id = vault.header.vault;
    fake.header.vault = id;
    fake.manifest.vault = id;
    fake.keys = fake.root.derive(id);
    fake.header.keyring = fake.ring.seal(&fake.keys.kek, id, 1, &mut rng).unwrap();
    fake.manifest.keyring = keyring::hash(&fake.header.keyring);
    // The true slots, given the service's root key.
    fake.header.slots = vault.header.slots.clone();
    for (slot, listed) in fake.header.slots.iter_mut().zip(&mut fake.manifest.slots) {
        slot.give(&fake.root, id, 1, &mut rng).unwrap();
        (listed.id, listed.hash) = (slot.id(), slot.hash());
    }
    let mut lying = Service::default();
    lying.store(&mut fake, &[("card/a", Some("planted"))], &mut rng);
    assert_eq!(lying.open(&code).unwrap_err(), VaultError::VaultReplaced);
    let by_passphrase = lying.open_with(&Secret::Passphrase(PASSPHRASE));
    assert_eq!(by_passphrase.unwrap_err(), VaultError::VaultReplaced);
    // Nor does a device that has the true one take it over, locked or open.
    let locked = vault.lock(&mut rng).unwrap().updated(lying.remote()).unwrap();
    let unlocking = locked.header().unlock(&Secret::RecoveryCode(&code)).unwrap();
    assert_eq!(
        locked.unlock(&unlocking, &RustCrypto).unwrap_err(),
        VaultError::VaultReplaced
    );
    assert_eq!(
        vault.receive(lying.remote(), &RustCrypto),
        Err(VaultError::SlotsChanged)
    );
    assert!(service.open(&code).is_ok());
}

//! Unlock methods that come and go, and root keys that change with them.

use assent_core::crypto::{PublicKey, RustCrypto, Signer as _, SoftwareKey, sha256};

use super::*;
use crate::vault::testing::{Counter, NOW, PASSPHRASE, Service, start};
use crate::vault::{
    Header, LockedVault, PrfSalts, RecoveryCode, RemoteRecord, RemoteVault, Secret, SlotKind,
};

const NEW_PASSPHRASE: &str = "staple the other battery";

fn slot_of(vault: &UnlockedVault, wanted: impl Fn(&SlotKind) -> bool) -> [u8; 16] {
    let slots = &vault.header().slots;
    slots.iter().find(|slot| wanted(slot.kind())).unwrap().id()
}

fn passphrase_slot(vault: &UnlockedVault) -> [u8; 16] {
    slot_of(vault, |kind| matches!(kind, SlotKind::Passphrase { .. }))
}

fn recovery_slot(vault: &UnlockedVault) -> [u8; 16] {
    slot_of(vault, |kind| matches!(kind, SlotKind::RecoveryCode))
}

fn answers(salts: &PrfSalts) -> PrfOutputs {
    let answer = |salt: &[u8; 32]| sha256(&[b"passkey", &salt[..]].concat());
    PrfOutputs::new(&answer(&salts.current), &answer(&salts.next)).unwrap()
}

fn add_passkey(
    service: &mut Service,
    vault: &mut UnlockedVault,
    credential: &[u8],
    rng: &mut Counter,
) -> Result<(), VaultError> {
    let salts = PrfSalts::generate(rng).unwrap();
    let outputs = answers(&salts);
    let method = NewMethod::Passkey {
        credential,
        salts: &salts,
        outputs: &outputs,
    };
    service.change(
        vault,
        &SlotChange::Add {
            method,
            name: "telephone",
        },
        rng,
    )
}

fn open_with_passkey(service: &Service, credential: &[u8]) -> Result<UnlockedVault, VaultError> {
    let header = Header::from_bytes(&service.header)?;
    let (_, salts) = header
        .passkeys()
        .find(|(id, _)| *id == credential)
        .ok_or(VaultError::NoSuchSlot)?;
    service.open_with(&Secret::Passkey {
        credential,
        outputs: &answers(&salts),
    })
}

#[test]
fn added_methods_open_the_vault_and_are_named() {
    let (mut service, mut vault, code, mut rng) = start();
    add_passkey(&mut service, &mut vault, b"one", &mut rng).unwrap();
    let device = SoftwareKey::generate(&mut rng).unwrap();
    let public = device.public_key().as_bytes().try_into().unwrap();
    let add = SlotChange::Add {
        method: NewMethod::Device(&public),
        name: "  laptop ",
    };
    service.change(&mut vault, &add, &mut rng).unwrap();
    assert_eq!(vault.header().epoch, 1, "adding needs no new root key");
    let opened = open_with_passkey(&service, b"one").unwrap();
    assert_eq!(opened.get("card/a"), Some(&b"one"[..]));
    let names: Vec<_> = opened.slots().iter().map(|slot| slot.name.as_str()).collect();
    assert_eq!(names, ["in my head", "in the drawer", "telephone", "laptop"]);
    assert_eq!(opened.slots()[3].added_at, NOW.0);
    assert_eq!(opened.unlocked_by(), Some(opened.slots()[2].id));

    // The device's own key needs a device that knows the vault.
    let challenge = vault.header().device_challenges().next().unwrap();
    let agreed = device.agree(&PublicKey::P256(challenge.point)).unwrap();
    let secret = Secret::Device {
        slot: challenge.slot,
        agreed: &agreed,
    };
    assert_eq!(service.open_with(&secret).unwrap_err(), VaultError::VaultReplaced);
    let paired = LockedVault::from_remote(service.remote(), Some(vault.known())).unwrap();
    let opened = paired
        .unlock(&paired.header().unlock(&secret).unwrap(), &RustCrypto)
        .unwrap();
    assert_eq!(opened.get("card/b"), Some(&b"two"[..]));
    assert!(service.open(&code).is_ok());

    let rename = SlotChange::Rename {
        slot: challenge.slot,
        name: "old laptop",
    };
    service.change(&mut vault, &rename, &mut rng).unwrap();
    assert_eq!(service.open(&code).unwrap().slots()[3].name, "old laptop");
    for name in ["a\nb", &"x".repeat(61)] {
        let change = SlotChange::Rename {
            slot: challenge.slot,
            name,
        };
        let refused = vault.stage_slots(&change, NOW, &mut rng);
        assert_eq!(refused.unwrap_err(), VaultError::NameNotPossible);
    }
}

#[test]
fn never_fewer_than_two_nor_only_what_can_be_lost_with_a_device() {
    let (mut service, mut vault, code, mut rng) = start();
    let refused = |vault: &UnlockedVault, change: &SlotChange<'_>, rng: &mut Counter| {
        vault.stage_slots(change, NOW, rng).unwrap_err()
    };
    let (passphrase, recovery) = (passphrase_slot(&vault), recovery_slot(&vault));
    let remove = |slot| SlotChange::Remove { slot };
    assert_eq!(
        refused(&vault, &remove(passphrase), &mut rng),
        VaultError::TooFewMethods
    );
    add_passkey(&mut service, &mut vault, b"one", &mut rng).unwrap();
    assert_eq!(
        add_passkey(&mut service, &mut vault, b"one", &mut rng),
        Err(VaultError::AlreadyAMethod)
    );
    add_passkey(&mut service, &mut vault, b"two", &mut rng).unwrap();
    service.change(&mut vault, &remove(passphrase), &mut rng).unwrap();
    // Two passkeys are not enough without something written down.
    assert_eq!(
        refused(&vault, &remove(recovery), &mut rng),
        VaultError::TooFewMethods
    );
    assert_eq!(
        refused(&vault, &remove(passphrase), &mut rng),
        VaultError::NoSuchSlot
    );
    assert!(service.open(&code).is_ok());

    let salts = PrfSalts::generate(&mut rng).unwrap();
    let outputs = answers(&salts);
    let passkey = NewMethod::Passkey {
        credential: b"only",
        salts: &salts,
        outputs: &outputs,
    };
    let create = |methods: &[(NewMethod<'_>, &str)], rng: &mut Counter| {
        UnlockedVault::create(methods, NOW, rng).map(|_| ()).unwrap_err()
    };
    assert_eq!(create(&[(passkey, "")], &mut rng), VaultError::TooFewMethods);
    assert_eq!(
        create(&[(passkey, ""), (passkey, "")], &mut rng),
        VaultError::TooFewMethods
    );
    assert_eq!(
        create(&[(NewMethod::RecoveryCode(&code), "")], &mut rng),
        VaultError::TooFewMethods
    );
    let many: Vec<_> = (0..17).map(|_| (NewMethod::RecoveryCode(&code), "")).collect();
    assert_eq!(create(&many, &mut rng), VaultError::TooManyMethods);
}

#[test]
fn a_changed_passphrase_opens_and_the_old_one_does_not() {
    let (mut service, mut vault, code, mut rng) = start();
    let (old_service, old_token) = (service.clone(), vault.access_token());
    let slot = passphrase_slot(&vault);
    let short = SlotChange::Replace {
        slot,
        method: NewMethod::Passphrase("short"),
    };
    let refused = vault.stage_slots(&short, NOW, &mut rng).unwrap_err();
    assert_eq!(refused, VaultError::PassphraseTooShort);
    let change = SlotChange::Replace {
        slot,
        method: NewMethod::Passphrase(NEW_PASSPHRASE),
    };
    service.change(&mut vault, &change, &mut rng).unwrap();
    assert_eq!(vault.header().epoch, 2);
    assert_ne!(vault.access_token(), old_token);
    let wrong = service.open_with(&Secret::Passphrase(PASSPHRASE));
    assert_eq!(wrong.unwrap_err(), VaultError::WrongSecret);
    let opened = service.open_with(&Secret::Passphrase(NEW_PASSPHRASE)).unwrap();
    assert_eq!(opened.get("card/a"), Some(&b"one"[..]));
    assert_eq!(opened.slots()[0].name, "in my head", "its name stays");
    // What the old passphrase opens in an old copy is the old root key: it is good for nothing now.
    let old = Header::from_bytes(&old_service.header).unwrap();
    let old = old.unlock(&Secret::Passphrase(PASSPHRASE)).unwrap();
    let locked = LockedVault::from_remote(service.remote(), None).unwrap();
    assert!(locked.unlock(&old, &RustCrypto).is_err());
    assert_ne!(
        sha256(old.root().access_token(vault.header().vault).as_bytes()),
        service.token_hash
    );

    // The recovery code goes on working, until it is replaced too.
    let new_code = RecoveryCode::generate(&mut rng).unwrap();
    assert!(service.open(&code).is_ok());
    let slot = recovery_slot(&vault);
    let change = SlotChange::Replace {
        slot,
        method: NewMethod::RecoveryCode(&new_code),
    };
    service.change(&mut vault, &change, &mut rng).unwrap();
    assert_eq!(service.open(&code).unwrap_err(), VaultError::WrongSecret);
    assert_eq!(service.open(&new_code).unwrap().header().epoch, 3);
}

#[test]
fn what_must_outlive_a_root_key_does() {
    let (mut service, mut vault, code, mut rng) = start();
    let before = service.open(&code).unwrap();
    vault.set_device(zeroize::Zeroizing::new(b"waiting".to_vec()));
    let kept = vault.lock(&mut rng).unwrap();
    service.change(&mut vault, &SlotChange::Rotate, &mut rng).unwrap();
    let after = service.open(&code).unwrap();
    assert_ne!(after.root.expose(), before.root.expose());
    assert_ne!(after.keys.kek.expose(), before.keys.kek.expose());
    assert_ne!(after.access_token(), before.access_token());
    assert_eq!(after.ring.handle("card/a"), before.ring.handle("card/a"));
    assert_eq!(
        (after.header.signer, after.header.inbox),
        (before.header.signer, before.header.inbox)
    );
    let pairwise = |vault: &UnlockedVault| vault.pairwise_key("library").unwrap().public_key();
    assert_eq!(pairwise(&after), pairwise(&before));
    // What a device kept for itself opens after it unlocked with the new root key.
    let kept = kept.updated(service.remote()).unwrap();
    let kept = kept.unlock(
        &kept.header().unlock(&Secret::RecoveryCode(&code)).unwrap(),
        &RustCrypto,
    );
    assert_eq!(kept.unwrap().device(), b"waiting");
    // No value was sealed again: only its key.
    let values = |vault: &UnlockedVault| -> Vec<_> {
        vault
            .sealed
            .values()
            .map(|record| record.sealed.clone())
            .collect()
    };
    assert_eq!(values(&after), values(&before));
}

/// A removed device may have kept attribute keys: what is written after the removal is under new ones.
#[test]
fn what_is_written_later_is_under_a_new_attribute_key() {
    let (mut service, mut vault, code, mut rng) = start();
    let (a, b) = (vault.ring.handle("card/a"), vault.ring.handle("card/b"));
    service.change(&mut vault, &SlotChange::Rotate, &mut rng).unwrap();
    service.store(&mut vault, &[("card/a", Some("later"))], &mut rng);
    let opened = service.open(&code).unwrap();
    assert_eq!(opened.manifest.records.get(&a).unwrap().epoch, 2);
    assert_eq!(opened.manifest.records.get(&b).unwrap().epoch, 1);
    assert_eq!(opened.get("card/a"), Some(&b"later"[..]));
    service.store(&mut vault, &[("card/a", Some("and later"))], &mut rng);
    let listed = *service.open(&code).unwrap().manifest.records.get(&a).unwrap();
    assert_eq!((listed.epoch, listed.version), (2, 3));
}

#[test]
fn another_device_unlocks_again_after_a_removal() {
    let (mut service, mut one, code, mut rng) = start();
    let mut two = service.open(&code).unwrap();
    add_passkey(&mut service, &mut one, b"lost", &mut rng).unwrap();
    two.receive(service.remote(), &RustCrypto).unwrap();
    let lost = open_with_passkey(&service, b"lost").unwrap();
    let slot = lost.unlocked_by().unwrap();
    service
        .change(&mut one, &SlotChange::Remove { slot }, &mut rng)
        .unwrap();
    service.store(&mut one, &[("card/c", Some("private"))], &mut rng);

    let mut lost = lost;
    assert_eq!(
        lost.receive(service.remote(), &RustCrypto),
        Err(VaultError::EpochChanged)
    );
    assert_eq!(
        open_with_passkey(&service, b"lost").unwrap_err(),
        VaultError::NoSuchSlot
    );
    let stale = LockedVault::from_remote(service.remote(), None).unwrap();
    let with_old_root = super::super::Unlocking {
        slot,
        root: lost.root.clone(),
        signer: None,
    };
    assert!(stale.unlock(&with_old_root, &RustCrypto).is_err());

    assert_eq!(
        two.receive(service.remote(), &RustCrypto),
        Err(VaultError::EpochChanged)
    );
    let updated = two.lock(&mut rng).unwrap().updated(service.remote()).unwrap();
    let unlocking = updated.header().unlock(&Secret::RecoveryCode(&code)).unwrap();
    let mut two = updated.unlock(&unlocking, &RustCrypto).unwrap();
    assert_eq!(two.get("card/c"), Some(&b"private"[..]));
    // And it goes on as before.
    service.store(&mut two, &[("card/d", Some("more"))], &mut rng);
    one.receive(service.remote(), &RustCrypto).unwrap();
    assert_eq!(one.get("card/d"), Some(&b"more"[..]));
}

/// K-04: a commit is stored or it is not; any mixture of the two is refused, on new and on known devices.
#[test]
fn half_a_rotation_is_refused() {
    let (mut service, mut vault, code, mut rng) = start();
    add_passkey(&mut service, &mut vault, b"lost", &mut rng).unwrap();
    let slot = slot_of(&vault, |kind| matches!(kind, SlotKind::Passkey { .. }));
    let old = service.clone();
    service
        .change(&mut vault, &SlotChange::Remove { slot }, &mut rng)
        .unwrap();
    let known = {
        let old_vault = old.open(&code).unwrap();
        old_vault.lock(&mut rng).unwrap()
    };
    let parts: [fn(&mut Service, &Service); 3] = [
        |mixed, new| mixed.header = new.header.clone(),
        // The version goes with the manifest: another one is refused whatever the rest is.
        |mixed, new| (mixed.manifest, mixed.version) = (new.manifest.clone(), new.version),
        |mixed, new| mixed.records = new.records.clone(),
    ];
    for taken in 0..8u8 {
        let mut mixed = old.clone();
        for (bit, part) in parts.iter().enumerate() {
            if taken >> bit & 1 == 1 {
                part(&mut mixed, &service);
            }
        }
        let whole = taken == 0 || taken == 7;
        assert_eq!(mixed.open(&code).is_ok(), whole, "parts {taken:03b}");
        let updated = known.updated(mixed.remote()).unwrap();
        let opened = updated
            .header()
            .unlock(&Secret::RecoveryCode(&code))
            .and_then(|unlocking| updated.unlock(&unlocking, &RustCrypto));
        assert_eq!(opened.is_ok(), whole, "known device, parts {taken:03b}");
    }
    // One key of the old epoch among the new ones.
    for handle in old.records.keys() {
        let mut mixed = service.clone();
        mixed
            .records
            .insert(*handle, old.records.get(handle).unwrap().clone());
        assert_eq!(mixed.open(&code).unwrap_err(), VaultError::RecordNotAuthentic);
    }
}

/// The answer to the commit got lost: the new root key, kept aside, tells whether it was stored.
#[test]
fn a_rotation_whose_answer_was_lost_is_found_again() {
    let (mut service, vault, code, mut rng) = start();
    let staged = vault.stage_slots(&SlotChange::Rotate, NOW, &mut rng).unwrap();
    let root = staged.epoch.as_ref().unwrap().root().clone();
    service.keep(&staged);
    let locked = vault.lock(&mut rng).unwrap().updated(service.remote()).unwrap();
    let opened = locked.unlock(&vault.unlocking_with(root), &RustCrypto).unwrap();
    assert_eq!(opened.get("card/a"), Some(&b"one"[..]));
    assert_eq!(sha256(opened.access_token().as_bytes()), service.token_hash);
    assert!(service.open(&code).is_ok());
}

#[test]
fn a_passkey_moves_on_to_its_next_salt() {
    let (mut service, mut vault, _, mut rng) = start();
    add_passkey(&mut service, &mut vault, b"one", &mut rng).unwrap();
    let slot = slot_of(&vault, |kind| matches!(kind, SlotKind::Passkey { .. }));
    let (_, before) = vault
        .header()
        .passkeys()
        .map(|(id, salts)| (id.to_vec(), salts))
        .next()
        .unwrap();
    let renew = SlotChange::RenewPasskey {
        slot,
        outputs: &answers(&before),
    };
    service.change(&mut vault, &renew, &mut rng).unwrap();
    let (_, after) = vault.header().passkeys().next().unwrap();
    assert_eq!(after.current, before.next);
    assert_ne!(after.next, before.next);
    assert!(open_with_passkey(&service, b"one").is_ok());
    assert_eq!(vault.header().epoch, 1);
}

/// Two devices change the methods at once: the second builds on the first, as the service's count demands.
#[test]
fn changes_of_two_devices_follow_each_other() {
    let (mut service, mut one, code, mut rng) = start();
    let mut two = service.open(&code).unwrap();
    let stale = two.stage_slots(&SlotChange::Rotate, NOW, &mut rng).unwrap();
    add_passkey(&mut service, &mut one, b"one", &mut rng).unwrap();
    assert_ne!(stale.base_version, service.version, "the service refuses it");
    two.receive(service.remote(), &RustCrypto).unwrap();
    service.change(&mut two, &SlotChange::Rotate, &mut rng).unwrap();
    assert_eq!(two.slots().len(), 3);
    assert!(open_with_passkey(&service, b"one").is_ok());
}

/// A new device whose download left out what did not change, or has a key only, reads the same.
#[test]
fn after_a_rotation_keys_alone_are_enough() {
    let (mut service, mut vault, code, mut rng) = start();
    let known = vault.lock(&mut rng).unwrap();
    service.change(&mut vault, &SlotChange::Rotate, &mut rng).unwrap();
    let remote = RemoteVault {
        records: service
            .records
            .iter()
            .map(|(handle, record)| RemoteRecord {
                handle: *handle,
                key: Some(record.key.clone()),
                sealed: None,
            })
            .collect(),
        ..service.remote()
    };
    let updated = known.updated(remote).unwrap();
    let unlocking = updated.header().unlock(&Secret::RecoveryCode(&code)).unwrap();
    assert_eq!(
        updated
            .unlock(&unlocking, &RustCrypto)
            .unwrap()
            .list("card/")
            .count(),
        2
    );
}

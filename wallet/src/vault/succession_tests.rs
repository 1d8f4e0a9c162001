use assent_core::crypto::RustCrypto;

use super::*;
use crate::vault::testing::{Counter, Service, start};
use crate::vault::{LockedVault, RecoveryCode, Secret, SlotChange, UnlockedVault};

const VAULT: VaultId = VaultId([7; 16]);

/// The signing keys of epochs 1 to `count`, and their succession.
fn line(count: u64) -> (Vec<SoftwareKey>, Succession) {
    let mut rng = Counter(40);
    let keys: Vec<_> = (0..count)
        .map(|_| SoftwareKey::generate(&mut rng).unwrap())
        .collect();
    let mut all = Succession::beginning(1, &keys[0]);
    for pair in keys.windows(2) {
        all.go_on(VAULT, &pair[0], &pair[1]).unwrap();
    }
    (keys, all)
}

fn mark(keys: &[SoftwareKey], epoch: u64) -> EpochMark {
    EpochMark {
        epoch,
        key: public(&keys[epoch as usize - 1]),
    }
}

fn through_bytes(all: &Succession) -> Succession {
    Succession::from_cbor(all.to_cbor().into_array().unwrap()).unwrap()
}

#[test]
fn leads_from_every_root_key_to_the_last() {
    let (keys, all) = line(5);
    let all = through_bytes(&all);
    for epoch in 1..=5 {
        assert!(all.leads_to(mark(&keys, 5), Some(mark(&keys, epoch)), VAULT, &RustCrypto));
    }
    assert!(all.leads_to(mark(&keys, 5), None, VAULT, &RustCrypto));
    // Another end, another beginning, another vault, an epoch that is not its own.
    assert!(!all.leads_to(mark(&keys, 4), None, VAULT, &RustCrypto));
    let stranger = EpochMark {
        key: public(&SoftwareKey::from_bytes(&[9; 32]).unwrap()),
        ..mark(&keys, 3)
    };
    assert!(!all.leads_to(mark(&keys, 5), Some(stranger), VAULT, &RustCrypto));
    assert!(!all.leads_to(mark(&keys, 5), None, VaultId([8; 16]), &RustCrypto));
    let moved = EpochMark {
        epoch: 6,
        ..mark(&keys, 5)
    };
    assert!(!all.leads_to(moved, None, VAULT, &RustCrypto));
}

#[test]
fn every_link_is_signed_by_the_one_before() {
    let (keys, all) = line(4);
    for at in 1..4 {
        let mut cut = all.clone();
        cut.0[at].signature[5] ^= 1;
        assert!(
            !cut.leads_to(mark(&keys, 4), None, VAULT, &RustCrypto),
            "signature {at}"
        );
        // What is older than what this device knew needs no proof.
        let knew = mark(&keys, at as u64 + 1);
        assert!(cut.leads_to(mark(&keys, 4), Some(knew), VAULT, &RustCrypto));
    }
    let mut skipped = all.clone();
    skipped.0.remove(2);
    assert!(!skipped.leads_to(mark(&keys, 4), None, VAULT, &RustCrypto));
    let mut renumbered = all;
    renumbered.0[3].mark.epoch = 9;
    let last = renumbered.last();
    assert!(!renumbered.leads_to(last, None, VAULT, &RustCrypto));
}

#[test]
fn names_the_last_sixty_four() {
    let (keys, all) = line(80);
    assert_eq!(all.0.len(), MAX_LINKS);
    assert!(all.leads_to(mark(&keys, 80), Some(mark(&keys, 17)), VAULT, &RustCrypto));
    assert!(!all.leads_to(mark(&keys, 80), Some(mark(&keys, 16)), VAULT, &RustCrypto));
    let mut long = all.to_cbor().into_array().unwrap();
    long.push(long[0].clone());
    assert!(Succession::from_cbor(long).is_err());
    assert!(Succession::from_cbor(Vec::new()).is_err());
}

/// The state of the vault that `service` shows, on a device that keeps `locked`, opened with the recovery code.
fn opens(locked: &LockedVault, service: &Service, code: &RecoveryCode) -> Result<UnlockedVault, VaultError> {
    let locked = locked.updated(service.remote())?;
    locked.unlock(&locked.header().unlock(&Secret::RecoveryCode(code))?, &RustCrypto)
}

/// It keeps what it had: the signing key of the vault, an old root key, and the public keys of every slot. The service shows
/// whatever it makes up, so far ahead that no manifest names the one that the citizen's device saw.
#[test]
fn a_removed_device_and_a_lying_service_cannot_make_up_a_later_state() {
    let (mut service, mut vault, code, mut rng) = start();
    let (mut removed, mut theirs) = (service.open(&code).unwrap(), service.clone());
    service.change(&mut vault, &SlotChange::Rotate, &mut rng).unwrap();
    let kept = vault.lock(&mut rng).unwrap();

    // It goes on with the root key it has.
    for _ in 0..70 {
        theirs.store(&mut removed, &[("card/a", Some("planted"))], &mut rng);
    }
    assert_eq!(opens(&kept, &theirs, &code).unwrap_err(), VaultError::Forked);
    assert_eq!(
        vault.receive(theirs.remote(), &RustCrypto),
        Err(VaultError::RolledBack)
    );
    // It makes new ones, of the epoch that the citizen's device knows and of a later one.
    for said in [VaultError::SlotsChanged, VaultError::EpochChanged] {
        theirs
            .change(&mut removed, &SlotChange::Rotate, &mut rng)
            .unwrap();
        assert_eq!(opens(&kept, &theirs, &code).unwrap_err(), VaultError::Forked);
        assert_eq!(vault.receive(theirs.remote(), &RustCrypto), Err(said));
    }
    // It takes over the true succession, which it cannot end with a root key of its own.
    removed.manifest.succession = vault.manifest.succession.clone();
    theirs
        .change(&mut removed, &SlotChange::Rotate, &mut rng)
        .unwrap();
    assert_eq!(opens(&kept, &theirs, &code).unwrap_err(), VaultError::Forked);

    assert!(opens(&kept, &service, &code).is_ok());
}

#[test]
fn a_device_that_was_away_follows_every_true_root_key() {
    let (mut service, mut vault, code, mut rng) = start();
    let away = service.open(&code).unwrap().lock(&mut rng).unwrap();
    for _ in 0..5 {
        service.change(&mut vault, &SlotChange::Rotate, &mut rng).unwrap();
        service.store(&mut vault, &[("card/a", Some("new"))], &mut rng);
    }
    let back = opens(&away, &service, &code).unwrap();
    assert_eq!(back.known().mark, vault.known().mark);
    // Kept and read again, it still knows.
    let kept = LockedVault::from_bytes(&back.lock(&mut rng).unwrap().to_bytes()).unwrap();
    assert_eq!(opens(&kept, &service, &code).unwrap().known(), back.known());
    let told = super::super::Known {
        mark: None,
        ..back.known()
    };
    let told = away.knowing(told).unwrap();
    assert!(opens(&told, &service, &code).is_ok());
}

use std::collections::BTreeSet;

use assent_core::crypto::{PublicKey, RustCrypto};

use super::*;
use crate::vault::testing::{Counter, NOW, Service, start};
use crate::vault::{LockedVault, NewMethod, Secret, SlotChange};

const ADDRESS: &str = "https://city.example/v1/vaults/x";

fn newcomer(rng: &mut Counter) -> (Newcomer, SoftwareKey) {
    let key = SoftwareKey::generate(rng).unwrap();
    let newcomer = Newcomer {
        device_key: Some(keyring::public(&key)),
        name: "tablet".to_owned(),
    };
    (newcomer, key)
}

/// Both sides up to the digits, with nobody in between.
fn honest(rng: &mut Counter) -> (NewDeviceChecking, OldDeviceChecking, SoftwareKey) {
    let (newcomer, device) = newcomer(rng);
    let (new, code) = NewDevice::start(NOW, rng).unwrap();
    let (old, one) = OldDevice::scan(&format!(" {code}\n"), NOW.plus(20), rng).unwrap();
    assert_eq!(old.session(), new.session());
    let (new, two) = new.commitment(&one, &newcomer, NOW.plus(21), rng).unwrap();
    let (old, three) = old.answer(&two, NOW.plus(22)).unwrap();
    let new = new.nonce(&three, NOW.plus(23)).unwrap();
    (new, old, device)
}

fn add_device(service: &mut Service, vault: &mut UnlockedVault, newcomer: &Newcomer, rng: &mut Counter) {
    let method = NewMethod::Device(newcomer.device_key.as_ref().unwrap());
    let add = SlotChange::Add {
        method,
        name: &newcomer.name,
    };
    service.change(vault, &add, rng).unwrap();
}

#[test]
fn the_new_device_opens_the_vault_and_goes_on_with_its_own_key() {
    let (mut service, mut vault, _, mut rng) = start();
    let (new, old, device) = honest(&mut rng);
    assert_eq!(new.digits(), old.digits());
    assert_eq!(new.digits().len(), 6);
    assert_eq!(old.newcomer().name, "tablet");
    let typed = new.digits();
    let typed = format!("{} {}", &typed[..3], &typed[3..]);
    let sure = old.confirm(&typed, NOW.plus(60)).unwrap();
    add_device(&mut service, &mut vault, sure.newcomer(), &mut rng);
    let four = sure.hand_over(&vault, ADDRESS, &mut rng).unwrap();
    assert!(four.len() < MAX_MESSAGE);
    let paired = new
        .confirm(&typed, NOW.plus(60))
        .unwrap()
        .finish(&four, NOW.plus(61))
        .unwrap();
    assert_eq!(paired.address, ADDRESS);
    assert_eq!(paired.vault, vault.header().vault);
    let locked = LockedVault::from_remote(service.remote(), Some(paired.known)).unwrap();
    let opened = locked.unlock(&paired.unlocking, &RustCrypto).unwrap();
    assert_eq!(opened.get("card/a"), Some(&b"one"[..]));
    assert_eq!(opened.unlocked_by(), Some(opened.slots()[2].id));
    // After a restart it opens by its own key.
    let kept = LockedVault::from_bytes(&opened.lock(&mut rng).unwrap().to_bytes()).unwrap();
    let challenge = kept.header().device_challenges().next().unwrap();
    let agreed = device.agree(&PublicKey::P256(challenge.point)).unwrap();
    let secret = Secret::Device {
        slot: challenge.slot,
        agreed: &agreed,
    };
    let again = kept
        .unlock(&kept.header().unlock(&secret).unwrap(), &RustCrypto)
        .unwrap();
    assert_eq!(again.get("card/b"), Some(&b"two"[..]));
    // From the first moment it sees a service that goes back to before the pairing.
    let mut early = start().0;
    early.version = 99;
    let locked = LockedVault::from_remote(early.remote(), Some(paired.known)).unwrap();
    assert_eq!(
        locked.unlock(&paired.unlocking, &RustCrypto).unwrap_err(),
        VaultError::RolledBack
    );
}

/// K-03: somebody between the two, with keys of their own towards each.
#[test]
fn a_key_swapped_in_transit_shows_in_the_digits() {
    let (_, _, _, mut rng) = start();
    let mut same = 0;
    for _ in 0..50 {
        let (theirs, _) = newcomer(&mut rng);
        let (new, code) = NewDevice::start(NOW, &mut rng).unwrap();
        // The old device scans another code; the new one hears from somebody else.
        let (mitm_new, swapped) = NewDevice::start(NOW, &mut rng).unwrap();
        let (old, one) = OldDevice::scan(&swapped, NOW, &mut rng).unwrap();
        let (mitm_old, mitm_one) = OldDevice::scan(&code, NOW, &mut rng).unwrap();
        let (mitm_new, mitm_two) = mitm_new.commitment(&one, &theirs, NOW, &mut rng).unwrap();
        let (new, two) = new.commitment(&mitm_one, &theirs, NOW, &mut rng).unwrap();
        let (old, three) = old.answer(&mitm_two, NOW).unwrap();
        let (_, mitm_three) = mitm_old.answer(&two, NOW).unwrap();
        let new = new.nonce(&mitm_three, NOW).unwrap();
        let between = mitm_new.nonce(&three, NOW).unwrap();
        assert_eq!(between.digits(), old.digits());
        if new.digits() == old.digits() {
            same += 1;
        } else {
            let refused = old.confirm(&new.digits(), NOW);
            assert_eq!(refused.unwrap_err(), PairingError::DigitsDiffer);
        }
    }
    assert_eq!(same, 0);
}

/// The one in between cannot choose its nonce after it has seen the other one: it has committed to it.
#[test]
fn a_nonce_cannot_be_chosen_late() {
    let mut rng = Counter(40);
    let (newcomer, _) = newcomer(&mut rng);
    let (new, code) = NewDevice::start(NOW, &mut rng).unwrap();
    let (_, one) = OldDevice::scan(&code, NOW, &mut rng).unwrap();
    let (new, _) = new.commitment(&one, &newcomer, NOW, &mut rng).unwrap();
    assert_eq!(new.nonce(&[7; 32], NOW).unwrap_err(), PairingError::Broken);
    // Nor can a commitment be carried over to another session or key.
    let (other, _) = NewDevice::start(NOW, &mut rng).unwrap();
    let (old, one) = OldDevice::scan(&code, NOW, &mut rng).unwrap();
    let (other, two) = other.commitment(&one, &newcomer, NOW, &mut rng).unwrap();
    let (_, three) = old.answer(&two, NOW).unwrap();
    assert_eq!(other.nonce(&three, NOW).unwrap_err(), PairingError::Broken);
}

/// A mailbox that changes the device key or the name on their way changes the digits.
#[test]
fn every_change_of_a_message_shows_or_breaks() {
    let mut rng = Counter(60);
    let (newcomer, _) = newcomer(&mut rng);
    let fresh = |rng: &mut Counter| {
        let (new, code) = NewDevice::start(NOW, rng).unwrap();
        let (old, one) = OldDevice::scan(&code, NOW, rng).unwrap();
        let (new, two) = new.commitment(&one, &newcomer, NOW, rng).unwrap();
        (new, old, two)
    };
    let (_, _, two) = fresh(&mut rng);
    for at in 0..two.len() {
        let (new, old, mut two) = fresh(&mut rng);
        two[at] ^= 1;
        let Ok((old, three)) = old.answer(&two, NOW) else {
            continue;
        };
        let new = new.nonce(&three, NOW).unwrap();
        assert_ne!(new.digits(), old.digits(), "byte {at}");
    }
}

#[test]
fn the_hand_over_opens_in_its_pairing_only() {
    let (mut service, mut vault, _, mut rng) = start();
    let (new, old, _) = honest(&mut rng);
    let (other, other_old, _) = honest(&mut rng);
    let sure = old.confirm(&new.digits(), NOW.plus(60)).unwrap();
    let digits = new.digits();
    let new = new.confirm(&digits, NOW.plus(60)).unwrap();
    // Not before its slot is there.
    let other_digits = other.digits();
    let early = other_old.confirm(&other_digits, NOW.plus(60)).unwrap();
    let other = other.confirm(&other_digits, NOW.plus(60)).unwrap();
    assert_eq!(
        early.hand_over(&vault, ADDRESS, &mut rng).unwrap_err(),
        VaultError::NoSuchSlot
    );
    add_device(&mut service, &mut vault, sure.newcomer(), &mut rng);
    let four = sure.hand_over(&vault, ADDRESS, &mut rng).unwrap();
    assert_eq!(
        other.finish(&four, NOW.plus(60)).unwrap_err(),
        PairingError::Broken
    );
    let mut changed = four.clone();
    changed[80] ^= 1;
    assert_eq!(
        new.finish(&changed, NOW.plus(60)).unwrap_err(),
        PairingError::Broken
    );
}

#[test]
fn ten_minutes_and_no_second_try() {
    let mut rng = Counter(80);
    let (newcomer, _) = newcomer(&mut rng);
    let (new, old, _) = honest(&mut rng);
    let digits = new.digits();
    assert_eq!(
        old.confirm(&digits, NOW.plus(621)).unwrap_err(),
        PairingError::Expired
    );
    assert_eq!(
        new.confirm(&digits, NOW.plus(601)).unwrap_err(),
        PairingError::Expired
    );
    let (new, _, _) = honest(&mut rng);
    let digits = new.digits();
    let new = new.confirm(&digits, NOW.plus(60)).unwrap();
    assert_eq!(
        new.finish(&[0; 200], NOW.plus(601)).unwrap_err(),
        PairingError::Expired
    );
    let (new, code) = NewDevice::start(NOW, &mut rng).unwrap();
    let late = new.commitment(&[0; 32], &newcomer, NOW.plus(601), &mut rng);
    assert_eq!(late.unwrap_err(), PairingError::Expired);
    let (old, _) = OldDevice::scan(&code, NOW, &mut rng).unwrap();
    assert_eq!(
        old.answer(&[0; 10], NOW.plus(-1)).unwrap_err(),
        PairingError::Expired
    );
    let (_, old, _) = honest(&mut rng);
    for wrong in ["", "12345", "1234567"] {
        let (new, old, _) = honest(&mut rng);
        assert_eq!(
            new.confirm(wrong, NOW.plus(60)).unwrap_err(),
            PairingError::DigitsDiffer
        );
        assert_eq!(
            old.confirm(wrong, NOW.plus(60)).unwrap_err(),
            PairingError::DigitsDiffer
        );
    }
    assert!(old.confirm("not digits", NOW.plus(60)).is_err());
}

#[test]
fn only_codes_of_new_devices_are_scanned() {
    let mut rng = Counter(90);
    let no_point = [&[0u8; 16][..], &[4; POINT]].concat();
    let texts = [
        String::new(),
        "openid4vp://?request_uri=https://x.example".to_owned(),
        SCHEME.to_owned(),
        format!("{SCHEME}AAAA"),
        format!("{SCHEME}{}", base64url::encode(&no_point)),
        format!("{SCHEME}{}", "A".repeat(1 << 20)),
    ];
    for text in texts {
        let refused = OldDevice::scan(&text, NOW, &mut rng);
        assert_eq!(refused.unwrap_err(), PairingError::NotACode);
    }
}

#[test]
fn digits_are_spread() {
    let all: BTreeSet<_> = (0u8..200).map(|n| digits(&[n; 32])).collect();
    assert!(all.len() > 195);
    assert!(all.iter().all(|digits| digits.len() == 6));
}

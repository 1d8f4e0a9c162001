use super::*;
use crate::vault::PrfOutputs;
use crate::vault::testing::Counter;

const VAULT: VaultId = VaultId([1; 16]);
const SIGNER: [u8; POINT] = [4; POINT];
const PASSPHRASE: &str = "correct horse battery";

fn place() -> SlotPlace<'static> {
    SlotPlace {
        vault: VAULT,
        epoch: 3,
        signer: &SIGNER,
    }
}

fn start(method: &NewMethod<'_>) -> (Slot, RootKey, Counter) {
    let mut rng = Counter(7);
    let root = RootKey::generate(&mut rng).unwrap();
    let slot = Slot::new(method, &root, place(), &mut rng).unwrap();
    assert_eq!(Slot::from_cbor(slot.to_cbor()).unwrap(), slot);
    (slot, root, rng)
}

fn open_with(slot: &Slot, secret: &Secret<'_>) -> Result<RootKey, VaultError> {
    slot.try_open(secret, VAULT, 3)
        .unwrap()
        .map(|unlocking| unlocking.root)
}

/// K-01, A23: parameters below the floor are refused before any guess is possible, those beyond the ceiling before any
/// memory is taken.
#[test]
fn downgraded_and_inflated_parameters_are_refused() {
    let (slot, root, mut rng) = start(&NewMethod::Passphrase(PASSPHRASE));
    let opened = slot
        .try_open(&Secret::Passphrase(PASSPHRASE), VAULT, 3)
        .unwrap()
        .unwrap();
    assert_eq!(opened.root.expose(), root.expose());
    assert_eq!(opened.signer, Some(SIGNER));
    let wrong = open_with(&slot, &Secret::Passphrase("correct horse batterz"));
    assert_eq!(wrong.unwrap_err(), VaultError::WrongSecret);
    for (memory_kib, passes, lanes) in [
        (8, 3, 4),
        ((64 << 10) - 1, 3, 4),
        (64 << 10, 2, 4),
        (64 << 10, 3, 0),
        (4 << 20, 3, 4),
        (64 << 10, 1000, 4),
        (64 << 10, 3, 17),
    ] {
        let weak = Slot {
            kind: SlotKind::Passphrase {
                salt: [6; 16],
                memory_kib,
                passes,
                lanes,
            },
            ..slot.clone()
        };
        let refused = open_with(&weak, &Secret::Passphrase(PASSPHRASE));
        assert_eq!(refused.unwrap_err(), VaultError::SlotParameters);
    }
    let short = Slot::new(&NewMethod::Passphrase("too short"), &root, place(), &mut rng);
    assert_eq!(short.unwrap_err(), VaultError::PassphraseTooShort);
}

#[test]
fn a_slot_opens_in_its_vault_place_and_epoch_only() {
    let code = RecoveryCode::generate(&mut Counter(99)).unwrap();
    let (slot, root, mut rng) = start(&NewMethod::RecoveryCode(&code));
    let secret = Secret::RecoveryCode(&code);
    assert_eq!(open_with(&slot, &secret).unwrap().expose(), root.expose());
    let other = RecoveryCode::generate(&mut rng).unwrap();
    let wrong = open_with(&slot, &Secret::RecoveryCode(&other));
    assert_eq!(wrong.unwrap_err(), VaultError::WrongSecret);
    assert!(slot.try_open(&Secret::Passphrase(PASSPHRASE), VAULT, 3).is_none());

    let elsewhere = slot.try_open(&secret, VaultId([2; 16]), 3).unwrap();
    assert_eq!(elsewhere.unwrap_err(), VaultError::WrongSecret);
    let renamed = Slot {
        id: [0; 16],
        ..slot.clone()
    };
    assert_eq!(open_with(&renamed, &secret).unwrap_err(), VaultError::WrongSecret);
    assert_ne!(renamed.hash(), slot.hash());
    // The root key of one epoch does not stand in for that of another.
    for epoch in [2, 4] {
        let moved = slot.try_open(&secret, VAULT, epoch).unwrap();
        assert_eq!(moved.unwrap_err(), VaultError::SlotsChanged);
    }
    // A public key that is not the other half, as a service would put in to get the next root key.
    let theirs = SoftwareKey::generate(&mut rng).unwrap();
    let replaced = Slot {
        public: theirs.public_key().as_bytes().try_into().unwrap(),
        ..slot.clone()
    };
    assert_eq!(
        open_with(&replaced, &secret).unwrap_err(),
        VaultError::SlotsChanged
    );
}

/// What the manifest lists by hash is also bound by itself.
#[test]
fn every_changed_byte_is_refused() {
    let code = RecoveryCode::generate(&mut Counter(99)).unwrap();
    let (slot, ..) = start(&NewMethod::RecoveryCode(&code));
    let refused = |slot: &Slot| open_with(slot, &Secret::RecoveryCode(&code)).is_err();
    for at in 0..slot.private.len() {
        let mut changed = slot.clone();
        changed.private[at] ^= 1;
        assert!(refused(&changed), "private, byte {at}");
    }
    for at in 0..slot.root.len() {
        let mut changed = slot.clone();
        changed.root[at] ^= 1;
        assert!(refused(&changed), "root, byte {at}");
    }
    for at in 0..POINT {
        let mut changed = slot.clone();
        changed.public[at] ^= 1;
        assert!(refused(&changed), "public, byte {at}");
    }
}

/// A new root key reaches a slot whose secret is not there.
#[test]
fn a_slot_gets_a_new_root_key_without_its_secret() {
    let code = RecoveryCode::generate(&mut Counter(99)).unwrap();
    let (mut slot, old, mut rng) = start(&NewMethod::RecoveryCode(&code));
    let new = RootKey::generate(&mut rng).unwrap();
    slot.give(&new, VAULT, 4, &mut rng).unwrap();
    let opened = slot
        .try_open(&Secret::RecoveryCode(&code), VAULT, 4)
        .unwrap()
        .unwrap();
    assert_eq!(opened.root.expose(), new.expose());
    assert_ne!(opened.root.expose(), old.expose());
}

fn passkey_answers(salts: &PrfSalts, key: u8) -> PrfOutputs {
    let answer = |salt: &[u8; 32]| sha256(&[&[key][..], salt].concat());
    PrfOutputs::new(&answer(&salts.current), &answer(&salts.next)).unwrap()
}

#[test]
fn a_passkey_opens_with_its_answers_and_moves_to_the_next_salt() {
    let salts = PrfSalts::generate(&mut Counter(50)).unwrap();
    let outputs = passkey_answers(&salts, 1);
    let method = NewMethod::Passkey {
        credential: b"credential",
        salts: &salts,
        outputs: &outputs,
    };
    let (mut slot, root, mut rng) = start(&method);
    let ask = |slot: &Slot, key| {
        let SlotKind::Passkey { salt, next, .. } = slot.kind() else {
            panic!("a passkey")
        };
        passkey_answers(
            &PrfSalts {
                current: *salt,
                next: *next,
            },
            key,
        )
    };
    let open_passkey = |slot: &Slot, outputs: &PrfOutputs| {
        open_with(
            slot,
            &Secret::Passkey {
                credential: b"credential",
                outputs,
            },
        )
    };
    assert_eq!(
        open_passkey(&slot, &ask(&slot, 1)).unwrap().expose(),
        root.expose()
    );
    assert_eq!(
        open_passkey(&slot, &ask(&slot, 2)).unwrap_err(),
        VaultError::WrongSecret
    );
    let other = Secret::Passkey {
        credential: b"another",
        outputs: &outputs,
    };
    assert!(slot.try_open(&other, VAULT, 3).is_none());

    let before = slot.clone();
    slot.renew_passkey(&ask(&before, 1), [9; 32], &place(), &mut rng)
        .unwrap();
    assert_ne!(slot.kind(), before.kind());
    assert_eq!(slot.public(), before.public());
    assert_eq!(
        open_passkey(&slot, &ask(&slot, 1)).unwrap().expose(),
        root.expose()
    );
    assert_eq!(
        open_passkey(&slot, &outputs).unwrap_err(),
        VaultError::WrongSecret,
        "the old answer"
    );
    // Someone else's passkey cannot renew it.
    let refused = slot
        .clone()
        .renew_passkey(&ask(&slot, 2), [9; 32], &place(), &mut rng);
    assert_eq!(refused, Err(VaultError::WrongSecret));
}

/// K-02.
#[test]
fn a_passkey_that_answers_nothing_zeros_or_a_constant_is_refused() {
    for (current, next) in [
        (&[0u8; 32][..], &[1u8; 32][..]),
        (&[1; 32], &[0; 32]),
        (&[1; 32], &[1; 32]),
        (&[1; 31], &[2; 32]),
        (&[1; 32], &[]),
        (&[], &[]),
    ] {
        assert_eq!(
            PrfOutputs::new(current, next).unwrap_err(),
            VaultError::PasskeyUnusable
        );
    }
    let salts = PrfSalts::generate(&mut Counter(50)).unwrap();
    let outputs = passkey_answers(&salts, 1);
    let mut rng = Counter(1);
    let root = RootKey::generate(&mut rng).unwrap();
    for credential in [vec![], vec![1; MAX_CREDENTIAL + 1]] {
        let method = NewMethod::Passkey {
            credential: &credential,
            salts: &salts,
            outputs: &outputs,
        };
        let refused = Slot::new(&method, &root, place(), &mut rng);
        assert_eq!(refused.unwrap_err(), VaultError::PasskeyUnusable);
    }
}

#[test]
fn a_devices_own_key_agrees_outside() {
    let key = SoftwareKey::generate(&mut Counter(77)).unwrap();
    let public: [u8; POINT] = key.public_key().as_bytes().try_into().unwrap();
    let (slot, root, mut rng) = start(&NewMethod::Device(&public));
    let challenge = slot.challenge().unwrap();
    let point = assent_core::crypto::PublicKey::P256(challenge.point);
    let agreed = key.agree(&point).unwrap();
    let secret = Secret::Device {
        slot: challenge.slot,
        agreed: &agreed,
    };
    let opened = slot.try_open(&secret, VAULT, 3).unwrap().unwrap();
    assert_eq!(opened.root.expose(), root.expose());
    assert_eq!(opened.signer, None);
    let other = SoftwareKey::generate(&mut rng).unwrap().agree(&point).unwrap();
    let wrong = Secret::Device {
        slot: challenge.slot,
        agreed: &other,
    };
    assert!(open_with(&slot, &wrong).is_err());
    let elsewhere = Secret::Device {
        slot: [0; 16],
        agreed: &agreed,
    };
    assert!(slot.try_open(&elsewhere, VAULT, 3).is_none());
    // A point that is not on the curve comes from a broken platform.
    let refused = Slot::new(&NewMethod::Device(&[4; POINT]), &root, place(), &mut rng);
    assert_eq!(refused.unwrap_err(), VaultError::DeviceKeyUnusable);
}

#[test]
fn a_method_of_a_newer_app_is_named_as_such() {
    let code = RecoveryCode::generate(&mut Counter(99)).unwrap();
    let (slot, ..) = start(&NewMethod::RecoveryCode(&code));
    let Value::Array(mut fields) = slot.to_cbor() else {
        panic!("an array")
    };
    fields[1] = Value::from("contact");
    assert_eq!(
        Slot::from_cbor(Value::Array(fields)).unwrap_err(),
        VaultError::NewerThanApp
    );
}

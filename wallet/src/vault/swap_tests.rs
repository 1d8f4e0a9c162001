//! The swap matrix on a real vault: every ciphertext it has, in the place of every other.

use std::collections::BTreeMap;

use assent_core::crypto::RustCrypto;
use ciborium::Value;
use zeroize::Zeroizing;

use super::cbor::{self, Fields};
use super::sealed::Sealed;
use super::testing::{PASSPHRASE, Service, start};
use super::{Header, LockedVault, Secret, UnlockedVault, VaultError};
use assent_core::sorted::Sorted;

/// Every ciphertext of a vault by the name of its place, with what puts one there.
struct Places {
    service: Service,
    locked: LockedVault,
}

type Parts = BTreeMap<String, Vec<u8>>;

impl Places {
    fn parts(&self) -> Parts {
        let mut parts = Parts::new();
        let header = Header::from_bytes(&self.service.header).unwrap();
        parts.insert("keyring".into(), header.keyring.clone());
        parts.insert("manifest".into(), self.service.manifest.clone());
        parts.insert("device".into(), self.locked.device.clone());
        for (number, slot) in header.slots.iter().enumerate() {
            let mut fields = slot_fields(slot.to_cbor());
            parts.insert(format!("slot {number} root"), fields.pop().unwrap());
            parts.insert(format!("slot {number} private"), fields.pop().unwrap());
        }
        for (number, record) in self.service.records.values().enumerate() {
            parts.insert(format!("record {number} ak"), record.key.clone());
            let mut fields = Fields::new(cbor::decode(&record.sealed).unwrap());
            parts.insert(format!("record {number} cek"), fields.bytes().unwrap());
            parts.insert(format!("record {number} value"), fields.bytes().unwrap());
        }
        parts
    }

    /// The vault with other parts, as a device finds it that opens it with `secret`.
    fn open_with(&self, parts: &Parts, secret: &Secret<'_>) -> Result<UnlockedVault, VaultError> {
        let mut header = Header::from_bytes(&self.service.header).unwrap();
        header.keyring = parts["keyring"].clone();
        for (number, slot) in header.slots.iter_mut().enumerate() {
            let Value::Array(mut fields) = slot.to_cbor() else {
                panic!("an array")
            };
            fields[4] = cbor::bytes(&parts[&format!("slot {number} private")]);
            fields[5] = cbor::bytes(&parts[&format!("slot {number} root")]);
            *slot = super::Slot::from_cbor(Value::Array(fields)).unwrap();
        }
        let records = self.service.records.keys().enumerate().map(|(number, handle)| {
            let part = |name: &str| cbor::bytes(&parts[&format!("record {number} {name}")]);
            let sealed = Sealed {
                key: parts[&format!("record {number} ak")].clone(),
                sealed: cbor::encode(&Value::Array(vec![part("cek"), part("value")])),
            };
            (*handle, sealed)
        });
        let locked = LockedVault {
            header,
            manifest: parts["manifest"].clone(),
            records: Sorted::from_unordered(records.collect()),
            device: parts["device"].clone(),
            ..self.locked.clone()
        };
        locked.unlock(&locked.header().unlock(secret)?, &RustCrypto)
    }
}

fn slot_fields(slot: Value) -> Vec<Vec<u8>> {
    slot.into_array()
        .unwrap()
        .into_iter()
        .filter_map(|field| field.into_bytes().ok())
        .collect()
}

fn places() -> (Places, super::RecoveryCode) {
    let (mut service, mut vault, code, mut rng) = start();
    service.store(&mut vault, &[("card/c", Some("three"))], &mut rng);
    vault.set_device(Zeroizing::new(b"waiting".to_vec()));
    let locked = vault.lock(&mut rng).unwrap();
    (Places { service, locked }, code)
}

/// Every part replaced by every other part: refused, whatever it replaces.
#[test]
fn no_ciphertext_stands_in_for_another() {
    let (places, code) = places();
    let secret = Secret::RecoveryCode(&code);
    let parts = places.parts();
    assert!(places.open_with(&parts, &secret).is_ok());
    assert_eq!(parts.len(), 3 + 2 * 2 + 3 * 3);
    let mut swaps = 0;
    for place in parts.keys() {
        for (from, bytes) in &parts {
            if from == place {
                continue;
            }
            let mut swapped = parts.clone();
            swapped.insert(place.clone(), bytes.clone());
            assert!(
                places.open_with(&swapped, &secret).is_err(),
                "{from} in the place of {place}"
            );
            swaps += 1;
        }
    }
    assert_eq!(swaps, parts.len() * (parts.len() - 1));
}

/// The same parts of two vaults of one person, and of one vault at two times.
#[test]
fn no_ciphertext_of_another_vault_or_time_stands_in() {
    let (mut places, code) = places();
    let secret = Secret::RecoveryCode(&code);
    let parts = places.parts();
    // Another vault of the same person: the same passphrase, code and names.
    let mut rng = super::testing::Counter(9000);
    let methods = [
        (super::NewMethod::Passphrase(PASSPHRASE), ""),
        (super::NewMethod::RecoveryCode(&code), ""),
    ];
    let mut other_vault = UnlockedVault::create(&methods, super::testing::NOW, &mut rng).unwrap();
    let mut service = Service::default();
    let changes = [
        ("card/a", Some("one")),
        ("card/b", Some("two")),
        ("card/c", Some("three")),
    ];
    service.store(&mut other_vault, &changes, &mut rng);
    other_vault.set_device(Zeroizing::new(b"waiting".to_vec()));
    let locked = other_vault.lock(&mut rng).unwrap();
    let other = Places { service, locked }.parts();
    // The same vault after every record, the device's things and the root key changed.
    let mut vault = places.open_with(&parts, &secret).unwrap();
    let mut later = places.service.clone();
    later.version = vault.version();
    later.store(
        &mut vault,
        &[
            ("card/a", Some("1")),
            ("card/b", Some("2")),
            ("card/c", Some("3")),
        ],
        &mut rng,
    );
    later
        .change(&mut vault, &super::SlotChange::Rotate, &mut rng)
        .unwrap();
    let later = Places {
        service: later,
        locked: vault.lock(&mut rng).unwrap(),
    }
    .parts();

    places.locked.known = None;
    for (source, foreign) in [("another vault", &other), ("a later time", &later)] {
        for place in parts.keys() {
            // The private key of a slot outlives root keys, and what a device kept for itself is not the service's.
            let lasting = source == "a later time" && (place.ends_with("private") || place == "device");
            let mut swapped = parts.clone();
            swapped.insert(place.clone(), foreign[place].clone());
            assert_eq!(
                places.open_with(&swapped, &secret).is_ok(),
                lasting,
                "{place} of {source}"
            );
        }
    }
}

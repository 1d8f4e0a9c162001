use assent_core::env::{RandomUnavailable, SecureRandom};
use proptest::prelude::*;

use super::*;
use crate::vault::context::{Kind, VaultId};

/// Counts up: distinct but reproducible.
struct Counter(u8);

impl SecureRandom for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        for byte in out {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}

fn context(kind: Kind) -> Context {
    Context {
        kind,
        vault: VaultId([1; 16]),
        handle: Some([2; 16]),
        version: Some(3),
        epoch: Some(4),
    }
}

fn key() -> Key {
    Key::from_bytes(&[9; 32]).unwrap()
}

/// A25: an envelope of one kind never opens as another.
#[test]
fn no_kind_opens_as_another() {
    for sealed_as in Kind::ALL {
        let envelope = seal(&key(), &context(sealed_as), b"content", &mut Counter(0)).unwrap();
        for opened_as in Kind::ALL {
            let opened = open(&key(), &context(opened_as), &envelope);
            assert_eq!(
                opened.is_ok(),
                sealed_as == opened_as,
                "{sealed_as:?} as {opened_as:?}"
            );
        }
    }
}

/// A25: nor in another vault, under another handle, version or epoch, present or absent.
#[test]
fn no_place_opens_as_another() {
    let c = context(Kind::Value);
    let mut places = vec![
        c,
        Context {
            vault: VaultId([7; 16]),
            ..c
        },
        Context {
            handle: Some([7; 16]),
            ..c
        },
        Context { handle: None, ..c },
        Context {
            version: Some(4),
            epoch: Some(3),
            ..c
        },
        Context { version: None, ..c },
        Context { epoch: None, ..c },
        Context {
            version: None,
            epoch: None,
            ..c
        },
    ];
    places.push(Context {
        version: None,
        epoch: Some(3),
        ..c
    });
    for sealed_at in &places {
        let envelope = seal(&key(), sealed_at, b"content", &mut Counter(0)).unwrap();
        for opened_at in &places {
            assert_eq!(open(&key(), opened_at, &envelope).is_ok(), sealed_at == opened_at);
        }
    }
}

#[test]
fn another_key_is_named_as_such() {
    let envelope = seal(&key(), &context(Kind::Value), b"content", &mut Counter(0)).unwrap();
    let other = Key::from_bytes(&[8; 32]).unwrap();
    assert_eq!(
        open(&other, &context(Kind::Value), &envelope),
        Err(OpenError::OtherKey)
    );
    // The key id alone does not help: it is bound, too.
    let mut relabelled = envelope.clone();
    relabelled[2..18].copy_from_slice(&other.id());
    assert_eq!(
        open(&other, &context(Kind::Value), &relabelled),
        Err(OpenError::NotAuthentic)
    );
}

#[test]
fn two_seals_of_the_same_content_differ() {
    let mut rng = Counter(0);
    let one = seal(&key(), &context(Kind::Value), b"content", &mut rng).unwrap();
    let two = seal(&key(), &context(Kind::Value), b"content", &mut rng).unwrap();
    assert_ne!(one[18..], two[18..]);
}

/// A26: lengths within one padding step are the same on the wire.
#[test]
fn lengths_are_hidden() {
    let len = |n: usize| {
        seal(&key(), &context(Kind::Value), &vec![0; n], &mut Counter(0))
            .unwrap()
            .len()
    };
    assert_eq!(len(0), 256 + 90);
    assert!((0..=255).all(|n| len(n) == len(0)));
    assert!((3001..=3071).all(|n| len(n) == len(3071)));
}

/// Vault, handle, version, epoch and kind.
type Place = ([u8; 16], Option<[u8; 16]>, Option<u64>, Option<u64>, usize);

proptest! {
    #[test]
    fn every_changed_bit_is_refused(content in proptest::collection::vec(any::<u8>(), 0..600), bit in any::<usize>()) {
        let mut envelope = seal(&key(), &context(Kind::Value), &content, &mut Counter(0)).unwrap();
        prop_assert_eq!(&*open(&key(), &context(Kind::Value), &envelope).unwrap(), &content);
        let bit = bit % (envelope.len() * 8);
        envelope[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(open(&key(), &context(Kind::Value), &envelope).is_err());
    }

    #[test]
    fn every_cut_is_refused(len in 0usize..40_000, cut in any::<usize>()) {
        let envelope = seal(&key(), &context(Kind::Value), &vec![5; len], &mut Counter(0)).unwrap();
        let cut = cut % envelope.len();
        prop_assert!(open(&key(), &context(Kind::Value), &envelope[..cut]).is_err());
    }

    #[test]
    fn contexts_encode_injectively(
        a in any::<Place>(),
        b in any::<Place>(),
    ) {
        let make = |(vault, handle, version, epoch, kind): Place| {
            Context { kind: Kind::ALL[kind % Kind::ALL.len()], vault: VaultId(vault), handle, version, epoch }
        };
        let (a, b) = (make(a), make(b));
        prop_assert_eq!(a == b, a.encode(1, [0; 16]) == b.encode(1, [0; 16]));
    }
}

use proptest::prelude::*;

use super::*;
use crate::vault::context::{Kind, VaultId};
use crate::vault::testing::Counter;

fn context(kind: Kind) -> Context {
    Context {
        kind,
        tenant: Some([5; 16]),
        vault: VaultId([1; 16]),
        handle: Some([2; 16]),
        version: Some(3),
        epoch: Some(4),
        grant: Some([6; 16]),
        policy: Some([7; 32]),
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

/// Everything one context can be turned into by changing one member, taking it away, or putting it into another place.
fn neighbours(c: Context) -> Vec<Context> {
    let mut all = vec![c];
    all.extend(
        Kind::ALL
            .iter()
            .filter(|kind| **kind != c.kind)
            .map(|kind| Context { kind: *kind, ..c }),
    );
    all.push(Context {
        vault: VaultId([8; 16]),
        ..c
    });
    for id in [None, Some([8; 16]), Some([0; 16])] {
        all.push(Context { tenant: id, ..c });
        all.push(Context { handle: id, ..c });
        all.push(Context { grant: id, ..c });
    }
    for number in [None, Some(0), Some(8), Some(u64::MAX)] {
        all.push(Context { version: number, ..c });
        all.push(Context { epoch: number, ..c });
    }
    all.push(Context { policy: None, ..c });
    all.push(Context {
        policy: Some([8; 32]),
        ..c
    });
    // Members that have the same form, exchanged.
    all.push(Context {
        version: c.epoch,
        epoch: c.version,
        ..c
    });
    all.push(Context {
        tenant: c.handle,
        handle: c.tenant,
        ..c
    });
    all.push(Context {
        grant: c.handle,
        handle: c.grant,
        ..c
    });
    all.push(Context {
        tenant: Some(c.vault.0),
        vault: VaultId(c.tenant.unwrap_or_default()),
        ..c
    });
    all
}

/// A25, the swap matrix: each kind of envelope, in each other place, with each member of the context changed. Nothing
/// opens but in its own place.
#[test]
fn no_place_opens_as_another() {
    let mut pairs = 0;
    for kind in Kind::ALL {
        let places = neighbours(context(kind));
        for (number, sealed_at) in places.iter().enumerate() {
            let envelope = seal(&key(), sealed_at, b"content", &mut Counter(number as u64)).unwrap();
            for opened_at in &places {
                assert_eq!(
                    open(&key(), opened_at, &envelope).is_ok(),
                    sealed_at == opened_at,
                    "{sealed_at:?} as {opened_at:?}"
                );
                pairs += 1;
            }
        }
    }
    assert!(pairs > 10_000, "{pairs}");
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

/// Any context.
fn any_context() -> impl Strategy<Value = Context> {
    let ids = any::<([u8; 16], Option<[u8; 16]>, Option<[u8; 16]>, Option<[u8; 16]>)>();
    let rest = any::<(Option<u64>, Option<u64>, Option<[u8; 32]>)>();
    (0..Kind::ALL.len(), ids, rest).prop_map(
        |(kind, (vault, tenant, handle, grant), (version, epoch, policy))| Context {
            kind: Kind::ALL[kind],
            tenant,
            vault: VaultId(vault),
            handle,
            version,
            epoch,
            grant,
            policy,
        },
    )
}

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
    fn contexts_encode_injectively(a in any_context(), b in any_context()) {
        prop_assert_eq!(a == b, a.encode(1, [0; 16]) == b.encode(1, [0; 16]));
        for (i, one) in neighbours(a).iter().enumerate() {
            for other in neighbours(a).iter().skip(i + 1) {
                prop_assert_eq!(one == other, one.encode(1, [0; 16]) == other.encode(1, [0; 16]));
            }
        }
    }

    #[test]
    fn any_content_opens_in_its_place_and_in_no_neighbours(
        place in any_context(),
        content in proptest::collection::vec(any::<u8>(), 0..300),
        seed in any::<u64>(),
    ) {
        let envelope = seal(&key(), &place, &content, &mut Counter(seed >> 1)).unwrap();
        for opened_at in neighbours(place) {
            let opened = open(&key(), &opened_at, &envelope);
            prop_assert_eq!(opened.is_ok(), opened_at == place);
            if let Ok(opened) = opened {
                prop_assert_eq!(&*opened, &content);
            }
        }
    }
}

/// Chunks are padded where they lie: at every edge of a chunk and of the padding, what comes out is what went in.
#[test]
fn content_of_every_awkward_length_comes_back() {
    const CHUNK: usize = 16 << 10;
    let mut lengths = vec![0, 1, 254, 255, 256, 257];
    for chunks in 1..=4 {
        lengths.extend(chunks * CHUNK - 2..=chunks * CHUNK + 2);
    }
    // Where the padded length is a whole number of chunks.
    lengths.extend((CHUNK..3 * CHUNK).filter(|len| {
        let padded = padding::padded(*len);
        padded.is_multiple_of(CHUNK) && (padded - len == 1 || padded - len == 300)
    }));
    for kind in [Kind::Value, Kind::Attachment] {
        for &length in &lengths {
            let content: Vec<u8> = (0..length).map(|i| (i % 251) as u8 | 1).collect();
            let envelope = seal(&key(), &context(kind), &content, &mut Counter(0)).unwrap();
            let padded = if kind.is_padded() {
                padding::padded(length)
            } else {
                length
            };
            assert_eq!(
                envelope.len(),
                PREFIX + chunked::encrypted_len(padded),
                "{length}"
            );
            assert_eq!(
                *open(&key(), &context(kind), &envelope).unwrap(),
                content,
                "{length}"
            );
        }
    }
}

//! Tests of the whole module. The published lists and tokens are in `core/tests/published`.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::inflate::inflate_zlib;
use super::*;
use crate::crypto::{RustCrypto, Signer as _, SoftwareKey};
use crate::encoding::cose::{self, CoseError};
use crate::encoding::jws::{self, JwsError};
use crate::env::Timestamp;

const NOW: Timestamp = Timestamp(1_800_000_000);
const URI: &str = "https://issuer.example/status/1";

fn key() -> SoftwareKey {
    SoftwareKey::from_bytes(&[3; 32]).unwrap()
}

fn list() -> StatusList {
    let mut list = StatusList::new(StatusBits::Two, 64).unwrap();
    list.set(1, Status::Invalid).unwrap();
    list.set(2, Status::Suspended).unwrap();
    list.set(63, Status::ApplicationSpecific(3)).unwrap();
    list
}

fn claims() -> StatusListClaims {
    StatusListClaims {
        uri: URI.to_owned(),
        issued_at: NOW,
        expires_at: Some(NOW.plus(3600)),
        ttl: Some(600),
    }
}

fn at(idx: u64) -> StatusReference {
    StatusReference {
        idx,
        uri: URI.to_owned(),
    }
}

fn check_list(list: &VerifiedStatusList) {
    assert_eq!(list.status(&at(0), NOW), Ok(Status::Valid));
    assert_eq!(list.status(&at(1), NOW), Ok(Status::Invalid));
    assert_eq!(list.status(&at(2), NOW), Ok(Status::Suspended));
    assert_eq!(list.status(&at(63), NOW), Ok(Status::ApplicationSpecific(3)));
    assert_eq!(list.status(&at(64), NOW), Err(StatusError::OutOfRange));
    assert_eq!(list.status(&at(u64::MAX), NOW), Err(StatusError::OutOfRange));
    let elsewhere = StatusReference {
        idx: 0,
        uri: URI.to_uppercase(),
    };
    assert_eq!(list.status(&elsewhere, NOW), Err(StatusError::WrongSubject));
    assert_eq!(list.status(&at(0), NOW.plus(3659)), Ok(Status::Valid));
    assert_eq!(list.status(&at(0), NOW.plus(3660)), Err(StatusError::Expired));
    assert_eq!(list.status(&at(0), NOW.plus(-60)), Ok(Status::Valid));
    assert_eq!(
        list.status(&at(0), NOW.plus(-61)),
        Err(StatusError::FromTheFuture)
    );
    assert_eq!(list.subject(), URI);
    assert_eq!(list.expires_at(), Some(NOW.plus(3600)));
}

#[test]
fn signed_and_read_as_jwt_and_cwt() {
    let x5c = [vec![1, 2, 3], vec![4]];
    let jwt = claims().sign_jwt(&list(), &x5c, &key()).unwrap();
    let token = UnverifiedStatusListToken::parse_jwt(&jwt).unwrap();
    assert_eq!(token.x5c(), x5c);
    check_list(&token.verify(&key().public_key(), &RustCrypto).unwrap());

    for x5c in [&x5c[..], &x5c[..1], &[]] {
        let cwt = claims().sign_cwt(&list(), x5c, &key()).unwrap();
        let token = UnverifiedStatusListToken::parse_cwt(&cwt).unwrap();
        assert_eq!(token.x5c(), x5c);
        check_list(&token.verify(&key().public_key(), &RustCrypto).unwrap());
    }
}

/// A token verified once answers again for the same key without work, and for no other key.
#[test]
fn verified_once() {
    let other = SoftwareKey::from_bytes(&[4; 32]).unwrap().public_key();
    let jwt = claims().sign_jwt(&list(), &[], &key()).unwrap();
    let token = UnverifiedStatusListToken::parse_jwt(&jwt).unwrap();
    assert!(token.verify(&other, &RustCrypto).is_err());
    let first = token.verify(&key().public_key(), &RustCrypto).unwrap();
    let copy = token.clone();
    let again = copy.verify(&key().public_key(), &RustCrypto).unwrap();
    assert!(std::ptr::eq(first.list(), again.list()));
    assert!(token.verify(&other, &RustCrypto).is_err());
}

#[test]
fn wrong_signer() {
    let other = SoftwareKey::from_bytes(&[4; 32]).unwrap().public_key();
    let jwt = claims().sign_jwt(&list(), &[], &key()).unwrap();
    let token = UnverifiedStatusListToken::parse_jwt(&jwt).unwrap();
    assert_eq!(
        token.verify(&other, &RustCrypto).unwrap_err(),
        StatusError::Jws(JwsError::Signature)
    );
    let cwt = claims().sign_cwt(&list(), &[], &key()).unwrap();
    let token = UnverifiedStatusListToken::parse_cwt(&cwt).unwrap();
    assert_eq!(
        token.verify(&other, &RustCrypto).unwrap_err(),
        StatusError::Cose(CoseError::Signature)
    );
}

/// Claims of a JWT token with changes; `null` removes.
fn changed(changes: Value) -> Result<VerifiedStatusList, StatusError> {
    let mut claims = json!({
        "sub": URI, "iat": NOW.0, "exp": NOW.0 + 10, "ttl": 600,
        "status_list": { "bits": 2, "lst": list().to_lst() },
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    let jwt = jws::sign_jwt(STATUS_LIST_JWT_TYPE, &[], claims.as_object().unwrap(), &key()).unwrap();
    UnverifiedStatusListToken::parse_jwt(&jwt)?.verify(&key().public_key(), &RustCrypto)
}

#[test]
fn malformed_claims() {
    let lst = list().to_lst();
    assert!(changed(json!({})).is_ok());
    assert!(changed(json!({ "exp": null, "ttl": null })).is_ok());
    for wrong in [
        json!({ "sub": null }),
        json!({ "sub": 1 }),
        json!({ "iat": null }),
        json!({ "iat": "1" }),
        json!({ "exp": "1" }),
        json!({ "ttl": "1" }),
        json!({ "ttl": 0 }),
        json!({ "ttl": -1 }),
        json!({ "status_list": null }),
        json!({ "status_list": [] }),
        json!({ "status_list": { "lst": lst } }),
        json!({ "status_list": { "bits": "1", "lst": lst } }),
        json!({ "status_list": { "bits": 1 } }),
        json!({ "status_list": { "bits": 1, "lst": 1 } }),
    ] {
        assert_eq!(
            changed(wrong.clone()).unwrap_err(),
            StatusError::Malformed,
            "{wrong}"
        );
    }
    for bits in [0, 3, 16, u64::MAX] {
        assert_eq!(
            changed(json!({ "status_list": { "bits": bits, "lst": lst } })).unwrap_err(),
            StatusError::Shape
        );
    }
    for lst in [
        "",
        "AAAA",
        "eNrbuRgAAhcBXQ==",
        "eNrbuRgAAhcBX",
        "eNrbuRgAAhcBXg",
        "eNrbuRgAAhcBXQAA",
    ] {
        assert_eq!(
            changed(json!({ "status_list": { "bits": 1, "lst": lst } })).unwrap_err(),
            StatusError::Compression,
            "{lst}"
        );
    }
}

#[test]
fn types() {
    for typ in ["JWT", "statuslist+cwt", "dc+sd-jwt", ""] {
        let jwt = jws::sign_jwt(typ, &[], &serde_json::Map::new(), &key()).unwrap();
        assert_eq!(
            UnverifiedStatusListToken::parse_jwt(&jwt).unwrap_err(),
            StatusError::Type
        );
    }
    let jwt = claims().sign_jwt(&list(), &[], &key()).unwrap();
    let cwt = claims().sign_cwt(&list(), &[], &key()).unwrap();
    let parse = UnverifiedStatusListToken::parse;
    assert!(parse("application/statuslist+jwt", jwt.as_bytes()).is_ok());
    assert!(
        parse(
            "Application/StatusList+JWT; charset=utf-8",
            format!("{jwt}\n").as_bytes()
        )
        .is_ok()
    );
    assert!(parse("application/statuslist+cwt", &cwt).is_ok());
    assert!(parse("application/statuslist+cwt", jwt.as_bytes()).is_err());
    assert!(parse("application/statuslist+jwt", &cwt).is_err());
    for other in ["", "application/jwt", "text/html", "application/json"] {
        assert_eq!(
            parse(other, jwt.as_bytes()).unwrap_err(),
            StatusError::Type,
            "{other}"
        );
    }
    // A COSE_Sign1 of another type.
    let other = cose::sign1(Vec::new(), &[], b"", &key()).unwrap();
    assert_eq!(
        UnverifiedStatusListToken::parse_cwt(&other).unwrap_err(),
        StatusError::Type
    );
}

/// TS-6: absurd `ttl`s are clamped, and `exp` is never passed.
#[test]
fn freshness() {
    let until = |changes| changed(changes).unwrap().fresh_until(NOW).since(NOW);
    assert_eq!(until(json!({ "exp": null })), 600);
    assert_eq!(until(json!({ "exp": null, "ttl": 1 })), 60);
    assert_eq!(until(json!({ "exp": null, "ttl": i64::MAX })), 86400);
    assert_eq!(until(json!({ "exp": null, "ttl": null })), 900);
    assert_eq!(until(json!({ "exp": NOW.0 + 30 })), 30);
}

#[test]
fn values() {
    assert_eq!(Status::from_value(0), Status::Valid);
    assert_eq!(Status::from_value(1), Status::Invalid);
    assert_eq!(Status::from_value(2), Status::Suspended);
    for value in [3, 0x0c, 0x0d, 0x0e, 0x0f] {
        assert_eq!(Status::from_value(value), Status::ApplicationSpecific(value));
    }
    for value in [4, 0x0b, 0x10, 0xff] {
        assert_eq!(Status::from_value(value), Status::Reserved(value));
    }
    for value in 0..=u8::MAX {
        assert_eq!(Status::from_value(value).value(), value);
        assert_eq!(Status::from_value(value).is_valid(), value == 0);
    }
}

/// §4.1 and TS-7: whole bytes, values that fit.
#[test]
fn shape() {
    for (bits, size) in [
        (StatusBits::One, 0),
        (StatusBits::One, 7),
        (StatusBits::Two, 6),
        (StatusBits::Four, 1),
    ] {
        assert_eq!(
            StatusList::new(bits, size),
            Err(StatusError::Shape),
            "{bits:?} {size}"
        );
    }
    assert_eq!(
        StatusList::new(StatusBits::Eight, MAX_LIST_BYTES + 1),
        Err(StatusError::TooLarge)
    );
    let mut list = StatusList::new(StatusBits::One, 8).unwrap();
    assert_eq!(list.set(0, Status::Suspended), Err(StatusError::Value));
    assert_eq!(list.set(8, Status::Invalid), Err(StatusError::OutOfRange));
    list.set(7, Status::Invalid).unwrap();
    assert_eq!(list.as_bytes(), [0b1000_0000]);
    list.set(7, Status::Valid).unwrap();
    assert_eq!(list.as_bytes(), [0]);
}

/// TS-9: a small stream that unpacks to more than the limit is refused before it is unpacked; nothing may follow.
#[test]
fn bounded_decompression() {
    let zeros = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; MAX_LIST_BYTES + 1], 9);
    assert!(zeros.len() < 32 << 10);
    assert_eq!(
        StatusList::from_zlib(StatusBits::One, &zeros),
        Err(StatusError::TooLarge)
    );
    let fits = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; MAX_LIST_BYTES], 9);
    assert_eq!(
        StatusList::from_zlib(StatusBits::One, &fits).unwrap().size(),
        8 * MAX_LIST_BYTES
    );
    assert_eq!(inflate_zlib(&fits, 1000), Err(StatusError::TooLarge));

    let mut trailing = list().to_zlib();
    trailing.push(0);
    assert_eq!(
        StatusList::from_zlib(StatusBits::Two, &trailing),
        Err(StatusError::Compression)
    );
    let mut checksum = list().to_zlib();
    *checksum.last_mut().unwrap() ^= 1;
    assert_eq!(
        StatusList::from_zlib(StatusBits::Two, &checksum),
        Err(StatusError::Compression)
    );
    let cut = &list().to_zlib()[..5];
    assert_eq!(
        StatusList::from_zlib(StatusBits::Two, cut),
        Err(StatusError::Compression)
    );
    // Raw DEFLATE without the zlib header (§4.1 wants the header).
    let raw = miniz_oxide::deflate::compress_to_vec(list().as_bytes(), 9);
    assert!(StatusList::from_zlib(StatusBits::Two, &raw).is_err());
    // Nothing at all.
    let nothing = miniz_oxide::deflate::compress_to_vec_zlib(&[], 9);
    assert_eq!(
        StatusList::from_zlib(StatusBits::Two, &nothing),
        Err(StatusError::Shape)
    );
}

/// The COSE layer below: what is not exactly one tagged COSE_Sign1 is refused.
#[test]
fn cose_objects() {
    use ciborium::Value as Cbor;
    let parse = |value: Cbor| cose::UnverifiedSign1::parse(&cose::write(&value).unwrap()).map(|_| ());
    let protected = |entries: Vec<(Cbor, Cbor)>| Cbor::Bytes(cose::write(&Cbor::Map(entries)).unwrap());
    let es256 = || protected(vec![(1.into(), (-7).into())]);
    let object = |tag, protected: Cbor, unprotected: Cbor| {
        let parts = vec![
            protected,
            unprotected,
            Cbor::Bytes(vec![1]),
            Cbor::Bytes(vec![0; 64]),
        ];
        Cbor::Tag(tag, Box::new(Cbor::Array(parts)))
    };
    let empty = || Cbor::Map(Vec::new());
    assert_eq!(parse(object(18, es256(), empty())), Ok(()));
    assert_eq!(parse(object(17, es256(), empty())), Err(CoseError::Malformed));
    assert_eq!(parse(object(18, es256(), Cbor::Null)), Err(CoseError::Malformed));
    assert_eq!(
        parse(object(18, Cbor::Bytes(Vec::new()), empty())),
        Err(CoseError::Algorithm)
    );
    // Only in the unprotected header, HMAC, RSA.
    let unprotected = Cbor::Map(vec![(1.into(), (-7).into())]);
    assert_eq!(
        parse(object(18, Cbor::Bytes(Vec::new()), unprotected)),
        Err(CoseError::Algorithm)
    );
    for alg in [5, -37, 0] {
        let header = protected(vec![(1.into(), alg.into())]);
        assert_eq!(parse(object(18, header, empty())), Err(CoseError::Algorithm));
    }
    let critical = protected(vec![
        (1.into(), (-7).into()),
        (2.into(), Cbor::Array(vec![9.into()])),
    ]);
    assert_eq!(parse(object(18, critical, empty())), Err(CoseError::Critical));
    let twice = protected(vec![(1.into(), (-7).into()), (1.into(), (-7).into())]);
    assert_eq!(parse(object(18, twice, empty())), Err(CoseError::Malformed));
    let mut deep = Cbor::Null;
    for _ in 0..40 {
        deep = Cbor::Array(vec![deep]);
    }
    let header = Cbor::Map(vec![(99.into(), deep)]);
    assert_eq!(parse(object(18, es256(), header)), Err(CoseError::Malformed));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is set is read, in memory and through both forms.
    #[test]
    fn set_and_get(
        bits in prop::sample::select(vec![StatusBits::One, StatusBits::Two, StatusBits::Four, StatusBits::Eight]),
        entries in prop::collection::btree_map(0u64..4096, any::<u8>(), 0..50),
    ) {
        let mask = u8::MAX >> (8 - bits.number());
        let mut list = StatusList::new(bits, 4096).unwrap();
        for (index, value) in &entries {
            list.set(*index, Status::from_value(value & mask)).unwrap();
        }
        let lst = StatusList::from_lst(bits, &list.to_lst()).unwrap();
        let cbor = StatusList::from_cbor(&list.to_cbor().unwrap()).unwrap();
        prop_assert_eq!(&lst, &list);
        prop_assert_eq!(&cbor, &list);
        for index in 0..4096 {
            let expected = entries.get(&index).map_or(0, |value| value & mask);
            prop_assert_eq!(lst.get(index).unwrap().value(), expected);
        }
    }

    /// Bytes from the network never make the readers panic.
    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = UnverifiedStatusListToken::parse_cwt(&bytes);
        let _ = StatusList::from_cbor(&bytes);
        let _ = StatusList::from_zlib(StatusBits::One, &bytes);
    }
}

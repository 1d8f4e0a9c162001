//! The test vectors of Token Status List.

use assent_core::crypto::{PublicKey, RustCrypto};
use assent_core::encoding::base64url;
use assent_core::env::Timestamp;
use assent_core::status::{
    Status, StatusBits, StatusError, StatusList, StatusReference, UnverifiedStatusListToken,
};
use serde_json::{Value, json};

use crate::common;

const NOW: Timestamp = Timestamp(1_700_000_000);

fn vectors() -> Value {
    common::json("token-status-list/status-list-vectors.json")
}

/// The published key of the specification's examples, kid "12".
fn signer() -> PublicKey {
    common::public_key(&json!({
        "kty": "EC", "crv": "P-256",
        "x": "I3HWm_0Ds1dPMI-IWmf4mBmH-YaeAVbPVu7vB27CxXo", "y": "6N_d5Elj9bs1htgV3okJKIdbHEpkgTmAluYKJemzn1M",
    }))
}

fn bits(case: &Value) -> StatusBits {
    StatusBits::from_number(case["bits"].as_u64().unwrap()).unwrap()
}

/// Lists of 1, 2, 4 and 8 bits with 2^20 entries, JSON and CBOR form: every single entry.
#[test]
fn big_lists() {
    let vectors = vectors();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let entries = case["entries"].as_u64().unwrap();
        let from_json = StatusList::from_lst(bits(case), case["json"]["lst"].as_str().unwrap()).unwrap();
        let from_cbor = StatusList::from_cbor(&common::hex(case["cbor_hex"].as_str().unwrap())).unwrap();
        assert_eq!(from_json, from_cbor);
        assert_eq!(from_json.size() as u64, entries);
        let nonzero = case["nonzero"].as_object().unwrap();
        let mut found = 0;
        for index in 0..entries {
            let value = u64::from(from_json.get(index).unwrap().value());
            if value != 0 {
                found += 1;
                assert_eq!(
                    Some(value),
                    nonzero.get(&index.to_string()).and_then(Value::as_u64),
                    "{index}"
                );
            }
        }
        // The 8-bit list also names an entry with value 0.
        assert_eq!(found, nonzero.values().filter(|value| **value != 0).count());
        assert_eq!(from_json.get(entries), Err(StatusError::OutOfRange));

        // Our own list, made from the indexes, holds the same bytes and survives both forms.
        let mut own = StatusList::new(bits(case), usize::try_from(entries).unwrap()).unwrap();
        for (index, value) in nonzero {
            let status = Status::from_value(u8::try_from(value.as_u64().unwrap()).unwrap());
            own.set(index.parse().unwrap(), status).unwrap();
        }
        assert_eq!(own, from_json);
        assert_eq!(StatusList::from_lst(bits(case), &own.to_lst()).unwrap(), own);
        assert_eq!(StatusList::from_cbor(&own.to_cbor().unwrap()).unwrap(), own);
    }
}

/// The two small lists of §4.
#[test]
fn small_lists() {
    for case in vectors()["small"].as_array().unwrap() {
        let list = StatusList::from_lst(bits(case), case["lst"].as_str().unwrap()).unwrap();
        assert_eq!(list.as_bytes(), common::hex(case["bytes_hex"].as_str().unwrap()));
        let zlib = common::hex(case["zlib_hex"].as_str().unwrap());
        assert_eq!(StatusList::from_zlib(bits(case), &zlib).unwrap(), list);
    }
}

/// The JWT example of §5.1.
#[test]
fn jwt_token() {
    let raw: String = common::text("token-status-list/examples/status_list_jwt_raw.txt")
        .split_whitespace()
        .collect();
    let token = UnverifiedStatusListToken::parse("application/statuslist+jwt", raw.as_bytes()).unwrap();
    let list = token.verify(&signer(), &RustCrypto).unwrap();
    check_example(&list);

    // A changed payload.
    let mut parts: Vec<&str> = raw.split('.').collect();
    let changed = String::from_utf8(base64url::decode(parts[1]).unwrap()).unwrap();
    let changed = base64url::encode(changed.replace("43200", "43201").as_bytes());
    parts[1] = &changed;
    let token = UnverifiedStatusListToken::parse_jwt(&parts.join(".")).unwrap();
    assert!(matches!(
        token.verify(&signer(), &RustCrypto),
        Err(StatusError::Jws(_))
    ));
}

/// The CWT example of §5.2.
#[test]
fn cwt_token() {
    let vectors = vectors();
    let raw = common::hex(vectors["status_list_token_cwt_hex"].as_str().unwrap());
    let token = UnverifiedStatusListToken::parse("application/statuslist+cwt; q=1", &raw).unwrap();
    check_example(&token.verify(&signer(), &RustCrypto).unwrap());

    // A wrong signature; a CWT tag around it; bytes after it; another type.
    let mut changed = raw.clone();
    *changed.last_mut().unwrap() ^= 1;
    let token = UnverifiedStatusListToken::parse_cwt(&changed).unwrap();
    assert!(matches!(
        token.verify(&signer(), &RustCrypto),
        Err(StatusError::Cose(_))
    ));
    let tagged = [&[0xd8, 61], raw.as_slice()].concat();
    assert!(UnverifiedStatusListToken::parse_cwt(&tagged).is_err());
    let longer = [raw.as_slice(), &[0]].concat();
    assert!(UnverifiedStatusListToken::parse_cwt(&longer).is_err());
    let referenced = common::hex(vectors["referenced_token_cwt_hex"].as_str().unwrap());
    assert!(matches!(
        UnverifiedStatusListToken::parse_cwt(&referenced),
        Err(StatusError::Type)
    ));
}

fn check_example(list: &assent_core::status::VerifiedStatusList) {
    let at = |idx| {
        let uri = "https://example.com/statuslists/1".to_owned();
        list.status(&StatusReference { idx, uri }, NOW)
    };
    let expected = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];
    for (idx, value) in (0..).zip(expected) {
        assert_eq!(at(idx), Ok(Status::from_value(value)), "{idx}");
    }
    assert_eq!(at(16), Err(StatusError::OutOfRange));
    assert_eq!(list.fresh_until(NOW), NOW.plus(43200));
    let late = StatusReference {
        idx: 1,
        uri: list.subject().to_owned(),
    };
    assert_eq!(
        list.status(&late, Timestamp(2_291_720_230)),
        Err(StatusError::Expired)
    );
    let elsewhere = StatusReference {
        idx: 1,
        uri: "https://example.com/statuslists/1/".to_owned(),
    };
    assert_eq!(list.status(&elsewhere, NOW), Err(StatusError::WrongSubject));
}

//! Everything RFC 9901 §7.1 and the profile say must be refused. Each case differs from an accepted one in one
//! thing.

use serde_json::json;

use super::super::{MAX_DISCLOSURES, MAX_SD_JWT};
use super::*;
use crate::encoding::jws::JwsError;

#[test]
fn accepted_baseline() {
    let (disclosure, digest) = member("a", json!(1));
    assert!(processed(json!({ "_sd": [digest] }), &[&disclosure]).is_ok());
}

/// Step 5.
#[test]
fn unreferenced_disclosure() {
    let (used, digest) = member("a", json!(1));
    let (unused, _) = member("role", json!("admin"));
    assert_eq!(
        processed(json!({ "_sd": [digest] }), &[&used, &unused]),
        Err(SdJwtError::UnreferencedDisclosure)
    );
    // The child of a parent that was not sent.
    let (child, child_digest) = member("street", json!("x"));
    let (_, parent_digest) = member("address", json!({ "_sd": [child_digest] }));
    assert_eq!(
        processed(json!({ "_sd": [parent_digest] }), &[&child]),
        Err(SdJwtError::UnreferencedDisclosure)
    );
}

#[test]
fn same_disclosure_twice() {
    let (disclosure, digest) = member("a", json!(1));
    assert_eq!(
        processed(json!({ "_sd": [digest] }), &[&disclosure, &disclosure]),
        Err(SdJwtError::DuplicateDigest)
    );
}

/// Step 4: at one level, across levels, in arrays; disclosed or not; inside disclosures.
#[test]
fn digest_twice() {
    let (disclosure, digest) = member("a", json!(1));
    let (_, other) = member("b", json!(1));
    let (nested, nested_digest) = member("n", json!({ "_sd": [other.clone()] }));
    for payload in [
        json!({ "_sd": [digest, digest, nested_digest] }),
        json!({ "_sd": [digest, nested_digest], "x": { "_sd": [digest] } }),
        json!({ "_sd": [digest, nested_digest], "x": { "y": { "_sd": [other] } } }),
        json!({ "_sd": [digest, nested_digest], "x": [{ "...": other }] }),
        json!({ "_sd": [digest, nested_digest], "x": [{ "...": "d" }, { "...": "d" }] }),
        json!({ "_sd": [digest, nested_digest, "d"], "x": [[{ "...": "d" }]] }),
    ] {
        assert_eq!(
            processed(payload.clone(), &[&disclosure, &nested]),
            Err(SdJwtError::DuplicateDigest),
            "{payload}"
        );
    }
    // With none disclosed.
    assert_eq!(
        processed(json!({ "_sd": ["d", "d"] }), &[]),
        Err(SdJwtError::DuplicateDigest)
    );
}

/// Step 3.c.ii.2, and the names where they mean nothing.
#[test]
fn reserved_names() {
    for name in ["_sd", "...", "_sd_alg"] {
        for value in [json!("x"), json!([]), json!(["d"])] {
            let (disclosure, digest) = member(name, value);
            assert_eq!(
                processed(json!({ "_sd": [digest] }), &[&disclosure]),
                Err(SdJwtError::ReservedName),
                "{name}"
            );
        }
    }
    assert_eq!(
        processed(json!({ "...": "d" }), &[]),
        Err(SdJwtError::ReservedName)
    );
    assert_eq!(
        processed(json!({ "x": { "...": "d" } }), &[]),
        Err(SdJwtError::ReservedName)
    );
    let (disclosure, digest) = member("a", json!({ "...": "d" }));
    assert_eq!(
        processed(json!({ "_sd": [digest] }), &[&disclosure]),
        Err(SdJwtError::ReservedName)
    );
}

/// Step 3.c.ii.3.
#[test]
fn claim_name_collision() {
    let (first, first_digest) = member("a", json!(1));
    let (second, second_digest) = member("a", json!(2));
    assert_eq!(
        processed(json!({ "a": 0, "_sd": [first_digest] }), &[&first]),
        Err(SdJwtError::Collision)
    );
    assert_eq!(
        processed(
            json!({ "_sd": [first_digest, second_digest] }),
            &[&first, &second]
        ),
        Err(SdJwtError::Collision)
    );
    // The same name at another level is fine.
    assert!(processed(json!({ "x": { "a": 0 }, "_sd": [first_digest] }), &[&first]).is_ok());
}

/// Steps 3.c.ii.1 and 3.c.iii.1.
#[test]
fn wrong_place() {
    let (for_object, object_digest) = member("a", json!(1));
    let (for_array, array_digest) = element(json!(1));
    assert_eq!(
        processed(json!({ "x": [{ "...": object_digest }] }), &[&for_object]),
        Err(SdJwtError::WrongPlace)
    );
    assert_eq!(
        processed(json!({ "_sd": [array_digest] }), &[&for_array]),
        Err(SdJwtError::WrongPlace)
    );
}

#[test]
fn malformed_disclosures() {
    let cases = [
        encode(json!([])),
        encode(json!(["salt"])),
        encode(json!(["salt", "a", 1, 2])),
        encode(json!([1, "a", 1])),
        encode(json!([1, "a"])),
        encode(json!(["salt", 1, 1])),
        encode(json!({ "salt": "a" })),
        encode(json!("text")),
        base64url::encode(b"[\"salt\",\"a\",1"),
        base64url::encode(b"[\"salt\",\"a\",1] "),
        base64url::encode(b"[\"salt\",\"a\",{\"x\":1,\"x\":2}]"),
        base64url::encode(b"[\"salt\",\"a\",\"\xff\"]"),
        base64url::encode(format!("[\"salt\",\"a\",{}1{}]", "[".repeat(40), "]".repeat(40)).as_bytes()),
        format!("{}=", encode(json!(["sal", "a", 1]))),
        "WyJz+/==".to_owned(),
        "WyJzYWx0IiwiYSIsMV1".to_owned(),
    ];
    for (index, disclosure) in cases.iter().enumerate() {
        let outcome = processed(json!({ "_sd": [digest(disclosure)] }), &[disclosure]);
        if index == 9 {
            // White space around is JSON.
            assert!(outcome.is_ok(), "{disclosure}");
        } else {
            assert_eq!(outcome, Err(SdJwtError::MalformedDisclosure), "case {index}");
        }
    }
}

#[test]
fn malformed_digests() {
    for payload in [
        json!({ "_sd": "d" }),
        json!({ "_sd": {} }),
        json!({ "_sd": [1] }),
        json!({ "_sd": ["d", null] }),
        json!({ "x": { "_sd": [["d"]] } }),
        json!({ "x": [{ "...": 1 }] }),
        json!({ "x": [{ "...": "d", "y": 1 }] }),
        json!({ "x": [{ "...": "d", "_sd": ["e"] }] }),
        json!({ "x": [[{ "...": ["d"] }]] }),
    ] {
        assert_eq!(
            processed(payload.clone(), &[]),
            Err(SdJwtError::MalformedDigest),
            "{payload}"
        );
    }
    let (disclosure, digest) = member("a", json!({ "_sd": "d" }));
    assert_eq!(
        processed(json!({ "_sd": [digest] }), &[&disclosure]),
        Err(SdJwtError::MalformedDigest)
    );
}

#[test]
fn hash_algorithm() {
    for payload in [
        json!({ "_sd_alg": "sha-1" }),
        json!({ "_sd_alg": "md5" }),
        json!({ "_sd_alg": "SHA-256" }),
        json!({ "_sd_alg": "" }),
        json!({ "_sd_alg": null }),
        json!({ "_sd_alg": ["sha-256"] }),
        json!({ "x": { "_sd_alg": "sha-256" } }),
        json!({ "x": [{ "_sd_alg": "sha-256" }] }),
    ] {
        assert_eq!(
            processed(payload.clone(), &[]),
            Err(SdJwtError::HashAlgorithm),
            "{payload}"
        );
    }
    let (disclosure, digest) = member("a", json!({ "_sd_alg": "sha-256" }));
    assert_eq!(
        processed(json!({ "_sd": [digest] }), &[&disclosure]),
        Err(SdJwtError::HashAlgorithm)
    );
}

/// SJ-1: the form of the text.
#[test]
fn form() {
    let text = compact(json!({ "a": 1 }), &[]);
    let jwt = text.trim_end_matches('~');
    let (disclosure, _) = member("b", json!(1));
    for wrong in [
        String::new(),
        "~".to_owned(),
        jwt.to_owned(),
        format!("{jwt}~~"),
        format!("~{jwt}~"),
        format!("{jwt}~{disclosure}"),
        format!("{jwt}~{disclosure}~~"),
        format!("{jwt}~not a jwt"),
        format!("{jwt}~a.b"),
        format!("{jwt}~{jwt}.d"),
        format!("{jwt}~ "),
    ] {
        let outcome = UnverifiedSdJwt::parse(&wrong);
        assert!(
            matches!(outcome, Err(SdJwtError::Malformed | SdJwtError::Jws(_))),
            "{wrong:?}"
        );
    }
    // Text after the KB-JWT makes another part of it, and the disclosure before it has no digest.
    assert!(verify(&format!("{jwt}~a.b.c~")).is_err());
}

/// SJ-4: `none` and HMAC never reach a key; a key has one algorithm.
#[test]
fn signature_algorithms() {
    let payload = base64url::encode(b"{}");
    for alg in ["none", "None", "HS256", "HS512", "RS256", "PS256", "ES256K", ""] {
        let header = base64url::encode(json!({ "alg": alg, "typ": "dc+sd-jwt" }).to_string().as_bytes());
        for signature in ["", "AAAA"] {
            assert_eq!(
                UnverifiedSdJwt::parse(&format!("{header}.{payload}.{signature}~")).unwrap_err(),
                SdJwtError::Jws(JwsError::Algorithm),
                "{alg}"
            );
        }
    }
    let text = compact(json!({}), &[]);
    let other = crate::crypto::PublicKey::from_ed25519(
        &base64url::decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap(),
    );
    let outcome = UnverifiedSdJwt::parse(&text)
        .unwrap()
        .verify_issuer(&other.unwrap(), &RustCrypto);
    assert_eq!(outcome.unwrap_err(), SdJwtError::Jws(JwsError::Algorithm));
    let outcome = UnverifiedSdJwt::parse(&text)
        .unwrap()
        .verify_issuer(&holder().public_key(), &RustCrypto);
    assert_eq!(outcome.unwrap_err(), SdJwtError::Jws(JwsError::Signature));
}

/// SJ-12: bounds come before hashing.
#[test]
fn bounds() {
    let many: Vec<String> = (0..=MAX_DISCLOSURES)
        .map(|at| encode(json!(["salt", format!("c{at}"), at])))
        .collect();
    let refs: Vec<&str> = many.iter().map(String::as_str).collect();
    let digests: Vec<String> = many.iter().map(|disclosure| digest(disclosure)).collect();
    let most = processed(json!({ "_sd": digests }), &refs[..MAX_DISCLOSURES]).unwrap();
    assert_eq!(most.as_object().unwrap().len(), MAX_DISCLOSURES);
    assert_eq!(
        processed(json!({ "_sd": digests }), &refs),
        Err(SdJwtError::TooManyDisclosures)
    );
    let text = compact(json!({}), &[]);
    let long = format!("{text}{}~", "A".repeat(MAX_SD_JWT));
    assert_eq!(UnverifiedSdJwt::parse(&long).unwrap_err(), SdJwtError::TooLong);
}

/// A chain of disclosures, each inside the one before, ends with the longest claims path.
#[test]
fn depth() {
    let chain = |length: usize| {
        let mut disclosures = Vec::new();
        let mut inner = json!({});
        for at in 0..length {
            let (disclosure, digest) = member(&format!("c{at}"), inner);
            disclosures.push(disclosure);
            inner = json!({ "_sd": [digest] });
        }
        let refs: Vec<&str> = disclosures.iter().map(String::as_str).collect();
        processed(inner, &refs)
    };
    assert!(chain(crate::claims::MAX_PATH).is_ok());
    assert_eq!(chain(crate::claims::MAX_PATH + 1), Err(SdJwtError::TooDeep));
}

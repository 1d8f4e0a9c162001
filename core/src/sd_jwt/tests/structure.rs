//! What processing must accept, and what it makes of it (RFC 9901 §4.2, §7.1).

use serde_json::json;

use super::*;

#[test]
fn nested_and_array_disclosures() {
    let (street, street_digest) = member("street", json!("Main Street 1"));
    let (address, address_digest) = member("address", json!({ "_sd": [street_digest], "country": "NL" }));
    let (dutch, dutch_digest) = element(json!("NL"));
    let payload = json!({
        "_sd": [address_digest, digest("a decoy")],
        "nationalities": ["BE", { "...": dutch_digest }, { "...": digest("another decoy") }],
    });

    let nothing = processed(payload.clone(), &[]).unwrap();
    assert_eq!(nothing, json!({ "nationalities": ["BE"] }));
    let parent = processed(payload.clone(), &[&address]).unwrap();
    assert_eq!(parent["address"], json!({ "country": "NL" }));
    // Order of disclosures does not matter: a child may come before its parent.
    let all = processed(payload.clone(), &[&dutch, &street, &address]).unwrap();
    assert_eq!(
        all,
        json!({
            "address": { "country": "NL", "street": "Main Street 1" },
            "nationalities": ["BE", "NL"],
        })
    );
    let verified = verify(&compact(payload, &[&dutch, &street, &address])).unwrap();
    let places: Vec<_> = verified.disclosed().map(ClaimsPath::to_json).collect();
    assert_eq!(
        places,
        [
            json!(["nationalities", 1]),
            json!(["address", "street"]),
            json!(["address"])
        ]
    );
}

/// §7.1 step 3.e: an object or array with everything concealed is empty, and no digest is left anywhere.
#[test]
fn concealed_containers_are_empty() {
    let payload = json!({
        "address": { "_sd": [digest("one"), digest("two")] },
        "degrees": [{ "...": digest("three") }, { "_sd": [digest("four")], "type": "BSc" }],
        "empty": { "_sd": [] },
    });
    assert_eq!(
        processed(payload, &[]).unwrap(),
        json!({ "address": {}, "degrees": [{ "type": "BSc" }], "empty": {} })
    );
}

/// §4.2.3: the digest is over the text as it came, whatever its white space and escapes.
#[test]
fn digest_is_over_the_received_text() {
    for text in [
        r#"["6qMQvRL5haj","family_name","Möbius"]"#,
        r#"[ "6qMQvRL5haj", "family_name", "M\u00f6bius" ]"#,
        "[\"6qMQvRL5haj\",\n\t\"family_name\", \"Möbius\"]",
    ] {
        let disclosure = base64url::encode(text.as_bytes());
        let payload = json!({ "_sd": [digest(&disclosure)] });
        assert_eq!(
            processed(payload, &[&disclosure]).unwrap(),
            json!({ "family_name": "Möbius" })
        );
    }
}

/// The value RFC 9901 §4.2.3 gives.
#[test]
fn digest_example() {
    assert_eq!(
        digest("WyI2cU1RdlJMNWhhaiIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"),
        "uutlBuYeMDyjLLTpf6Jxi7yNkEF35jdyWMn9U7b_RYY"
    );
}

#[test]
fn hash_algorithms() {
    let (disclosure, _) = member("a", json!(1));
    for alg in [SdAlg::Sha256, SdAlg::Sha384, SdAlg::Sha512] {
        let payload = json!({ "_sd_alg": alg.name(), "_sd": [alg.digest(&disclosure)] });
        assert_eq!(
            processed(payload, &[&disclosure]).unwrap(),
            json!({ "a": 1 }),
            "{alg:?}"
        );
        assert_eq!(SdAlg::from_name(alg.name()), Some(alg));
        // A digest of another function matches nothing.
        let other = if alg == SdAlg::Sha256 {
            SdAlg::Sha512
        } else {
            SdAlg::Sha256
        };
        let payload = json!({ "_sd_alg": alg.name(), "_sd": [other.digest(&disclosure)] });
        assert_eq!(
            processed(payload, &[&disclosure]),
            Err(SdJwtError::UnreferencedDisclosure)
        );
    }
    // §4.1.1: absent means sha-256.
    let payload = json!({ "_sd": [digest(&disclosure)] });
    assert_eq!(processed(payload, &[&disclosure]).unwrap(), json!({ "a": 1 }));
}

/// Values of every JSON type survive, and numbers keep their kind.
#[test]
fn values_of_every_type() {
    let value = json!([null, true, 1, -1, 1.5, "x", { "k": [] }]);
    let (disclosure, digest) = member("v", value.clone());
    let claims = processed(json!({ "_sd": [digest] }), &[&disclosure]).unwrap();
    assert_eq!(claims["v"].to_string(), value.to_string());
}

/// The JSON serialisations of §8 against the compact form, and their own rules.
#[test]
fn json_serialisation() {
    let (shown, shown_digest) = member("a", json!(1));
    let text = compact(json!({ "_sd": [shown_digest] }), &[&shown]);
    let jwt: Vec<&str> = text.split('~').next().unwrap().split('.').collect();
    let flattened = json!({
        "protected": jwt[0], "payload": jwt[1], "signature": jwt[2],
        "header": { "disclosures": [shown], "kid": "1" },
    });
    let general = json!({
        "payload": jwt[1],
        "signatures": [
            { "protected": jwt[0], "signature": jwt[2], "header": { "disclosures": [shown] } },
            { "protected": jwt[0], "signature": jwt[2] },
        ],
    });
    let read = |value: &Value| {
        UnverifiedSdJwt::parse_json(value)?.verify_issuer(&issuer().public_key(), &RustCrypto)
    };
    for form in [&flattened, &general] {
        assert_eq!(
            read(form).unwrap().claims(),
            verify(&text).unwrap().claims(),
            "{form}"
        );
    }
    let refused = |change: &dyn Fn(&mut Value), from: &Value| {
        let mut value = from.clone();
        change(&mut value);
        assert_eq!(read(&value).unwrap_err(), SdJwtError::Malformed, "{value}");
    };
    refused(&|v| v["signatures"] = json!([]), &general);
    refused(
        &|v| v["signatures"][1]["header"] = json!({ "disclosures": [] }),
        &general,
    );
    refused(
        &|v| v["signatures"][1]["header"] = json!({ "kb_jwt": "a.b.c" }),
        &general,
    );
    refused(&|v| v["signature"] = json!("x"), &general);
    refused(&|v| v["header"]["disclosures"] = json!("x"), &flattened);
    refused(&|v| v["header"]["disclosures"] = json!(["a~b"]), &flattened);
    refused(&|v| v["header"]["disclosures"] = json!([1]), &flattened);
    refused(&|v| v["header"]["kb_jwt"] = json!("a.b"), &flattened);
    refused(&|v| v["header"]["kb_jwt"] = json!("a.b~.c"), &flattened);
    refused(&|v| v["payload"] = json!("a.b"), &flattened);
    refused(&|v| v["header"]["typ"] = json!("dc+sd-jwt"), &flattened);
    refused(&|v| *v = json!("text"), &flattened);
}

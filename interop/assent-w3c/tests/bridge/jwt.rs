//! W3C credentials as JWT through the bridge process.

use crate::common::{Bridge, Issuer, code};
use serde_json::{Value, json};

fn vc_1_1(issuer: &Issuer) -> Value {
    json!({
        "iss": issuer.did,
        "sub": "did:example:reader",
        "nbf": 1_767_225_600,
        "exp": 1_798_761_600,
        "vc": {
            "@context": ["https://www.w3.org/2018/credentials/v1"],
            "type": ["VerifiableCredential", "LibraryCard"],
            "credentialSubject": { "number": "NL-0042" }
        }
    })
}

#[test]
fn accepts_both_data_models_and_both_curves() {
    let mut bridge = Bridge::start(&[]);
    for issuer in [Issuer::p256(), Issuer::ed25519()] {
        let old = issuer.jwt(json!({ "kid": issuer.key_id, "typ": "JWT" }), &vc_1_1(&issuer));
        let verdict = bridge.verdict(json!(old));
        assert_eq!(code(&verdict), "ok", "{verdict}");
        assert_eq!(verdict["format"], "jwt_vc_json");
        assert_eq!(verdict["issuer"], issuer.did.as_str());
        assert_eq!(
            verdict["subject"],
            json!([{ "number": "NL-0042", "id": "did:example:reader" }])
        );
        assert_eq!(verdict["types"], json!(["VerifiableCredential", "LibraryCard"]));

        let new = issuer.jwt(
            json!({ "kid": issuer.key_id, "typ": "vc+jwt" }),
            &issuer.credential(),
        );
        let verdict = bridge.verdict(json!(new));
        assert_eq!(code(&verdict), "ok", "{verdict}");
        assert_eq!(verdict["format"], "vc+jwt");
        assert_eq!(verdict["subject"][0]["number"], "NL-0042");
        assert_eq!(verdict["valid_until"], "2027-01-01T00:00:00Z");

        // A did:key has one assertion key: the header may leave it out, or name it relative to the issuer.
        let fragment = issuer.key_id.split_once('#').unwrap().1;
        for header in [json!({}), json!({ "kid": format!("#{fragment}") })] {
            let verdict = bridge.verdict(json!(issuer.jwt(header, &issuer.credential())));
            assert_eq!(code(&verdict), "ok", "{verdict}");
        }
    }
}

#[test]
fn refuses_what_was_changed() {
    let mut bridge = Bridge::start(&[]);
    let (issuer, other) = (Issuer::p256(), Issuer::p256());
    let header = json!({ "kid": issuer.key_id });
    let good = issuer.jwt(header.clone(), &issuer.credential());
    let mut parts: Vec<&str> = good.split('.').collect();

    let mut forged = issuer.credential();
    forged["credentialSubject"]["number"] = json!("NL-0001");
    let forged = other.jwt(header.clone(), &forged);
    parts[1] = forged.split('.').nth(1).unwrap();
    let spliced = parts.join(".");

    // Signed by another key under the issuer's key id; payload of one under the signature of another.
    assert_eq!(code(&bridge.verdict(json!(forged))), "w3c-signature");
    assert_eq!(code(&bridge.verdict(json!(spliced))), "w3c-signature");

    // Honestly signed, but with a key of somebody else.
    let theirs = other.jwt(json!({ "kid": other.key_id }), &issuer.credential());
    assert_eq!(code(&bridge.verdict(json!(theirs))), "w3c-issuer-mismatch");

    let mut two_issuers = vc_1_1(&issuer);
    two_issuers["vc"]["issuer"] = json!(other.did);
    for header in [json!({ "kid": issuer.key_id }), json!({ "kid": other.key_id })] {
        let verdict = bridge.verdict(json!(issuer.jwt(header, &two_issuers)));
        assert_eq!(code(&verdict), "w3c-issuer-mismatch");
    }
    let mut two_subjects = vc_1_1(&issuer);
    two_subjects["vc"]["credentialSubject"]["id"] = json!("did:example:somebody-else");
    assert_eq!(
        code(&bridge.verdict(json!(issuer.jwt(header, &two_subjects)))),
        "w3c-malformed"
    );
}

#[test]
fn refuses_other_algorithms_periods_and_shapes() {
    let mut bridge = Bridge::start(&[]);
    let issuer = Issuer::p256();
    let header = json!({ "kid": issuer.key_id });
    let signed = |payload: &Value| json!(issuer.jwt(header.clone(), payload));

    let b64 = assent_core::encoding::base64url::encode;
    let payload = b64(issuer.credential().to_string().as_bytes());
    for alg in ["none", "HS256", "ES256K", "RS256"] {
        let header = b64(json!({ "alg": alg, "kid": issuer.key_id }).to_string().as_bytes());
        let verdict = bridge.verdict(json!(format!("{header}.{payload}.AAAA")));
        assert_eq!(code(&verdict), "w3c-algorithm", "{alg}");
    }
    // The key is on P-256; a header that claims EdDSA does not change that.
    let header_text = b64(json!({ "alg": "EdDSA", "kid": issuer.key_id })
        .to_string()
        .as_bytes());
    let verdict = bridge.verdict(json!(format!("{header_text}.{payload}.AAAA")));
    assert_eq!(code(&verdict), "w3c-algorithm");

    for (member, value, expected) in [
        ("validUntil", json!("2026-11-20T11:58:00Z"), "w3c-expired"),
        ("validFrom", json!("2026-11-20T12:02:00Z"), "w3c-not-yet-valid"),
        ("validUntil", json!("tomorrow"), "w3c-malformed"),
        ("exp", json!(crate::common::NOW - 61), "w3c-expired"),
        ("nbf", json!(crate::common::NOW + 61), "w3c-not-yet-valid"),
        ("exp", json!("soon"), "w3c-malformed"),
        ("type", json!(["LibraryCard"]), "w3c-malformed"),
        ("credentialSubject", json!("NL-0042"), "w3c-malformed"),
        ("issuer", Value::Null, "w3c-malformed"),
        ("issuer", json!("https://issuer.example"), "w3c-issuer-key"),
        (
            "issuer",
            json!("did:ion:EiClkZMDxPKqC9c-umQfTkR8"),
            "w3c-issuer-mismatch",
        ),
    ] {
        let mut credential = issuer.credential();
        credential[member] = value;
        assert_eq!(code(&bridge.verdict(signed(&credential))), expected, "{member}");
    }
    for junk in [
        json!(""),
        json!("a.b.c"),
        json!("a~b"),
        json!([]),
        json!(7),
        json!({}),
    ] {
        assert_eq!(code(&bridge.verdict(junk)), "w3c-malformed");
    }
}

#[test]
fn says_that_a_status_was_not_looked_up() {
    let mut bridge = Bridge::start(&[]);
    let issuer = Issuer::p256();
    let mut credential = issuer.credential();
    credential["credentialStatus"] = json!({ "type": "BitstringStatusListEntry" });
    let verdict = bridge.verdict(json!(issuer.jwt(json!({ "kid": issuer.key_id }), &credential)));
    assert_eq!(verdict["warnings"][0]["code"], "w3c-status-unchecked");
    assert_eq!(verdict["status"]["type"], "BitstringStatusListEntry");
}

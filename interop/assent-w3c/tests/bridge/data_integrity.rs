//! W3C credentials with a Data Integrity proof through the bridge process.

use crate::common::{Bridge, Issuer, code};
use serde_json::{Value, json};
use ssi::claims::data_integrity::AnySuite;
use ssi::verification_methods::ProofPurpose;

fn proven() -> (Issuer, Value) {
    let issuer = Issuer::p256();
    let credential = issuer.prove(AnySuite::EcdsaRdfc2019, issuer.credential());
    (issuer, credential)
}

#[test]
fn accepts_the_suites_on_the_list() {
    let mut bridge = Bridge::start(&[]);
    let (p256, ed25519) = (Issuer::p256(), Issuer::ed25519());
    for (issuer, suite, name) in [
        (&p256, AnySuite::EcdsaRdfc2019, "ecdsa-rdfc-2019"),
        (&ed25519, AnySuite::EdDsaRdfc2022, "eddsa-rdfc-2022"),
        (&ed25519, AnySuite::Ed25519Signature2020, "Ed25519Signature2020"),
    ] {
        let verdict = bridge.verdict(issuer.prove(suite, issuer.credential()));
        assert_eq!(code(&verdict), "ok", "{name}: {verdict}");
        assert_eq!(verdict["format"], "data_integrity");
        assert_eq!(verdict["suite"], name);
        assert_eq!(verdict["issuer"], issuer.did.as_str());
        assert_eq!(verdict["subject"][0]["number"], "NL-0042");
    }
}

#[test]
fn refuses_what_the_proof_does_not_cover() {
    let mut bridge = Bridge::start(&[]);
    let (_, good) = proven();
    assert_eq!(code(&bridge.verdict(good.clone())), "ok");

    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        ("w3c-signature", |c| {
            c["credentialSubject"]["number"] = json!("NL-0001")
        }),
        ("w3c-signature", |c| {
            c["validUntil"] = json!("2099-01-01T00:00:00Z")
        }),
        ("w3c-signature", |c| {
            c["proof"]["created"] = json!("2026-01-01T00:00:00Z")
        }),
        // A term without a definition would be dropped before signing, so anybody could add it.
        ("w3c-undefined-term", |c| {
            c["credentialSubject"]["librarian"] = json!(true)
        }),
        ("w3c-context", |c| {
            c["@context"][1] = json!("https://example.org/unknown/v1")
        }),
        ("w3c-malformed", |c| c["proof"] = json!([c["proof"], c["proof"]])),
    ];
    for (expected, change) in changes {
        let mut credential = good.clone();
        change(&mut credential);
        let verdict = bridge.verdict(credential);
        assert_eq!(code(&verdict), expected, "{verdict}");
    }
}

#[test]
fn refuses_a_proof_by_somebody_else_or_for_something_else() {
    let mut bridge = Bridge::start(&[]);
    let (issuer, other) = (Issuer::p256(), Issuer::p256());
    // ssi verifies this proof: it is right, but it is not the issuer's.
    let theirs = other.prove(AnySuite::EcdsaRdfc2019, issuer.credential());
    assert_eq!(code(&bridge.verdict(theirs)), "w3c-issuer-mismatch");

    let login = issuer.prove_with(AnySuite::EcdsaRdfc2019, issuer.credential(), |mut options| {
        options.proof_purpose = ProofPurpose::Authentication;
        options
    });
    assert_eq!(code(&bridge.verdict(login)), "w3c-proof-purpose");

    // Suites that are not on the list stop before anything is processed.
    let (_, good) = proven();
    for (member, value) in [
        ("cryptosuite", json!("ecdsa-sd-2023")),
        ("cryptosuite", json!("ecdsa-jcs-2019")),
        ("cryptosuite", Value::Null),
        ("type", json!("JsonWebSignature2020")),
    ] {
        let mut credential = good.clone();
        credential["proof"][member] = value;
        assert_eq!(code(&bridge.verdict(credential)), "w3c-algorithm", "{member}");
    }
}

#[test]
fn refuses_outside_the_period() {
    let mut bridge = Bridge::start(&[]);
    let issuer = Issuer::p256();
    let mut credential = issuer.credential();
    credential["validUntil"] = json!("2026-11-20T11:00:00Z");
    let verdict = bridge.verdict(issuer.prove(AnySuite::EcdsaRdfc2019, credential));
    assert_eq!(code(&verdict), "w3c-expired", "{verdict}");
    let mut credential = issuer.credential();
    credential["validFrom"] = json!("2026-11-20T13:00:00Z");
    let verdict = bridge.verdict(issuer.prove(AnySuite::EcdsaRdfc2019, credential));
    assert_eq!(code(&verdict), "w3c-not-yet-valid", "{verdict}");
}

use serde_json::json;

use super::*;
use crate::crypto::{Signer as _, SoftwareKey};

fn a_key() -> PublicKey {
    SoftwareKey::from_bytes(&[7; 32]).unwrap().public_key()
}

#[test]
fn did_jwk_contains_its_key() {
    let did = Did::from_key(&a_key());
    let did = Did::parse(did.as_str()).unwrap();
    assert_eq!(did.document_url(&Profile::BASELINE), Ok(None));
    assert_eq!(did.key(&format!("{}#0", did.as_str()), None).unwrap(), a_key());
    assert_eq!(did.key("#0", None).unwrap(), a_key());
    for kid in ["", "0", "#", "#1", "did:jwk:abc#0", did.as_str()] {
        assert_eq!(did.key(kid, None), Err(DidError::NoSuchKey), "{kid}");
    }
}

/// The published example of the did:key method for P-256 (W3C CCG did:key, test vectors).
#[test]
fn did_key_p256() {
    let id = "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv";
    let did = Did::parse(&format!("did:key:{id}")).unwrap();
    let key = did.key(&format!("did:key:{id}#{id}"), None).unwrap();
    assert!(matches!(key, PublicKey::P256(_)));
    assert_eq!(did.key("#0", None), Err(DidError::NoSuchKey));
    let changed = Did::parse("did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpw").unwrap();
    assert_ne!(
        changed.key("#zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpw", None),
        Ok(key)
    );
}

#[test]
fn did_web_addresses() {
    let url = |did: &str, profile: &Profile| {
        let url = Did::parse(did).and_then(|did| did.document_url(profile));
        url.map(|url| url.unwrap().to_string())
    };
    let plain = Profile::BASELINE;
    assert_eq!(
        url("did:web:a.example", &plain).unwrap(),
        "https://a.example/.well-known/did.json"
    );
    assert_eq!(
        url("did:web:a.example%3A8443:u:b", &plain).unwrap(),
        "https://a.example:8443/u/b/did.json"
    );
    assert_eq!(
        url("did:web:localhost%3A1", &plain.sandbox()).unwrap(),
        "http://localhost:1/.well-known/did.json"
    );
    assert_eq!(
        url("did:web:a.example", &plain.sandbox()).unwrap(),
        "https://a.example/.well-known/did.json"
    );
    for bad in [
        "did:web:a.example%2Fb",
        "did:web:a.example::b",
        "did:web:a.example:..",
        "did:web:a.example:user:%2e%2e",
        "did:web:a.example:user:.%2E:b",
        "did:web:a.example:%2e:b",
        "did:web:a..b",
    ] {
        assert_eq!(url(bad, &plain), Err(DidError::Malformed), "{bad}");
    }
}

#[test]
fn did_web_documents() {
    let did = Did::parse("did:web:a.example").unwrap();
    let document = |id: &str, controller: &str| {
        let document = json!({ "id": id, "verificationMethod": [
            { "id": "did:web:a.example#k1", "controller": controller, "publicKeyJwk": a_key().to_jwk() },
        ] });
        document.as_object().unwrap().clone()
    };
    let right = document("did:web:a.example", "did:web:a.example");
    assert_eq!(did.key("did:web:a.example#k1", Some(&right)).unwrap(), a_key());
    assert_eq!(did.key("#k2", Some(&right)), Err(DidError::NoSuchKey));
    assert_eq!(did.key("#k1", None), Err(DidError::Document));
    let foreign = document("did:web:b.example", "did:web:a.example");
    assert_eq!(did.key("#k1", Some(&foreign)), Err(DidError::Document));
    let other = document("did:web:a.example", "did:web:b.example");
    assert_eq!(did.key("#k1", Some(&other)), Err(DidError::Document));
}

#[test]
fn did_web_that_we_write() {
    let profile = Profile::BASELINE.sandbox();
    for (origin, path, text, at) in [
        (
            "https://a.example",
            vec![],
            "did:web:a.example",
            "https://a.example/.well-known/did.json",
        ),
        (
            "https://A.example:8443",
            vec!["services", "library"],
            "did:web:a.example%3A8443:services:library",
            "https://a.example:8443/services/library/did.json",
        ),
        (
            "http://localhost:8470",
            vec!["services", "library"],
            "did:web:localhost%3A8470:services:library",
            "http://localhost:8470/services/library/did.json",
        ),
    ] {
        let did = Did::web(&Endpoint::parse(origin, &profile).unwrap(), &path).unwrap();
        assert_eq!(did.as_str(), text);
        assert_eq!(did.document_url(&profile).unwrap().unwrap().as_str(), at);
        let document = did.document(&a_key());
        let kid = did.key_id(&a_key());
        assert_eq!(did.key(&kid, Some(&document)).unwrap(), a_key());
        let other = SoftwareKey::from_bytes(&[8; 32]).unwrap().public_key();
        assert_ne!(did.key_id(&other), kid, "a new key has a new name");
        assert_eq!(
            did.key(&did.key_id(&other), Some(&document)),
            Err(DidError::NoSuchKey)
        );
        // Relationships name the key by its whole URL (DID Core §5.3).
        assert_eq!(document["assertionMethod"], json!([kid]));
        assert_eq!(document["verificationMethod"][0]["publicKeyJwk"].get("d"), None);
    }
    let origin = Endpoint::parse("https://a.example", &profile).unwrap();
    assert_eq!(Did::web(&origin, &["a/b"]), Err(DidError::Malformed));
    let jwk = Did::from_key(&a_key());
    assert_eq!(jwk.key(&jwk.key_id(&a_key()), None).unwrap(), a_key());
}

#[test]
fn other_methods_are_refused() {
    assert_eq!(Did::parse("did:ebsi:abc"), Err(DidError::UnsupportedMethod));
    for bad in ["", "did", "did:web", "did:web:", "did:jwk:a#0", "web:a.example"] {
        assert_eq!(Did::parse(bad), Err(DidError::Malformed), "{bad}");
    }
}

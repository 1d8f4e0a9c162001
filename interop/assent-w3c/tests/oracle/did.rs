//! DIDs: the same identifier or document must lead both to the same key.
#![expect(clippy::unwrap_used, reason = "test support")]

use assent_core::crypto::{PublicKey, Signer as _};
use assent_core::oid4vp::did::Did;
use assent_w3c::{Resolver, Settings};
use serde_json::{Value, json};
use ssi::JWK;
use ssi::dids::{DIDJWK, DIDKey, VerificationMethodDIDResolver};
use ssi::jwk::JWKResolver as _;
use ssi::verification_methods::AnyMethod;

use crate::common::{block_on, key, object, public};

/// The key `ssi` finds.
fn theirs(url: &str, documents: Value) -> Option<PublicKey> {
    let resolver = Resolver::new(object(documents).into_iter().collect(), Settings::default());
    let keys: VerificationMethodDIDResolver<_, AnyMethod> = VerificationMethodDIDResolver::new(resolver);
    block_on(keys.fetch_public_jwk(Some(url)))
        .ok()
        .map(|jwk| public(&jwk))
}

fn split(url: &str) -> (Did, &str) {
    let (did, fragment) = url.split_once('#').unwrap();
    (Did::parse(did).unwrap(), fragment)
}

#[test]
fn did_jwk_and_did_key() {
    for jwk in [JWK::generate_p256(), JWK::generate_ed25519().unwrap()] {
        let public_jwk = jwk.to_public();
        for url in [
            DIDJWK::generate_url(&public_jwk).to_string(),
            DIDKey::generate_url(&public_jwk).unwrap().to_string(),
        ] {
            let (did, fragment) = split(&url);
            let ours = did.key(&url, None).unwrap();
            assert_eq!(ours, public(&jwk), "{url}");
            assert_eq!(Some(&ours), theirs(&url, json!({})).as_ref(), "{url}");
            // By its fragment only, as a `kid` may be.
            assert_eq!(did.key(&format!("#{fragment}"), None).unwrap(), ours);
            assert!(did.key("#other", None).is_err());
            assert!(theirs(&format!("{}#other", did.as_str()), json!({})).is_none());
        }
    }
}

#[test]
fn did_jwk_that_we_write() {
    let did = Did::from_key(&key(3).public_key());
    let url = format!("{}#0", did.as_str());
    assert_eq!(theirs(&url, json!({})), Some(key(3).public_key()));
}

#[test]
fn did_web_that_we_write() {
    let profile = assent_core::profile::Profile::BASELINE;
    let origin = assent_core::profile::Endpoint::parse("https://wallet.example:8443", &profile).unwrap();
    for path in [&["services", "library"][..], &[]] {
        let did = Did::web(&origin, path).unwrap();
        let public = key(3).public_key();
        let documents = json!({ did.as_str(): did.document(&public) });
        assert_eq!(theirs(&did.key_id(&public), documents.clone()), Some(public));
        assert!(theirs(&did.key_id(&key(4).public_key()), documents).is_none());
    }
}

#[test]
fn did_web_documents() {
    let did_text = "did:web:verifier.example:team";
    let (p256, ed25519) = (
        JWK::generate_p256().to_public(),
        JWK::generate_ed25519().unwrap().to_public(),
    );
    let multibase = |jwk: &JWK| {
        let url = DIDKey::generate_url(jwk).unwrap().to_string();
        url.split_once('#').unwrap().1.to_owned()
    };
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": did_text,
        "verificationMethod": [
            { "id": format!("{did_text}#jwk"), "type": "JsonWebKey2020", "controller": did_text, "publicKeyJwk": p256 },
            { "id": format!("{did_text}#multi-p256"), "type": "Multikey", "controller": did_text,
              "publicKeyMultibase": multibase(&p256) },
            { "id": format!("{did_text}#multi-ed"), "type": "Multikey", "controller": did_text,
              "publicKeyMultibase": multibase(&ed25519) }
        ],
        "assertionMethod": [format!("{did_text}#jwk")]
    });
    let did = Did::parse(did_text).unwrap();
    let profile = assent_core::profile::Profile::BASELINE;
    let url = did.document_url(&profile).unwrap().unwrap();
    assert_eq!(url.as_str(), "https://verifier.example/team/did.json");
    let ours = |fragment: &str| {
        did.key(&format!("#{fragment}"), Some(&object(document.clone())))
            .ok()
    };
    for (fragment, expected) in [("jwk", &p256), ("multi-p256", &p256), ("multi-ed", &ed25519)] {
        let key = ours(fragment).unwrap();
        assert_eq!(key, public(expected), "{fragment}");
        let documents = json!({ did_text: document });
        assert_eq!(
            theirs(&format!("{did_text}#{fragment}"), documents),
            Some(key),
            "{fragment}"
        );
    }
    assert!(ours("absent").is_none());
    // A document about somebody else is refused by us; `ssi` leaves that to its caller, and our bridge looks.
    let mut other = document.clone();
    other["id"] = json!("did:web:else.example");
    assert!(did.key("#jwk", Some(&object(other))).is_err());
}

//! Authorization requests: as a link, as a JWT, and as the claims of one that is signed with a right key.
#![no_main]

use assent_core::crypto::{RustCrypto, Signer as _, SoftwareKey};
use assent_core::encoding::json::{Limits, Object, parse_object};
use assent_core::encoding::jws;
use assent_core::env::Timestamp;
use assent_core::oid4vp::did::Did;
use assent_core::oid4vp::{
    AuthorizationRequestLink, ClientId, RequestCheck, RequestUriPost, UnverifiedRequest,
};
use assent_core::profile::Profile;
use assent_core::trust::TrustAnchors;
use libfuzzer_sys::fuzz_target;

fn check(link: &AuthorizationRequestLink) {
    let Ok(request) = UnverifiedRequest::from_link(link) else {
        return;
    };
    let with = RequestCheck {
        anchors: &TrustAnchors::new(),
        now: Timestamp(1_795_000_000),
        profile: &Profile::BASELINE,
        crypto: &RustCrypto,
        did_document: None,
    };
    let _ = request.did_document(with.profile);
    match request.check(&with) {
        Ok(checked) => assert!(!checked.nonce().is_empty() && !checked.query().credentials().is_empty()),
        Err(rejection) => drop(rejection.error.to_string()),
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let _ = RequestUriPost::parse(text);
    if let Ok(link) = AuthorizationRequestLink::parse(text, &Profile::BASELINE) {
        check(&link);
    }
    // The text as the claims of a request that somebody with a DID really signed.
    let Ok(mut claims) = parse_object(data, Limits::MESSAGE) else {
        return;
    };
    let Ok(key) = SoftwareKey::from_bytes(&[1; 32]) else {
        return;
    };
    let did = Did::from_key(&key.public_key());
    let client_id = ClientId::decentralized_identifier(did.as_str());
    claims.insert("client_id".into(), client_id.as_str().into());
    claims
        .entry("aud")
        .or_insert_with(|| "https://self-issued.me/v2".into());
    let mut header = Object::new();
    header.insert("typ".into(), "oauth-authz-req+jwt".into());
    header.insert("kid".into(), format!("{}#0", did.as_str()).into());
    let Ok(payload) = serde_json::to_vec(&claims) else {
        return;
    };
    let Ok(jwt) = jws::sign(header, &payload, &key) else {
        return;
    };
    let mut parameters = Object::new();
    parameters.insert("client_id".into(), client_id.as_str().into());
    parameters.insert("request".into(), jwt.into());
    let link = AuthorizationRequestLink::to_parameters("openid4vp://", &parameters);
    if let Ok(link) = AuthorizationRequestLink::parse(&link, &Profile::BASELINE) {
        check(&link);
    }
});

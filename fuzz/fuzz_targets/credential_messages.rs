//! The way from a token to a card: proofs of every kind, what an issuer says about itself, credential requests and answers, and
//! both in their envelopes. As text, and as what is inside rightly signed and encrypted ones.
#![no_main]

use std::sync::OnceLock;

use assent_core::crypto::{PublicKey, RustCrypto, Signer as _, SoftwareKey};
use assent_core::encoding::jwe::{ContentEncryption, EncryptedJwe, encrypt};
use assent_core::encoding::{json, jws};
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use assent_core::http::{HttpRequest, HttpResponse, Method};
use assent_core::oid4vci::attestation::provider::{
    KeyAttestationRequest, ProvedKey, WalletAttestationRequest,
};
use assent_core::oid4vci::attestation::{
    KeyAttestationUse, VerifiedKeyAttestation, VerifiedWalletAttestation,
};
use assent_core::oid4vci::dpop::{DpopExpectation, DpopKey, DpopSession, NonceRule, Which};
use assent_core::oid4vci::encryption::{EncryptionRule, Exchange, RequestKey, announcement, open_request};
use assent_core::oid4vci::proof::ProofExpectation;
use assent_core::oid4vci::{
    Attesters, CredentialAnswer, CredentialRequest, IssuerMetadata, Notification, VerifiedDpopProof,
    VerifiedKeyProof,
};
use assent_core::profile::{Endpoint, Profile};
use assent_core::trust::TrustAnchors;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

struct Fixed;

impl SecureRandom for Fixed {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        out.fill(7);
        Ok(())
    }
}

const URL: &str = "https://issuer.example/credential";
const NOW: Timestamp = Timestamp(1_790_000_000);
const PROFILE: Profile = Profile::BASELINE;

/// A request that a wallet made, and the key that its answer is encrypted to.
struct Asked {
    exchange: Exchange,
    reply: PublicKey,
    kid: String,
}

fn asked(key: &SoftwareKey) -> Option<Asked> {
    let mut env = Env {
        now: NOW,
        rng: &mut Fixed,
    };
    let keys = [RequestKey::new(key.clone())];
    let (request, response) = announcement(EncryptionRule::Required, &keys)?;
    let metadata = IssuerMetadata {
        credential_issuer: Endpoint::parse("https://issuer.example", &PROFILE).ok()?,
        authorization_servers: Vec::new(),
        credential_endpoint: Endpoint::parse(URL, &PROFILE).ok()?,
        nonce_endpoint: None,
        deferred_credential_endpoint: None,
        notification_endpoint: None,
        batch_size: None,
        request_encryption: Some(request),
        response_encryption: Some(response),
        display: Vec::new(),
        configurations: Default::default(),
    };
    let exchange = Exchange::with(&metadata, &mut env).ok()??;
    let request = HttpRequest::post(URL, "application/json", "{}".into(), 1 << 20);
    let sealed = exchange.seal(request, &mut env).ok()?.body?;
    let inside = EncryptedJwe::parse(&sealed).ok()?.decrypt(key).ok()?;
    let inside: Value = serde_json::from_slice(&inside).ok()?;
    let jwk = inside["credential_response_encryption"]["jwk"].as_object()?;
    Some(Asked {
        exchange,
        reply: PublicKey::from_jwk(jwk).ok()?,
        kid: jwk["kid"].as_str()?.to_owned(),
    })
}

/// The input as what an issuer answers with, and as what it says about itself.
fn answers(text: &str) {
    let response = |status| HttpResponse {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: text.into(),
    };
    for status in [200, 202] {
        if let Ok(answer) = CredentialAnswer::from_response(&response(status), 3, &PROFILE) {
            assert_eq!(answer.status(), status);
            let again = HttpResponse {
                body: answer.to_json().to_string(),
                ..response(status)
            };
            assert_eq!(CredentialAnswer::from_response(&again, 3, &PROFILE), Ok(answer));
        }
    }
    let limits = PROFILE.limits.json(PROFILE.limits.metadata);
    if let Ok(object) = json::parse_object(text.as_bytes(), limits)
        && let Ok(metadata) = IssuerMetadata::from_object(&object, &PROFILE)
    {
        let again = metadata.to_json();
        assert!(
            again
                .as_object()
                .is_some_and(|again| IssuerMetadata::from_object(again, &PROFILE).is_ok())
        );
        let mut env = Env {
            now: NOW,
            rng: &mut Fixed,
        };
        // What is demanded is done, or nothing is sent.
        let demanded = [
            metadata
                .request_encryption
                .as_ref()
                .map(|it| it.encryption_required),
            metadata
                .response_encryption
                .as_ref()
                .map(|it| it.encryption_required),
        ];
        if demanded.contains(&Some(true)) {
            assert!(!matches!(Exchange::with(&metadata, &mut env), Ok(None)));
        }
    }
}

/// The input as claims of every kind of proof. Those without an audience stop at the first check, and signing costs far more.
fn proofs(text: &str, key: &SoftwareKey) {
    let limits = PROFILE.limits.json(PROFILE.limits.small);
    if !json::parse_object(text.as_bytes(), limits).is_ok_and(|claims| claims.contains_key("aud")) {
        return;
    }
    let Ok(issuer) = Endpoint::parse("https://issuer.example", &PROFILE) else {
        return;
    };
    let anchors = TrustAnchors::new();
    let attesters = Attesters {
        anchors: &anchors,
        now: NOW,
        profile: &PROFILE,
        crypto: &RustCrypto,
    };
    let signed = |typ: &str| {
        let mut header = json::Object::new();
        header.insert("typ".into(), typ.into());
        header.insert("jwk".into(), Value::Object(key.public_key().to_jwk()));
        jws::sign(header, text.as_bytes(), key)
    };
    if let Ok(proof) = signed("openid4vci-proof+jwt") {
        let expected = ProofExpectation {
            issuer: &issuer,
            client_id: Some("w"),
            nonce_required: true,
        };
        if let Ok(verified) = VerifiedKeyProof::verify(&proof, &expected, &attesters) {
            assert!(verified.key == key.public_key() && verified.nonce.is_some());
        }
        // One kind is not taken for another.
        assert!(ProvedKey::verify(&proof, issuer.as_str(), &attesters).is_err());
    }
    if let Ok(proof) = signed("assent-provider-proof+jwt")
        && let Ok(proved) = ProvedKey::verify(&proof, issuer.as_str(), &attesters)
    {
        assert!(proved.key == key.public_key());
    }
    // Whoever nobody trusts vouches for nothing.
    for usage in [KeyAttestationUse::BesideProof, KeyAttestationUse::Alone] {
        assert!(VerifiedKeyAttestation::verify(text, usage, &attesters).is_err());
    }
    assert!(VerifiedWalletAttestation::verify(text, &attesters).is_err());
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(key) = SoftwareKey::from_bytes(&[1; 32]) else {
        return;
    };
    let good = |nonce: &str| nonce.len() < 20;
    let expected = DpopExpectation {
        method: Method::Post,
        url: URL,
        access_token: None,
        nonce: NonceRule::Required(&good),
        now: NOW,
    };
    let profile = PROFILE;
    let check = |proof: &str| {
        if let Ok(verified) = VerifiedDpopProof::verify(proof, &expected, &profile, &RustCrypto) {
            assert!((1..=256).contains(&verified.jti.len()));
            assert!(verified.good_until > expected.now);
        }
    };
    check(text);
    // The input as claims, and as an address in good claims.
    let jwk = serde_json::Value::Object(key.public_key().to_jwk());
    let signed = |claims: &str| {
        let mut header = json::Object::new();
        header.insert("typ".into(), "dpop+jwt".into());
        header.insert("jwk".into(), jwk.clone());
        if let Ok(proof) = jws::sign(header, claims.as_bytes(), &key) {
            check(&proof);
        }
    };
    signed(text);
    let claims =
        serde_json::json!({ "jti": "j", "htm": "POST", "htu": text, "iat": 1_790_000_000, "nonce": "n" });
    signed(&claims.to_string());

    let response = HttpResponse {
        status: 401,
        headers: vec![
            ("dpop-nonce".into(), text.into()),
            ("www-authenticate".into(), text.into()),
        ],
        body: text.into(),
    };
    let mut session = DpopSession::new(DpopKey::from(key.clone()));
    let again = session.must_retry(&response, Which::Resource);
    assert!(!(again && session.must_retry(&response, Which::Resource)));

    let kid = RequestKey::new(key.clone()).kid().to_owned();
    let keys = [RequestKey::new(key.clone())];
    let jwt = Some("application/jwt");
    for rule in [
        EncryptionRule::Off,
        EncryptionRule::Offered,
        EncryptionRule::Required,
    ] {
        let _ = open_request(data, jwt, rule, &keys, &profile);
        if let Ok(opened) = open_request(data, Some("application/json"), rule, &keys, &profile) {
            assert!(opened.reply.is_none(), "asked for in the clear");
        }
    }
    static ASKED: OnceLock<Option<Asked>> = OnceLock::new();
    let asked = ASKED.get_or_init(|| asked(&key));
    let Some(Asked {
        exchange,
        reply,
        kid: reply_kid,
    }) = asked
    else {
        panic!("nothing can be asked");
    };
    let answered = |media_type: &str, body: &str| {
        exchange.open(HttpResponse {
            status: 200,
            headers: vec![("content-type".into(), media_type.into())],
            body: body.into(),
        })
    };
    let _ = answered("application/jwt", text);
    // §10: what was to be encrypted is not taken in the clear.
    assert!(answered("application/json", text).is_err());
    if data.first() != Some(&b'{') {
        return;
    }
    answers(text);
    proofs(text, &key);
    let _ = KeyAttestationRequest::parse(data, &profile);
    let _ = WalletAttestationRequest::parse(data);
    if let Ok(notification) = Notification::parse(data) {
        assert!(!notification.notification_id.is_empty());
    }
    let mut env = Env {
        now: Timestamp(0),
        rng: &mut Fixed,
    };
    let enc = ContentEncryption::A128Gcm;
    if let Ok(sealed) = encrypt(reply, Some(reply_kid), ContentEncryption::A256Gcm, data, &mut env) {
        // Somebody else's text, rightly encrypted.
        let opened = answered("application/jwt", &sealed);
        let _ = opened.and_then(|response| CredentialAnswer::from_response(&response, 3, &profile));
    }
    let Ok(sealed) = encrypt(&key.public_key(), Some(&kid), enc, data, &mut env) else {
        return;
    };
    if let Ok(opened) = open_request(sealed.as_bytes(), jwt, EncryptionRule::Offered, &keys, &profile) {
        if let Some(reply) = opened.reply {
            let limits = profile.limits.json(profile.limits.credentials);
            let rest = json::parse_object(&opened.body, limits);
            assert!(rest.is_ok_and(|rest| !rest.contains_key("credential_response_encryption")));
            let _ = reply.seal(&jwk, &mut env);
        } else {
            assert_eq!(opened.body.as_slice(), data);
        }
        if let Ok(request) = CredentialRequest::parse(&opened.body, &profile) {
            let again = request.to_json().to_string();
            assert_eq!(CredentialRequest::parse(again.as_bytes(), &profile), Ok(request));
        }
    }
});

//! What the fuzzers begin with is accepted by what it is for: a seed that stops at the first check leads nowhere.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use assent_core::crypto::{RustCrypto, Signer as _, SoftwareKey};
use assent_core::encoding::{json, jws};
use assent_core::env::Timestamp;
use assent_core::http::{HttpResponse, Method};
use assent_core::oid4vci::attestation::provider::ProvedKey;
use assent_core::oid4vci::authorization::Expected;
use assent_core::oid4vci::dpop::{DpopExpectation, NonceRule};
use assent_core::oid4vci::proof::ProofExpectation;
use assent_core::oid4vci::{
    Attesters, AuthorizationAnswer, AuthorizationError, AuthorizationRequest, AuthorizationServerMetadata,
    CredentialAnswer, CredentialOffer, CredentialRequest, DeferredRequest, IssuerMetadata, Notification,
    OfferLink, PushedAnswer, Rejection, TokenRequest, TokenResponse, VerifiedDpopProof, VerifiedKeyProof,
};
use assent_core::profile::{Endpoint, Profile};
use assent_core::trust::TrustAnchors;
use serde_json::Value;

const PROFILE: Profile = Profile::BASELINE;
/// The clock of the fuzz target.
const NOW: Timestamp = Timestamp(1_790_000_000);

/// A seed and what accepts it.
type Check<'a> = (&'a str, &'a dyn Fn(&str) -> bool);

fn folder(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/seeds")
        .join(target)
}

fn seed(target: &str, name: &str) -> String {
    fs::read_to_string(folder(target).join(name)).unwrap()
}

fn json_of(text: &str) -> json::Object {
    json::parse_object(text.as_bytes(), PROFILE.limits.json(PROFILE.limits.metadata)).unwrap()
}

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.to_owned(),
    }
}

/// Every seed of a target is looked at by one of `checks`.
#[track_caller]
fn all_are_accepted(target: &str, checks: &[Check<'_>]) {
    let there: BTreeSet<String> = fs::read_dir(folder(target))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let known: BTreeSet<String> = checks.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(there, known);
    for (name, accepts) in checks {
        assert!(accepts(&seed(target, name)), "{target}/{name}");
    }
}

#[test]
fn of_the_sign_in() {
    let pushed = |text: &str| AuthorizationRequest::parse(text, &PROFILE).is_ok();
    let token = |text: &str| TokenRequest::parse(text).is_ok();
    let link = |text: &str| OfferLink::parse(text, &PROFILE).is_ok();
    let issuer = Endpoint::parse("https://as.example/", &PROFILE).unwrap();
    let back = |text: &str| {
        let expected = Expected {
            state: "s",
            issuer: &issuer,
            iss_required: true,
        };
        AuthorizationAnswer::read(text, &expected)
    };
    all_are_accepted(
        "sign_in",
        &[
            ("push-by-scope", &pushed),
            ("push-by-details", &pushed),
            ("token-code", &token),
            ("token-offer", &token),
            ("token-refresh", &token),
            ("deferred", &|text| {
                DeferredRequest::parse(text.as_bytes(), &PROFILE).is_ok()
            }),
            ("back-with-code", &|text| back(text).is_ok()),
            ("back-with-error", &|text| {
                matches!(back(text), Err(AuthorizationError::Refused(_)))
            }),
            ("offer", &|text| {
                CredentialOffer::parse(text.as_bytes(), &PROFILE).is_ok()
            }),
            ("link-with-offer", &link),
            ("link-to-offer", &link),
            ("server", &|text| {
                AuthorizationServerMetadata::from_object(&json_of(text), &PROFILE)
                    .is_ok_and(|server| server.code_endpoints(&PROFILE).is_ok())
            }),
            ("answer-pushed", &|text| {
                PushedAnswer::from_response(&answer(201, text), &PROFILE).is_ok()
            }),
            ("answer-token", &|text| {
                TokenResponse::from_response(&answer(200, text), true, &PROFILE).is_ok()
            }),
            ("answer-refused", &|text| {
                Rejection::from_response(&answer(400, text)).is_some()
            }),
        ],
    );
}

#[test]
fn of_the_messages_around_a_card() {
    let key = SoftwareKey::from_bytes(&[1; 32]).unwrap();
    let signed = |typ: &str, claims: &str| {
        let mut header = json::Object::new();
        header.insert("typ".into(), typ.into());
        header.insert("jwk".into(), Value::Object(key.public_key().to_jwk()));
        jws::sign(header, claims.as_bytes(), &key).unwrap()
    };
    let url = "https://issuer.example/credential";
    let good = |nonce: &str| nonce == "n";
    let expected = DpopExpectation {
        method: Method::Post,
        url,
        access_token: None,
        nonce: NonceRule::Required(&good),
        now: NOW,
    };
    let dpop = |claims: &str| {
        VerifiedDpopProof::verify(&signed("dpop+jwt", claims), &expected, &PROFILE, &RustCrypto).is_ok()
    };
    let issuer = Endpoint::parse("https://issuer.example", &PROFILE).unwrap();
    let anchors = TrustAnchors::new();
    let attesters = Attesters {
        anchors: &anchors,
        now: NOW,
        profile: &PROFILE,
        crypto: &RustCrypto,
    };
    let for_issuer = ProofExpectation {
        issuer: &issuer,
        client_id: Some("w"),
        nonce_required: true,
    };
    // As it is once its envelope and what was in it about the answer are gone.
    let request = |text: &str| {
        let mut object = json_of(text);
        object.remove("credential_response_encryption");
        CredentialRequest::parse(Value::Object(object).to_string().as_bytes(), &PROFILE).is_ok()
    };
    all_are_accepted(
        "credential_messages",
        &[
            ("dpop", &dpop),
            ("address", &|text| {
                let claims =
                    serde_json::json!({ "jti": "j", "htm": "POST", "htu": text, "iat": NOW.0, "nonce": "n" });
                dpop(&claims.to_string())
            }),
            ("proof", &|text| {
                VerifiedKeyProof::verify(&signed("openid4vci-proof+jwt", text), &for_issuer, &attesters)
                    .is_ok()
            }),
            ("provider", &|text| {
                ProvedKey::verify(
                    &signed("assent-provider-proof+jwt", text),
                    issuer.as_str(),
                    &attesters,
                )
                .is_ok()
            }),
            ("request", &request),
            ("request-attested", &request),
            ("answer", &|text| {
                CredentialAnswer::from_response(&answer(200, text), 3, &PROFILE).is_ok()
            }),
            ("later", &|text| {
                CredentialAnswer::from_response(&answer(202, text), 3, &PROFILE).is_ok()
            }),
            ("notification", &|text| {
                Notification::parse(text.as_bytes()).is_ok()
            }),
            ("issuer", &|text| {
                IssuerMetadata::from_object(&json_of(text), &PROFILE).is_ok()
            }),
        ],
    );
}

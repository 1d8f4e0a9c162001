use serde_json::{Value, json};

use super::super::metadata::IssuerMetadata;
use super::super::{AnswerError, RejectionCode};
use super::*;
use crate::crypto::{Signer as _, SoftwareKey};
use crate::encoding::jwe;
use crate::env::testing::Counter;
use crate::env::{Env, Timestamp};
use crate::http::{HttpRequest, HttpResponse};
use crate::profile::Profile;

fn with_env<T>(work: impl FnOnce(&mut Env<'_>) -> T) -> T {
    work(&mut Env {
        now: Timestamp(1_790_000_000),
        rng: &mut Counter(0),
    })
}

impl RequestKey {
    /// As it is announced.
    fn key_for_tests(&self) -> Object {
        let (request, _) = announcement(EncryptionRule::Offered, std::slice::from_ref(self)).unwrap();
        request.keys[0].clone()
    }
}

fn request_key(seed: u8) -> RequestKey {
    RequestKey::new(SoftwareKey::from_bytes(&[seed; 32]).unwrap())
}

fn metadata(extra: &Value) -> IssuerMetadata {
    let mut document = json!({
        "credential_issuer": "https://issuer.example",
        "credential_endpoint": "https://issuer.example/credential",
        "credential_configurations_supported": {},
    });
    for (name, value) in extra.as_object().unwrap() {
        document[name] = value.clone();
    }
    IssuerMetadata::from_object(document.as_object().unwrap(), &Profile::BASELINE).unwrap()
}

fn announced(rule: EncryptionRule) -> IssuerMetadata {
    let mut metadata = metadata(&json!({}));
    if let Some((request, response)) = announcement(rule, &[request_key(5)]) {
        metadata.request_encryption = Some(request);
        metadata.response_encryption = Some(response);
    }
    // As it comes over the wire.
    let document = metadata.to_json();
    IssuerMetadata::from_object(document.as_object().unwrap(), &Profile::BASELINE).unwrap()
}

fn plain() -> HttpRequest {
    HttpRequest::post(
        "https://issuer.example/credential",
        "application/json",
        r#"{"credential_configuration_id":"a"}"#.into(),
        1024,
    )
    .header("authorization", "DPoP token")
}

fn open(body: &str, media_type: &str, rule: EncryptionRule) -> Result<Opened, RejectionCode> {
    let keys = [request_key(6), request_key(5)];
    open_request(body.as_bytes(), Some(media_type), rule, &keys, &Profile::BASELINE)
        .map_err(|rejection| rejection.code)
}

fn answer(status: u16, media_type: &str, body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("content-type".into(), media_type.into())],
        body: body.into(),
    }
}

#[test]
fn a_request_and_its_answer_go_through_their_envelopes() {
    for rule in [EncryptionRule::Offered, EncryptionRule::Required] {
        with_env(|env| {
            let exchange = Exchange::with(&announced(rule), env).unwrap().unwrap();
            let sealed = exchange.seal(plain(), env).unwrap();
            let body = sealed.body.as_deref().unwrap();
            assert!(!body.contains("credential"));
            let header = |name: &str| {
                let found = sealed.headers.iter().find(|(this, _)| this == name);
                found.map(|(_, value)| value.as_str())
            };
            assert_eq!(header("content-type"), Some("application/jwt"));
            assert_eq!(header("authorization"), Some("DPoP token"));
            let opened = open(body, "application/jwt", rule).unwrap();
            assert_eq!(
                opened.body.as_slice(),
                plain().body.unwrap().as_bytes(),
                "the message as it was"
            );

            let response = json!({ "credentials": [{ "credential": "x~" }] });
            let reply = opened.reply.unwrap();
            let compact = reply.seal(&response, env).unwrap();
            let opened = exchange
                .open(answer(200, "application/jwt; charset=utf-8", &compact))
                .unwrap();
            assert_eq!(opened.body, response.to_string());
            assert_eq!(opened.media_type().as_deref(), Some("application/json"));

            // Of another exchange, changed, in the clear, or without integrity.
            let other = Exchange::with(&announced(rule), env).unwrap().unwrap();
            assert!(matches!(
                other.open(answer(200, "application/jwt", &compact)),
                Err(AnswerError::Sealed(_))
            ));
            let cut = &compact[..compact.len() - 1];
            assert!(exchange.open(answer(200, "application/jwt", cut)).is_err());
            for status in [200, 202] {
                assert_eq!(
                    exchange.open(answer(status, "application/json", "{}")),
                    Err(AnswerError::MediaType)
                );
            }
            // §8.3.1: errors are JSON.
            let error = answer(400, "application/json", r#"{"error":"invalid_proof"}"#);
            assert_eq!(exchange.open(error.clone()), Ok(error));
        });
    }
}

#[test]
fn what_an_issuer_announces_decides() {
    let key = |changes: Value| {
        let mut jwk = Value::Object(request_key(5).key_for_tests());
        for (name, value) in changes.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    };
    let request = |jwk: Value, enc: &str, required: bool| json!({ "jwks": { "keys": [jwk] }, "enc_values_supported": [enc], "encryption_required": required });
    let response = |alg: &str, enc: &str, required: bool| json!({ "alg_values_supported": [alg], "enc_values_supported": [enc], "encryption_required": required });
    let with = |request: Value, response: Value| {
        let mut extra = json!({});
        if !request.is_null() {
            extra["credential_request_encryption"] = request;
        }
        if !response.is_null() {
            extra["credential_response_encryption"] = response;
        }
        with_env(|env| Exchange::with(&metadata(&extra), env))
    };
    let good = || key(json!({}));
    let gcm = "A128GCM";
    // Used where both can be, not where one cannot, and an error where it must be.
    assert!(with(Value::Null, Value::Null).unwrap().is_none());
    assert!(
        with(request(good(), gcm, false), response("ECDH-ES", gcm, false))
            .unwrap()
            .is_some()
    );
    assert!(with(request(good(), gcm, false), Value::Null).unwrap().is_none());
    assert!(with(request(good(), gcm, true), Value::Null).unwrap().is_some());
    for (no_request, required) in [(true, true), (true, false), (false, true), (false, false)] {
        let (request, response) = if no_request {
            (
                request(good(), "A256CBC-HS512", required),
                response("ECDH-ES", gcm, false),
            )
        } else {
            (
                request(good(), gcm, false),
                response("ECDH-ES+A256KW", gcm, required),
            )
        };
        let outcome = with(request, response);
        if required {
            assert_eq!(outcome.unwrap_err(), AnswerError::Encryption);
        } else {
            assert!(outcome.unwrap().is_none());
        }
    }
    assert_eq!(
        with(Value::Null, response("ECDH-ES", gcm, true)).unwrap_err(),
        AnswerError::Encryption
    );
    // Keys that are not for this.
    for changes in [
        json!({ "alg": "ECDH-ES+A128KW" }),
        json!({ "use": "sig" }),
        json!({ "x": "AA" }),
        json!({ "crv": "P-384" }),
    ] {
        let outcome = with(request(key(changes), gcm, true), response("ECDH-ES", gcm, true));
        assert_eq!(outcome.unwrap_err(), AnswerError::Encryption);
    }
}

/// CI-29.
#[test]
fn requests_an_issuer_refuses() {
    use EncryptionRule::{Off, Offered, Required};
    let invalid = RejectionCode::InvalidEncryptionParameters;
    let seal = |body: &Value| {
        let key = SoftwareKey::from_bytes(&[5; 32]).unwrap();
        let kid = request_key(5).kid().to_owned();
        let enc = jwe::ContentEncryption::A256Gcm;
        with_env(|env| {
            jwe::encrypt(
                &key.public_key(),
                Some(&kid),
                enc,
                body.to_string().as_bytes(),
                env,
            )
        })
        .unwrap()
    };
    let jwk = Value::Object(request_key(9).key_for_tests());
    let asking = |jwk: &Value, enc: &str| json!({ "credential_configuration_id": "a", "credential_response_encryption": { "jwk": jwk, "enc": enc } });
    let plain = json!({ "credential_configuration_id": "a" }).to_string();
    let good = asking(&jwk, "A256GCM");
    let (jwt, json) = ("application/jwt", "application/json");

    assert!(open(&plain, json, Off).unwrap().reply.is_none());
    assert!(open(&plain, json, Offered).unwrap().reply.is_none());
    assert!(open(&seal(&json!({})), jwt, Offered).unwrap().reply.is_none());
    assert!(open(&seal(&good), jwt, Required).unwrap().reply.is_some());
    for (body, media_type, rule) in [
        (plain.clone(), json, Required),
        (
            seal(&json!({ "credential_configuration_id": "a" })),
            jwt,
            Required,
        ),
        (seal(&good), jwt, Off),
        (good.to_string(), json, Off),
        (good.to_string(), json, Offered),
        (good.to_string(), jwt, Offered),
        (plain, jwt, Offered),
        (seal(&asking(&jwk, "A128CBC-HS256")), jwt, Offered),
        (seal(&asking(&json!({}), "A256GCM")), jwt, Offered),
        (seal(&asking(&json!("x"), "A256GCM")), jwt, Offered),
        (
            seal(&json!({ "credential_response_encryption": "x" })),
            jwt,
            Offered,
        ),
        (
            seal(
                &json!({ "credential_response_encryption": { "jwk": jwk, "enc": "A256GCM", "zip": "DEF" } }),
            ),
            jwt,
            Offered,
        ),
    ] {
        assert_eq!(
            open(&body, media_type, rule).err(),
            Some(invalid.clone()),
            "{rule:?} {media_type} {body}"
        );
    }
    for changes in [
        json!({ "alg": "ECDH-ES+A128KW" }),
        json!({ "use": "sig" }),
        json!({ "d": "AA" }),
    ] {
        let mut jwk = jwk.clone();
        for (name, value) in changes.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        let body = seal(&asking(&jwk, "A256GCM"));
        assert_eq!(
            open(&body, jwt, Offered).err(),
            Some(invalid.clone()),
            "{changes}"
        );
    }
    // An unknown key, and one of ours with another's text.
    let stranger = SoftwareKey::from_bytes(&[8; 32]).unwrap();
    for (to, kid) in [
        (&stranger, Some("unknown")),
        (&stranger, None),
        (&stranger, Some(request_key(5).kid())),
    ] {
        let enc = jwe::ContentEncryption::A128Gcm;
        let body = with_env(|env| jwe::encrypt(&to.public_key(), kid, enc, b"{}", env)).unwrap();
        assert_eq!(open(&body, jwt, Offered).err(), Some(invalid.clone()));
    }
}

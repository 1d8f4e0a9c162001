//! Encrypted credential requests and responses (OpenID4VCI 1.0 §10; CI-29).

use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::encryption::{EncryptionRule, Exchange};
use assent_core::oid4vci::{Access, IssuerMetadata, SecretText};
use serde_json::{Value, json};

use crate::common::Sandbox;
use crate::common::holder::PROFILE;

const METADATA: &str = "/.well-known/openid-credential-issuer/issuer";
const INVALID: &str = "invalid_encryption_parameters";

impl Sandbox {
    pub(crate) async fn exchange(&self) -> Exchange {
        let document = self.get(METADATA).await.expect(200).json();
        let metadata = IssuerMetadata::from_object(document.as_object().unwrap(), &PROFILE).unwrap();
        self.env(|env| Exchange::with(&metadata, env)).unwrap().unwrap()
    }

    /// A request for a card, in the clear, with a token of its own.
    async fn plain_request(&self) -> HttpRequest {
        let (_, offer) = self.offer(&json!({ "card": "identity" })).await;
        let access = Access {
            token: SecretText::new(self.token(&offer, None).await.access_token()),
            dpop: None,
        };
        let card = offer["credential_configuration_ids"][0].as_str().unwrap();
        self.credential_request(&access, card).await
    }
}

#[track_caller]
fn refused(response: &HttpResponse, code: &str) {
    let body: Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!((response.status, body["error"].as_str()), (400, Some(code)));
}

/// The same request with one more member in its body.
fn with_member(request: &HttpRequest, name: &str, value: Value) -> HttpRequest {
    let mut body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
    body[name] = value;
    HttpRequest {
        body: Some(body.to_string()),
        ..request.clone()
    }
}

#[tokio::test]
async fn a_card_comes_in_an_envelope_when_it_is_asked_for_in_one() {
    let server = Sandbox::start().await;
    let exchange = server.exchange().await;
    let plain = server.plain_request().await;
    let sealed = server.env(|env| exchange.seal(plain.clone(), env)).unwrap();
    let response = server.send(&sealed).await;
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(response.media_type().as_deref(), Some("application/jwt"));
    let opened = exchange.open(response).unwrap();
    let body: Value = serde_json::from_str(&opened.body).unwrap();
    assert_eq!(body["credentials"].as_array().unwrap().len(), 1);
    // Errors are JSON (§8.3.1): the nonce was used.
    let again = server.send(&sealed).await;
    refused(&again, "invalid_nonce");
    assert_eq!(exchange.open(again.clone()), Ok(again));
    // Offered is not demanded.
    assert_eq!(server.send(&server.plain_request().await).await.status, 200);
}

#[tokio::test]
async fn an_answer_is_not_encrypted_to_a_key_that_came_in_the_clear() {
    let server = Sandbox::start().await;
    let plain = server.plain_request().await;
    let announced = server.get(METADATA).await.json();
    let jwk = announced["credential_request_encryption"]["jwks"]["keys"][0].clone();
    for name in ["kid", "alg", "use"] {
        assert!(jwk[name].is_string(), "{jwk}");
    }
    let member = json!({ "jwk": jwk, "enc": "A256GCM" });
    let request = with_member(&plain, "credential_response_encryption", member);
    refused(&server.send(&request).await, INVALID);
    // Nothing was used up.
    assert_eq!(server.send(&plain).await.status, 200);
}

#[tokio::test]
async fn where_encryption_is_demanded_nothing_goes_in_the_clear() {
    let server = Sandbox::start_with(|config| config.issuer.encryption = EncryptionRule::Required).await;
    let announced = server.get(METADATA).await.json();
    for name in ["credential_request_encryption", "credential_response_encryption"] {
        assert_eq!(announced[name]["encryption_required"], true);
    }
    refused(&server.send(&server.plain_request().await).await, INVALID);
    let exchange = server.exchange().await;
    let plain = server.plain_request().await;
    let sealed = server.env(|env| exchange.seal(plain, env)).unwrap();
    assert!(exchange.open(server.send(&sealed).await).is_ok());
}

#[tokio::test]
async fn where_encryption_is_off_none_is_announced_or_taken() {
    let offering = Sandbox::start().await;
    let exchange = offering.exchange().await;
    let server = Sandbox::start_with(|config| config.issuer.encryption = EncryptionRule::Off).await;
    let announced = server.get(METADATA).await.json();
    assert!(announced.get("credential_request_encryption").is_none());
    assert!(announced.get("credential_response_encryption").is_none());
    let plain = server.plain_request().await;
    let sealed = server.env(|env| exchange.seal(plain.clone(), env)).unwrap();
    refused(&server.send(&sealed).await, INVALID);
    assert_eq!(server.send(&plain).await.status, 200);
}

/// A key is announced for a month and opens for another one.
#[tokio::test]
async fn keys_change_and_the_one_before_is_still_good() {
    const DAY: i64 = 86_400;
    let server = Sandbox::start().await;
    let before = server.exchange().await;
    let kid = |document: &Value| document["credential_request_encryption"]["jwks"]["keys"][0]["kid"].clone();
    let first = kid(&server.get(METADATA).await.json());
    server.pass(30 * DAY);
    assert_ne!(kid(&server.get(METADATA).await.json()), first);
    let plain = server.plain_request().await;
    let sealed = server.env(|env| before.seal(plain, env)).unwrap();
    assert_eq!(server.send(&sealed).await.status, 200);
    server.pass(30 * DAY);
    let plain = server.plain_request().await;
    let sealed = server.env(|env| before.seal(plain, env)).unwrap();
    refused(&server.send(&sealed).await, INVALID);
}

//! A login provider (OpenID Connect): discovery, keys and a token endpoint over HTTP, with really signed ID tokens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use assent_core::crypto::{Signer as _, SoftwareKey, sha256};
use assent_core::encoding::{base64url, form};
use assent_core::env::Timestamp;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use serde_json::{Value, json};

pub const CLIENT_ID: &str = "assent";
pub const CLIENT_SECRET: &str = "a:secret/of+the=test";

/// A running provider.
#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    codes: Arc<Mutex<HashMap<String, Grant>>>,
}

/// What a code stands for.
struct Grant {
    id_token: String,
    challenge: String,
    redirect_uri: String,
}

/// How an ID token differs from a good one.
#[derive(Default)]
pub struct Twist {
    /// Claims that replace those of a good token; `null` removes one.
    pub claims: Value,
    /// Sign with a key that is not published.
    pub other_key: bool,
    /// Claim to be unsigned.
    pub unsigned: bool,
}

fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_bytes(&[seed; 32]).unwrap()
}

impl Provider {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self {
            issuer: format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port()),
            codes: Arc::default(),
        };
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        provider
    }

    /// What the person's consent at `/authorize` leads to: a code for an ID token about `subject`.
    pub fn authorize(
        &self,
        request: &[(String, String)],
        subject: &str,
        now: Timestamp,
        twist: Twist,
    ) -> String {
        let asked = |name: &str| form::get(request, name).unwrap_or_default().to_owned();
        assert_eq!(asked("response_type"), "code");
        assert_eq!(asked("client_id"), CLIENT_ID);
        assert_eq!(asked("code_challenge_method"), "S256");
        assert!(asked("scope").split(' ').any(|scope| scope == "openid"));
        let mut claims = json!({ "iss": self.issuer, "aud": CLIENT_ID, "sub": subject, "nonce": asked("nonce"),
            "iat": now.0, "exp": now.0 + 300 });
        for (name, value) in twist.claims.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        let alg = if twist.unsigned { "none" } else { "ES256" };
        let part = |value: &Value| base64url::encode(value.to_string().as_bytes());
        let input = format!("{}.{}", part(&json!({ "alg": alg, "kid": "1" })), part(&claims));
        let signature = match (twist.unsigned, twist.other_key) {
            (true, _) => Vec::new(),
            (false, other) => key(if other { 8 } else { 7 }).sign(input.as_bytes()).unwrap(),
        };
        let grant = Grant {
            id_token: format!("{input}.{}", base64url::encode(&signature)),
            challenge: asked("code_challenge"),
            redirect_uri: asked("redirect_uri"),
        };
        let mut codes = self.codes.lock().unwrap();
        let code = format!("code-{}", codes.len());
        codes.insert(code.clone(), grant);
        code
    }
}

async fn discovery(State(provider): State<Provider>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", provider.issuer);
    Json(
        json!({ "issuer": provider.issuer, "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"), "jwks_uri": at("keys"), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"] }),
    )
}

async fn keys() -> Json<Value> {
    let mut jwk = key(7).public_key().to_jwk();
    jwk.insert("kid".into(), "1".into());
    jwk.insert("use".into(), "sig".into());
    Json(json!({ "keys": [jwk] }))
}

async fn token(State(provider): State<Provider>, headers: HeaderMap, body: String) -> Response {
    // RFC 6749 §2.3.1: both are form-encoded before they are joined.
    let id_and_secret = form::encode([(CLIENT_ID, CLIENT_SECRET)]).replacen('=', ":", 1);
    let basic = base64::engine::general_purpose::STANDARD.encode(id_and_secret);
    let pairs = form::decode(&body).unwrap();
    let given = |name: &str| form::get(&pairs, name).unwrap_or_default();
    let grant = provider.codes.lock().unwrap().remove(given("code"));
    let right = grant.filter(|grant| {
        headers[header::AUTHORIZATION] == format!("Basic {basic}")
            && given("grant_type") == "authorization_code"
            && given("redirect_uri") == grant.redirect_uri
            && base64url::encode(&sha256(given("code_verifier").as_bytes())) == grant.challenge
    });
    match right {
        Some(grant) => Json(json!({ "access_token": "not used", "token_type": "Bearer",
            "id_token": grant.id_token }))
        .into_response(),
        None => (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response(),
    }
}

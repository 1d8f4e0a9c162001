//! Signing in for a card: pushed requests, the page, codes, and what strangers try (RFC 6749, 7636, 9126, 9207, 9700).

mod codes;
mod later;
mod pages;
mod pushed;

use std::collections::HashMap;

use assent_core::encoding::form;
use serde_json::{Value, json};

use crate::common::holder::key;
use crate::common::{Answer, Sandbox};

pub(crate) const CLIENT: &str = "assent-cli";
pub(crate) const BACK: &str = "http://127.0.0.1:4711/";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 Appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// A good authorization request for the identity card.
pub(crate) fn request() -> Pairs<'static> {
    vec![
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", BACK),
        ("state", "st"),
        ("scope", "identity"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

/// The same, with parameters replaced, added, or (empty) left out.
pub(crate) fn with<'a>(changes: &[(&'a str, &'a str)]) -> Pairs<'a> {
    let mut out: Pairs<'a> = request();
    out.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    out.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    out
}

async fn push(server: &Sandbox, pairs: &Pairs<'_>) -> Answer {
    push_with(server, pairs, &[]).await
}

pub(crate) async fn push_with(server: &Sandbox, pairs: &Pairs<'_>, headers: &[(&str, &str)]) -> Answer {
    server.form("/issuer/par", headers, pairs.iter().copied()).await
}

/// A pushed request's `request_uri`.
async fn pushed(server: &Sandbox, pairs: &Pairs<'_>) -> String {
    let answer = push(server, pairs).await.expect(201);
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.json()["request_uri"].as_str().unwrap().to_owned()
}

async fn page(server: &Sandbox, client: &str, request_uri: &str) -> Answer {
    let query = form::encode([("client_id", client), ("request_uri", request_uri)]);
    server.get(&format!("/issuer/authorize?{query}")).await
}

async fn choose(server: &Sandbox, client: &str, request_uri: &str, answer: &str) -> Answer {
    let form = [
        ("client_id", client),
        ("request_uri", request_uri),
        ("answer", answer),
    ];
    let origin = server.base.clone();
    let headers = [("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
    server.form("/issuer/authorize", &headers, form).await
}

/// Where the person is sent, and the parameters of that address.
#[track_caller]
fn sent_to(answer: &Answer) -> (String, HashMap<String, String>) {
    assert_eq!(answer.status, 303, "{}", answer.text);
    let location = answer.headers["location"].to_str().unwrap();
    let (address, query) = location.split_once('?').unwrap();
    (
        address.to_owned(),
        form::decode(query).unwrap().into_iter().collect(),
    )
}

async fn code_for(server: &Sandbox, pairs: &Pairs<'_>) -> String {
    agreed(server, &pushed(server, pairs).await).await
}

/// The code for a pushed request, after the person went on.
pub(crate) async fn agreed(server: &Sandbox, request_uri: &str) -> String {
    sent_to(&choose(server, CLIENT, request_uri, "continue").await).1["code"].clone()
}

/// Redeems a code, with parameters replaced, added or left out.
async fn redeem(server: &Sandbox, code: &str, changes: &[(&str, &str)]) -> Answer {
    redeem_with(server, code, changes, &[]).await
}

pub(crate) async fn redeem_with(
    server: &Sandbox,
    code: &str,
    changes: &[(&str, &str)],
    headers: &[(&str, &str)],
) -> Answer {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", CLIENT),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    pairs.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    pairs.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    server.form("/issuer/token", headers, pairs).await
}

/// A page that says no: nobody is sent anywhere, and nothing of the request is repeated in the policy.
#[track_caller]
fn refused_page(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.headers.get("location").is_none());
    assert!(answer.text.contains(code), "{}", answer.text);
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("form-action 'self';") && !policy.contains("script-src"),
        "{policy}"
    );
}

fn issuer_state(offer: &Value) -> String {
    offer["grants"]["authorization_code"]["issuer_state"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn identity_card(server: &Sandbox, token: &str) -> Answer {
    let nonce = server.nonce().await;
    server
        .credential(token, "identity", vec![server.proof(&key(), &nonce)])
        .await
}

async fn deferred(server: &Sandbox, token: &str, transaction: &str) -> Answer {
    let body = json!({ "transaction_id": transaction });
    server
        .call("POST", "/issuer/deferred_credential", token, &[], Some(&body))
        .await
}

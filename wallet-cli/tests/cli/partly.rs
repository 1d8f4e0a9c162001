//! Offers of several cards, of which only some come.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::common::{STATE, Sandbox, offer_link, serve};

const CARDS: [&str; 2] = ["first", "second"];

/// A wallet, and an offer of two cards by an issuer that answers requests for cards with these, one after the other.
fn begin(answers: &'static [(u16, &'static str)]) -> (Sandbox, String) {
    let sandbox = Sandbox::with_wallet();
    let count = AtomicUsize::new(0);
    let (base, _) = serve(move |path, base| match path {
        "/.well-known/openid-credential-issuer" => (200, issuer(base)),
        "/.well-known/oauth-authorization-server" => (200, server(base)),
        "/token" => (
            200,
            json!({ "access_token": "t", "token_type": "Bearer", "expires_in": 300 }),
        ),
        "/nonce" => (200, json!({ "c_nonce": "n" })),
        _ => {
            let (status, body) = answers[count.fetch_add(1, Ordering::Relaxed)];
            (status, serde_json::from_str(body).unwrap())
        }
    });
    let offer = json!({ "credential_issuer": base, "credential_configuration_ids": CARDS,
        "grants": { "urn:ietf:params:oauth:grant-type:pre-authorized_code": { "pre-authorized_code": "code" } } });
    (sandbox, offer_link(&offer))
}

fn issuer(base: &str) -> Value {
    let cards = CARDS.map(|card| {
        let kind = json!({ "format": "dc+sd-jwt", "vct": format!("urn:example:{card}:1"), "scope": card,
            "cryptographic_binding_methods_supported": ["jwk"],
            "credential_signing_alg_values_supported": ["ES256"],
            "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": ["ES256"] } },
            "credential_metadata": { "display": [{ "name": format!("The {card} card") }] } });
        (card.to_owned(), kind)
    });
    json!({ "credential_issuer": base, "credential_endpoint": format!("{base}/credential"),
        "nonce_endpoint": format!("{base}/nonce"), "deferred_credential_endpoint": format!("{base}/deferred"),
        "credential_configurations_supported": cards.into_iter().collect::<serde_json::Map<_, _>>() })
}

fn server(base: &str) -> Value {
    json!({ "issuer": base, "token_endpoint": format!("{base}/token"),
        "pre-authorized_grant_anonymous_access_supported": true,
        "grant_types_supported": ["urn:ietf:params:oauth:grant-type:pre-authorized_code"],
        "response_types_supported": ["code"] })
}

const LATER: (u16, &str) = (202, r#"{ "transaction_id": "x", "interval": 3600 }"#);
const DENIED: (u16, &str) = (400, r#"{ "error": "credential_request_denied" }"#);
const DOWN: (u16, &str) = (503, "{}");

#[test]
fn what_comes_is_kept_and_what_does_not_is_named() {
    let (sandbox, link) = begin(&[LATER, DENIED]);
    let receive = ["holder", "receive", &link, "--yes"];
    let (code, value) = sandbox.json(receive.into_iter().chain(STATE));
    assert_eq!(code, 5, "{value}");
    assert_eq!(value["schema"], "assent.holder-receive/1");
    assert_eq!(value["error"]["code"], "issuance-denied");
    let message = value["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("The second card did not come: "), "{message}");
    let hint = value["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("kept") && hint.contains("new offer"), "{hint}");
    assert_eq!(value["data"]["awaited"][0]["name"], "The first card");
    assert_eq!(value["data"]["failed"][0]["name"], "The second card");
    assert_eq!(value["data"]["failed"][0]["problem"]["code"], "issuance-denied");
    let (code, value) = sandbox.json(["holder", "awaited"].into_iter().chain(STATE));
    assert_eq!(code, 0);
    assert_eq!(value["data"]["awaited"].as_array().unwrap().len(), 1);

    // The same for people.
    let (sandbox, link) = begin(&[DENIED, LATER]);
    let receive = ["holder", "receive", &link, "--yes"];
    let run = sandbox.run(receive.into_iter().chain(STATE));
    assert_eq!(run.code, 5);
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(lines[0].contains("The second card"), "{}", run.out);
    assert!(
        lines[1].starts_with("The first card did not come: ") && lines[1].ends_with("(issuance-denied)"),
        "{}",
        run.out
    );
    assert!(lines[2].contains("new offer"), "{}", run.out);
}

#[test]
fn a_card_about_which_nobody_answered_is_asked_for_once_more() {
    let (sandbox, link) = begin(&[LATER, DOWN, LATER]);
    let receive = ["holder", "receive", &link, "--yes"];
    let (code, value) = sandbox.json(receive.into_iter().chain(STATE));
    assert_eq!(code, 0, "{value}");
    assert_eq!(value["data"]["awaited"].as_array().unwrap().len(), 2);
    assert_eq!(value["data"]["failed"], json!([]));

    let (sandbox, link) = begin(&[LATER, DOWN, DOWN, DOWN, LATER]);
    let receive = ["holder", "receive", &link, "--yes"];
    let (code, value) = sandbox.json(receive.into_iter().chain(STATE));
    assert_eq!((code, &value["error"]["code"]), (6, &json!("issuer-bad-status")));
    assert_eq!(value["data"]["awaited"].as_array().unwrap().len(), 1);
    let hint = value["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("Open the offer again"), "{hint}");
    // Another program goes on with it, as often as it takes: by its id, or by the same link.
    let (_, value) = sandbox.json(["holder", "awaited"].into_iter().chain(STATE));
    let awaited = value["data"]["awaited"].as_array().unwrap();
    assert_eq!(awaited.len(), 2, "{value}");
    let second = awaited
        .iter()
        .find(|one| one["name"] == "The second card")
        .unwrap();
    let fetch = ["holder", "awaited", "fetch", second["id"].as_str().unwrap()];
    let (code, value) = sandbox.json(fetch.into_iter().chain(STATE));
    assert_eq!((code, &value["error"]["code"]), (6, &json!("issuer-bad-status")));
    let (code, value) = sandbox.json(receive.into_iter().chain(STATE));
    assert_eq!(code, 0, "{value}");
    assert_eq!(value["data"]["awaited"][0]["name"], "The second card");
    assert_eq!(value["data"]["failed"], json!([]));

    // With no card at all it is an error like any other.
    let (sandbox, link) = begin(&[DENIED, DENIED]);
    let receive = ["holder", "receive", &link, "--yes"];
    let (code, value) = sandbox.json(receive.into_iter().chain(STATE));
    assert_eq!((code, &value["data"]), (5, &Value::Null));
}

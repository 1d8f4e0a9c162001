//! The process itself: bounds, order, exit codes, DID resolution.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::common::{Bridge, Issuer, NOW, code};
use serde_json::{Value, json};

#[test]
fn answers_in_order_and_survives_nonsense() {
    let mut bridge = Bridge::start(&[]);
    let about = bridge.ask(json!({ "id": "1", "action": "about" }));
    assert_eq!(about["about"]["ssi"], "0.16.0");
    let deep = format!(r#"{{"id":"x","action":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
    for line in [
        "",
        "not json",
        "[]",
        r#"{"id":7,"action":"about"}"#,
        r#"{"action":"about"}"#,
        r#"{"id":"x","action":"dance"}"#,
        r#"{"id":"x","action":"verify"}"#,
        r#"{"id":"x","action":"about","action":"verify"}"#,
        r#"{"id":"x","action":"verify","credential":{},"now":"noon"}"#,
        r#"{"id":"x","action":"verify","credential":{},"did_documents":[]}"#,
        r#"{"id":"x","action":"resolve","did":7}"#,
        &deep,
    ] {
        let answer = bridge.line(line.as_bytes());
        assert_eq!(answer["error"]["code"], "bridge-request-malformed", "{line}");
    }
    assert_eq!(bridge.ask(json!({ "id": "2", "action": "about" }))["id"], "2");
    assert_eq!(bridge.end(), 0);
}

#[test]
fn a_line_that_is_too_long_ends_it() {
    let mut bridge = Bridge::start(&[]);
    let answer = bridge.line(&vec![b'x'; (1 << 20) + 1]);
    assert_eq!(answer["error"]["code"], "bridge-line-too-long");
    assert_eq!(bridge.end(), 1);
}

#[test]
fn once_says_the_verdict_in_the_exit_code() {
    let issuer = Issuer::p256();
    let good = issuer.jwt(json!({ "kid": issuer.key_id }), &issuer.credential());
    for (request, exit) in [
        (
            json!({ "id": "t", "action": "verify", "credential": good, "now": NOW }),
            0,
        ),
        (json!({ "id": "t", "action": "verify", "credential": "a.b.c" }), 3),
        (json!({ "id": "t", "action": "resolve", "did": issuer.did }), 0),
        (json!({ "id": "t", "action": "resolve", "did": "did:ion:x" }), 1),
        (json!({ "id": "t", "action": "dance" }), 1),
    ] {
        let mut bridge = Bridge::start(&["--once"]);
        bridge.ask(request.clone());
        assert_eq!(bridge.end(), exit, "{request}");
    }
    assert_eq!(Bridge::start(&["--once"]).end(), 1);
    assert_eq!(Bridge::start(&["--sing"]).end(), 2);
}

#[test]
fn did_web_only_by_hand_or_with_leave() {
    let issuer = Issuer::p256();
    let mut jwk = serde_json::to_value(&issuer.key).unwrap();
    jwk.as_object_mut().unwrap().remove("d");
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let did = format!("did:web:localhost%3A{}:org", server.local_addr().unwrap().port());
    let document = json!({
        "@context": "https://www.w3.org/ns/did/v1",
        "id": did,
        "verificationMethod": [
            { "id": format!("{did}#k1"), "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": jwk },
            { "id": format!("{did}#k2"), "type": "JsonWebKey2020", "controller": "did:web:else", "publicKeyJwk": jwk },
            { "id": format!("{did}#k3"), "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": jwk }
        ],
        "assertionMethod": [format!("{did}#k1"), format!("{did}#k2")]
    });
    let mut credential = issuer.credential();
    credential["issuer"] = json!(did);
    let signed = |key: &str| issuer.jwt(json!({ "kid": format!("{did}#{key}") }), &credential);
    let request = |key: &str, documents: Value| json!({ "id": "t", "action": "verify", "credential": signed(key), "now": NOW, "did_documents": documents });

    let mut bridge = Bridge::start(&[]);
    let mut verdict = |key, documents| bridge.ask(request(key, documents))["verdict"].take();
    let by_hand = json!({ did.clone(): document });
    assert_eq!(code(&verdict("k1", by_hand.clone())), "ok");
    // Not the issuer's own key; a key that is not for assertions; no document; a document about somebody else.
    assert_eq!(code(&verdict("k2", by_hand.clone())), "w3c-issuer-key");
    assert_eq!(code(&verdict("k3", by_hand)), "w3c-issuer-key");
    assert_eq!(code(&verdict("k1", json!({}))), "w3c-issuer-key");
    let mut other = document.clone();
    other["id"] = json!("did:web:example.org");
    assert_eq!(
        code(&verdict("k1", json!({ did.clone(): other }))),
        "w3c-issuer-key"
    );

    // With leave, from a real server; without the loopback flag never from this machine.
    let body = document.to_string();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 2048];
            let length = stream.read(&mut request).unwrap();
            assert!(request[..length].starts_with(b"GET /org/did.json "));
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body.as_bytes()).unwrap();
        }
    });
    let mut open = Bridge::start(&["--allow-did-web", "--allow-loopback"]);
    assert_eq!(code(&open.ask(request("k1", json!(null)))["verdict"]), "ok");
    let mut public = Bridge::start(&["--allow-did-web"]);
    assert_eq!(
        code(&public.ask(request("k1", json!(null)))["verdict"]),
        "w3c-issuer-key"
    );
}

//! Types and issuers that a server looks up (SV-4, SV-7, SV-8), and transactions that are authorised (TD-2).

use std::sync::{Arc, Mutex};

use crate::common::holder::{Card, key};
use crate::common::{Sandbox, until};
use assent_core::crypto::{Signer as _, SoftwareKey};
use assent_core::encoding::json::Object;
use assent_core::sd_jwt::{DisclosurePolicy, HolderSdJwt, SdJwtBuilder};
use assent_server::config::WebIssuerConfig;
use assent_server::crypto::RingSigner;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

fn object(value: Value) -> Object {
    value.as_object().unwrap().clone()
}

/// Somebody who publishes documents: path, media type, body; and remembers what was asked.
#[derive(Clone, Default)]
struct Publisher {
    documents: Arc<Mutex<Vec<(String, String, String)>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Publisher {
    async fn start(&self) -> String {
        async fn answer(State(publisher): State<Publisher>, uri: Uri) -> Response {
            publisher.asked.lock().unwrap().push(uri.path().to_owned());
            let documents = publisher.documents.lock().unwrap();
            match documents.iter().find(|(path, ..)| path == uri.path()) {
                Some((_, media_type, body)) => {
                    ([(header::CONTENT_TYPE, media_type.clone())], body.clone()).into_response()
                }
                None => StatusCode::NOT_FOUND.into_response(),
            }
        }
        let app = Router::new().fallback(answer).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        tokio::spawn(async move { axum::serve(listener, app).await });
        base
    }

    fn publish(&self, path: &str, body: &Value) {
        self.publish_as(path, "application/json", body);
    }

    fn publish_as(&self, path: &str, media_type: &str, body: &Value) {
        let mut documents = self.documents.lock().unwrap();
        documents.retain(|(known, ..)| known != path);
        documents.push((path.into(), media_type.into(), body.to_string()));
    }
}

/// A credential bound to a new key, signed with `signer`.
fn credential(
    server: &Sandbox,
    always: Value,
    hidden: Value,
    signer: &dyn assent_core::crypto::Signer,
    x5c: Vec<Vec<u8>>,
) -> Card {
    let holder = key();
    let compact = server
        .env(|env| {
            SdJwtBuilder::new(object(hidden), DisclosurePolicy::Everything)
                .always(object(always))
                .holder_key(&holder.public_key())
                .x5c(x5c)
                .sign(signer, env)
        })
        .unwrap();
    let sd_jwt = HolderSdJwt::open(&compact).unwrap();
    Card {
        vct: sd_jwt.vct().unwrap().to_owned(),
        sd_jwt,
        key: holder,
    }
}

/// What the server says to a presentation of `card` that shows `claim`.
async fn shown(server: &Sandbox, card: &[Card], vct: &str, claim: &str) -> Value {
    let query = json!({ "credentials": [{ "id": "card", "format": "dc+sd-jwt",
        "meta": { "vct_values": [vct] }, "claims": [{ "path": [claim] }] }] });
    let asked = server
        .call(
            "POST",
            "/v1/presentations",
            &server.library_key(),
            &[],
            Some(&json!({ "dcql_query": query })),
        )
        .await
        .expect(201)
        .json();
    let request = server
        .open_request(asked["links"]["same_device"].as_str().unwrap())
        .await;
    let response = server.answer(&request, card, &["card"], &[]);
    assert_eq!(server.send(&response.http).await.status, 200);
    let path = format!("/v1/presentations/{}", asked["transaction_id"].as_str().unwrap());
    server
        .call("GET", &path, &server.library_key(), &[], None)
        .await
        .expect(200)
        .json()
}

/// SV-7: the sandbox publishes what its residence card is, cards name its hash, and a card that breaks the rules is
/// refused although its issuer is trusted.
#[tokio::test]
async fn the_residence_card_keeps_to_its_published_type() {
    let server = Sandbox::start().await;
    let vct = "urn:assent:residence:1";
    let listed = server.get("/v1/registry/types").await.expect(200).json();
    assert_eq!(listed[0]["vct"], vct);
    let integrity = listed[0]["integrity"].as_str().unwrap().to_owned();
    let path = format!("/v1/registry/types/document?vct={vct}");
    let document = server.get(&path).await.expect(200);
    assert_eq!(document.headers["content-type"], "application/json");
    assert_eq!(document.headers["access-control-allow-origin"], "*");
    assert!(assent_core::sd_jwt::type_metadata::matches_integrity(
        document.text.as_bytes(),
        &integrity
    ));
    assert_eq!(document.json()["claims"][0]["sd"], "always");
    for unknown in ["vct=urn:other:1", &format!("vct={vct}&integrity=sha256-AAAA")] {
        let path = format!("/v1/registry/types/document?{unknown}");
        server.get(&path).await.problem(404, "type-unknown");
    }

    let (cards, _) = server.get_card("residence", 1).await;
    assert_eq!(cards[0].sd_jwt.claims()["vct#integrity"], integrity);
    assert_eq!(shown(&server, &cards, vct, "email").await["state"], "verified");

    // The same issuer, key and certificate, and an address that cannot be kept back.
    let files = server.data().join("sandbox");
    let signer =
        RingSigner::from_pem(&std::fs::read_to_string(files.join("issuer.key.pem")).unwrap()).unwrap();
    let chain = server.state.keys.issuer.as_ref().unwrap().chain.clone();
    let wrong = credential(
        &server,
        json!({ "vct": vct, "email": "a@example.org" }),
        json!({ "municipality": "Voorbeeldstad" }),
        &signer,
        chain.clone(),
    );
    let result = shown(&server, &[wrong], vct, "email").await;
    assert_eq!(
        result,
        json!({ "state": "failed", "error": "type-rule-always-visible" })
    );
    // And one for a version of the type that nobody knows.
    let other = credential(
        &server,
        json!({ "vct": vct, "vct#integrity": "sha256-AAAA" }),
        json!({ "email": "a@example.org" }),
        &signer,
        chain,
    );
    let result = shown(&server, &[other], vct, "email").await;
    assert_eq!(
        result,
        json!({ "state": "failed", "error": "type-rule-integrity" })
    );
}

/// SV-4, SV-8: a type at its own address that extends one in the folder, an issuer by its published keys. Everything is
/// fetched beforehand, and nothing for a presentation.
#[tokio::test]
async fn types_and_issuers_are_fetched_beforehand() {
    let publisher = Publisher::default();
    let base = publisher.start().await;
    let (vct, iss) = (format!("{base}/types/diploma"), format!("{base}/schools/1"));
    let folder = tempfile::tempdir().unwrap();
    let parent = json!({ "vct": "urn:example:diploma", "claims": [{ "path": ["level"], "sd": "always" }] });
    std::fs::write(folder.path().join("diploma.json"), parent.to_string()).unwrap();
    publisher.publish(
        "/types/diploma",
        &json!({ "vct": vct, "extends": "urn:example:diploma",
        "claims": [{ "path": ["school"], "sd": "never", "mandatory": true }] }),
    );
    let school = key();
    let mut jwk = Value::Object(school.public_key().to_jwk());
    jwk["kid"] = json!("1");
    publisher.publish(
        "/.well-known/jwt-vc-issuer/schools/1",
        &json!({ "issuer": iss, "jwks_uri": format!("{base}/keys") }),
    );
    publisher.publish_as("/keys", "application/jwk-set+json", &json!({ "keys": [jwk] }));

    let server = Sandbox::start_with(|config| {
        config.lookups.types_dir = Some(folder.path().to_owned());
        config.lookups.types = vec![vct.clone()];
        config.lookups.issuers = vec![WebIssuerConfig {
            iss: iss.clone(),
            name: "School 1".into(),
            vct: vec![vct.clone()],
        }];
    })
    .await;
    until("the school's keys", async || {
        !server.state.lookups.now().issuers.is_empty()
    })
    .await;
    let listed = server.get("/v1/registry/types").await.expect(200).json();
    let found = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|known| known["vct"] == vct)
        .unwrap();
    assert_eq!(found["extends"], json!(["urn:example:diploma"]));

    publisher.asked.lock().unwrap().clear();
    let card = |always: Value, hidden: Value, signer: &SoftwareKey| {
        [credential(&server, always, hidden, signer, Vec::new())]
    };
    let good = json!({ "vct": vct, "iss": iss, "school": "School 1" });
    let level = json!({ "level": "B1" });
    let result = shown(
        &server,
        &card(good.clone(), level.clone(), &school),
        &vct,
        "level",
    )
    .await;
    assert_eq!(result["state"], "verified", "{result}");
    assert_eq!(result["credentials"][0]["issuer"], "School 1");
    let base_rule = json!({ "vct": vct, "iss": iss, "school": "School 1", "level": "B1" });
    let result = shown(&server, &card(base_rule, json!({}), &school), &vct, "level").await;
    assert_eq!(result["error"], "type-rule-always-visible");
    let own_rule = json!({ "vct": vct, "iss": iss });
    let result = shown(&server, &card(own_rule, level.clone(), &school), &vct, "level").await;
    assert_eq!(result["error"], "type-rule-missing");
    let result = shown(&server, &card(good, level.clone(), &key()), &vct, "level").await;
    assert_eq!(result["error"], "sd-jwt-issuer-signature");
    let stranger = json!({ "vct": vct, "iss": format!("{base}/schools/2"), "school": "x" });
    let result = shown(&server, &card(stranger, level, &school), &vct, "level").await;
    assert_eq!(result["error"], "certificate-missing");
    assert!(
        publisher.asked.lock().unwrap().is_empty(),
        "asked for a presentation"
    );
}

/// SV-8: what cannot be had, or is not what it should be, is not known; the server runs all the same.
#[tokio::test]
async fn what_cannot_be_had_is_not_known() {
    let publisher = Publisher::default();
    let base = publisher.start().await;
    let circle = [format!("{base}/types/a"), format!("{base}/types/b")];
    publisher.publish("/types/a", &json!({ "vct": circle[0], "extends": circle[1] }));
    publisher.publish("/types/b", &json!({ "vct": circle[1], "extends": circle[0] }));
    publisher.publish("/types/c", &json!({ "vct": format!("{base}/types/d") }));
    publisher.publish(
        "/types/e",
        &json!({ "vct": format!("{base}/types/e"), "padding": "x".repeat(300_000) }),
    );
    publisher.publish("/types/ok", &json!({ "vct": format!("{base}/types/ok") }));
    let jwks = json!({ "keys": [key().public_key().to_jwk()] });
    publisher.publish(
        "/.well-known/jwt-vc-issuer/other",
        &json!({ "issuer": format!("{base}/x"), "jwks": jwks }),
    );
    publisher.publish_as(
        "/.well-known/jwt-vc-issuer/html",
        "text/html",
        &json!({ "issuer": format!("{base}/html"), "jwks": jwks }),
    );
    let server = Sandbox::start_with(|config| {
        let types = ["a", "c", "e", "missing", "ok"];
        config.lookups.types = types.map(|name| format!("{base}/types/{name}")).to_vec();
        config.lookups.issuers = ["other", "html", "missing"]
            .map(|name| WebIssuerConfig {
                iss: format!("{base}/{name}"),
                name: name.into(),
                vct: vec!["urn:example:1".into()],
            })
            .to_vec();
    })
    .await;
    let known = || {
        let published = server.state.lookups.now();
        let types: Vec<String> = published
            .types
            .iter()
            .map(|known| known.vct().to_owned())
            .collect();
        (types, published.issuers.len())
    };
    until("the type that is all right", async || known().0.len() > 1).await;
    assert_eq!(
        known(),
        (
            vec!["urn:assent:residence:1".to_owned(), format!("{base}/types/ok")],
            0
        )
    );
}

/// A folder with a document that cannot be used stops the server before it starts, and says why.
#[tokio::test]
async fn documents_in_the_folder_are_checked_at_the_start() {
    let issue = |documents: &[(&str, Value)]| {
        let folder = tempfile::tempdir().unwrap();
        for (name, document) in documents {
            std::fs::write(folder.path().join(name), document.to_string()).unwrap();
        }
        let mut config = assent_server::config::Config::default();
        config.lookups.types_dir = Some(folder.path().to_owned());
        let issues = assent_server::state::Keys::load(&config)
            .err()
            .unwrap_or_default();
        issues
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(
        issue(&[("a.json", json!({ "vct": "a" })), ("note.txt", json!("not read"))]),
        ""
    );
    let text = issue(&[
        ("a.json", json!({ "vct": "a", "extends": "b" })),
        ("c.json", json!({ "claims": [] })),
    ]);
    assert!(text.contains("lookups.types_dir: a.json: extends b"), "{text}");
    assert!(text.contains("c.json") && text.contains("vct"), "{text}");
    let circle = issue(&[
        ("a.json", json!({ "vct": "a", "extends": "b" })),
        ("b.json", json!({ "vct": "b", "extends": "a" })),
    ]);
    assert!(circle.contains("circle"), "{circle}");
}

/// TD-2, TD-4: our wallet knows no type, so it gets no such request; one that does authorises by hash.
#[tokio::test]
async fn transactions_are_for_wallets_that_know_them() {
    use assent_core::encoding::{base64url, form};
    let server = Sandbox::start().await;
    let (cards, _) = server.get_card("residence", 1).await;
    let query = json!({ "credentials": [{ "id": "card", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] }, "claims": [{ "path": ["email"] }] }] });
    let body = |more: Value| {
        let mut out = json!({ "dcql_query": query, "response_mode": "direct_post",
            "transaction_data": [{ "type": "urn:example:payment:1", "credential_ids": ["card"], "amount": "12.50" }] });
        out.as_object_mut().unwrap().extend(object(more));
        out
    };
    let ask = async |body: &Value| {
        server
            .call(
                "POST",
                "/v1/presentations",
                &server.library_key(),
                &[],
                Some(body),
            )
            .await
    };
    ask(&body(json!({ "request_uri_method": "get" })))
        .await
        .problem(422, "presentation-bad-transaction-data");
    ask(&body(json!({ "client_id_prefix": "redirect_uri" })))
        .await
        .problem(422, "presentation-bad-transaction-data");
    let asked = ask(&body(json!({}))).await.expect(201).json();
    let link = asked["links"]["same_device"].as_str().unwrap();
    let pairs = form::decode(link.split_once('?').unwrap().1).unwrap();
    let path = form::get(&pairs, "request_uri")
        .unwrap()
        .strip_prefix(&server.base)
        .unwrap()
        .to_owned();
    server
        .get(&path)
        .await
        .problem(410, "transaction-data-not-supported");

    let metadata = json!({ "transaction_data_types_supported": ["urn:example:payment:1"] }).to_string();
    let request = server
        .client
        .post(server.url(&path))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form::encode([("wallet_metadata", metadata.as_str())]));
    let jwt = request.send().await.unwrap().text().await.unwrap();
    let claims: Value =
        serde_json::from_slice(&base64url::decode(jwt.split('.').nth(1).unwrap()).unwrap()).unwrap();
    let text = claims["transaction_data"][0].as_str().unwrap();
    let approved = [assent_core::claims::ClaimsPath::keys(&["email"]).unwrap()];
    let presentation = cards[0]
        .sd_jwt
        .present_and_authorise(
            &approved,
            claims["nonce"].as_str().unwrap(),
            claims["client_id"].as_str().unwrap(),
            &[text],
            server.now(),
            &cards[0].key,
        )
        .unwrap();
    let token = json!({ "card": [presentation] }).to_string();
    let answer = form::encode([
        ("vp_token", token.as_str()),
        ("state", claims["state"].as_str().unwrap()),
    ]);
    let post = server
        .client
        .post(claims["response_uri"].as_str().unwrap())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(answer);
    assert_eq!(post.send().await.unwrap().status(), 200);
    let path = format!("/v1/presentations/{}", asked["transaction_id"].as_str().unwrap());
    let result = server
        .call("GET", &path, &server.library_key(), &[], None)
        .await
        .expect(200)
        .json();
    assert_eq!(result["state"], "verified", "{result}");
    assert_eq!(result["credentials"][0]["transaction_data"], json!([0]));
}

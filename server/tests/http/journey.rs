//! The main job over HTTP: get cards, ask, share, receipt, withdraw.

use std::sync::{Arc, Mutex};

use crate::common::{Answer, Sandbox};
use assent_core::consent::{
    Countersignature, Digest, ReceiptBundle, Withdrawal, WithdrawalAcknowledgement, WithdrawalWish,
};
use assent_core::crypto::{RustCrypto, Signer as _};
use assent_core::encoding::base64url;
use assent_core::oid4vp::Requester;
use assent_server::config::ServiceConfig;
use assent_server::crypto::hmac_sha256;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

const PRESENTATIONS: &str = "/v1/presentations";

fn consent_request(server: &Sandbox) -> Value {
    json!({
        "purpose": { "en": "Check that you may borrow films for 16 and over", "nl": "Nagaan of je films mag lenen" },
        "purpose_type": "dpv:ServiceProvision", "legal_basis": "eu-gdpr:A6-1-a",
        "required": [
            { "vct": "urn:assent:residence:1", "path": ["age_equal_or_over", "16"] },
            { "vct": "urn:eudi:pid:1", "path": ["address", "locality"] },
        ],
        "optional": [{ "vct": "urn:assent:residence:1", "path": ["email"],
                       "purpose": { "en": "Send you reminders", "nl": "Je herinneren" } }],
        "retention": "P30D", "recipients": [], "storage_locations": ["NL"], "jurisdiction": "NL",
        "controller": { "name": "City library of Voorbeeld", "contact": "privacy@library.example",
                        "address": "Marktplein 1, Voorbeeld" },
        "privacy_policy": server.url("/privacy"), "rights_contact": "privacy@library.example",
        "authority": { "name": "Autoriteit Persoonsgegevens", "url": "https://autoriteitpersoonsgegevens.nl/" },
        "language": "en",
    })
}

async fn ask(server: &Sandbox, body: &Value) -> Value {
    server
        .call("POST", PRESENTATIONS, &server.library_key(), &[], Some(body))
        .await
        .expect(201)
        .json()
}

async fn read(server: &Sandbox, id: &str, code: &str) -> Answer {
    let query = if code.is_empty() {
        String::new()
    } else {
        format!("?response_code={code}")
    };
    server
        .call(
            "GET",
            &format!("{PRESENTATIONS}/{id}{query}"),
            &server.library_key(),
            &[],
            None,
        )
        .await
}

fn code_of(reply: &Value) -> String {
    let uri = reply["redirect_uri"].as_str().unwrap();
    uri.split_once("response_code=").unwrap().1.to_owned()
}

/// Webhooks that arrived: headers and body.
type Deliveries = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A service's webhook address; answers 500 to the first delivery.
async fn webhook_receiver() -> (String, Deliveries) {
    let seen: Deliveries = Arc::default();
    let app = axum::Router::new()
        .route(
            "/hook",
            axum::routing::post(
                async |State(seen): State<Deliveries>, headers: HeaderMap, body: String| {
                    let mut seen = seen.lock().unwrap();
                    seen.push((headers, body));
                    if seen.len() == 1 {
                        StatusCode::INTERNAL_SERVER_ERROR
                    } else {
                        StatusCode::NO_CONTENT
                    }
                },
            ),
        )
        .with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/hook", listener.local_addr().unwrap().port());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, seen)
}

#[tokio::test]
async fn share_two_details_get_a_receipt_and_stop_sharing() {
    let server = Sandbox::start().await;
    let (hook, hooks) = webhook_receiver().await;
    let (mut cards, _) = server.get_card("identity", 2).await;
    cards.extend(server.get_card("residence", 2).await.0);

    let asked = ask(
        &server,
        &json!({ "consent_request": consent_request(&server), "webhook_url": hook,
                 "redirect_uri": server.url("/return") }),
    )
    .await;
    let id = asked["transaction_id"].as_str().unwrap();
    assert!(asked["qr_svg"].as_str().unwrap().starts_with("<svg"));
    let link = asked["links"]["same_device"].as_str().unwrap();
    assert!(!link.contains(id), "the wallet must not learn the service's id");
    assert_eq!(
        read(&server, id, "").await.expect(200).json(),
        json!({ "state": "created" })
    );

    let request = server.open_request(link).await;
    let Requester::Certificate(chain) = request.requester() else {
        panic!("no certificate")
    };
    assert_eq!(
        chain.subject.organization.as_deref(),
        Some("City Library of Voorbeeld")
    );
    assert_eq!(read(&server, id, "").await.expect(200).json()["state"], "fetched");

    let consent = server.consent_request(&request).unwrap();
    let required = consent.terms.purposes()[0].query_ids.clone();
    let queries: Vec<&str> = required.iter().map(String::as_str).collect();
    let response = server.answer(&request, &cards, &queries, &["required"]);
    let reply = server.send(&response.http).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let reply: Value = serde_json::from_str(&reply.body).unwrap();

    // Both sides hold the same bytes, and the service signed that it does.
    let (receipt, key) = response.receipt.unwrap();
    let countersignature = reply["receipt_countersignature"].as_str().unwrap();
    Countersignature::verify(countersignature, &receipt, &chain.leaf_key, &RustCrypto).unwrap();

    // The same answer again is refused; the result needs the code that came back to the browser.
    assert_eq!(server.send(&response.http).await.status, 400);
    assert!(
        read(&server, id, "")
            .await
            .expect(200)
            .json()
            .get("credentials")
            .is_none()
    );
    let result = read(&server, id, &code_of(&reply)).await.expect(200).json();
    assert_eq!(result["state"], "verified");
    let claims: Vec<&Value> = result["credentials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["claims"])
        .collect();
    let age = claims
        .iter()
        .any(|c| **c == json!({ "age_equal_or_over": { "16": true } }));
    let city = claims
        .iter()
        .any(|c| c["address"]["locality"].is_string() && c.as_object().unwrap().len() == 1);
    assert!(age && city && claims.len() == 2, "{claims:?}");
    read(&server, id, &code_of(&reply))
        .await
        .problem(403, "response-code-refused");

    // The receipt is there for the service, and proves everything offline.
    let consent_id = result["consent"]["consent_id"].as_str().unwrap();
    let path = format!("/v1/consents/{consent_id}");
    let service = |path: String| {
        let server = &server;
        async move { server.call("GET", &path, &server.library_key(), &[], None).await }
    };
    assert_eq!(service(path.clone()).await.expect(200).json()["state"], "active");
    let bundle: ReceiptBundle =
        serde_json::from_value(service(format!("{path}/receipt")).await.expect(200).json()).unwrap();
    assert_eq!(bundle.receipt, receipt.compact());
    bundle
        .verify(
            &server.anchors().await,
            server.now(),
            &crate::common::holder::PROFILE,
            &RustCrypto,
        )
        .unwrap();
    let listed = service("/v1/consents".into()).await.expect(200).json();
    assert_eq!(listed["consents"][0]["consent_id"], consent_id);

    // A withdrawal by somebody else's key counts for nothing.
    let withdraw = async |jwt: String| {
        let request = server
            .client
            .post(server.url("/vp/withdrawals"))
            .header("content-type", "application/jwt")
            .body(jwt);
        Answer::read(request.send().await.unwrap()).await
    };
    let mut forged = server
        .env(|env| Withdrawal::sign(&receipt, Default::default(), &key, env))
        .unwrap();
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    withdraw(forged).await.problem(400, "withdrawal-signature");
    withdraw("x".into()).await.problem(400, "withdrawal-malformed");
    assert_eq!(service(path.clone()).await.json()["state"], "active");

    // Stop sharing.
    let jwt = server
        .env(|env| Withdrawal::sign(&receipt, Default::default(), &key, env))
        .unwrap();
    let acknowledged = withdraw(jwt.clone()).await.expect(200);
    assert_eq!(acknowledged.headers["content-type"], "application/jwt");
    let acknowledgement =
        WithdrawalAcknowledgement::verify(&acknowledged.text, &jwt, &receipt, &chain.leaf_key, &RustCrypto)
            .unwrap();
    assert!(acknowledgement.accepted && acknowledgement.retained.is_empty());
    assert_eq!(service(path.clone()).await.json()["state"], "withdrawn");
    read(&server, id, "").await.problem(404, "presentation-unknown");
    withdraw(jwt).await.expect(200);

    // The service was told, by signed webhooks; the first delivery failed and was repeated with the same id.
    let secret = std::fs::read_to_string(server.data().join("library.webhook")).unwrap();
    for _ in 0..100 {
        if hooks.lock().unwrap().len() >= 3 {
            break;
        }
        server.pass(2);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let hooks = hooks.lock().unwrap();
    let mut types = Vec::new();
    for (headers, body) in hooks.iter() {
        let text = |name: &str| headers[name].to_str().unwrap();
        let signed = format!("{}.{}.{body}", text("webhook-id"), text("webhook-timestamp"));
        let tag = hmac_sha256(secret.as_bytes(), signed.as_bytes());
        assert_eq!(
            text("webhook-signature"),
            format!("v1,{}", base64url::encode_standard(&tag))
        );
        let event: Value = serde_json::from_str(body).unwrap();
        assert_eq!(event["consent_id"], consent_id);
        types.push((
            text("webhook-id").to_owned(),
            event["type"].as_str().unwrap().to_owned(),
        ));
    }
    types.sort();
    types.dedup();
    let mut names: Vec<_> = types.iter().map(|(_, name)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["consent.withdrawn", "presentation.verified"]);
}

#[tokio::test]
async fn a_query_no_wallet_would_read_is_refused() {
    let server = Sandbox::start().await;
    let mut query = json!({ "credentials": [{ "id": "card", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] } }] });
    query["extra"] = "x".repeat(200_000).into();
    let body = json!({ "dcql_query": query });
    let refused = server
        .call("POST", PRESENTATIONS, &server.library_key(), &[], Some(&body))
        .await;
    refused.problem(422, "presentation-invalid");
}

#[tokio::test]
async fn sharing_is_stopped_purpose_by_purpose() {
    let server = Sandbox::start().await;
    let (hook, hooks) = webhook_receiver().await;
    let mut cards = server.get_card("identity", 1).await.0;
    cards.extend(server.get_card("residence", 2).await.0);
    let body = json!({ "consent_request": consent_request(&server), "webhook_url": hook });
    let asked = ask(&server, &body).await;
    let id = asked["transaction_id"].as_str().unwrap();
    let request = server
        .open_request(asked["links"]["same_device"].as_str().unwrap())
        .await;
    let consent = server.consent_request(&request).unwrap();
    let Requester::Certificate(chain) = request.requester() else {
        panic!("no certificate")
    };
    let purposes = consent.terms.purposes();
    let queries: Vec<&str> = purposes
        .iter()
        .flat_map(|p| p.query_ids.iter().map(String::as_str))
        .collect();
    let response = server.answer(&request, &cards, &queries, &["required", "optional-1"]);
    let reply = server.send(&response.http).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let (receipt, key) = response.receipt.unwrap();
    let seen = read(&server, id, "").await.expect(200).json();
    assert_eq!(seen["credentials"].as_array().unwrap().len(), 3, "{seen}");
    assert!(sealed(&server, id).await.contains("\"email\":\""));
    let consent_id = seen["consent"]["consent_id"].as_str().unwrap().to_owned();

    let withdrawal = |purposes: &[&str], last_event| {
        let purposes = purposes.iter().map(|id| (*id).to_owned()).collect();
        let wish = WithdrawalWish {
            purposes: Some(purposes),
            last_event,
            ..WithdrawalWish::default()
        };
        server
            .env(|env| Withdrawal::sign(&receipt, wish, &key, env))
            .unwrap()
    };
    let send = async |jwt: &str| {
        let request = server
            .client
            .post(server.url("/vp/withdrawals"))
            .body(jwt.to_owned());
        let answer = Answer::read(request.send().await.unwrap()).await.expect(200);
        WithdrawalAcknowledgement::verify(&answer.text, jwt, &receipt, &chain.leaf_key, &RustCrypto).unwrap()
    };
    let service = async |path: &str| {
        let path = format!("/v1/consents/{consent_id}{path}");
        server
            .call("GET", &path, &server.library_key(), &[], None)
            .await
            .expect(200)
            .json()
    };

    // The reminders stop; films may still be borrowed.
    let first = withdrawal(&["optional-1"], None);
    for _ in 0..2 {
        assert_eq!(send(&first).await.stopped, ["optional-1"]);
    }
    let state = service("").await;
    assert_eq!(
        (&state["state"], &state["withdrawn_purposes"]),
        (&json!("active"), &json!(["optional-1"]))
    );
    let seen = read(&server, id, "").await.expect(200).json();
    assert_eq!(seen["credentials"].as_array().unwrap().len(), 2, "{seen}");
    assert_eq!(seen["consent"]["withdrawn_purposes"], json!(["optional-1"]));
    assert!(
        !sealed(&server, id).await.contains("\"email\":\""),
        "the e-mail address is still there"
    );
    let states = async || {
        let bundle: ReceiptBundle = serde_json::from_value(service("/receipt").await).unwrap();
        let anchors = server.anchors().await;
        let checked = bundle
            .verify(
                &anchors,
                server.now(),
                &crate::common::holder::PROFILE,
                &RustCrypto,
            )
            .unwrap();
        let states = checked.states(server.now());
        (
            bundle,
            states.into_iter().map(|(_, state)| state).collect::<Vec<_>>(),
        )
    };
    use assent_core::consent::EffectiveState::{Given, Withdrawn};
    let (bundle, folded) = states().await;
    assert_eq!(folded, [Given, Withdrawn]);
    assert_eq!((bundle.events.len(), bundle.acknowledgements.len()), (1, 1));

    // The rest: now it is over as a whole.
    let second = withdrawal(&["required"], Some((1, Digest::of(&first))));
    assert_eq!(send(&second).await.stopped, ["required"]);
    assert_eq!(service("").await["state"], "withdrawn");
    read(&server, id, "").await.problem(404, "presentation-unknown");
    assert_eq!(states().await.1, [Withdrawn, Withdrawn]);

    for _ in 0..100 {
        if hooks.lock().unwrap().len() >= 4 {
            break;
        }
        server.pass(2);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let told: Vec<Value> = hooks
        .lock()
        .unwrap()
        .iter()
        .map(|(_, body)| serde_json::from_str(body).unwrap())
        .filter(|event: &Value| event["type"] == "consent.withdrawn")
        .collect();
    let said = |purposes: &Value, state: &str| {
        told.iter()
            .any(|event| event["purposes"] == *purposes && event["consent_state"] == state)
    };
    assert!(
        said(&json!(["optional-1"]), "active") && said(&json!(["required"]), "withdrawn"),
        "{told:?}"
    );
}

/// A receipt that cannot be checked is not the same as a wallet without receipts.
#[tokio::test]
async fn a_receipt_for_another_request_spoils_the_answer() {
    let server = Sandbox::start().await;
    let mut cards = server.get_card("identity", 1).await.0;
    cards.extend(server.get_card("residence", 1).await.0);
    let asked = ask(&server, &json!({ "consent_request": consent_request(&server) })).await;
    let request = server
        .open_request(asked["links"]["same_device"].as_str().unwrap())
        .await;
    let consent = server.consent_request(&request).unwrap();
    let required = consent.terms.purposes()[0].query_ids.clone();
    let queries: Vec<&str> = required.iter().map(String::as_str).collect();
    let response = server.answer_with(&request, &cards, &queries, &["required"], "another-nonce");
    assert_eq!(server.send(&response.http).await.status, 200);
    let id = asked["transaction_id"].as_str().unwrap();
    assert_eq!(
        read(&server, id, "").await.expect(200).json(),
        json!({ "state": "failed", "error": "key-binding-nonce" })
    );
}

/// What was released is kept for an hour, however often it is read.
#[tokio::test]
async fn reading_a_result_does_not_make_it_last() {
    let server = Sandbox::start().await;
    let (cards, _) = server.get_card("residence", 1).await;
    let query = json!({ "credentials": [{ "id": "card", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] }, "claims": [{ "path": ["email"] }] }] });
    let asked = ask(&server, &json!({ "dcql_query": query })).await;
    let id = asked["transaction_id"].as_str().unwrap();
    let request = server
        .open_request(asked["links"]["same_device"].as_str().unwrap())
        .await;
    let response = server.answer(&request, &cards, &["card"], &[]);
    assert_eq!(server.send(&response.http).await.status, 200);
    server.pass(3500);
    let late = read(&server, id, "any").await.expect(200).json();
    assert!(late.get("credentials").is_some(), "{late}");
    server.pass(101);
    read(&server, id, "").await.problem(404, "presentation-unknown");
}

/// What is sealed in the database about a presentation.
async fn sealed(server: &Sandbox, id: &str) -> String {
    use assent_server::store::PresentationStore as _;
    let row = server
        .state
        .store
        .presentation("library", id)
        .await
        .unwrap()
        .unwrap();
    let place = assent_server::crypto::Place {
        table: "presentations",
        row: id,
        column: "sealed",
    };
    let plain = server.state.sealing.open(place, &row.sealed).unwrap();
    String::from_utf8(plain.to_vec()).unwrap()
}

#[tokio::test]
async fn details_are_erased_when_the_service_has_them() {
    let server = Sandbox::start().await;
    let (cards, _) = server.get_card("residence", 4).await;
    let query = json!({ "credentials": [{ "id": "card", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] }, "claims": [{ "path": ["email"] }] }] });
    let mut left = cards;
    let mut share = async |more: Value| {
        let mut body = json!({ "dcql_query": query });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let asked = ask(&server, &body).await;
        let request = server
            .open_request(asked["links"]["same_device"].as_str().unwrap())
            .await;
        let card = left.split_off(left.len() - 1);
        let response = server.answer(&request, &card, &["card"], &[]);
        let reply = server.send(&response.http).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let id = asked["transaction_id"].as_str().unwrap().to_owned();
        assert!(sealed(&server, &id).await.contains("email"));
        (id, serde_json::from_str::<Value>(&reply.body).unwrap())
    };

    // With a code: with the answer to the one request that may have them.
    let (id, reply) = share(json!({ "redirect_uri": server.url("/return") })).await;
    let seen = read(&server, &id, &code_of(&reply)).await.expect(200).json();
    assert!(seen["credentials"][0]["claims"]["email"].is_string());
    assert!(!sealed(&server, &id).await.contains("email"));
    // After a wrong code nobody may have them any more.
    let (id, _) = share(json!({ "redirect_uri": server.url("/return") })).await;
    read(&server, &id, "guess")
        .await
        .problem(403, "response-code-refused");
    assert!(!sealed(&server, &id).await.contains("email"));
    let state = read(&server, &id, "").await.expect(200).json();
    assert_eq!(state, json!({ "state": "verified" }));

    // Without a code: again for a minute, as a connection may break.
    let (id, _) = share(json!({})).await;
    for wait in [0, 59] {
        server.pass(wait);
        let seen = read(&server, &id, "").await.expect(200).json();
        assert!(seen["credentials"][0]["claims"]["email"].is_string(), "{seen}");
        assert!(seen.get("details_erased").is_none());
    }
    server.pass(1);
    let gone = json!({ "state": "verified", "details_erased": true });
    assert_eq!(
        read(&server, &id, "").await.expect(200).json(),
        gone,
        "also before the sweep"
    );
    assert!(sealed(&server, &id).await.contains("email"));
    assert_eq!(assent_server::jobs::sweep_now(&server.state).await, Ok(()));
    assert!(!sealed(&server, &id).await.contains("email"));
    assert_eq!(read(&server, &id, "").await.expect(200).json(), gone);

    // Nobody came: they stay as long as a result does.
    let (id, _) = share(json!({})).await;
    server.pass(3000);
    assert_eq!(assent_server::jobs::sweep_now(&server.state).await, Ok(()));
    let seen = read(&server, &id, "").await.expect(200).json();
    assert!(seen["credentials"][0]["claims"]["email"].is_string(), "{seen}");
}

/// One service's dead webhook address must not keep the others waiting.
#[tokio::test]
async fn a_webhook_that_hangs_does_not_delay_the_others() {
    let server = Sandbox::start().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = format!("http://localhost:{}/", silent.local_addr().unwrap().port());
    let (hook, hooks) = webhook_receiver().await;
    let query = json!({ "credentials": [{ "id": "card", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] } }] });
    for url in [&dead, &dead, &dead, &hook] {
        let asked = ask(&server, &json!({ "dcql_query": query, "webhook_url": url })).await;
        let request = server
            .open_request(asked["links"]["same_device"].as_str().unwrap())
            .await;
        assert_eq!(server.send(&server.refuse(&request)).await.status, 200);
    }
    let arrived = async {
        while hooks.lock().unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(4), arrived)
        .await
        .expect("the webhook waited for the dead ones");
}

#[tokio::test]
async fn a_webhook_without_a_secret_is_refused_and_not_dropped_later() {
    let server = Sandbox::start_with(|config| {
        let keys = config.data_dir.join("sandbox");
        config.verifier.services.push(ServiceConfig {
            api_key_file: Some(config.data_dir.join("library.key")),
            ..ServiceConfig::new("library", keys.join("library.pem"), keys.join("library.key.pem"))
        });
    })
    .await;
    let body = json!({ "consent_request": consent_request(&server), "webhook_url": "http://localhost:1/" });
    server
        .call("POST", PRESENTATIONS, &server.library_key(), &[], Some(&body))
        .await
        .problem(422, "presentation-invalid");
}

#[tokio::test]
async fn plain_queries_of_every_kind_are_answered() {
    let server = Sandbox::start().await;
    let (cards, _) = server.get_card("residence", 1).await;
    let query = json!({ "credentials": [{ "id": "card", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] }, "claims": [{ "path": ["email"] }] }] });
    for prefix in [
        "x509_hash",
        "x509_san_dns",
        "redirect_uri",
        "decentralized_identifier",
    ] {
        for mode in ["direct_post", "direct_post.jwt"] {
            for method in ["get", "post"] {
                let asked = ask(
                    &server,
                    &json!({ "dcql_query": query, "client_id_prefix": prefix, "response_mode": mode,
                             "request_uri_method": method, "wallet_authorization_endpoint": "openid4vp://" }),
                )
                .await;
                let link = asked["links"]["cross_device"].as_str().unwrap();
                assert!(link.starts_with("openid4vp://?"), "{link}");
                let request = server.open_request(link).await;
                assert!(request.client_id().as_str().starts_with(&format!("{prefix}:")));
                let response = server.answer(&request, &cards, &["card"], &[]);
                let reply = server.send(&response.http).await;
                assert_eq!((reply.status, reply.body.as_str()), (200, "{}"));
                let result = read(&server, asked["transaction_id"].as_str().unwrap(), "")
                    .await
                    .expect(200)
                    .json();
                assert_eq!(result["state"], "verified", "{prefix} {mode} {method}: {result}");
                assert!(result["credentials"][0]["claims"]["email"].is_string());
                assert!(result.get("consent").is_none());
            }
        }
    }
}

#[tokio::test]
async fn a_consent_that_ended_by_itself_says_so_everywhere() {
    let day = 24 * 60 * 60;
    let server = Sandbox::start_with(|config| config.verifier.result_lifetime = 60 * day).await;
    let (mut cards, _) = server.get_card("residence", 1).await;
    cards.extend(server.get_card("identity", 1).await.0);
    let asked = ask(&server, &json!({ "consent_request": consent_request(&server) })).await;
    let id = asked["transaction_id"].as_str().unwrap();
    let request = server
        .open_request(asked["links"]["same_device"].as_str().unwrap())
        .await;
    let consent = server.consent_request(&request).unwrap();
    let required = consent.terms.purposes()[0].query_ids.clone();
    let queries: Vec<&str> = required.iter().map(String::as_str).collect();
    let response = server.answer(&request, &cards, &queries, &["required"]);
    assert_eq!(server.send(&response.http).await.status, 200);

    let states = async || {
        let seen = read(&server, id, "").await.expect(200).json()["consent"].clone();
        let path = format!("/v1/consents/{}", seen["consent_id"].as_str().unwrap());
        let consent = server.call("GET", &path, &server.library_key(), &[], None).await;
        [seen["state"].clone(), consent.expect(200).json()["state"].clone()]
    };
    assert_eq!(states().await, ["active", "active"]);
    let until = response.receipt.unwrap().0.valid_until();
    server.pass(until.since(server.server_now()) + 1);
    assert_eq!(states().await, ["expired", "expired"]);
}

#[tokio::test]
async fn refusal_expiry_and_revocation() {
    let server = Sandbox::start().await;
    let (cards, offer_id) = server.get_card("residence", 1).await;
    let body = json!({ "dcql_query": { "credentials": [{ "id": "card", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] }, "claims": [{ "path": ["email"] }] }] } });
    let open = async || {
        let asked = ask(&server, &body).await;
        let id = asked["transaction_id"].as_str().unwrap().to_owned();
        (
            id,
            server
                .open_request(asked["links"]["same_device"].as_str().unwrap())
                .await,
        )
    };
    let (id, request) = open().await;
    assert_eq!(server.send(&server.refuse(&request)).await.status, 200);
    let result = read(&server, &id, "").await.json();
    assert_eq!(result, json!({ "state": "declined", "error": "access_denied" }));

    // A verified answer, then revocation, then the same card is refused.
    let (id, request) = open().await;
    server
        .send(&server.answer(&request, &cards, &["card"], &[]).http)
        .await;
    assert_eq!(read(&server, &id, "").await.json()["state"], "verified");
    let revoked = server
        .post("/v1/sandbox/cards/revoke", &json!({ "offer_id": offer_id }))
        .await
        .expect(200);
    assert_eq!(revoked.json(), json!({ "copies": 1 }));
    server.pass(61);
    let (id, request) = open().await;
    assert_eq!(
        server
            .send(&server.answer(&request, &cards, &["card"], &[]).http)
            .await
            .status,
        200
    );
    let result = read(&server, &id, "").await.json();
    assert_eq!(
        result,
        json!({ "state": "failed", "error": "credential-revoked" })
    );

    // An answer that comes too late.
    let (id, request) = open().await;
    let late = server.answer(&request, &cards, &["card"], &[]).http;
    server.pass(1000);
    assert_eq!(server.send(&late).await.status, 400);
    assert_eq!(read(&server, &id, "").await.json(), json!({ "state": "expired" }));
}

#[tokio::test]
async fn services_are_kept_apart_and_incomplete_requests_refused() {
    let server = Sandbox::start().await;
    let body = json!({ "consent_request": consent_request(&server) });
    let call = async |key: &str, body: &Value| server.call("POST", PRESENTATIONS, key, &[], Some(body)).await;
    call("wrong", &body).await.problem(401, "service-key-refused");
    let key = server.library_key();
    for missing in [
        "purpose",
        "retention",
        "controller",
        "legal_basis",
        "privacy_policy",
    ] {
        let mut incomplete = body.clone();
        incomplete["consent_request"]
            .as_object_mut()
            .unwrap()
            .remove(missing);
        let answer = call(&key, &incomplete).await;
        answer.problem(422, "consent-request-incomplete");
        assert!(answer.text.contains(missing), "{}", answer.text);
    }
    call(&key, &json!({})).await.problem(422, "presentation-invalid");
    for (name, value) in [
        ("wallet_authorization_endpoint", "javascript://%0aalert(1)"),
        ("wallet_authorization_endpoint", "http://wallet.example/"),
        ("redirect_uri", "http://library.example/"),
        ("response_mode", "fragment"),
        ("client_id_prefix", "origin"),
    ] {
        let mut wrong = body.clone();
        wrong[name] = value.into();
        call(&key, &wrong).await.problem(422, "presentation-invalid");
    }
    let mut wrong = body.clone();
    wrong["webhook_url"] = "https://169.254.169.254/latest".into();
    call(&key, &wrong).await.problem(422, "outbound-network-refused");
    let first = server
        .call(
            "POST",
            PRESENTATIONS,
            &key,
            &[("idempotency-key", "a")],
            Some(&body),
        )
        .await
        .expect(201);
    let again = server
        .call(
            "POST",
            PRESENTATIONS,
            &key,
            &[("idempotency-key", "a")],
            Some(&body),
        )
        .await
        .expect(201);
    assert_eq!(first.text, again.text);
    assert!(server.get("/vp/requests/nonsense").await.status == 404);
}

#[tokio::test]
async fn nothing_shared_is_readable_in_the_database() {
    let server = Sandbox::start().await;
    let (cards, _) = server.get_card("residence", 1).await;
    let asked = ask(
        &server,
        &json!({ "dcql_query": { "credentials": [{ "id": "card", "format": "dc+sd-jwt",
            "meta": { "vct_values": ["urn:assent:residence:1"] }, "claims": [{ "path": ["email"] }] }] } }),
    )
    .await;
    let request = server
        .open_request(asked["links"]["same_device"].as_str().unwrap())
        .await;
    server
        .send(&server.answer(&request, &cards, &["card"], &[]).http)
        .await;
    let result = read(&server, asked["transaction_id"].as_str().unwrap(), "")
        .await
        .json();
    let email = result["credentials"][0]["claims"]["email"]
        .as_str()
        .unwrap()
        .as_bytes()
        .to_vec();
    let key = server.library_key().into_bytes();
    let mut files = 0;
    for name in ["assent.db", "assent.db-wal"] {
        let bytes = std::fs::read(server.data().join(name)).unwrap();
        files += bytes.len();
        for canary in [&email, &key] {
            assert!(
                !bytes.windows(canary.len()).any(|w| w == canary.as_slice()),
                "{name}"
            );
        }
    }
    assert!(files > 10_000, "looked at the wrong files");
    assert_eq!(cards[0].key.public_key(), cards[0].sd_jwt.holder_key().unwrap());
}

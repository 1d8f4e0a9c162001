//! The main job over HTTP: get cards, ask, share, receipt, withdraw; and refusing.

use assent_core::consent::{Countersignature, ReceiptBundle, Withdrawal, WithdrawalAcknowledgement};
use assent_core::crypto::RustCrypto;
use assent_core::encoding::base64url;
use assent_core::oid4vp::Requester;
use assent_server::crypto::hmac_sha256;
use serde_json::{Value, json};

use crate::common::asking::{PRESENTATIONS, ask, code_of, consent_request, read, webhook_receiver};
use crate::common::{Answer, Sandbox, until};

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
    until("the first delivery", async || !hooks.lock().unwrap().is_empty()).await;
    server.pass(6);
    until("it again, and the other event", async || {
        server.state.outbox.notify_one();
        hooks.lock().unwrap().len() >= 3
    })
    .await;
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
    let refused = call(&key, &wrong).await;
    refused.problem(422, "outbound-network-refused");
    assert!(refused.text.contains("webhook_url: "), "{}", refused.text);
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

//! Rules of the protocols that only show over HTTP.

use crate::common::{Answer, Sandbox};
use assent_core::crypto::SoftwareKey;
use assent_server::config::ServiceConfig;
use assent_server::crypto::SystemRandom;
use secrecy::SecretString;
use serde_json::{Value, json};

fn residence_query() -> Value {
    json!({ "credentials": [{ "id": "card", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] }, "claims": [{ "path": ["email"] }] }] })
}

/// CI-26, RFC 6750 §2.3: addresses end in logs, so a token in one is no token.
#[tokio::test]
async fn an_access_token_in_the_query_is_refused() {
    let server = Sandbox::start().await;
    let (_, offer) = server.offer(&json!({ "card": "residence" })).await;
    let token = server.token(&offer, None).await.expect(200).json();
    let token = token["access_token"].as_str().unwrap();
    let nonce = server.nonce().await;
    let key = SoftwareKey::generate(&mut SystemRandom::default()).unwrap();
    let body = json!({ "credential_configuration_id": "residence",
        "proofs": { "jwt": [server.proof(&key, &nonce)] } });
    let path = format!("/issuer/credential?access_token={token}");
    let refused = server.post(&path, &body).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (401, &json!("invalid_token"))
    );
    // The same request with the token where it belongs.
    server
        .call("POST", "/issuer/credential", token, &[], Some(&body))
        .await
        .expect(200);
}

/// CI-20: the nonce endpoint wants no token and no body, gives another nonce each time, and forbids keeping it.
#[tokio::test]
async fn the_nonce_endpoint_is_open_and_never_cached() {
    let server = Sandbox::start().await;
    let (one, two) = (server.nonce().await, server.nonce().await);
    assert_ne!(one, two);
    assert!(one.len() >= 22, "128 bits: {one}");
    let request = server.client.get(server.url("/issuer/nonce"));
    Answer::read(request.send().await.unwrap()).await.expect(405);
}

/// SB-4: a result is read by the service that asked, and by no other.
#[tokio::test]
async fn a_service_cannot_read_what_another_asked() {
    const OTHER_KEY: &str = "another-service-key-of-more-than-32-characters";
    let server = Sandbox::start_with(|config| {
        let keys = config.data_dir.join("sandbox");
        config.verifier.services.push(ServiceConfig {
            api_key: Some(SecretString::from(OTHER_KEY)),
            ..ServiceConfig::new("other", keys.join("library.pem"), keys.join("library.key.pem"))
        });
    })
    .await;
    let (cards, _) = server.get_card("residence", 1).await;
    let body = json!({ "dcql_query": residence_query() });
    let asked = server
        .call(
            "POST",
            "/v1/presentations",
            &server.library_key(),
            &[],
            Some(&body),
        )
        .await
        .expect(201)
        .json();
    let request = server
        .open_request(asked["links"]["same_device"].as_str().unwrap())
        .await;
    let response = server.answer(&request, &cards, &["card"], &[]);
    assert_eq!(server.send(&response.http).await.status, 200);
    let path = format!("/v1/presentations/{}", asked["transaction_id"].as_str().unwrap());
    let read = async |key: &str| server.call("GET", &path, key, &[], None).await;
    read(OTHER_KEY).await.problem(404, "presentation-unknown");
    read("nobody").await.problem(401, "service-key-refused");
    server.get(&path).await.problem(401, "service-key-refused");
    // The id the wallet knows opens nothing here.
    let request_id = response.http.url.rsplit('/').next().unwrap().to_owned();
    server
        .call(
            "GET",
            &format!("/v1/presentations/{request_id}"),
            &server.library_key(),
            &[],
            None,
        )
        .await
        .problem(404, "presentation-unknown");
    assert_eq!(
        read(&server.library_key()).await.expect(200).json()["state"],
        "verified"
    );
}

/// SB-5: unknown and used request ids get nothing.
#[tokio::test]
async fn unknown_and_used_request_ids_are_refused() {
    let server = Sandbox::start().await;
    let post = async |path: String| {
        let request = server
            .client
            .post(server.url(&path))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("error=access_denied");
        Answer::read(request.send().await.unwrap()).await
    };
    post("/vp/responses/unknown".into())
        .await
        .problem(404, "presentation-unknown");
    let body = json!({ "dcql_query": residence_query() });
    let asked = server
        .call(
            "POST",
            "/v1/presentations",
            &server.library_key(),
            &[],
            Some(&body),
        )
        .await
        .expect(201)
        .json();
    let request = server
        .open_request(asked["links"]["same_device"].as_str().unwrap())
        .await;
    let refusal = server.refuse(&request);
    assert_eq!(server.send(&refusal).await.status, 200);
    let path = refusal.url.strip_prefix(&server.base).unwrap().to_owned();
    post(path.clone()).await.problem(400, "transaction-closed");
    let object = server.get(&path.replace("/responses/", "/requests/")).await;
    object.problem(410, "transaction-closed");
}

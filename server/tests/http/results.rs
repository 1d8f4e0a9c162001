//! What a service may read of an answer, how long, and that nobody else can.

use assent_core::crypto::Signer as _;
use serde_json::{Value, json};

use crate::common::Sandbox;
use crate::common::asking::{ask, code_of, consent_request, read, sealed};

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

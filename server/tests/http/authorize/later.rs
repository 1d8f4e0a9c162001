//! Cards that come later (OpenID4VCI 1.0 §9; CI-27).

use assent_core::encoding::base64url;
use assent_server::store::StatusListStore as _;

use super::*;

/// Key, place and dates of each copy in an answer.
pub(super) fn marks(issued: &Value) -> Vec<Value> {
    let copies = issued["credentials"].as_array().unwrap().iter();
    let marks = copies.map(|copy| {
        let jwt = copy["credential"].as_str().unwrap();
        let payload = base64url::decode(jwt.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&payload).unwrap();
        json!([claims["cnf"], claims["status"], claims["iat"], claims["exp"]])
    });
    marks.collect()
}

/// How many places of the first status list are taken.
pub(super) async fn taken(server: &Sandbox) -> usize {
    let taken = server.state.store.taken_places(1).await.unwrap();
    let list = server.state.store.status_list(1).await.unwrap();
    let counted = list.map_or(0, |list| list.taken);
    assert_eq!(usize::try_from(counted).unwrap(), taken.len());
    taken.len()
}

#[tokio::test]
async fn cards_may_come_later() {
    let server = Sandbox::start().await;
    let metadata = server
        .get("/.well-known/openid-credential-issuer/issuer")
        .await
        .json();
    assert_eq!(
        metadata["deferred_credential_endpoint"],
        server.url("/issuer/deferred_credential")
    );
    let (_, offer) = server
        .offer(&json!({ "card": "identity", "sign_in": true, "later_seconds": 60 }))
        .await;
    let code = code_for(&server, &with(&[("issuer_state", &issuer_state(&offer))])).await;
    let token = redeem(&server, &code, &[]).await.access_token();
    let later = identity_card(&server, &token).await.expect(202);
    assert_eq!(later.headers["cache-control"], "no-store");
    let later = later.json();
    assert_eq!(later["interval"], 60);
    assert!(later["credentials"].is_null());
    let transaction = later["transaction_id"].as_str().unwrap().to_owned();
    server.pass(20);
    let still = deferred(&server, &token, &transaction).await.expect(202).json();
    assert_eq!(still["transaction_id"], transaction.as_str());
    let interval = still["interval"].as_u64().unwrap();
    assert_eq!(interval, 40);
    deferred(&server, &token, "guess")
        .await
        .oauth(400, "invalid_transaction_id");
    deferred(&server, "guess", &transaction)
        .await
        .oauth(401, "invalid_token");
    // Somebody else's token.
    let (_, other) = server.offer(&json!({ "card": "identity" })).await;
    let other = server.token(&other, None).await.access_token();
    deferred(&server, &other, &transaction)
        .await
        .oauth(400, "invalid_transaction_id");
    server.pass(40);
    let issued = deferred(&server, &token, &transaction).await.expect(200).json();
    assert_eq!(issued["credentials"].as_array().unwrap().len(), 1);
    // The answer may have been lost on the way: the same copy, made anew.
    server.pass(120);
    let again = deferred(&server, &token, &transaction).await.expect(200).json();
    assert_eq!(again["notification_id"], issued["notification_id"]);
    assert_ne!(again["credentials"], issued["credentials"]);
    assert_eq!(marks(&again), marks(&issued));
    assert_eq!(taken(&server).await, 1);
    let notification =
        json!({ "notification_id": issued["notification_id"], "event": "credential_accepted" });
    server
        .call("POST", "/issuer/notification", &token, &[], Some(&notification))
        .await
        .expect(204);
    // CI-27.
    deferred(&server, &token, &transaction)
        .await
        .oauth(400, "invalid_transaction_id");

    for seconds in [0, 86_401] {
        server
            .post(
                "/v1/sandbox/offers",
                &json!({ "card": "identity", "later_seconds": seconds }),
            )
            .await
            .problem(422, "sandbox-later-out-of-range");
    }
    server
        .post(
            "/v1/sandbox/offers",
            &json!({ "card": "identity", "sign_in": true, "tx_code": true }),
        )
        .await
        .problem(422, "sandbox-sign-in-has-no-code");
}

//! How a consent ends: purpose by purpose, or by itself.

use assent_core::consent::{Digest, ReceiptBundle, Withdrawal, WithdrawalAcknowledgement, WithdrawalWish};
use assent_core::crypto::RustCrypto;
use assent_core::oid4vp::Requester;
use serde_json::{Value, json};

use crate::common::asking::{ask, consent_request, read, sealed, webhook_receiver};
use crate::common::{Answer, Sandbox, until};

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

    until("the first delivery", async || !hooks.lock().unwrap().is_empty()).await;
    server.pass(6);
    until("it again, and the two others", async || {
        server.state.outbox.notify_one();
        hooks.lock().unwrap().len() >= 4
    })
    .await;
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

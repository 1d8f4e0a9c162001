//! Webhooks: one service that does not answer delays nobody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use assent_server::store::{NewWebhook, PresentationChange, PresentationRow, PresentationStore as _};

use assent_server::config::ServiceConfig;
use serde_json::json;
use tokio::io::AsyncReadExt as _;

use crate::common::asking::{PRESENTATIONS, ask, consent_request, webhook_receiver};
use crate::common::{Sandbox, second_service, until};

/// How many deliveries an address has seen, and how many it holds at this moment and held at most.
#[derive(Default)]
struct Seen {
    all: AtomicUsize,
    open: AtomicUsize,
    most: AtomicUsize,
}

/// An address that takes a delivery and never answers (`hangs`), or answers at once.
async fn receiver(hangs: bool) -> (String, Arc<Seen>) {
    let seen = Arc::<Seen>::default();
    let counted = seen.clone();
    let app = axum::Router::new().route(
        "/hook",
        axum::routing::post(async move || {
            counted.all.fetch_add(1, Ordering::SeqCst);
            let open = counted.open.fetch_add(1, Ordering::SeqCst) + 1;
            counted.most.fetch_max(open, Ordering::SeqCst);
            if hangs {
                std::future::pending::<()>().await;
            }
            counted.open.fetch_sub(1, Ordering::SeqCst);
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/hook", listener.local_addr().unwrap().port());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, seen)
}

async fn queue(server: &Sandbox, service_id: &str, url: &str, number: usize) {
    let (store, now) = (&server.state.store, server.server_now());
    for i in 0..number {
        let id = format!("{service_id}-{i}");
        let row = PresentationRow {
            id: id.clone(),
            request_id: format!("request-{id}"),
            service_id: service_id.into(),
            state: "created".into(),
            revision: 1,
            sealed: vec![1],
            consent_id: None,
            details_until: None,
            expires_at: now.plus(100),
        };
        store.create_presentation(&row, now).await.unwrap();
        let change = PresentationChange {
            state: "declined".into(),
            sealed: vec![1],
            expires_at: now.plus(100),
            details_until: None,
            consent: None,
            webhook: Some(NewWebhook {
                id: format!("evt-{id}"),
                service_id: service_id.into(),
                url: url.into(),
                body: "{}".into(),
            }),
        };
        assert!(store.change_presentation(&id, 1, &change, now).await.unwrap());
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_delays_nobody_else() {
    let server = Sandbox::start_with(second_service).await;
    let (dead, hung) = receiver(true).await;
    let (alive, answered) = receiver(false).await;
    // Far more than run at once in all, and older than those of the other service.
    queue(&server, "library", &dead, 100).await;
    queue(&server, "museum", &alive, 10).await;
    server.state.outbox.notify_one();
    until("all of the other service's", async || {
        let begun = hung.all.load(Ordering::SeqCst);
        assert!(
            begun <= 4,
            "a fifth takes the place of one given up: the other service waited for that"
        );
        answered.all.load(Ordering::SeqCst) == 10
    })
    .await;
    let most = hung.most.load(Ordering::SeqCst);
    assert!(
        (1..=4).contains(&most),
        "{most} deliveries to one service at once"
    );
    assert!(answered.most.load(Ordering::SeqCst) <= 4);
}

/// One service's dead webhook address must not keep the others waiting.
#[tokio::test]
async fn a_webhook_that_hangs_does_not_delay_the_others() {
    let server = Sandbox::start().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = format!("http://localhost:{}/", silent.local_addr().unwrap().port());
    let given_up = Arc::<AtomicUsize>::default();
    let counted = given_up.clone();
    tokio::spawn(async move {
        while let Ok((mut delivery, _)) = silent.accept().await {
            let counted = counted.clone();
            tokio::spawn(async move {
                let _ = delivery.read_to_end(&mut Vec::new()).await;
                counted.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    let (hook, hooks) = webhook_receiver().await;
    let query = json!({ "credentials": [{ "id": "card", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] } }] });
    let mut requests = Vec::new();
    for url in [&dead, &dead, &dead, &hook] {
        let asked = ask(&server, &json!({ "dcql_query": query, "webhook_url": url })).await;
        let link = asked["links"]["same_device"].as_str().unwrap();
        requests.push(server.open_request(link).await);
    }
    for request in &requests {
        assert_eq!(server.send(&server.refuse(request)).await.status, 200);
    }
    until("the webhook", async || {
        assert_eq!(given_up.load(Ordering::SeqCst), 0, "it waited for the dead ones");
        !hooks.lock().unwrap().is_empty()
    })
    .await;
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

//! What a service does: ask, read what came of it, hear of it.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{Answer, Sandbox};

pub const PRESENTATIONS: &str = "/v1/presentations";

pub fn consent_request(server: &Sandbox) -> Value {
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

pub async fn ask(server: &Sandbox, body: &Value) -> Value {
    server
        .call("POST", PRESENTATIONS, &server.library_key(), &[], Some(body))
        .await
        .expect(201)
        .json()
}

pub async fn read(server: &Sandbox, id: &str, code: &str) -> Answer {
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

pub fn code_of(reply: &Value) -> String {
    let uri = reply["redirect_uri"].as_str().unwrap();
    uri.split_once("response_code=").unwrap().1.to_owned()
}

/// Webhooks that arrived: headers and body.
pub type Deliveries = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A service's webhook address; answers 500 to the first delivery.
pub async fn webhook_receiver() -> (String, Deliveries) {
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

/// What is sealed in the database about a presentation.
pub async fn sealed(server: &Sandbox, id: &str) -> String {
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

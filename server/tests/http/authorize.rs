//! Signing in for a card: pushed requests, the page, codes, and what strangers try (RFC 6749, 7636, 9126, 9207, 9700).

use std::collections::HashMap;

use assent_core::crypto::SoftwareKey;
use assent_core::encoding::form;
use assent_core::oid4vci::SecretText;
use assent_server::config::ClientConfig;
use assent_server::crypto::SystemRandom;
use assent_server::store::{HandleKind, IssuanceStore as _};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::common::{Answer, Sandbox, Scratch};

const CLIENT: &str = "assent-cli";
const BACK: &str = "http://127.0.0.1:4711/";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 Appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// A good authorization request for the identity card.
fn request() -> Pairs<'static> {
    vec![
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", BACK),
        ("state", "st"),
        ("scope", "identity"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

/// The same, with parameters replaced, added, or (empty) left out.
fn with<'a>(changes: &[(&'a str, &'a str)]) -> Pairs<'a> {
    let mut out: Pairs<'a> = request();
    out.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    out.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    out
}

async fn send(server: &Sandbox, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let mut request = server
        .client
        .post(server.url(path))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().await.unwrap()).await
}

async fn push(server: &Sandbox, pairs: &Pairs<'_>) -> Answer {
    send(server, "/issuer/par", &[], form::encode(pairs.iter().copied())).await
}

/// A pushed request's `request_uri`.
async fn pushed(server: &Sandbox, pairs: &Pairs<'_>) -> String {
    let answer = push(server, pairs).await.expect(201);
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.json()["request_uri"].as_str().unwrap().to_owned()
}

async fn page(server: &Sandbox, client: &str, request_uri: &str) -> Answer {
    let query = form::encode([("client_id", client), ("request_uri", request_uri)]);
    server.get(&format!("/issuer/authorize?{query}")).await
}

async fn choose(server: &Sandbox, client: &str, request_uri: &str, answer: &str) -> Answer {
    let form = form::encode([
        ("client_id", client),
        ("request_uri", request_uri),
        ("answer", answer),
    ]);
    let origin = server.base.clone();
    let headers = [("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
    send(server, "/issuer/authorize", &headers, form).await
}

/// Where the person is sent, and the parameters of that address.
#[track_caller]
fn sent_to(answer: &Answer) -> (String, HashMap<String, String>) {
    assert_eq!(answer.status, 303, "{}", answer.text);
    let location = answer.headers["location"].to_str().unwrap();
    let (address, query) = location.split_once('?').unwrap();
    (
        address.to_owned(),
        form::decode(query).unwrap().into_iter().collect(),
    )
}

async fn code_for(server: &Sandbox, pairs: &Pairs<'_>) -> String {
    let uri = pushed(server, pairs).await;
    sent_to(&choose(server, CLIENT, &uri, "continue").await).1["code"].clone()
}

/// Redeems a code, with parameters replaced, added or left out.
async fn redeem(server: &Sandbox, code: &str, changes: &[(&str, &str)]) -> Answer {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", CLIENT),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    pairs.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    pairs.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    send(server, "/issuer/token", &[], form::encode(pairs)).await
}

#[track_caller]
fn oauth_error(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status, answer.json()["error"].as_str()),
        (status, Some(code)),
        "{}",
        answer.text
    );
}

/// A page that says no: nobody is sent anywhere, and nothing of the request is repeated in the policy.
#[track_caller]
fn refused_page(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.headers.get("location").is_none());
    assert!(answer.text.contains(code), "{}", answer.text);
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("form-action 'self';") && !policy.contains("script-src"),
        "{policy}"
    );
}

fn issuer_state(offer: &Value) -> String {
    offer["grants"]["authorization_code"]["issuer_state"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn key() -> SoftwareKey {
    SoftwareKey::generate(&mut SystemRandom::default()).unwrap()
}

async fn identity_card(server: &Sandbox, token: &str) -> Answer {
    let nonce = server.nonce().await;
    server
        .credential(token, "identity", vec![server.proof(&key(), &nonce)])
        .await
}

async fn deferred(server: &Sandbox, token: &str, transaction: &str) -> Answer {
    let body = json!({ "transaction_id": transaction });
    server
        .call("POST", "/issuer/deferred_credential", token, &[], Some(&body))
        .await
}

#[tokio::test]
async fn an_offer_with_a_sign_in_leads_to_a_card() {
    let server = Sandbox::start().await;
    let (made, offer) = server
        .offer(&json!({ "card": "identity", "sign_in": true, "by_reference": true }))
        .await;
    assert!(offer["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"].is_null());
    let state = issuer_state(&offer);
    let pairs = with(&[("issuer_state", &state)]);
    let uri = pushed(&server, &pairs).await;
    // The page may be loaded again.
    page(&server, CLIENT, &uri).await.expect(200);
    let shown = page(&server, CLIENT, &uri).await.expect(200);
    assert!(
        shown.text.contains("Identity card") && shown.text.contains("127.0.0.1:4711"),
        "{}",
        shown.text
    );
    let policy = shown.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("form-action 'self' http://127.0.0.1:4711;"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("script-src"));
    assert!(shown.headers.get("access-control-allow-origin").is_none());
    assert_eq!(shown.headers["referrer-policy"], "same-origin");

    let (address, answer) = sent_to(&choose(&server, CLIENT, &uri, "continue").await);
    assert_eq!(address, BACK);
    assert_eq!(
        (answer["state"].as_str(), answer["iss"].as_str()),
        ("st", server.url("/issuer").as_str())
    );
    let token = redeem(&server, &answer["code"], &[]).await.expect(200);
    assert_eq!(token.headers["cache-control"], "no-store");
    let token = token.json();
    assert_eq!(
        (&token["token_type"], &token["expires_in"]),
        (&json!("Bearer"), &json!(300))
    );
    assert!(token["refresh_token"].is_null(), "only for who proves a key");
    let card = identity_card(&server, token["access_token"].as_str().unwrap())
        .await
        .expect(200);
    assert_eq!(card.json()["credentials"].as_array().unwrap().len(), 1);
    // Revoked by the id of the offer, as any other.
    let revoked = server
        .post(
            "/v1/sandbox/cards/revoke",
            &json!({ "offer_id": made["offer_id"] }),
        )
        .await
        .expect(200)
        .json();
    assert_eq!(revoked["copies"], 1);
    // The offer is used up.
    let id = made["offer_id"].as_str().unwrap();
    server
        .get(&format!("/issuer/offers/{id}"))
        .await
        .problem(404, "offer-unknown");
    oauth_error(&push(&server, &pairs).await, 400, "invalid_request");
}

#[tokio::test]
async fn a_wallet_may_come_without_an_offer_and_a_person_may_say_no() {
    let server = Sandbox::start().await;
    let uri = pushed(&server, &with(&[("state", "a b&c=d")])).await;
    let (address, answer) = sent_to(&choose(&server, CLIENT, &uri, "cancel").await);
    assert_eq!(address, BACK);
    assert_eq!(
        (
            answer["error"].as_str(),
            answer["state"].as_str(),
            answer["iss"].as_str()
        ),
        ("access_denied", "a b&c=d", server.url("/issuer").as_str())
    );
    assert!(!answer.contains_key("code"));
    refused_page(
        &choose(&server, CLIENT, &uri, "continue").await,
        400,
        "authorize-over",
    );
    // With an offer, the person may think again, or lose the answer on the way.
    let (_, offer) = server
        .offer(&json!({ "card": "identity", "sign_in": true }))
        .await;
    let offer_state = issuer_state(&offer);
    let again = with(&[("issuer_state", &offer_state)]);
    let uri = pushed(&server, &again).await;
    choose(&server, CLIENT, &uri, "cancel").await.expect(303);
    let lost = code_for(&server, &again).await;
    let code = code_for(&server, &again).await;
    oauth_error(&redeem(&server, &lost, &[]).await, 400, "invalid_grant");
    redeem(&server, &code, &[]).await.expect(200);
    oauth_error(&push(&server, &again).await, 400, "invalid_request");
    // The wallet of this server, by its address.
    let origin = server.base.clone();
    let back = server.url("/");
    let pairs = with(&[("client_id", &origin), ("redirect_uri", &back), ("state", "")]);
    let uri = pushed(&server, &pairs).await;
    let (address, answer) = sent_to(&choose(&server, &origin, &uri, "continue").await);
    assert_eq!(address, back);
    assert!(!answer.contains_key("state"));
    let changes = [("client_id", origin.as_str()), ("redirect_uri", back.as_str())];
    redeem(&server, &answer["code"], &changes).await.expect(200);
}

#[tokio::test]
async fn wallets_of_others_are_known_by_the_settings() {
    let server = Sandbox::start_with(|config| {
        config.issuer.clients = vec![ClientConfig {
            id: "other".into(),
            redirect_uris: vec![
                "https://other.example/cb?x=1".into(),
                "com.example.app:/cb".into(),
            ],
        }];
    })
    .await;
    for (back, source) in [
        ("https://other.example/cb?x=1", "https://other.example"),
        ("com.example.app:/cb", "com.example.app:"),
    ] {
        let uri = pushed(&server, &with(&[("client_id", "other"), ("redirect_uri", back)])).await;
        let shown = page(&server, "other", &uri).await.expect(200);
        let policy = shown.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains(&format!("form-action 'self' {source};")),
            "{policy}"
        );
        let answer = choose(&server, "other", &uri, "continue").await.expect(303);
        let location = answer.headers["location"].to_str().unwrap();
        let separator = if back.contains('?') { '&' } else { '?' };
        assert!(
            location.starts_with(&format!("{back}{separator}code=")),
            "{location}"
        );
    }
    let foreign = with(&[("client_id", "other")]);
    oauth_error(&push(&server, &foreign).await, 400, "invalid_request");
}

#[tokio::test]
async fn pushed_requests_that_break_the_rules_are_refused() {
    let server = Sandbox::start().await;
    let long = "x".repeat(20_000);
    let details =
        |id: &str| json!([{ "type": "openid_credential", "credential_configuration_id": id }]).to_string();
    let unknown = details("passport");
    for (changes, status, code) in [
        (vec![("client_id", "")], 400, "invalid_request"),
        (vec![("client_id", "stranger")], 401, "invalid_client"),
        (vec![("redirect_uri", "")], 400, "invalid_request"),
        (
            vec![("redirect_uri", "https://evil.example/")],
            400,
            "invalid_request",
        ),
        (
            vec![("redirect_uri", "http://127.0.0.1:4711/x")],
            400,
            "invalid_request",
        ),
        (
            vec![("redirect_uri", "http://localhost:4711/")],
            400,
            "invalid_request",
        ),
        (
            vec![("redirect_uri", "http://127.0.0.1:4711@evil.example/")],
            400,
            "invalid_request",
        ),
        (vec![("response_type", "token")], 400, "unsupported_response_type"),
        (vec![("code_challenge", "")], 400, "invalid_request"),
        (vec![("code_challenge_method", "plain")], 400, "invalid_request"),
        (vec![("code_challenge_method", "")], 400, "invalid_request"),
        (vec![("scope", "")], 400, "invalid_scope"),
        (vec![("scope", "passport")], 400, "invalid_scope"),
        (
            vec![("authorization_details", &unknown)],
            400,
            "invalid_authorization_details",
        ),
        (vec![("resource", "https://other.example")], 400, "invalid_target"),
        (vec![("issuer_state", "guess")], 400, "invalid_request"),
        // RFC 9126 §2.1.
        (
            vec![("request_uri", "urn:ietf:params:oauth:request_uri:x")],
            400,
            "invalid_request",
        ),
        (vec![("request", "e30.e30.")], 400, "invalid_request"),
        (vec![("state", &long)], 400, "invalid_request"),
    ] {
        let answer = push(&server, &with(&changes)).await;
        oauth_error(&answer, status, code);
        assert!(answer.headers.get("location").is_none(), "{changes:.40?}");
    }
    let mut twice = request();
    twice.push(("redirect_uri", BACK));
    oauth_error(&push(&server, &twice).await, 400, "invalid_request");
}

/// RFC 6749 §4.1.2.1, RFC 9126 §4: told on a page; nobody is sent to an address that was not checked.
#[tokio::test]
async fn what_cannot_go_on_is_told_on_a_page() {
    let server = Sandbox::start().await;
    let direct = form::encode(with(&[("redirect_uri", "https://evil.example/")]));
    refused_page(
        &server.get(&format!("/issuer/authorize?{direct}")).await,
        400,
        "authorize-not-announced",
    );
    let uri = pushed(&server, &request()).await;
    let evil = form::encode([
        ("client_id", CLIENT),
        ("request_uri", &uri),
        ("redirect_uri", "https://evil.example/"),
        ("scope", "residence"),
    ]);
    // What stands beside the reference does not count.
    let shown = server.get(&format!("/issuer/authorize?{evil}")).await.expect(200);
    assert!(
        !shown.text.contains("evil") && !shown.text.contains("Residence"),
        "{}",
        shown.text
    );
    let repeated = format!("{evil}&client_id=other");
    let long = format!("client_id={CLIENT}&request_uri={}", "x".repeat(9000));
    for query in ["", "client_id=assent-cli", &repeated, &long, "request_uri=%ff"] {
        refused_page(
            &server.get(&format!("/issuer/authorize?{query}")).await,
            400,
            "authorize-malformed",
        );
    }
    let unknown = "urn:ietf:params:oauth:request_uri:AAAAAAAAAAAAAAAAAAAAAA";
    refused_page(&page(&server, CLIENT, unknown).await, 400, "authorize-over");
    // Of another client that is known here, too.
    refused_page(&page(&server, &server.base, &uri).await, 400, "authorize-over");
    refused_page(
        &choose(&server, &server.base, &uri, "continue").await,
        400,
        "authorize-over",
    );
    refused_page(
        &choose(&server, CLIENT, &uri, "perhaps").await,
        400,
        "authorize-malformed",
    );
    // Sent by another site on behalf of who visits it.
    let form = form::encode([
        ("client_id", CLIENT),
        ("request_uri", &uri),
        ("answer", "continue"),
    ]);
    for header in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let answer = send(&server, "/issuer/authorize", &[header], form.clone()).await;
        refused_page(&answer, 403, "authorize-not-our-page");
    }
    // None of that used it up; time does.
    server.pass(500);
    page(&server, CLIENT, &uri).await.expect(200);
    server.pass(100);
    refused_page(&page(&server, CLIENT, &uri).await, 400, "authorize-over");
    refused_page(
        &choose(&server, CLIENT, &uri, "continue").await,
        400,
        "authorize-over",
    );
}

#[tokio::test]
async fn pages_speak_the_readers_language() {
    let server = Sandbox::start().await;
    let uri = pushed(&server, &request()).await;
    let query = form::encode([("client_id", CLIENT), ("request_uri", &uri)]);
    let get = async |path: &str, language: &str| {
        let request = server
            .client
            .get(server.url(path))
            .header("accept-language", language);
        Answer::read(request.send().await.unwrap()).await
    };
    let path = format!("/issuer/authorize?{query}");
    let dutch = get(&path, "nl-NL,nl;q=0.9,en;q=0.8").await.expect(200);
    assert!(
        dutch.text.contains("lang=\"nl\"") && dutch.text.contains("Identiteitskaart"),
        "{}",
        dutch.text
    );
    assert!(
        dutch
            .headers
            .get_all("vary")
            .iter()
            .any(|name| name == "accept-language")
    );
    let english = get(&path, "de").await.expect(200);
    assert!(english.text.contains("lang=\"en\"") && english.text.contains("Identity card"));
    let refused = get("/issuer/authorize", "nl").await;
    refused_page(&refused, 400, "authorize-malformed");
    assert!(refused.text.contains("Zo kun je niet inloggen"));
    assert!(
        refused
            .headers
            .get_all("vary")
            .iter()
            .any(|name| name == "accept-language")
    );
    let style = server.get("/issuer/style.css").await.expect(200);
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
}

/// A code in other hands is worth nothing (RFC 7636, RFC 9700 §4.5).
#[tokio::test]
async fn codes_are_for_who_asked() {
    let server = Sandbox::start().await;
    let code = code_for(&server, &request()).await;
    let other = server.base.clone();
    let wrong = "x".repeat(43);
    for (changes, status, error) in [
        (vec![("code_verifier", wrong.as_str())], 400, "invalid_grant"),
        (vec![("code_verifier", CHALLENGE)], 400, "invalid_grant"),
        (vec![("code_verifier", "")], 400, "invalid_request"),
        (
            vec![("redirect_uri", "http://127.0.0.1:4712/")],
            400,
            "invalid_grant",
        ),
        (vec![("redirect_uri", "")], 400, "invalid_request"),
        (vec![("client_id", other.as_str())], 400, "invalid_grant"),
        (vec![("client_id", "stranger")], 401, "invalid_client"),
        (vec![("client_id", "")], 401, "invalid_client"),
        (vec![("code", "guess")], 400, "invalid_grant"),
    ] {
        oauth_error(&redeem(&server, &code, &changes).await, status, error);
    }
    // As a pre-authorised code it is not good either.
    let offer = json!({ "grants": { "urn:ietf:params:oauth:grant-type:pre-authorized_code": { "pre-authorized_code": code } } });
    oauth_error(&server.token(&offer, None).await, 400, "invalid_grant");
    redeem(&server, &code, &[]).await.expect(200);
    let late = code_for(&server, &request()).await;
    server.pass(61);
    oauth_error(&redeem(&server, &late, &[]).await, 400, "invalid_grant");
}

/// RFC 6749 §4.1.2.
#[tokio::test]
async fn a_code_that_comes_again_ends_what_it_gave() {
    let server = Sandbox::start().await;
    let code = code_for(&server, &request()).await;
    let token = redeem(&server, &code, &[]).await.expect(200).json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    identity_card(&server, &token).await.expect(200);
    oauth_error(&redeem(&server, &code, &[]).await, 400, "invalid_grant");
    oauth_error(&identity_card(&server, &token).await, 401, "invalid_token");
}

/// Everything that is good once is good once also when many come at the same moment.
async fn one_of_many_wins(server: &Sandbox) {
    let (_, offer) = server
        .offer(&json!({ "card": "identity", "sign_in": true, "later_seconds": 1 }))
        .await;
    let uri = pushed(server, &with(&[("issuer_state", &issuer_state(&offer))])).await;
    let choices = (0..8).map(|i| {
        choose(
            server,
            CLIENT,
            &uri,
            if i % 2 == 0 { "continue" } else { "cancel" },
        )
    });
    let answers = join_all(choices).await;
    let sent: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 303)
        .map(sent_to)
        .collect();
    assert_eq!(sent.len(), 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 303) {
        refused_page(answer, 400, "authorize-over");
    }

    let code = code_for(server, &request()).await;
    let answers = join_all((0..8).map(|_| redeem(server, &code, &[]))).await;
    let tokens: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert!(tokens.len() <= 1, "{answers:?}");
    // It came more than once, so whoever was first has nothing of it.
    for token in tokens {
        let token = token.json()["access_token"].as_str().unwrap().to_owned();
        oauth_error(&identity_card(server, &token).await, 401, "invalid_token");
    }

    let (_, offer) = server
        .offer(&json!({ "card": "identity", "later_seconds": 1 }))
        .await;
    let token = server.token(&offer, None).await.expect(200).json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let later = identity_card(server, &token).await.expect(202).json();
    let transaction = later["transaction_id"].as_str().unwrap();
    server.pass(2);
    let answers = join_all((0..8).map(|_| deferred(server, &token, transaction))).await;
    let issued = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(issued, 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        oauth_error(answer, 400, "invalid_transaction_id");
    }
}

#[tokio::test]
async fn what_is_good_once_is_good_once_under_contention() {
    one_of_many_wins(&Sandbox::start().await).await;
    let Some(scratch) = Scratch::create().await else {
        return;
    };
    let url = scratch.url.clone();
    let server = Sandbox::start_with(|config| config.database.url = Some(url.into())).await;
    one_of_many_wins(&server).await;
    server.stop();
    server.stopped().await;
    scratch.drop().await;
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
    let token = redeem(&server, &code, &[]).await.expect(200).json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
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
    assert!((20..=40).contains(&interval), "{interval}");
    oauth_error(
        &deferred(&server, &token, "guess").await,
        400,
        "invalid_transaction_id",
    );
    oauth_error(
        &deferred(&server, "guess", &transaction).await,
        401,
        "invalid_token",
    );
    // Somebody else's token.
    let (_, other) = server.offer(&json!({ "card": "identity" })).await;
    let other = server.token(&other, None).await.expect(200).json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    oauth_error(
        &deferred(&server, &other, &transaction).await,
        400,
        "invalid_transaction_id",
    );
    server.pass(41);
    let issued = deferred(&server, &token, &transaction).await.expect(200).json();
    assert_eq!(issued["credentials"].as_array().unwrap().len(), 1);
    let notification =
        json!({ "notification_id": issued["notification_id"], "event": "credential_accepted" });
    server
        .call("POST", "/issuer/notification", &token, &[], Some(&notification))
        .await
        .expect(204);
    // CI-27.
    oauth_error(
        &deferred(&server, &token, &transaction).await,
        400,
        "invalid_transaction_id",
    );

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

/// Only fingerprints are kept.
#[tokio::test]
async fn what_leads_to_an_issuance_is_not_at_rest() {
    let server = Sandbox::start().await;
    let (_, offer) = server
        .offer(&json!({ "card": "identity", "sign_in": true }))
        .await;
    let state = issuer_state(&offer);
    let uri = pushed(&server, &with(&[("issuer_state", &state)])).await;
    let code = sent_to(&choose(&server, CLIENT, &uri, "continue").await).1["code"].clone();
    let token = redeem(&server, &code, &[]).await.expect(200).json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let secrets = [&state, &uri, &code, &token];
    for (kind, secret) in [
        HandleKind::IssuerState,
        HandleKind::RequestUri,
        HandleKind::Code,
        HandleKind::Token,
    ]
    .into_iter()
    .zip(secrets)
    {
        let hash = assent_core::crypto::sha256(SecretText::new(secret.as_str()).expose().as_bytes());
        let row = server.state.store.issuance_by(kind, &hash).await.unwrap();
        assert!(row.is_some(), "{kind:?}");
    }
    let mut files = 0;
    for entry in std::fs::read_dir(server.data()).unwrap().map(Result::unwrap) {
        if !entry.file_name().to_string_lossy().starts_with("assent.db") {
            continue;
        }
        files += 1;
        let bytes = std::fs::read(entry.path()).unwrap();
        for secret in secrets {
            assert!(
                !bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes()),
                "{secret} is in {:?}",
                entry.path()
            );
        }
    }
    assert!(files > 0);
}

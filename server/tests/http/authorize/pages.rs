//! The page where a person says yes or no.

use super::*;

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
    redeem(&server, &lost, &[]).await.oauth(400, "invalid_grant");
    redeem(&server, &code, &[]).await.expect(200);
    push(&server, &again).await.oauth(400, "invalid_request");
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
    let form = [
        ("client_id", CLIENT),
        ("request_uri", &uri),
        ("answer", "continue"),
    ];
    for header in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let answer = server.form("/issuer/authorize", &[header], form).await;
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

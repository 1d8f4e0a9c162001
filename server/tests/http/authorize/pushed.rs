//! Pushed authorization requests (RFC 9126): whose, and what is refused.

use assent_server::config::ClientConfig;

use super::*;

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
    push(&server, &foreign).await.oauth(400, "invalid_request");
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
        answer.oauth(status, code);
        assert!(answer.headers.get("location").is_none(), "{changes:.40?}");
    }
    let mut twice = request();
    twice.push(("redirect_uri", BACK));
    push(&server, &twice).await.oauth(400, "invalid_request");
}

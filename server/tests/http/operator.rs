//! Operators: sign-in at a login provider, the status page, sign-out.

use std::collections::HashMap;

use assent_core::encoding::form;
use assent_server::config::OperatorConfig;
use serde_json::{Value, json};

use crate::common::login::{CLIENT_ID, CLIENT_SECRET, Provider, Twist};
use crate::common::{Answer, Sandbox};

/// A server, its login provider, and the cookies of one browser.
struct Browser {
    server: Sandbox,
    provider: Provider,
    cookies: HashMap<String, String>,
}

impl Browser {
    async fn start() -> Self {
        let provider = Provider::start().await;
        let issuer = provider.issuer.clone();
        let server = Sandbox::start_with(|config| {
            config.operator = Some(OperatorConfig {
                issuer,
                client_id: CLIENT_ID.into(),
                client_secret: Some(CLIENT_SECRET.to_owned().into()),
                client_secret_file: None,
                subjects: vec!["anna".into(), "ben".into()],
            });
        })
        .await;
        Self {
            server,
            provider,
            cookies: HashMap::new(),
        }
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self
            .server
            .client
            .request(method.parse().unwrap(), self.server.url(path))
            .header("cookie", cookies.join("; "))
            .body(body.to_owned());
        let answer = Answer::read(request.send().await.unwrap()).await;
        for header in answer.headers.get_all("set-cookie") {
            let header = header.to_str().unwrap();
            assert!(
                header.contains("; HttpOnly")
                    && header.contains("; SameSite=Lax")
                    && header.contains("; Path=/")
            );
            let (name, value) = header.split(';').next().unwrap().split_once('=').unwrap();
            if header.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    /// To the provider: what the authorization request asks.
    async fn leave(&mut self) -> Vec<(String, String)> {
        let answer = self.get("/operator/sign-in").await.expect(303);
        let to = answer.headers["location"].to_str().unwrap();
        let (address, query) = to.split_once('?').unwrap();
        assert_eq!(address, format!("{}/authorize", self.provider.issuer));
        form::decode(query).unwrap()
    }

    /// Back from the provider: the path of the callback.
    fn way_back(&self, request: &[(String, String)], subject: &str, twist: Twist) -> String {
        let back = form::get(request, "redirect_uri").unwrap();
        assert_eq!(back, self.server.url("/operator/callback"));
        let now = self.server.server_now();
        let code = self.provider.authorize(request, subject, now, twist);
        let state = form::get(request, "state").unwrap();
        format!(
            "/operator/callback?{}",
            form::encode([("code", &*code), ("state", state)])
        )
    }

    async fn sign_in(&mut self, subject: &str, twist: Twist) -> Answer {
        let request = self.leave().await;
        let back = self.way_back(&request, subject, twist);
        self.get(&back).await
    }
}

fn with(claims: Value) -> Twist {
    Twist {
        claims,
        ..Twist::default()
    }
}

#[tokio::test]
async fn an_operator_signs_in_sees_numbers_and_signs_out() {
    let mut browser = Browser::start().await;
    let away = browser.get("/operator").await.expect(303);
    assert_eq!(away.headers["location"], "/operator/sign-in");
    let back = browser.sign_in("ben", Twist::default()).await.expect(303);
    assert_eq!(back.headers["location"], "/operator");
    let page = browser.get("/operator").await.expect(200);
    for text in [
        "vault, registry, issuer, verifier",
        "SQLite",
        "<dt>Vaults</dt><dd>0</dd>",
        "<dt>Webhooks waiting</dt><dd>0</dd>",
        env!("CARGO_PKG_VERSION"),
    ] {
        assert!(page.text.contains(text), "{text} is not in {}", page.text);
    }
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
    assert_eq!(
        browser.get("/operator/style.css").await.headers["content-type"],
        "text/css; charset=utf-8"
    );

    // Signing out needs the token of the page, which another site cannot read.
    let out = "/operator/sign-out";
    browser
        .send("POST", out, "")
        .await
        .problem(403, "operator-sign-out-refused");
    browser
        .send("POST", out, "token=guess")
        .await
        .problem(403, "operator-sign-out-refused");
    browser.get("/operator").await.expect(200);
    let token = page.text.split("name=\"token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let session = browser.cookies.clone();
    browser
        .send("POST", out, &format!("token={token}"))
        .await
        .expect(200);
    assert!(browser.cookies.is_empty());
    browser.cookies = session;
    browser.get("/operator").await.expect(303);
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let mut browser = Browser::start().await;
    browser.sign_in("anna", Twist::default()).await.expect(303);
    browser.server.pass(1799);
    browser.get("/operator").await.expect(200);
    browser.server.pass(1);
    browser.get("/operator").await.expect(303);
    browser.cookies.insert("assent-operator".into(), "made-up".into());
    browser.get("/operator").await.expect(303);
}

/// OpenID Connect Core 1.0 §3.1.3.7. Everybody who may not sign in gets the same answer.
#[tokio::test]
async fn only_a_good_token_about_a_listed_subject_signs_in() {
    let mut browser = Browser::start().await;
    let now = browser.server.server_now().0;
    let unsigned = Twist {
        unsigned: true,
        ..Twist::default()
    };
    let other_key = Twist {
        other_key: true,
        ..Twist::default()
    };
    let mut answers = Vec::new();
    for (name, subject, twist) in [
        ("unknown subject", "mallory", Twist::default()),
        ("wrong nonce", "anna", with(json!({ "nonce": "another" }))),
        ("no nonce", "anna", with(json!({ "nonce": null }))),
        ("wrong audience", "anna", with(json!({ "aud": "another" }))),
        (
            "one audience too many",
            "anna",
            with(json!({ "aud": [CLIENT_ID, "another"], "azp": CLIENT_ID })),
        ),
        (
            "another authorised party",
            "anna",
            with(json!({ "azp": "another" })),
        ),
        (
            "wrong issuer",
            "anna",
            with(json!({ "iss": "https://login.example" })),
        ),
        ("expired", "anna", with(json!({ "exp": now - 1 }))),
        ("issued long ago", "anna", with(json!({ "iat": now - 700 }))),
        ("issued in the future", "anna", with(json!({ "iat": now + 120 }))),
        ("wrong key", "anna", other_key),
        ("unsigned", "anna", unsigned),
    ] {
        let answer = browser.sign_in(subject, twist).await;
        assert_eq!(answer.status, 403, "{name}: {}", answer.text);
        answer.problem(403, "operator-sign-in-refused");
        answers.push(answer.text);
        assert!(browser.cookies.is_empty(), "{name}");
        browser.get("/operator").await.expect(303);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "the answers do not tell who is listed");
    browser.sign_in("anna", Twist::default()).await.expect(303);
}

#[tokio::test]
async fn a_sign_in_counts_once_here_and_now() {
    let over = "operator-sign-in-over";
    let mut browser = Browser::start().await;
    // Replayed with the very cookie it was made for, also with a new code.
    let request = browser.leave().await;
    let cookie = browser.cookies.clone();
    let back = browser.way_back(&request, "anna", Twist::default());
    browser.get(&back).await.expect(303);
    for back in [back, browser.way_back(&request, "anna", Twist::default())] {
        browser.cookies = cookie.clone();
        browser.get(&back).await.problem(400, over);
    }
    // Without the cookie: the way back was opened in another browser.
    let request = browser.leave().await;
    let back = browser.way_back(&request, "anna", Twist::default());
    browser.cookies.clear();
    browser.get(&back).await.problem(400, over);
    // With the cookie of another sign-in.
    browser.leave().await;
    browser.get(&back).await.problem(400, over);
    // Too late.
    let request = browser.leave().await;
    browser.server.pass(300);
    let back = browser.way_back(&request, "anna", Twist::default());
    browser.get(&back).await.problem(400, over);
    browser.get("/operator/callback").await.problem(400, over);
}

#[tokio::test]
async fn what_the_provider_refuses_is_refused() {
    let mut browser = Browser::start().await;
    let request = browser.leave().await;
    let state = form::get(&request, "state").unwrap();
    let no = format!("/operator/callback?error=access_denied&state={state}");
    browser.get(&no).await.problem(403, "operator-sign-in-refused");
    let request = browser.leave().await;
    let state = form::get(&request, "state").unwrap();
    let unknown = format!("/operator/callback?code=unknown&state={state}");
    browser
        .get(&unknown)
        .await
        .problem(403, "operator-sign-in-refused");
    // RFC 9207: an answer of another issuer.
    let request = browser.leave().await;
    let back = browser.way_back(&request, "anna", Twist::default());
    let mixed = format!("{back}&iss=https%3A%2F%2Flogin.example");
    browser.get(&mixed).await.problem(403, "operator-sign-in-refused");
}

#[tokio::test]
async fn without_settings_there_is_no_operator() {
    let server = Sandbox::start().await;
    for path in ["/operator", "/operator/sign-in", "/operator/callback"] {
        server.get(path).await.problem(404, "operator-not-configured");
    }
    let form = server.post("/operator/sign-out", &json!({})).await;
    form.problem(404, "operator-not-configured");
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_said_so() {
    let mut browser = Browser::start().await;
    let server = Sandbox::start_with(|config| {
        config.operator = Some(OperatorConfig {
            // Discovery gives the issuer of the other name, which is not the one asked for.
            issuer: browser.provider.issuer.replace("127.0.0.1", "localhost"),
            client_id: CLIENT_ID.into(),
            client_secret: Some(CLIENT_SECRET.to_owned().into()),
            client_secret_file: None,
            subjects: vec!["anna".into()],
        });
    })
    .await;
    browser.server = server;
    browser
        .get("/operator/sign-in")
        .await
        .problem(502, "operator-provider-unavailable");
}

//! Citizens who sign in find their vault, and only find it.

use std::collections::HashMap;

use assent_core::crypto::sha256;
use assent_core::encoding::{base64url, form};
use assent_server::config::{Config, LoginProviderConfig};
use serde_json::{Value, json};

use crate::common::login::{CLIENT_ID, CLIENT_SECRET, Provider, Twist};
use crate::common::{Answer, Sandbox, timing};

pub const ID: &str = "AAECAwQFBgcICQoLDA0ODw";
pub const OTHER_ID: &str = "AQEBAQEBAQEBAQEBAQEBAQ";
pub const TOKEN: &str = "token-of-the-wallet";
const VERIFIER: &str = "verifier-of-this-wallet-0123456789abcdefghij";

/// A server with two login providers, and the cookies of one browser.
struct Browser {
    server: Sandbox,
    providers: [Provider; 2],
    cookies: HashMap<String, String>,
}

pub async fn make_vault(server: &Sandbox, id: &str) {
    let b64 = |text: &str| base64url::encode(text.as_bytes());
    let body = json!({ "vault_id": id, "access_token_sha256": base64url::encode(&sha256(TOKEN.as_bytes())),
        "header": b64(&format!("header of {id}")), "manifest": b64("manifest") });
    server.post("/v1/vaults", &body).await.expect(201);
}

fn login_provider(id: &str, issuer: &str) -> LoginProviderConfig {
    LoginProviderConfig {
        id: id.into(),
        name: format!("The {id} account"),
        issuer: issuer.into(),
        client_id: CLIENT_ID.into(),
        client_secret: Some(CLIENT_SECRET.to_owned().into()),
        client_secret_file: None,
    }
}

impl Browser {
    async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let providers = [Provider::start().await, Provider::start().await];
        let [city, bank] = [providers[0].issuer.clone(), providers[1].issuer.clone()];
        let server = Sandbox::start_with(|config| {
            config.sign_in.providers = vec![login_provider("city", &city), login_provider("bank", &bank)];
            change(config);
        })
        .await;
        Self {
            server,
            providers,
            cookies: HashMap::new(),
        }
    }

    async fn get(&mut self, path: &str) -> Answer {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self
            .server
            .client
            .get(self.server.url(path))
            .header("cookie", cookies.join("; "));
        let answer = Answer::read(request.send().await.unwrap()).await;
        for header in answer.headers.get_all("set-cookie") {
            let header = header.to_str().unwrap();
            assert!(header.contains("; HttpOnly") && header.contains("; SameSite=Lax"));
            let (name, value) = header.split(';').next().unwrap().split_once('=').unwrap();
            if header.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// To the provider: what the authorization request asks.
    async fn leave(&mut self, provider: usize) -> Vec<(String, String)> {
        let id = ["city", "bank"][provider];
        let challenge = base64url::encode(&sha256(VERIFIER.as_bytes()));
        let answer = self
            .get(&format!("/v1/sign-in/openid/{id}?challenge={challenge}"))
            .await
            .expect(303);
        let to = answer.headers["location"].to_str().unwrap();
        let (address, query) = to.split_once('?').unwrap();
        assert_eq!(address, format!("{}/authorize", self.providers[provider].issuer));
        let request = form::decode(query).unwrap();
        let back = form::get(&request, "redirect_uri").unwrap();
        assert_eq!(
            back,
            self.server.url(&format!("/v1/sign-in/openid/{id}/callback"))
        );
        request
    }

    /// Back from the provider: the path of the callback.
    fn way_back(&self, provider: usize, request: &[(String, String)], subject: &str, twist: Twist) -> String {
        let now = self.server.server_now();
        let code = self.providers[provider].authorize(request, subject, now, twist);
        let state = form::get(request, "state").unwrap();
        let id = ["city", "bank"][provider];
        format!(
            "/v1/sign-in/openid/{id}/callback?{}",
            form::encode([("code", &*code), ("state", state)])
        )
    }

    /// What the wallet app is told at the end: `code` or `problem`, and its value.
    async fn arrive(&mut self, path: &str) -> (String, String) {
        let answer = self.get(path).await.expect(303);
        let to = answer.headers["location"].to_str().unwrap();
        let query = to
            .strip_prefix(&self.server.url("/#/find?"))
            .unwrap_or_else(|| panic!("{to}"));
        let (name, value) = query.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    }

    async fn sign_in_with(&mut self, provider: usize, subject: &str, twist: Twist) -> (String, String) {
        let request = self.leave(provider).await;
        let back = self.way_back(provider, &request, subject, twist);
        self.arrive(&back).await
    }

    /// Signs in and gives the code.
    async fn sign_in(&mut self, subject: &str) -> String {
        let (name, code) = self.sign_in_with(0, subject, Twist::default()).await;
        assert_eq!(name, "code");
        code
    }

    async fn find(&self, code: &str) -> Answer {
        self.server
            .post(
                "/v1/sign-in/vaults",
                &json!({ "code": code, "verifier": VERIFIER }),
            )
            .await
    }

    async fn found(&self, code: &str) -> Value {
        self.find(code).await.expect(200).json()["vaults"].clone()
    }

    async fn link(&self, id: &str, token: &str, code: &str) -> Answer {
        let body = json!({ "openid": { "code": code, "verifier": VERIFIER } });
        self.server
            .call(
                "POST",
                &format!("/v1/vaults/{id}/sign-ins"),
                token,
                &[],
                Some(&body),
            )
            .await
    }
}

#[tokio::test]
async fn a_linked_vault_is_found_and_not_opened_until_it_is_unlinked() {
    let mut browser = Browser::start().await;
    let ways = browser.server.get("/v1/sign-in").await.expect(200).json();
    assert_eq!(
        ways,
        json!({ "providers": [{ "id": "city", "name": "The city account" },
                                                { "id": "bank", "name": "The bank account" }] })
    );
    make_vault(&browser.server, ID).await;
    make_vault(&browser.server, OTHER_ID).await;
    // Nothing is linked yet.
    let code = browser.sign_in("anna").await;
    assert_eq!(browser.found(&code).await, json!([]));

    let code = browser.sign_in("anna").await;
    let linked = browser.link(ID, TOKEN, &code).await.expect(200).json();
    let link = linked["sign_ins"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        linked,
        json!({ "sign_ins": [{ "id": link, "provider": "The city account",
                               "created_at": browser.server.server_now().0 }] })
    );
    // The same once more changes nothing; the same person may have two vaults.
    let code = browser.sign_in("anna").await;
    assert_eq!(browser.link(ID, TOKEN, &code).await.expect(200).json(), linked);
    let code = browser.sign_in("anna").await;
    browser.link(OTHER_ID, TOKEN, &code).await.expect(200);

    let code = browser.sign_in("anna").await;
    let header = |id: &str| base64url::encode(format!("header of {id}").as_bytes());
    let mut found: Vec<Value> = browser.found(&code).await.as_array().unwrap().clone();
    found.sort_by_key(|vault| vault["id"].to_string());
    assert_eq!(
        Value::from(found),
        json!([{ "id": ID, "header": header(ID) }, { "id": OTHER_ID, "header": header(OTHER_ID) }])
    );
    // Others find nothing: not another person, and not the same `sub` of another provider.
    let code = browser.sign_in("ben").await;
    assert_eq!(browser.found(&code).await, json!([]));
    let (_, code) = browser.sign_in_with(1, "anna", Twist::default()).await;
    assert_eq!(browser.found(&code).await, json!([]));

    // What was found opens nothing: a code is no token.
    let code = browser.sign_in("anna").await;
    for path in ["changes", "sign-ins", "records/AA"] {
        let path = format!("/v1/vaults/{ID}/{path}");
        browser
            .server
            .call("GET", &path, &code, &[], None)
            .await
            .problem(401, "vault-access-refused");
    }

    let path = format!("/v1/vaults/{ID}/sign-ins");
    browser
        .server
        .call("DELETE", &format!("{path}/{link}"), "wrong", &[], None)
        .await
        .problem(401, "vault-access-refused");
    let other = format!("/v1/vaults/{OTHER_ID}/sign-ins/{link}");
    browser
        .server
        .call("DELETE", &other, TOKEN, &[], None)
        .await
        .problem(404, "sign-in-unknown");
    browser
        .server
        .call("DELETE", &format!("{path}/{link}"), TOKEN, &[], None)
        .await
        .expect(204);
    browser
        .server
        .call("DELETE", &format!("{path}/{link}"), TOKEN, &[], None)
        .await
        .problem(404, "sign-in-unknown");
    assert_eq!(
        browser
            .server
            .call("GET", &path, TOKEN, &[], None)
            .await
            .expect(200)
            .json(),
        json!({ "sign_ins": [] })
    );
    // The last link is gone; the vault is where it was.
    let header_path = format!("/v1/vaults/{ID}/header");
    assert_eq!(
        browser.server.get(&header_path).await.expect(200).json()["header"],
        header(ID)
    );
    // Deleting a vault deletes its links.
    browser
        .server
        .call("DELETE", &format!("/v1/vaults/{OTHER_ID}"), TOKEN, &[], None)
        .await
        .expect(204);
    let code = browser.sign_in("anna").await;
    assert_eq!(browser.found(&code).await, json!([]));
}

#[tokio::test]
async fn only_who_has_the_vault_open_links_it() {
    let mut browser = Browser::start().await;
    make_vault(&browser.server, ID).await;
    let code = browser.sign_in("mallory").await;
    browser
        .link(ID, "wrong", &code)
        .await
        .problem(401, "vault-access-refused");
    browser
        .link(OTHER_ID, TOKEN, &code)
        .await
        .problem(401, "vault-access-refused");
    // A refused link leaves the code whole; it still links nothing without the token.
    assert_eq!(browser.found(&code).await, json!([]));
    for i in 0..8 {
        let code = browser.sign_in(&format!("person-{i}")).await;
        browser.link(ID, TOKEN, &code).await.expect(200);
    }
    let code = browser.sign_in("person-8").await;
    browser.link(ID, TOKEN, &code).await.problem(409, "sign-in-full");
    // One that is there is not one more.
    let code = browser.sign_in("person-3").await;
    browser.link(ID, TOKEN, &code).await.expect(200);
}

#[tokio::test]
async fn a_code_counts_once_for_a_while_and_for_the_wallet_that_began() {
    let mut browser = Browser::start().await;
    let over = "sign-in-over";
    let code = browser.sign_in("anna").await;
    browser.find(&code).await.expect(200);
    browser.find(&code).await.problem(400, over);
    // Somebody who saw the code in passing does not have the verifier, and trying uses it up.
    let code = browser.sign_in("anna").await;
    let stolen = json!({ "code": code, "verifier": "another-verifier-0123456789abcdefghijklmnop" });
    browser
        .server
        .post("/v1/sign-in/vaults", &stolen)
        .await
        .problem(400, over);
    browser.find(&code).await.problem(400, over);
    let code = browser.sign_in("anna").await;
    browser.server.pass(599);
    browser.find(&code).await.expect(200);
    let code = browser.sign_in("anna").await;
    browser.server.pass(600);
    browser.find(&code).await.problem(400, over);
    for code in ["", "made-up"] {
        browser.find(code).await.problem(400, over);
    }
    // Of many who use one code at once, one has it.
    let code = browser.sign_in("anna").await;
    let tries = futures_util::future::join_all((0..16).map(|_| browser.find(&code))).await;
    assert_eq!(tries.iter().filter(|answer| answer.status == 200).count(), 1);
}

/// Replay, another browser, too late, and mix-up: RFC 9700 §4.4, §4.5, §4.7; RFC 9207.
#[tokio::test]
async fn a_sign_in_counts_once_here_and_now() {
    let over = ("problem".to_owned(), "sign-in-over".to_owned());
    let refused = ("problem".to_owned(), "sign-in-refused".to_owned());
    let mut browser = Browser::start().await;
    // Replayed with the very cookie it was made for, also with a new code of the provider.
    let request = browser.leave(0).await;
    let cookie = browser.cookies.clone();
    let back = browser.way_back(0, &request, "anna", Twist::default());
    assert_eq!(browser.arrive(&back).await.0, "code");
    assert!(browser.cookies.is_empty());
    for back in [back, browser.way_back(0, &request, "anna", Twist::default())] {
        browser.cookies = cookie.clone();
        assert_eq!(browser.arrive(&back).await, over);
    }
    // Without the cookie: the way back was opened in another browser (login CSRF).
    let request = browser.leave(0).await;
    let back = browser.way_back(0, &request, "anna", Twist::default());
    browser.cookies.clear();
    assert_eq!(browser.arrive(&back).await, over);
    // With the cookie of another sign-in, and with one that was tampered with.
    browser.leave(0).await;
    assert_eq!(browser.arrive(&back).await, over);
    browser.cookies.insert("assent-find".into(), "AAAA".into());
    assert_eq!(browser.arrive(&back).await, over);
    // Too late.
    let request = browser.leave(0).await;
    let back = browser.way_back(0, &request, "anna", Twist::default());
    browser.server.pass(300);
    assert_eq!(browser.arrive(&back).await, over);
    // Mix-up: the other provider's address gets the answer that was asked of this one.
    let request = browser.leave(0).await;
    let back = browser.way_back(0, &request, "anna", Twist::default());
    assert_eq!(browser.arrive(&back.replace("/city/", "/bank/")).await, over);
    // RFC 9207: an answer that names another issuer.
    let request = browser.leave(0).await;
    let back = browser.way_back(0, &request, "anna", Twist::default());
    let issuer = browser.providers[1].issuer.clone();
    let mixed = format!("{back}&{}", form::encode([("iss", issuer.as_str())]));
    assert_eq!(browser.arrive(&mixed).await, refused);
    // The provider says no; it does not know the code; nothing at all; far too much.
    let request = browser.leave(0).await;
    let state = form::get(&request, "state").unwrap();
    let callback = "/v1/sign-in/openid/city/callback";
    assert_eq!(
        browser
            .arrive(&format!("{callback}?error=access_denied&state={state}"))
            .await,
        refused
    );
    let request = browser.leave(0).await;
    let state = form::get(&request, "state").unwrap();
    assert_eq!(
        browser
            .arrive(&format!("{callback}?code=unknown&state={state}"))
            .await,
        refused
    );
    browser.leave(0).await;
    assert_eq!(browser.arrive(callback).await, over);
    let long = format!("{callback}?state={}", "a".repeat(9000));
    assert_eq!(browser.arrive(&long).await, over);
}

/// OpenID Connect Core 1.0 §3.1.3.7.
#[tokio::test]
async fn only_a_good_token_says_who_signed_in() {
    let mut browser = Browser::start().await;
    let now = browser.server.server_now().0;
    let with = |claims: Value| Twist {
        claims,
        ..Twist::default()
    };
    let other_issuer = browser.providers[1].issuer.clone();
    for (name, twist) in [
        ("wrong nonce", with(json!({ "nonce": "another" }))),
        ("no nonce", with(json!({ "nonce": null }))),
        ("wrong audience", with(json!({ "aud": "another" }))),
        (
            "one audience too many",
            with(json!({ "aud": [CLIENT_ID, "another"], "azp": CLIENT_ID })),
        ),
        ("another authorised party", with(json!({ "azp": "another" }))),
        ("wrong issuer", with(json!({ "iss": other_issuer }))),
        ("expired", with(json!({ "exp": now - 1 }))),
        ("issued long ago", with(json!({ "iat": now - 700 }))),
        ("issued in the future", with(json!({ "iat": now + 120 }))),
        (
            "wrong key",
            Twist {
                other_key: true,
                ..Twist::default()
            },
        ),
        (
            "algorithm none",
            Twist {
                unsigned: true,
                ..Twist::default()
            },
        ),
    ] {
        let told = browser.sign_in_with(0, "anna", twist).await;
        assert_eq!(told, ("problem".into(), "sign-in-refused".into()), "{name}");
        assert!(browser.cookies.is_empty(), "{name}");
    }
    browser.sign_in("anna").await;
}

#[tokio::test]
async fn what_is_not_configured_or_not_there_is_said_so() {
    let mut browser = Browser::start_with(|config| {
        // Discovery gives the issuer of the other name, which is not the one asked for.
        let issuer = config.sign_in.providers[0]
            .issuer
            .replace("127.0.0.1", "localhost");
        config.sign_in.providers.push(login_provider("gone", &issuer));
        config.sign_in.wallet_url = Some("http://localhost:1".into());
    })
    .await;
    let challenge = base64url::encode(&[1; 32]);
    let gone = browser
        .get(&format!("/v1/sign-in/openid/gone?challenge={challenge}"))
        .await
        .expect(303);
    assert_eq!(
        gone.headers["location"],
        "http://localhost:1/#/find?problem=sign-in-provider-unavailable"
    );
    let unknown = browser
        .get(&format!("/v1/sign-in/openid/unknown?challenge={challenge}"))
        .await;
    unknown.problem(404, "sign-in-unknown");
    browser
        .get("/v1/sign-in/openid/unknown/callback?state=a")
        .await
        .problem(404, "sign-in-unknown");
    for query in [
        "",
        "?challenge=",
        "?challenge=AAAA",
        "?challenge=AAAA&return_to=https://evil.example",
    ] {
        let answer = browser.get(&format!("/v1/sign-in/openid/city{query}")).await;
        answer.problem(400, "request-malformed");
    }
}

/// Whether there is a vault cannot be told by its unlock slots: an unknown id has some too, always the same ones.
#[tokio::test]
async fn unlock_slots_do_not_tell_which_vaults_exist() {
    let server = Sandbox::start_with(|config| {
        config.limits.unlocks_per_vault_per_minute = 1_000_000;
        config.limits.unlocks_per_address_per_minute = 1_000_000;
        config.limits.per_address_per_minute = 1_000_000;
    })
    .await;
    make_vault(&server, ID).await;
    let paths = [ID, OTHER_ID].map(|id| format!("/v1/vaults/{id}/header"));
    let mut seen: [Option<(Vec<String>, Value)>; 2] = [None, None];
    timing::take_the_same_time(&server, [&paths[0], &paths[1]], None, |i, answer| {
        let answer = answer.expect(200);
        let names = answer.headers.keys().map(ToString::to_string).collect();
        let now = (names, answer.json());
        assert_eq!(seen[i].get_or_insert(now.clone()), &now, "always the same");
    })
    .await;
    let [Some((names, real)), Some((made_up_names, made_up))] = seen else {
        unreachable!()
    };
    assert_eq!(names, made_up_names);
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&real), members(&made_up));
    // Another server makes up others: who has one cannot know another's.
    let other = Sandbox::start().await;
    let theirs = other
        .get(&format!("/v1/vaults/{OTHER_ID}/header"))
        .await
        .expect(200)
        .json();
    assert_ne!(theirs, made_up);
}

/// Whoever goes on after a refusal waits longer each time; the owner's own way in is not throttled by it.
#[tokio::test]
async fn waits_for_unlock_slots_grow() {
    let mut browser = Browser::start_with(|config| {
        config.limits.unlocks_per_vault_per_minute = 4;
        config.limits.unlocks_per_vault_and_address_per_minute = 4;
    })
    .await;
    make_vault(&browser.server, ID).await;
    let code = browser.sign_in("anna").await;
    browser.link(ID, TOKEN, &code).await.expect(200);
    let path = format!("/v1/vaults/{ID}/header");
    for _ in 0..2 {
        browser.server.get(&path).await.expect(200);
    }
    let mut waits = Vec::new();
    for _ in 0..8 {
        let answer = browser.server.get(&path).await;
        answer.problem(429, "rate-limited");
        let wait: i64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        waits.push(wait);
        browser.server.pass(wait);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    let code = browser.sign_in("anna").await;
    assert_eq!(browser.found(&code).await.as_array().unwrap().len(), 1);
    browser
        .server
        .call("GET", &format!("/v1/vaults/{ID}/changes"), TOKEN, &[], None)
        .await
        .expect(200);
}

/// Names of people at their login providers are nowhere in the database's files.
#[tokio::test]
async fn the_database_names_nobody() {
    let mut browser = Browser::start().await;
    make_vault(&browser.server, ID).await;
    let code = browser.sign_in("subject-canary-4711").await;
    browser.link(ID, TOKEN, &code).await.expect(200);
    let left = browser.sign_in("subject-canary-4711").await;
    let mut searched = false;
    for entry in std::fs::read_dir(browser.server.data()).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        searched |= has(ID);
        for canary in ["subject-canary", left.as_str(), VERIFIER] {
            assert!(!has(canary), "{canary} is in {}", path.display());
        }
    }
    assert!(searched, "the vault's own id must be somewhere");
}

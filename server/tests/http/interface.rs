//! What every request passes through: health, description, headers, limits, TLS, stopping.

use std::path::Path;
use std::sync::atomic::Ordering;

use crate::common::{Answer, PATIENCE, Sandbox, until};
use assent_server::clock::Clock;
use assent_server::config::{Config, ServiceConfig, TlsConfig};
use assent_server::serve::Server;
use serde_json::{Value, json};

/// `specs/openapi.json` is what the code says. Write it anew with `ASSENT_UPDATE=1 cargo test -p assent-server`.
#[test]
fn the_description_is_the_published_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/openapi.json");
    let now = assent_server::api::describe().to_pretty_json().unwrap() + "\n";
    #[expect(clippy::disallowed_methods, reason = "the switch that rewrites the snapshot")]
    if std::env::var("ASSENT_UPDATE").is_ok() {
        std::fs::write(&path, &now).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        now == published,
        "specs/openapi.json differs from the code; ASSENT_UPDATE=1 writes it anew"
    );
    let description: Value = serde_json::from_str(&now).unwrap();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let summary = operation["summary"]
                .as_str()
                .or(operation["description"].as_str());
            assert!(
                summary.is_some_and(|text| text.len() > 10),
                "{method} {path} is not explained"
            );
            assert!(operation["responses"].is_object(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn health_and_measurements() {
    let server = Sandbox::start().await;
    assert_eq!(server.get("/livez").await.expect(200).text, "ok\n");
    server.get("/readyz").await.expect(200);
    server.get("/v1/wallet/config").await.expect(200);
    let metrics = server.get("/metrics").await.expect(200).text;
    assert!(metrics.contains("assent_requests_total") && metrics.contains("route=\"/v1/wallet/config\""));
    server.state.ready.store(false, Ordering::Relaxed);
    server.get("/readyz").await.problem(503, "not-ready");
    // What came through a proxy did not come from this machine.
    let forwarded = server
        .client
        .get(server.url("/metrics"))
        .header("x-forwarded-for", "127.0.0.1");
    Answer::read(forwarded.send().await.unwrap())
        .await
        .problem(404, "metrics-not-configured");
}

#[tokio::test]
async fn measurements_are_for_those_with_the_token() {
    let token = "t".repeat(32);
    let secret = token.clone();
    let server = Sandbox::start_with(|config| config.metrics.token = Some(secret.into())).await;
    server.get("/metrics").await.problem(401, "metrics-refused");
    for (given, status) in [("t", 401), ("", 401), (token.as_str(), 200)] {
        let answer = server.call("GET", "/metrics", given, &[], None).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
}

#[tokio::test]
async fn measurements_may_have_an_address_of_their_own() {
    let any = ([127, 0, 0, 1], 0).into();
    let server = Sandbox::start_with(|config| config.metrics.listen = Some(any)).await;
    let listen = server.metrics.unwrap();
    server.get("/livez").await.expect(200);
    server
        .get("/metrics")
        .await
        .problem(404, "metrics-not-configured");
    let at = async |path: &str| {
        let request = server.client.get(format!("http://{listen}{path}"));
        Answer::read(request.send().await.unwrap()).await
    };
    assert!(
        at("/metrics")
            .await
            .expect(200)
            .text
            .contains("assent_requests_total")
    );
    at("/livez").await.expect(404);
}

#[tokio::test]
async fn asking_whether_it_is_ready_costs_one_write_a_second() {
    let server = Sandbox::start().await;
    server.get("/readyz").await.expect(200);
    server.state.store.close().await;
    server.get("/readyz").await.expect(200);
    server.pass(1);
    server.get("/readyz").await.problem(503, "not-ready");
}

#[tokio::test]
async fn two_services_never_have_one_key() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::sandbox(([127, 0, 0, 1], 0).into(), dir.path().join("data"));
    let keys = config.data_dir.join("sandbox");
    let service = |id: &str| ServiceConfig {
        api_key_file: Some(dir.path().join("data/library.key")),
        ..ServiceConfig::new(id, keys.join("library.pem"), keys.join("library.key.pem"))
    };
    config.verifier.services = vec![service("library"), service("museum")];
    let refused = Server::prepare(config, Clock::System)
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("verifier.services.1.api_key"), "{refused}");
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let server = Sandbox::start().await;
    for path in [
        "/livez",
        "/v1/registry/anchors",
        "/nothing",
        "/docs/",
        "/sandbox",
        "/openapi.json",
    ] {
        let answer = server.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
        assert!(!answer.headers.contains_key("set-cookie"), "{path}");
    }
    let docs = server.get("/docs/").await.expect(200).text;
    assert!(
        !docs.contains("http://") && !docs.contains("https://"),
        "the page loads from elsewhere"
    );
}

#[tokio::test]
async fn browser_wallets_may_call_what_they_need_and_no_more() {
    let server = Sandbox::start().await;
    let preflight = async |path: &str| {
        let request = server
            .client
            .request(reqwest::Method::OPTIONS, server.url(path))
            .header("origin", "https://other-wallet.example")
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "content-type,authorization,dpop",
            );
        Answer::read(request.send().await.unwrap()).await
    };
    for path in [
        "/vp/requests/x",
        "/vp/responses/x",
        "/vp/withdrawals",
        "/issuer/token",
        "/issuer/nonce",
        "/issuer/credential",
        "/v1/vaults",
    ] {
        let answer = preflight(path).await.expect(200);
        assert_eq!(answer.headers["access-control-allow-origin"], "*", "{path}");
        assert!(
            !answer.headers.contains_key("access-control-allow-credentials"),
            "{path}"
        );
    }
    let answer = server
        .client
        .get(server.url("/issuer/status-lists/1"))
        .header("origin", "https://other-wallet.example");
    let answer = Answer::read(answer.send().await.unwrap()).await.expect(200);
    let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap();
    assert!(
        exposed.contains("dpop-nonce") && exposed.contains("content-type"),
        "{exposed}"
    );
    // What services call with their key is not for browsers.
    assert!(
        !preflight("/v1/presentations")
            .await
            .headers
            .contains_key("access-control-allow-origin")
    );
}

#[tokio::test]
async fn errors_of_the_framework_are_problems_too() {
    let server = Sandbox::start().await;
    server.get("/nothing").await.problem(404, "not-found");
    server
        .get("/vp/responses/x")
        .await
        .problem(405, "method-not-allowed");
    server
        .get("/issuer/status-lists/word")
        .await
        .problem(400, "request-malformed");
    server
        .get("/v1/vaults/AAAAAAAAAAAAAAAAAAAAAA/changes?since=word")
        .await
        .problem(400, "request-malformed");
}

#[tokio::test]
async fn too_many_requests_from_one_address_are_slowed_down() {
    let server = Sandbox::start_with(|config| config.limits.per_address_per_minute = 8).await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(server.get("/v1/wallet/config").await.status);
    }
    assert_eq!((seen[0], seen[5]), (200, 429), "{seen:?}");
    // A wallet in a browser can read that it has to wait.
    let limited = server.get("/v1/wallet/config").await;
    assert_eq!(limited.headers["access-control-allow-origin"], "*");
    let ask = server
        .client
        .request(reqwest::Method::OPTIONS, server.url("/vp/responses/x"))
        .header("origin", "https://wallet.example")
        .header("access-control-request-method", "POST");
    Answer::read(ask.send().await.unwrap()).await.expect(200);
    // Health does not count and is not counted.
    server.get("/livez").await.expect(200);
}

#[tokio::test]
async fn new_vaults_have_a_budget() {
    // Whether a vault comes of it does not matter: also what is refused costs.
    let make = async |server: &Sandbox, from: &str, body: &str| {
        let request = server
            .client
            .post(server.url("/v1/vaults"))
            .header("content-type", "application/json")
            .header("x-forwarded-for", from)
            .body(body.to_owned());
        Answer::read(request.send().await.unwrap()).await
    };
    let server = Sandbox::start_with(|config| {
        config.limits.trusted_proxies = 1;
        config.limits.new_vaults_per_address_per_hour = 2;
        config.limits.new_vaults_per_hour = 5;
    })
    .await;
    for _ in 0..2 {
        make(&server, "192.0.2.1", "{}")
            .await
            .problem(422, "body-invalid");
    }
    for _ in 0..9 {
        let refused = make(&server, "192.0.2.1", "{}").await;
        refused.problem(429, "vault-budget-exhausted");
        let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1700..=1801).contains(&wait), "{wait}");
        // A wallet in a browser can read it.
        assert_eq!(refused.headers["access-control-allow-origin"], "*");
    }
    // One network of IPv6 is one address. What it was refused did not use up what is everybody's: three are left.
    make(&server, "2001:db8::1", "{}")
        .await
        .problem(422, "body-invalid");
    make(&server, "2001:db8::2", "{}")
        .await
        .problem(422, "body-invalid");
    make(&server, "2001:db8::3", "{}")
        .await
        .problem(429, "vault-budget-exhausted");
    make(&server, "192.0.2.2", "{}")
        .await
        .problem(422, "body-invalid");
    let full = make(&server, "192.0.2.3", "{}").await;
    full.problem(429, "vault-budget-exhausted");
    assert!(full.text.contains("This server"), "{}", full.text);
    // Nothing else is charged.
    server.get("/v1/wallet/config").await.expect(200);

    // By size, before the body is read.
    let server = Sandbox::start_with(|config| {
        config.limits.trusted_proxies = 1;
        config.limits.body_bytes = 64 << 10;
        config.limits.new_vault_bytes_per_address_per_hour = 64 << 10;
    })
    .await;
    let half = " ".repeat(32 << 10);
    for _ in 0..2 {
        make(&server, "192.0.2.1", &half)
            .await
            .problem(400, "body-malformed");
    }
    make(&server, "192.0.2.1", "{}")
        .await
        .problem(429, "vault-budget-exhausted");
    make(&server, "192.0.2.2", "{}")
        .await
        .problem(422, "body-invalid");
}

#[tokio::test]
async fn invented_methods_do_not_fill_the_measurements() {
    let server = Sandbox::start().await;
    let request = server
        .client
        .request("INVENTED".parse().unwrap(), server.url("/v1/wallet/config"));
    Answer::read(request.send().await.unwrap())
        .await
        .problem(405, "method-not-allowed");
    let metrics = server.get("/metrics").await.expect(200).text;
    assert!(metrics.contains("method=\"other\"") && !metrics.contains("INVENTED"));
}

#[tokio::test]
async fn the_wallet_app_is_served_under_a_strict_policy() {
    let app = tempfile::tempdir().unwrap();
    std::fs::create_dir(app.path().join("assets")).unwrap();
    std::fs::write(
        app.path().join("index.html"),
        "<!doctype html><title>wallet</title>",
    )
    .unwrap();
    std::fs::write(app.path().join("assets/core-1a2b.wasm"), b"\0asm").unwrap();
    let dir = app.path().to_owned();
    let server = Sandbox::start_with(|config| config.wallet.dir = Some(dir)).await;
    let index = server.get("/").await.expect(200);
    let policy = index.headers["content-security-policy"].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval';",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe-inline"), "{policy}");
    // Passkeys are for this site alone (WebAuthn Level 3 §5.9).
    let permissions = index.headers["permissions-policy"].to_str().unwrap();
    for part in [
        "publickey-credentials-get=(self)",
        "publickey-credentials-create=(self)",
    ] {
        assert!(permissions.contains(part), "{permissions}");
    }
    assert_eq!(index.headers["cache-control"], "no-cache");
    assert!(
        server
            .get("/?request_uri=x")
            .await
            .expect(200)
            .text
            .contains("wallet")
    );
    // A program that mistyped an address must not take the app for its answer.
    for path in ["/v1/presentation", "/.well-known/openid-configuration", "/vp/x"] {
        server.get(path).await.problem(404, "not-found");
    }
    // A monitor at a mistyped address does not find everything in order; a person finds the app.
    let elsewhere = server.get("/healthz").await.expect(404);
    assert!(elsewhere.text.contains("wallet") && elsewhere.headers.contains_key("content-security-policy"));
    let wasm = server.get("/assets/core-1a2b.wasm").await.expect(200);
    assert_eq!(wasm.headers["content-type"], "application/wasm");
    assert!(
        wasm.headers["cache-control"]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    // As the build compressed it, for whoever can read that.
    std::fs::write(app.path().join("assets/core-1a2b.wasm.br"), b"smaller").unwrap();
    for (accept, encoding) in [("gzip, br", Some("br")), ("gzip", None), ("identity", None)] {
        let request = server.client.get(server.url("/assets/core-1a2b.wasm"));
        let request = request.header("accept-encoding", accept).send();
        let wasm = Answer::read(request.await.unwrap()).await.expect(200);
        let header = |name: &str| wasm.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("content-encoding"), encoding, "{accept}");
        assert_eq!(header("content-type"), Some("application/wasm"));
        assert_eq!(wasm.text == "smaller", encoding.is_some());
        assert_eq!(
            header("vary").map(str::to_lowercase),
            Some("accept-encoding".to_owned()),
            "{accept}"
        );
    }
    // A part of an older version is gone; the page in its place would be kept as that part, for good.
    let old = server.get("/assets/core-0000.wasm").await.expect(404);
    assert_eq!(old.headers["cache-control"], "no-store");
    assert!(!old.text.contains("wallet"));
    for path in [
        "/../Cargo.toml",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
    ] {
        assert!(!server.get(path).await.text.contains("root:"), "{path}");
    }
}

#[tokio::test]
async fn tls_works_without_a_proxy() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate_file, key_file) = (dir.path().join("tls.pem"), dir.path().join("tls.key"));
    std::fs::write(&certificate_file, made.cert.pem()).unwrap();
    std::fs::write(&key_file, made.signing_key.serialize_pem()).unwrap();
    let tls = TlsConfig {
        certificate_file,
        key_file,
    };
    let server = Sandbox::start_with(|config| {
        config.tls = Some(tls);
        config.public_url = String::new();
    })
    .await;
    assert!(server.base.starts_with("https://localhost:"), "{}", server.base);
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_der(made.cert.der()).unwrap()])
        .no_proxy()
        .build()
        .unwrap();
    let answer = Answer::read(client.get(server.url("/livez")).send().await.unwrap())
        .await
        .expect(200);
    assert!(answer.headers.contains_key("strict-transport-security"));
    server
        .client
        .get(server.url("/livez"))
        .send()
        .await
        .expect_err("an unknown certificate was accepted");
}

#[tokio::test]
async fn stopping_takes_the_server_out_of_rotation_and_frees_the_database() {
    let server = Sandbox::start().await;
    let url = format!("sqlite:{}", server.data().join("assent.db").display());
    assert!(
        assent_server::store::Database::open(&url).await.is_err(),
        "the file is not locked"
    );
    server.stop();
    until("the server stopped", async || {
        let Ok(database) = assent_server::store::Database::open(&url).await else {
            return false;
        };
        database.close().await;
        true
    })
    .await;
}

#[tokio::test]
async fn w3c_credentials_go_through_the_bridge_program() {
    let body = json!({ "credential": "x" });
    let ask = async |server: &Sandbox| {
        let path = "/v1/credentials/verify";
        server
            .call("POST", path, &server.library_key(), &[], Some(&body))
            .await
    };
    ask(&Sandbox::start().await)
        .await
        .problem(501, "w3c-bridge-not-configured");

    // Speaks the bridge's protocol (interop/README.md) and shows what it was asked.
    let dir = tempfile::tempdir().unwrap();
    let program = |name: &str, script: &str| {
        let path = dir.path().join(name);
        // By another process: a program that some test starts while this one writes would have the file open, too, and
        // what is open for writing cannot be run.
        let written = std::process::Command::new("/bin/sh")
            .args([
                "-c",
                r#"printf '#!/bin/sh\n%s\n' "$2" > "$1" && chmod 700 "$1""#,
                "sh",
            ])
            .args([path.as_os_str(), script.as_ref()])
            .status();
        assert!(written.unwrap().success());
        path
    };
    let with = async |path| Sandbox::start_with(|config| config.w3c_bridge.program = Some(path)).await;
    let good = program(
        "good",
        r#"read -r line; echo "{\"id\":\"1\",\"ok\":true,\"verdict\":{\"flag\":\"$1\",\"asked\":$line}}""#,
    );
    let verdict = ask(&with(good).await).await.expect(200).json();
    assert_eq!(verdict["flag"], "--once");
    assert_eq!(
        (&verdict["asked"]["action"], &verdict["asked"]["credential"]),
        (&json!("verify"), &json!("x"))
    );
    assert!(verdict["asked"]["now"].is_i64());
    for script in [
        r#"echo '{"id":"1","ok":false}'"#,
        "echo nonsense",
        "exit 1",
        "yes 0123456789",
    ] {
        let bad = program("bad", script);
        ask(&with(bad).await).await.problem(502, "w3c-bridge-failed");
    }
}

/// Requests whose bodies do not come hold their place until they are given up; one address must not hold all places.
#[tokio::test]
async fn one_address_cannot_take_every_place() {
    use tokio::io::AsyncWriteExt as _;
    let server = Sandbox::start_with(|config| {
        config.limits.trusted_proxies = 1;
        config.limits.concurrent_per_address = 3;
    })
    .await;
    let address = server.base.trim_start_matches("http://").to_owned();
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut connection = tokio::net::TcpStream::connect(&address).await.unwrap();
        let head = "POST /vp/withdrawals HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Length: 9\r\n\r\n";
        connection.write_all(head.as_bytes()).await.unwrap();
        open.push(connection);
    }
    let ask = async |from: &str| {
        let request = server
            .client
            .get(server.url("/v1/wallet/config"))
            .header("x-forwarded-for", from);
        Answer::read(request.send().await.unwrap()).await
    };
    let settled = async |status: u16| {
        until(&status.to_string(), async || {
            ask("192.0.2.1").await.status == status
        })
        .await;
    };
    settled(429).await;
    ask("192.0.2.2").await.expect(200);
    drop(open);
    settled(200).await;
}

#[tokio::test]
async fn a_database_of_another_layout_is_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::sandbox(([127, 0, 0, 1], 0).into(), dir.path().join("data"));
    config.database.migrate_on_start = Some(false);
    let refused = Server::prepare(config, Clock::System).await.unwrap_err();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(why.contains("assent-server migrate"), "{why}");
}

#[tokio::test]
async fn headers_that_do_not_come_are_not_waited_for() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let server = Sandbox::start_with(|config| config.limits.header_seconds = 1).await;
    let address = server.base.trim_start_matches("http://").to_owned();
    let mut connection = tokio::net::TcpStream::connect(&address).await.unwrap();
    connection
        .write_all(b"GET /livez HTTP/1.1\r\nHost: a")
        .await
        .unwrap();
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut rest));
    assert!(closed.await.is_ok(), "the server still waits for the headers");
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
}

/// PostgreSQL fails where it is asked for text with a zero in it.
#[tokio::test]
async fn names_with_a_zero_are_refused_before_the_database_sees_them() {
    let server = Sandbox::start().await;
    for path in [
        "/vp/requests/%00",
        "/vp/responses/a%00b",
        "/v1/presentations/%00",
        "/v1/sign-in?a=%00",
    ] {
        server.get(path).await.problem(400, "request-malformed");
    }
    server
        .get("/vp/requests/%2500")
        .await
        .problem(404, "presentation-unknown");
}

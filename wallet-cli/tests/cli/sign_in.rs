//! Offers whose issuer wants the person to sign in first: the listener, and the two steps without it. What the messages say to
//! an issuer is in `tests/peers`.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::common::{STATE, Sandbox, offer_link, serve, url_encoded};

/// A wallet, and an issuer that gives nothing without a sign-in.
fn begin() -> (Sandbox, String, Arc<Mutex<String>>, String) {
    let sandbox = Sandbox::with_wallet();
    let (base, seen) = serve(|path, base| match path {
        "/.well-known/openid-credential-issuer" => (200, issuer(base)),
        "/.well-known/oauth-authorization-server" => (200, server(base)),
        "/par" => (
            201,
            json!({ "request_uri": "urn:ietf:params:oauth:request_uri:abc", "expires_in": 60 }),
        ),
        _ => (400, json!({ "error": "invalid_grant" })),
    });
    let offer = json!({ "credential_issuer": base, "credential_configuration_ids": ["card"],
        "grants": { "authorization_code": { "issuer_state": "from-the-offer" } } });
    (sandbox, base, seen, offer_link(&offer))
}

fn issuer(base: &str) -> Value {
    json!({ "credential_issuer": base, "credential_endpoint": format!("{base}/credential"),
        "nonce_endpoint": format!("{base}/nonce"),
        "credential_configurations_supported": { "card": { "format": "dc+sd-jwt", "vct": "urn:example:card:1",
            "scope": "card", "cryptographic_binding_methods_supported": ["jwk"],
            "credential_signing_alg_values_supported": ["ES256"],
            "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": ["ES256"] } },
            "credential_metadata": { "display": [{ "name": "Card" }] } } } })
}

fn server(base: &str) -> Value {
    json!({ "issuer": base, "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"), "pushed_authorization_request_endpoint": format!("{base}/par"),
        "require_pushed_authorization_requests": true, "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"], "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true })
}

/// The `state` of the last pushed request.
fn state(seen: &Mutex<String>) -> String {
    let seen = seen.lock().unwrap();
    let (_, after) = seen
        .rsplit_once("&state=")
        .or_else(|| seen.rsplit_once("\nstate="))
        .unwrap();
    after.split(['&', '\n']).next().unwrap().to_owned()
}

fn declined(redirect_uri: &str, base: &str, state: &str) -> String {
    format!(
        "{redirect_uri}?error=access_denied&state={state}&iss={}",
        url_encoded(base)
    )
}

#[test]
fn in_two_steps_with_the_browser_elsewhere() {
    let (sandbox, base, seen, link) = begin();
    let run = |args: &[&str]| {
        sandbox.json(
            ["holder", "receive"]
                .iter()
                .copied()
                .chain(args.iter().copied())
                .chain(STATE),
        )
    };
    let (code, value) = run(&[&link, "--yes", "--elsewhere"]);
    assert_eq!(
        (code, &value["error"]["code"]),
        (5, &json!("sign-in-needed")),
        "{value}"
    );
    assert_eq!(value["schema"], "assent.holder-sign-in/1");
    // Nothing but the reference is in the address (RFC 9126 §4).
    let url = value["data"]["url"].as_str().unwrap();
    assert!(
        url.starts_with(&format!("{base}/authorize?")) && !url.contains("state="),
        "{url}"
    );
    let redirect_uri = value["data"]["redirectUri"].as_str().unwrap().to_owned();
    // RFC 8252 §7.3, at a port where browsers connect to nothing: no other program gets the code.
    assert_eq!(redirect_uri, "http://127.0.0.1:1/");
    let pushed = seen.lock().unwrap().clone();
    for part in [
        "client_id=assent-cli",
        "code_challenge_method=S256",
        "issuer_state=from-the-offer",
        "redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F",
    ] {
        assert!(pushed.contains(part), "{part}: {pushed}");
    }
    // An answer for another sign-in ends nothing.
    let other = declined(&redirect_uri, &base, "another");
    assert_eq!(
        run(&["--answer", &other]).1["error"]["code"],
        "sign-in-not-expected"
    );
    let answer = declined(&redirect_uri, &base, &state(&seen));
    let (code, value) = run(&["--answer", &answer]);
    assert_eq!(
        (code, &value["error"]["code"]),
        (5, &json!("sign-in-declined")),
        "{value}"
    );
    let (code, value) = run(&["--answer", &answer]);
    assert_eq!(
        (code, &value["error"]["code"]),
        (4, &json!("sign-in-not-expected")),
        "{value}"
    );
    assert!(!seen.lock().unwrap().contains("POST /token"), "no code, no token");
    // For people the address stands alone on its line, and what to do next under it.
    let said = sandbox.run(
        ["holder", "receive", &link, "--yes", "--elsewhere"]
            .into_iter()
            .chain(STATE),
    );
    assert_eq!(said.code, 5);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(
        lines[1].starts_with(&format!("{base}/authorize?")),
        "{}",
        said.out
    );
    assert!(said.out.contains("--answer 'ADDRESS'"), "{}", said.out);
    assert!(lines[2].contains("address bar"), "{}", said.out);
}

struct Listening(Child);

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(redirect_uri: &str, address: &str) -> String {
    let host = redirect_uri.trim_start_matches("http://").trim_end_matches('/');
    let path = address.strip_prefix(redirect_uri).unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

#[test]
fn the_listener_waits_for_the_right_answer() {
    let (sandbox, base, seen, link) = begin();
    let mut child = Listening(
        Command::new(assert_cmd::cargo::cargo_bin!("assent"))
            .args(["--json", "holder", "receive", &link, "--yes"])
            .args(STATE)
            .env_clear()
            .current_dir(sandbox.path(""))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut event = String::new();
    BufReader::new(child.0.stderr.take().unwrap())
        .read_line(&mut event)
        .unwrap();
    let event: Value = serde_json::from_str(&event).unwrap();
    assert_eq!(event["schema"], "assent.holder-sign-in/1");
    let redirect_uri = event["data"]["redirectUri"].as_str().unwrap();
    let guessed = get(
        redirect_uri,
        &format!("{redirect_uri}?code=injected&state=guessed"),
    );
    assert!(guessed.starts_with("HTTP/1.1 200 "), "{guessed}");
    let page = get(redirect_uri, &declined(redirect_uri, &base, &state(&seen)));
    assert!(page.contains("close this page"), "{page}");
    let mut out = String::new();
    child.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["error"]["code"], "sign-in-declined", "{value}");
    assert_eq!(child.0.wait().unwrap().code(), Some(5));
}

#[test]
fn nobody_comes_back() {
    let (sandbox, _, _, link) = begin();
    let run = sandbox.run(
        ["holder", "receive", &link, "--yes", "--timeout", "1"]
            .into_iter()
            .chain(STATE),
    );
    assert_eq!(run.code, 6, "{}", run.err);
    assert!(run.err.contains("code: sign-in-timeout"), "{}", run.err);
    assert!(
        run.err.contains("/authorize?") && run.err.contains("after you signed in at 127.0.0.1"),
        "{}",
        run.err
    );
}

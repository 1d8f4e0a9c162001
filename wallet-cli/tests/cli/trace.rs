//! `-v`, `-vv` and `--trace`: what is asked, of whom, how long; and no secret in any of it.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::common::{Sandbox, pieces, serve};

const PASSPHRASE: &str = "canary-passphrase Zq7";
const TX_CODE: &str = "739174";
const CODE: &str = "CanaryPreAuthorizedCode77";
const TOKEN: &str = "CanaryAccessToken4711abc";
/// What the issuer says about its code, and what it would have the program say.
const SAYS: &str = "By letter to\nVerified: you";
const NONCE: &str = "CanaryNonce0815xyz";

/// An issuer that goes along until the credential request.
fn issuer(path: &str, issuer: &str) -> (u16, Value) {
    let grant = json!({ "pre-authorized_code": CODE, "tx_code": { "length": 6, "description": SAYS } });
    match path.split('?').next().unwrap_or_default() {
        "/offer" => (
            200,
            json!({
                "credential_issuer": issuer,
                "credential_configuration_ids": ["card"],
                "grants": { "urn:ietf:params:oauth:grant-type:pre-authorized_code": grant },
            }),
        ),
        "/.well-known/openid-credential-issuer" => (
            200,
            json!({
                "credential_issuer": issuer,
                "credential_endpoint": format!("{issuer}/credential"),
                "nonce_endpoint": format!("{issuer}/nonce"),
                "credential_configurations_supported": { "card": {
                    "format": "dc+sd-jwt",
                    "vct": "urn:example:card:1",
                    "scope": "card",
                    "cryptographic_binding_methods_supported": ["jwk"],
                    "credential_signing_alg_values_supported": ["ES256"],
                    "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": ["ES256"] } },
                } },
            }),
        ),
        "/.well-known/oauth-authorization-server" => (
            200,
            json!({
                "issuer": issuer,
                "token_endpoint": format!("{issuer}/token"),
                "response_types_supported": ["code"],
                "grant_types_supported": ["urn:ietf:params:oauth:grant-type:pre-authorized_code"],
                "pre-authorized_grant_anonymous_access_supported": true,
            }),
        ),
        "/token" => (
            200,
            json!({ "access_token": TOKEN, "token_type": "Bearer", "expires_in": 300 }),
        ),
        "/nonce" => (200, json!({ "c_nonce": NONCE })),
        _ => (
            400,
            json!({ "error": "credential_request_denied", "error_description": CODE }),
        ),
    }
}

#[test]
fn a_trace_shows_the_way_and_no_secret() {
    let sandbox = Sandbox::new();
    sandbox.put("passphrase", format!("{PASSPHRASE}\n"));
    sandbox.put("tx", TX_CODE);
    sandbox.put("anchors.json", r#"{"access":[],"issuers":[]}"#);
    let wallet = ["--state", "wallet.json", "--passphrase-file", "passphrase"];
    let init = [
        "holder",
        "init",
        "--local",
        "--sandbox",
        "--anchors",
        "anchors.json",
    ];
    let made = sandbox.run(
        init.into_iter()
            .chain(["--recovery-code-file", "recovery", "-vv"])
            .chain(wallet),
    );
    assert_eq!(made.code, 0, "{}", made.err);

    let (base, seen) = serve(issuer);
    let link = format!(
        "openid-credential-offer://?credential_offer_uri={}%2Foffer%3Fkey%3D{CODE}",
        base.replace(':', "%3A").replace('/', "%2F")
    );
    let without = sandbox.run(["holder", "receive", &link, "--yes"].into_iter().chain(wallet));
    assert_eq!(without.code, 5, "{}", without.err);
    let words = "a code that the issuer sent you and says about it: By letter to Verified: you";
    assert!(
        without.err.contains(words) && without.err.contains("code: tx-code-missing"),
        "{}",
        without.err
    );
    let receive = ["holder", "receive", &link, "--yes", "--tx-code-file", "tx"];
    let run = sandbox.run(
        receive
            .into_iter()
            .chain(wallet)
            .chain(["-vv", "--trace", "trace.jsonl"]),
    );
    assert_ne!(run.code, 0, "the issuer refuses in the end");

    // The test means something: the secrets did travel.
    let seen = seen.lock().unwrap();
    for secret in [CODE, TX_CODE, TOKEN, NONCE_SENT] {
        assert!(seen.contains(secret), "{secret} was never sent: {seen}");
    }
    let trace = std::fs::read_to_string(sandbox.path("trace.jsonl")).unwrap();
    let recovery = std::fs::read_to_string(sandbox.path("recovery")).unwrap();
    let pieces = pieces(&recovery);
    for secret in [PASSPHRASE, "Zq7", TX_CODE, CODE, TOKEN, NONCE]
        .into_iter()
        .chain(pieces.iter().map(String::as_str))
    {
        for (name, text) in [("init", &made.err), ("-vv", &run.err), ("--trace", &trace)] {
            assert!(!text.contains(secret), "{secret} is in {name}:\n{text}");
        }
    }

    // What somebody looks for when a card does not arrive: whom, what, how long, and why not.
    for expected in [
        &format!("GET {base}/offer?key={{{}}}", CODE.len()),
        &format!("POST {base}/token, "),
        "pre-authorized_code={25}",
        "tx_code={6}",
        "← 200 in ",
        "access_token: {24}",
        "error: credential_request_denied",
        "authorization: {31}",
    ] {
        assert!(run.err.contains(expected), "no `{expected}` in:\n{}", run.err);
    }
    let events: Vec<Value> = trace
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let requests = events.iter().filter(|event| event["event"] == "request").count();
    let responses = events.iter().filter(|event| event["event"] == "response");
    assert!(requests >= 6, "{trace}");
    assert!(
        responses
            .into_iter()
            .all(|event| event["ms"].is_u64() && event["at_ms"].is_u64())
    );
    let mode = std::fs::metadata(sandbox.path("trace.jsonl"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// The nonce travels inside a signed proof, so it is looked for in its encoded form.
const NONCE_SENT: &str = "\"jwt\"";

#[test]
fn one_v_is_one_line_per_message() {
    let sandbox = Sandbox::new();
    let quiet = sandbox.run(["trust", "list", "http://127.0.0.1:9"]);
    assert!(!quiet.err.contains('→'), "{}", quiet.err);
    let run = sandbox.run(["-v", "trust", "list", "http://127.0.0.1:9"]);
    assert_eq!(run.code, 6);
    assert!(
        run.err.contains("→ GET http://127.0.0.1:9/v1/registry/anchors"),
        "{}",
        run.err
    );
    assert!(
        run.err.contains("cannot connect: Connection refused"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("accept:"), "headers only with -vv: {}", run.err);
    let run = sandbox.run(["-vv", "trust", "list", "http://127.0.0.1:9"]);
    assert!(run.err.contains("accept: application/json"), "{}", run.err);
}

#[test]
fn an_existing_file_is_not_written_over() {
    let sandbox = Sandbox::new();
    sandbox.put("notes", "mine");
    let (code, value) = sandbox.json(["--trace", "notes", "completions", "bash"]);
    assert_eq!((code, &value["error"]["code"]), (7, &json!("file-exists")));
    assert_eq!(std::fs::read_to_string(sandbox.path("notes")).unwrap(), "mine");
}

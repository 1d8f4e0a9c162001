//! `assent request …`
#![expect(clippy::unwrap_used, reason = "test support")]

use serde_json::{Value, json};

use crate::common::{Sandbox, key, object};

fn lint(content: impl ToString) -> (i32, Value) {
    let sandbox = Sandbox::new();
    sandbox.put("request", content.to_string());
    sandbox.json(["request", "lint", "request"])
}

fn codes(value: &Value) -> Vec<&str> {
    let findings = value["data"]["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

fn query() -> Value {
    json!({ "credentials": [
        { "id": "a", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:a"] }, "claims": [{ "path": ["x"] }] },
    ] })
}

fn parameters() -> Value {
    json!({
        "response_type": "vp_token",
        "response_mode": "direct_post.jwt",
        "client_id": "x509_hash:Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk",
        "response_uri": "https://verifier.example/response",
        "nonce": "n-0S6_WzA2Mj-aZ19xKqLw",
        "dcql_query": query(),
        "client_metadata": {
            "jwks": { "keys": [{ "kty": "EC", "crv": "P-256", "x": "x", "y": "y", "use": "enc", "alg": "ECDH-ES", "kid": "1" }] },
            "vp_formats_supported": { "dc+sd-jwt": {} },
        },
    })
}

#[test]
fn good_requests_have_no_findings() {
    for good in [query(), parameters()] {
        let (code, value) = lint(&good);
        assert_eq!(code, 0, "{value}");
        assert_eq!(codes(&value), [""; 0], "{value}");
    }
    // The receipt that our verifier asks for has no claims, and is no reason for a hint.
    let mut with_receipt = query();
    let receipt = json!({ "id": "r", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:assent:consent-receipt:1"] } });
    with_receipt["credentials"].as_array_mut().unwrap().push(receipt);
    assert!(!codes(&lint(&with_receipt).1).contains(&"dcql-no-claims"));
    with_receipt["credentials"][1]["meta"]["vct_values"][0] = json!("urn:other");
    assert!(codes(&lint(&with_receipt).1).contains(&"dcql-no-claims"));
}

#[test]
fn a_sandbox_is_told_apart() {
    let mut request = parameters();
    request["response_uri"] = json!("http://localhost:8470/r");
    let (code, value) = lint(&request);
    assert_eq!(code, 3);
    assert!(codes(&value).contains(&"only-for-a-sandbox"), "{value}");
    request["nonce"] = Value::Null;
    assert!(!codes(&lint(&request).1).contains(&"only-for-a-sandbox"));
    let (code, value) = Sandbox::new().json(["request", "lint", "https://wallet.example/?request_uri=x"]);
    assert_eq!((code, &value["error"]["code"]), (2, &json!("file-is-a-link")));
}

#[test]
fn errors_end_with_3() {
    let change = |pointer: &str, with: Value| {
        let mut request = parameters();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = request.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match with {
            Value::Null => parent.remove(name),
            with => parent.insert(name.to_owned(), with),
        };
        request
    };
    for (pointer, with, expected) in [
        ("/nonce", Value::Null, "request-missing"),
        ("/dcql_query", Value::Null, "request-missing"),
        ("/client_id", json!("x509_hash:"), "client-id"),
        (
            "/response_uri",
            json!("http://verifier.example/r"),
            "request-malformed",
        ),
        ("/response_mode", json!("fragment"), "request-unsupported"),
        ("/presentation_definition", json!({}), "request-draft-parameter"),
        ("/client_id_scheme", json!("x"), "request-draft-parameter"),
        ("/dcql_query/credentials", json!([]), "dcql-member"),
        ("/client_metadata/jwks", Value::Null, "request-no-encryption-key"),
        (
            "/redirect_uri",
            json!("https://verifier.example"),
            "request-contradiction",
        ),
    ] {
        let (code, value) = lint(change(pointer, with));
        assert_eq!(code, 3, "{pointer}: {value}");
        assert!(
            codes(&value).iter().any(|code| code.starts_with(expected)),
            "{pointer}: {value}"
        );
        assert!(value["data"]["errors"].as_u64().unwrap() > 0);
    }
}

#[test]
fn habits_are_named_but_pass() {
    let mut request = parameters();
    request["nonce"] = json!("short");
    request["response_mode"] = json!("direct_post");
    request["dcql_query"]["credentials"][0]["claims"] = json!([{ "path": ["birthdate"] }, { "path": ["address"] }, { "path": ["portrait"] }, { "path": ["portrait"] }]);
    request["dcql_query"]["credentials"][0]["claim_set"] = json!([]);
    let (code, value) = lint(request);
    assert_eq!(code, 0, "{value}");
    for expected in [
        "request-short-nonce",
        "request-cleartext-response",
        "dcql-birth-date",
        "dcql-whole-object",
        "dcql-sensitive",
        "dcql-claim-twice",
        "dcql-unknown-member",
    ] {
        assert!(codes(&value).contains(&expected), "{expected}: {value}");
    }
}

#[test]
fn signed_requests_and_links() {
    let signed = assent_core::encoding::jws::sign_jwt("JWT", &[], &object(parameters()), &key(1)).unwrap();
    let (code, value) = lint(&signed);
    assert_eq!((code, &value["data"]["kind"]), (3, &json!("request_object")));
    for expected in [
        "request-type",
        "certificate-missing",
        "request-audience",
        "request-no-expiry",
    ] {
        assert!(codes(&value).contains(&expected), "{expected}: {value}");
    }
    let by_reference = "openid4vp://?client_id=x509_hash%3AUvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk&request_uri=https%3A%2F%2Fverifier.example%2Fr";
    let (code, value) = lint(by_reference);
    assert_eq!((code, &value["data"]["kind"]), (0, &json!("link")), "{value}");
    assert_eq!(codes(&value), ["request-by-reference"]);
    assert_eq!(lint("openid4vp://?request_uri=x").0, 3);
}

#[test]
fn consent_requests() {
    let (code, value) = lint(json!({ "purpose": { "en": "Lend films" }, "required": [] }));
    assert_eq!((code, &value["data"]["kind"]), (3, &json!("consent_request")));
    assert!(value["data"]["errors"].as_u64().unwrap() > 3, "{value}");
}

#[test]
fn what_is_no_request() {
    assert_eq!(lint("hello").0, 1);
    assert_eq!(lint("{}").0, 1);
    assert_eq!(lint(r#"{"credentials":[],"credentials":[]}"#).0, 3);
}

#[test]
fn simulate_ends_with_5_when_a_card_is_missing() {
    let sandbox = Sandbox::new();
    sandbox.put("query", query().to_string());
    let simulate = ["request", "simulate", "query", "--cards", "cards"];
    sandbox.put(
        "cards",
        json!([{ "id": "k", "vct": "urn:a", "claims": { "x": 1 } }]).to_string(),
    );
    let (code, value) = sandbox.json(simulate);
    assert_eq!(code, 0);
    assert_eq!(
        value["data"]["queries"][0]["matches"][0]["disclose"],
        json!([["x"]])
    );
    sandbox.put(
        "cards",
        json!([{ "id": "k", "vct": "urn:a", "claims": { "y": 1 } }]).to_string(),
    );
    let (code, value) = sandbox.json(simulate);
    assert_eq!((code, &value["data"]["can_answer"]), (5, &json!(false)));
    sandbox.put("cards", "[{}]");
    assert_eq!(sandbox.json(simulate).0, 7);
    sandbox.put("query", "{}");
    assert_eq!(sandbox.json(simulate).0, 3);
}

//! The vault role over HTTP.

use crate::common::Sandbox;
use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use serde_json::{Value, json};

const ID: &str = "AAECAwQFBgcICQoLDA0ODw";
const TOKEN: &str = "token-of-the-wallet";

fn b64(text: &str) -> String {
    base64url::encode(text.as_bytes())
}

fn new_vault(id: &str) -> Value {
    json!({
        "vault_id": id,
        "access_token_sha256": base64url::encode(&sha256(TOKEN.as_bytes())),
        "header": b64("header"), "manifest": b64("manifest"),
        "put": [{ "handle": b64("a"), "box": b64("sealed-a") }],
    })
}

fn change(base_version: i64) -> Value {
    json!({ "base_version": base_version, "manifest": b64("next"),
            "put": [{ "handle": b64("b"), "box": b64("sealed-b") }], "delete": [b64("a")] })
}

#[tokio::test]
async fn a_vault_from_creation_to_deletion() {
    let server = Sandbox::start().await;
    let path = format!("/v1/vaults/{ID}");
    let created = server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    assert_eq!(created.json(), json!({ "version": 1 }));
    server
        .post("/v1/vaults", &new_vault(ID))
        .await
        .problem(409, "vault-already-exists");

    let header = server.get(&format!("{path}/header")).await.expect(200).json();
    assert_eq!(header, json!({ "version": 1, "header": b64("header") }));

    let commits = format!("{path}/commits");
    let done = server
        .call("POST", &commits, TOKEN, &[], Some(&change(1)))
        .await
        .expect(200);
    assert_eq!(done.json(), json!({ "version": 2 }));
    server
        .call("POST", &commits, TOKEN, &[], Some(&change(1)))
        .await
        .problem(409, "vault-version-conflict");

    let all = server
        .call("GET", &path, TOKEN, &[], None)
        .await
        .expect(200)
        .json();
    assert_eq!(
        all,
        json!({ "version": 2, "header": b64("header"), "manifest": b64("next"),
                "records": [{ "handle": b64("b"), "version": 2, "box": b64("sealed-b") }], "deleted": [b64("a")] })
    );
    let delta = server
        .call("GET", &format!("{path}?since=2"), TOKEN, &[], None)
        .await
        .expect(200)
        .json();
    assert_eq!((&delta["records"], &delta["deleted"]), (&json!([]), &json!([])));

    server.call("DELETE", &path, TOKEN, &[], None).await.expect(204);
    server
        .get(&format!("{path}/header"))
        .await
        .problem(404, "vault-unknown");
    server
        .call("GET", &path, TOKEN, &[], None)
        .await
        .problem(401, "vault-access-refused");
}

#[tokio::test]
async fn only_the_right_token_opens_a_vault_and_a_missing_one_looks_the_same() {
    let server = Sandbox::start().await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let other = "AAAAAAAAAAAAAAAAAAAAAA";
    let mut texts = Vec::new();
    for (method, path, body) in [
        ("GET", format!("/v1/vaults/{ID}"), None),
        ("GET", format!("/v1/vaults/{other}"), None),
        ("DELETE", format!("/v1/vaults/{ID}"), None),
        ("POST", format!("/v1/vaults/{ID}/commits"), Some(change(1))),
        ("POST", format!("/v1/vaults/{other}/commits"), Some(change(1))),
    ] {
        let answer = server.call(method, &path, "wrong", &[], body.as_ref()).await;
        answer.problem(401, "vault-access-refused");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        texts.push(answer.text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "answers differ: {texts:?}");
    server
        .get(&format!("/v1/vaults/{ID}"))
        .await
        .problem(401, "vault-access-refused");
    // RFC 6750 §2.3: a token in the query is not a token.
    let answer = server.get(&format!("/v1/vaults/{ID}?access_token={TOKEN}")).await;
    assert!(answer.status == 400 || answer.status == 401, "{}", answer.text);
    server
        .call("GET", &format!("/v1/vaults/{ID}"), TOKEN, &[], None)
        .await
        .expect(200);
}

#[tokio::test]
async fn repeated_commits_answer_the_same() {
    let server = Sandbox::start().await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let path = format!("/v1/vaults/{ID}/commits");
    let key = [("idempotency-key", "k-1")];
    let first = server
        .call("POST", &path, TOKEN, &key, Some(&change(1)))
        .await
        .expect(200);
    let again = server
        .call("POST", &path, TOKEN, &key, Some(&change(1)))
        .await
        .expect(200);
    assert_eq!(first.text, again.text);
    server
        .call("POST", &path, TOKEN, &key, Some(&change(2)))
        .await
        .problem(422, "idempotency-key-reused");
    server
        .call(
            "POST",
            &path,
            TOKEN,
            &[("idempotency-key", &"k".repeat(256))],
            Some(&change(2)),
        )
        .await
        .problem(400, "idempotency-key-malformed");
    // A refused request does not use its key up.
    let key = [("idempotency-key", "k-2")];
    server
        .call("POST", &path, TOKEN, &key, Some(&change(9)))
        .await
        .problem(409, "vault-version-conflict");
    server
        .call("POST", &path, TOKEN, &key, Some(&change(9)))
        .await
        .problem(409, "vault-version-conflict");
    server
        .call("POST", &path, TOKEN, &key, Some(&change(2)))
        .await
        .expect(200);
    // After a day the key is forgotten; the version still protects the vault.
    server.pass(25 * 3600);
    server
        .call(
            "POST",
            &path,
            TOKEN,
            &[("idempotency-key", "k-1")],
            Some(&change(1)),
        )
        .await
        .problem(409, "vault-version-conflict");
}

#[tokio::test]
async fn malformed_requests_are_refused_with_a_reason() {
    let server = Sandbox::start().await;
    let refuse = async |body: &str, status: u16, code: &str| {
        let request = server
            .client
            .post(server.url("/v1/vaults"))
            .header("content-type", "application/json")
            .body(body.to_owned());
        crate::common::Answer::read(request.send().await.unwrap())
            .await
            .problem(status, code);
    };
    refuse("{", 400, "body-malformed").await;
    refuse(r#"{"vault_id":"a","vault_id":"b"}"#, 400, "body-malformed").await;
    refuse(&"[".repeat(100), 400, "body-malformed").await;
    refuse("{}", 422, "body-invalid").await;
    refuse(&" ".repeat(5 << 20), 413, "body-too-large").await;
    let with = |name: &str, value: Value| {
        let mut body = new_vault(ID);
        body[name] = value;
        body.to_string()
    };
    refuse(&with("vault_id", json!("short")), 400, "vault-id-malformed").await;
    refuse(&with("header", json!("a=")), 422, "body-invalid").await;
    refuse(&with("extra", json!(1)), 422, "body-invalid").await;
    refuse(&with("access_token_sha256", json!("AAAA")), 422, "body-invalid").await;
    refuse(
        &with("put", json!([{ "handle": "", "box": "AA" }])),
        422,
        "vault-handle-malformed",
    )
    .await;
    refuse(
        &with("header", json!("A".repeat(100_000))),
        413,
        "vault-record-too-large",
    )
    .await;
    let mut deletions = change(1);
    deletions["delete"] = vec![b64("a"); 2001].into();
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    server
        .call(
            "POST",
            &format!("/v1/vaults/{ID}/commits"),
            TOKEN,
            &[],
            Some(&deletions),
        )
        .await
        .problem(413, "vault-record-too-large");
    let form = server
        .client
        .post(server.url("/v1/vaults"))
        .body("x")
        .send()
        .await
        .unwrap();
    crate::common::Answer::read(form)
        .await
        .problem(415, "content-type-not-json");
}

#[tokio::test]
async fn quotas_and_rates_are_kept() {
    let server = Sandbox::start_with(|config| {
        config.vault.max_records = 2;
        config.limits.per_vault_per_minute = 40;
    })
    .await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let mut body = change(1);
    body["put"] = json!([1, 2, 3].map(|i| json!({ "handle": b64(&format!("r{i}")), "box": b64("x") })));
    let path = format!("/v1/vaults/{ID}/commits");
    server
        .call("POST", &path, TOKEN, &[], Some(&body))
        .await
        .problem(507, "vault-quota-exceeded");
    let mut limited = None;
    for _ in 0..40 {
        let answer = server.get(&format!("/v1/vaults/{ID}/header")).await;
        if answer.status == 429 {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.expect("never limited");
    limited.problem(429, "rate-limited");
    assert!(limited.headers.contains_key("retry-after"));
}

/// Deleting leaves a mark for other devices; marks do not pile up for ever.
#[tokio::test]
async fn old_deletions_are_forgotten() {
    let server = Sandbox::start_with(|config| config.vault.max_records = 3).await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let path = format!("/v1/vaults/{ID}");
    for version in 1..=10 {
        let body = json!({ "base_version": version, "manifest": b64("m"),
            "put": [{ "handle": b64(&format!("r{version}")), "box": b64("x") }],
            "delete": [b64(&format!("r{}", version - 1))] });
        server
            .call("POST", &format!("{path}/commits"), TOKEN, &[], Some(&body))
            .await
            .expect(200);
    }
    let all = server
        .call("GET", &path, TOKEN, &[], None)
        .await
        .expect(200)
        .json();
    let deleted: Vec<&str> = all["deleted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|handle| handle.as_str().unwrap())
        .collect();
    let newest = [6, 7, 8, 9].map(|n| b64(&format!("r{n}")));
    assert_eq!(deleted, newest);
    assert_eq!(all["records"].as_array().unwrap().len(), 2);
}

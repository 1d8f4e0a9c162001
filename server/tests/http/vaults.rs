//! The vault role over HTTP.

use crate::common::vault::{self, ID, TOKEN, b64};
use crate::common::{Sandbox, timing};
use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use serde_json::{Value, json};

fn new_vault(id: &str) -> Value {
    vault::new_vault(id, json!([{ "handle": b64("a"), "box": b64("sealed-a") }]))
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
    assert_eq!(header, json!({ "header": b64("header") }));

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

    let read = async |path: String| {
        server
            .call("GET", &path, TOKEN, &[], None)
            .await
            .expect(200)
            .json()
    };
    assert_eq!(
        read(format!("{path}/changes")).await,
        json!({ "version": 2, "epoch": 1, "header": b64("header"), "manifest": b64("next"), "next": null,
                "records": [{ "handle": b64("b"), "version": 2, "box": b64("sealed-b") }], "deleted": [b64("a")] })
    );
    assert_eq!(
        read(format!("{path}/changes?since=2")).await,
        json!({ "version": 2, "epoch": 1, "next": null, "records": [], "deleted": [],
                "manifest_sha256": base64url::encode(&sha256(b"next")) })
    );
    assert_eq!(
        read(format!("{path}/records/{}", b64("b"))).await,
        json!({ "handle": b64("b"), "version": 2, "box": b64("sealed-b") })
    );
    let gone = server
        .call("GET", &format!("{path}/records/{}", b64("a")), TOKEN, &[], None)
        .await;
    gone.problem(404, "vault-record-unknown");
    for cursor in ["x", "1", "1.%C3%A9", &format!("1.{}", "a".repeat(87))] {
        let path = format!("{path}/changes?after={cursor}");
        server
            .call("GET", &path, TOKEN, &[], None)
            .await
            .problem(400, "vault-cursor-malformed");
    }

    server.call("DELETE", &path, TOKEN, &[], None).await.expect(204);
    // Unlock slots are there for every id; these are not the vault's.
    let after = server.get(&format!("{path}/header")).await.expect(200).json();
    assert_ne!(after, header);
    server
        .call("GET", &format!("{path}/changes"), TOKEN, &[], None)
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
        ("GET", format!("/v1/vaults/{ID}/changes"), None),
        ("GET", format!("/v1/vaults/{other}/changes"), None),
        ("GET", format!("/v1/vaults/{ID}/records/AA"), None),
        ("GET", format!("/v1/vaults/{other}/records/AA"), None),
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
        .get(&format!("/v1/vaults/{ID}/changes"))
        .await
        .problem(401, "vault-access-refused");
    // RFC 6750 §2.3: a token in the query is not a token.
    let answer = server
        .get(&format!("/v1/vaults/{ID}/changes?access_token={TOKEN}"))
        .await;
    assert!(answer.status == 400 || answer.status == 401, "{}", answer.text);
    server
        .call("GET", &format!("/v1/vaults/{ID}/changes"), TOKEN, &[], None)
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
        config.limits.unlocks_per_vault_per_minute = 40;
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
        .call("GET", &format!("{path}/changes"), TOKEN, &[], None)
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

/// A vault of 5,000 records of 1 KiB is read in pages, each bounded, and enters a new epoch in one request.
#[tokio::test]
async fn a_large_vault_is_paged_and_changes_its_epoch_at_once() {
    const RECORDS: usize = 5000;
    let server = Sandbox::start().await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let path = format!("/v1/vaults/{ID}");
    let commits = format!("{path}/commits");
    let sealed = base64url::encode(&[7; 1024]);
    let names: Vec<String> = (0..RECORDS).map(|i| b64(&format!("record-{i}"))).collect();
    for (i, part) in names.chunks(1000).enumerate() {
        let put: Vec<Value> = part
            .iter()
            .map(|handle| json!({ "handle": handle, "box": sealed, "key": b64("old") }))
            .collect();
        let body = json!({ "base_version": i + 1, "manifest": b64("m"), "put": put, "delete": [b64("a")] });
        server
            .call("POST", &commits, TOKEN, &[], Some(&body))
            .await
            .expect(200);
    }
    let read = async |token: &str, since: i64| {
        let (mut handles, mut pages, mut after) = (std::collections::HashSet::new(), 0, String::new());
        loop {
            let path = format!("{path}/changes?since={since}{after}");
            let answer = server.call("GET", &path, token, &[], None).await.expect(200);
            assert!(
                answer.text.len() < 2 << 20,
                "a page of {} bytes",
                answer.text.len()
            );
            let page = answer.json();
            pages += 1;
            for record in page["records"].as_array().unwrap() {
                assert!(record["key"].is_string());
                assert_eq!(record["box"].is_string(), since == 0);
                handles.insert(record["handle"].as_str().unwrap().to_owned());
            }
            match page["next"].as_str() {
                Some(next) => {
                    assert!(page.get("manifest").is_none());
                    after = format!("&after={next}");
                }
                None => return (handles.len(), pages, page["manifest"].is_string()),
            }
        }
    };
    assert_eq!(read(TOKEN, 0).await, (RECORDS, 6, true));
    let keys: Vec<Value> = names
        .iter()
        .map(|handle| json!({ "handle": handle, "key": base64url::encode(&[9; 122]) }))
        .collect();
    let mut rotation = json!({ "base_version": 6, "header": b64("h2"), "manifest": b64("m2"), "epoch": 2,
        "access_token_sha256": base64url::encode(&sha256(b"new token")), "keys": keys[1..] });
    server
        .call("POST", &commits, TOKEN, &[], Some(&rotation))
        .await
        .problem(422, "vault-epoch-incomplete");
    rotation["keys"] = keys.into();
    server
        .call("POST", &commits, TOKEN, &[], Some(&rotation))
        .await
        .expect(200);
    server
        .call("GET", &format!("{path}/changes"), TOKEN, &[], None)
        .await
        .problem(401, "vault-access-refused");
    assert_eq!(read("new token", 6).await, (RECORDS, 3, true), "keys only");
}

#[tokio::test]
async fn epochs_change_only_whole_and_in_order() {
    let server = Sandbox::start().await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let path = format!("/v1/vaults/{ID}/commits");
    let key = json!([{ "handle": b64("a"), "key": b64("k") }]);
    let body = |members: Value| {
        let mut body = json!({ "base_version": 1, "manifest": b64("m") });
        body.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        body
    };
    let refused = async |members: Value, status: u16, code: &str| {
        server
            .call("POST", &path, TOKEN, &[], Some(&body(members)))
            .await
            .problem(status, code);
    };
    let hash = base64url::encode(&[1; 32]);
    refused(json!({ "epoch": 2, "keys": key }), 422, "vault-epoch-incomplete").await;
    refused(
        json!({ "access_token_sha256": hash }),
        422,
        "vault-epoch-incomplete",
    )
    .await;
    refused(
        json!({ "epoch": 2, "header": b64("h") }),
        422,
        "vault-epoch-incomplete",
    )
    .await;
    refused(
        json!({ "epoch": 3, "header": b64("h"), "keys": key }),
        409,
        "vault-epoch-conflict",
    )
    .await;
    refused(
        json!({ "keys": [{ "handle": b64("z"), "key": b64("k") }] }),
        422,
        "vault-record-unknown",
    )
    .await;
    let long = base64url::encode(&[0; 1025]);
    refused(
        json!({ "keys": [{ "handle": b64("a"), "key": long }] }),
        413,
        "vault-record-too-large",
    )
    .await;
    refused(
        json!({ "epoch": 2, "header": b64("h"), "keys": key, "access_token_sha256": "AA" }),
        422,
        "body-invalid",
    )
    .await;
    let mut new = new_vault("AAAAAAAAAAAAAAAAAAAAAA");
    new["epoch"] = json!(0);
    server.post("/v1/vaults", &new).await.problem(422, "body-invalid");
    server
        .call(
            "POST",
            &path,
            TOKEN,
            &[],
            Some(&body(json!({ "epoch": 2, "header": b64("h"), "keys": key }))),
        )
        .await
        .expect(200);
}

/// Whether a vault exists cannot be told by its answers: not by their words, not by their time, not by how soon they
/// are limited.
#[tokio::test]
async fn unknown_vaults_and_wrong_tokens_look_the_same() {
    let server = Sandbox::start_with(|config| {
        config.limits.per_vault_per_minute = 100_000;
        config.limits.per_address_per_minute = 100_000;
    })
    .await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let unknown = "AAAAAAAAAAAAAAAAAAAAAA";
    let paths = [ID, unknown].map(|id| format!("/v1/vaults/{id}/changes"));
    let mut answers = [None, None];
    timing::take_the_same_time(&server, [&paths[0], &paths[1]], Some("wrong"), |i, answer| {
        answer.problem(401, "vault-access-refused");
        let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        let seen = (answer.text, names);
        assert_eq!(answers[i].get_or_insert(seen.clone()), &seen);
    })
    .await;
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn unlock_slots_are_limited_by_vault_and_by_address_whether_they_exist_or_not() {
    let server = Sandbox::start_with(|config| {
        config.limits.unlocks_per_vault_per_minute = 4;
        config.limits.unlocks_per_vault_and_address_per_minute = 4;
        config.limits.unlocks_per_address_per_minute = 40;
    })
    .await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let until_limited = async |id: &str| {
        for count in 0..50 {
            let answer = server.get(&format!("/v1/vaults/{id}/header")).await;
            if answer.status == 429 {
                answer.problem(429, "rate-limited");
                assert!(answer.headers.contains_key("retry-after"));
                return count;
            }
        }
        panic!("never limited");
    };
    assert_eq!(until_limited(ID).await, 2);
    assert_eq!(until_limited("AAAAAAAAAAAAAAAAAAAAAA").await, 2);
    // Looking for vaults, each id once: ten from this address, of which six are used up.
    let mut found = 0;
    for i in 1..50_u8 {
        let id = base64url::encode(&[i; 16]);
        if server.get(&format!("/v1/vaults/{id}/header")).await.status == 429 {
            break;
        }
        found += 1;
    }
    assert_eq!(found, 4);
    // Whoever has the token goes on.
    server
        .call("GET", &format!("/v1/vaults/{ID}/changes"), TOKEN, &[], None)
        .await
        .expect(200);
}

/// A device is removed while a commit of it is on its way: the token was right when it began.
#[tokio::test]
async fn a_device_that_was_removed_cannot_finish_a_commit() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let server = Sandbox::start().await;
    let record = json!({ "handle": "AA", "box": "AA", "key": "AA" });
    let created = vault::new_vault(ID, json!([record]));
    server.post("/v1/vaults", &created).await.expect(201);
    // It guesses the version that the removal will make.
    let body = json!({ "base_version": 2, "manifest": b64("of the removed device") }).to_string();
    let host = server.base.strip_prefix("http://").unwrap();
    let mut slow = tokio::net::TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST /v1/vaults/{ID}/commits HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    slow.write_all(&body.as_bytes()[..10]).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let rotation = json!({ "epoch": 2, "header": "AQ", "keys": [{ "handle": "AA", "key": "AQ" }],
        "access_token_sha256": vault::token_hash("another") });
    vault::commit(&server, 1, rotation).await;
    slow.write_all(&body.as_bytes()[10..]).await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 401") && answer.contains("vault-access-refused"),
        "{answer}"
    );
    let path = format!("/v1/vaults/{ID}/changes");
    let seen = server.call("GET", &path, "another", &[], None).await.expect(200);
    assert_eq!(seen.json()["version"], 2);
}

#[tokio::test]
async fn whoever_lacks_the_token_cannot_use_up_what_a_vault_may_do() {
    let server = Sandbox::start_with(|config| config.limits.per_vault_per_minute = 40).await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let path = format!("/v1/vaults/{ID}/changes");
    for _ in 0..30 {
        let refused = server.call("GET", &path, "wrong", &[], None).await;
        refused.problem(401, "vault-access-refused");
    }
    server.call("GET", &path, TOKEN, &[], None).await.expect(200);
    // What changes much counts as more than one request.
    let put: Vec<Value> = (0..1600)
        .map(|i| json!({ "handle": b64(&format!("r{i}")), "box": "AA" }))
        .collect();
    let body = json!({ "base_version": 1, "manifest": "AA", "put": put });
    let commits = format!("/v1/vaults/{ID}/commits");
    server
        .call("POST", &commits, TOKEN, &[], Some(&body))
        .await
        .expect(200);
    let refused = server.call("GET", &path, TOKEN, &[], None).await;
    refused.problem(429, "rate-limited");
}

/// Commits larger than other requests may be are read a few at a time.
#[tokio::test]
async fn large_commits_are_few_at_a_time() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let server = Sandbox::start().await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let host = server.base.strip_prefix("http://").unwrap();
    let begin = async |length: usize| {
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        let head = format!(
            "POST /v1/vaults/{ID}/commits HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    };
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(begin(5 << 20).await);
    }
    // Whichever the server takes up last.
    let answers = held.iter().map(|stream| Box::pin(stream.readable()));
    let (_, refused, _) = futures_util::future::select_all(answers).await;
    let mut answer = [0; 12];
    held.remove(refused).read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 429");
    let mut more = [0];
    assert!(
        held.iter().all(|stream| stream.try_read(&mut more).is_err()),
        "four are read"
    );
    // Those of ordinary length go on.
    vault::commit(&server, 1, json!({})).await;
    drop(held);
}

/// A value takes up to a hundred times its length in memory.
#[tokio::test]
async fn bodies_of_very_many_values_are_refused() {
    let server = Sandbox::start().await;
    let body = format!("{{\"put\":[{}0]}}", "{\"\":0},".repeat(200_000));
    let request = server.client.post(server.url("/v1/vaults"));
    let request = request.header("content-type", "application/json").body(body);
    let answer = crate::common::Answer::read(request.send().await.unwrap()).await;
    answer.problem(400, "body-malformed");
}

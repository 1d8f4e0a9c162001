//! Attachments, over the database, over files, and over an S3-compatible server.
//!
//! The last runs when `ASSENT_TEST_S3` names one, e.g. `http://127.0.0.1:5000`; `cargo xtask test` provides one.

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_server::config::{BlobPlace, Config, S3Config};
use assent_server::store::BlobStore as _;
use serde_json::{Value, json};

use crate::common::vault::{ID, TOKEN, new_vault};
use crate::common::{Answer, Sandbox, until};

const PART: usize = 1 << 20;

async fn start(change: impl FnOnce(&mut Config)) -> Sandbox {
    let server = Sandbox::start_with(change).await;
    let vault = new_vault(ID, json!([]));
    server.post("/v1/vaults", &vault).await.expect(201);
    server
}

fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        u8::try_from(state >> 56).unwrap()
    })
    .take(length)
    .collect()
}

fn declaration(content: &[u8]) -> Value {
    let parts: Vec<String> = content
        .chunks(PART)
        .map(|part| base64url::encode(&sha256(part)))
        .collect();
    json!({ "size": content.len(), "parts": parts })
}

async fn call(server: &Sandbox, method: &str, path: &str, body: Option<&Value>) -> Answer {
    server
        .call(method, &format!("/v1/vaults/{ID}/{path}"), TOKEN, &[], body)
        .await
}

async fn send(server: &Sandbox, blob: &str, number: usize, part: &[u8]) -> Answer {
    let request = server
        .client
        .put(server.url(&format!("/v1/vaults/{ID}/blobs/{blob}/parts/{number}")))
        .bearer_auth(TOKEN)
        .header("content-type", "application/octet-stream")
        .body(part.to_vec());
    Answer::read(request.send().await.unwrap()).await
}

async fn read(server: &Sandbox, blob: &str, range: Option<&str>) -> reqwest::Response {
    let mut request = server
        .client
        .get(server.url(&format!("/v1/vaults/{ID}/blobs/{blob}/content")))
        .bearer_auth(TOKEN)
        .header("accept-encoding", "gzip");
    if let Some(range) = range {
        request = request.header("range", range);
    }
    request.send().await.unwrap()
}

async fn commit(server: &Sandbox, base: i64, link: &[&str], unlink: &[&str]) -> Answer {
    let body = json!({ "base_version": base, "manifest": "AA", "link": link, "unlink": unlink });
    call(server, "POST", "commits", Some(&body)).await
}

/// Waits until the sweeper did its round: nothing is left to be thrown away.
async fn swept(server: &Sandbox) {
    assent_server::jobs::sweep_now(&server.state).await.unwrap();
}

/// Upload that breaks off and goes on, ranges, links, deletion after a time: the same on every store.
async fn whole_life(server: Sandbox, stored: impl AsyncFn() -> usize) {
    let content = bytes(2 * PART + 12_345, 7);
    let declared = call(&server, "POST", "blobs", Some(&declaration(&content)))
        .await
        .expect(201)
        .json();
    let blob = declared["blob"].as_str().unwrap().to_owned();
    assert_eq!(
        declared,
        json!({ "blob": blob, "part_bytes": PART, "missing": [0, 1, 2] })
    );
    let parts: Vec<&[u8]> = content.chunks(PART).collect();
    // Wrong content, wrong length, wrong place.
    for wrong in [parts[1], &parts[0][1..], b""] {
        send(&server, &blob, 0, wrong)
            .await
            .problem(422, "vault-blob-part-differs");
    }
    send(&server, &blob, 3, parts[0])
        .await
        .problem(404, "vault-blob-unknown");
    send(&server, "x", 0, parts[0])
        .await
        .problem(404, "vault-blob-unknown");
    send(&server, &blob, 2, parts[2]).await.expect(204);
    send(&server, &blob, 0, parts[0]).await.expect(204);
    send(&server, &blob, 0, parts[0]).await.expect(204);
    // The upload broke off: what is missing is said, and nothing can be read or linked yet.
    let again = call(&server, "POST", "blobs", Some(&declaration(&content))).await;
    assert_eq!(again.expect(200).json()["missing"], json!([1]));
    assert_eq!(read(&server, &blob, None).await.status(), 404);
    commit(&server, 1, &[&blob], &[])
        .await
        .problem(422, "vault-blob-unknown");
    send(&server, &blob, 1, parts[1]).await.expect(204);

    let whole = read(&server, &blob, None).await;
    assert_eq!(whole.status(), 200);
    assert!(whole.headers().get("content-encoding").is_none());
    assert_eq!(
        whole.headers()["content-length"],
        content.len().to_string().as_str()
    );
    assert_eq!(whole.headers()["etag"], format!("\"{blob}\"").as_str());
    assert!(whole.bytes().await.unwrap() == content);
    let size = content.len();
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        (
            &format!("bytes={}-{}", PART - 1, PART) as &str,
            PART - 1,
            PART + 1,
        ),
        (&format!("bytes={}-", 2 * PART), 2 * PART, size),
        ("bytes=-5", size - 5, size),
        ("bytes=1-9999999999", 1, size),
    ] {
        let part = read(&server, &blob, Some(range)).await;
        assert_eq!(part.status(), 206, "{range}");
        let expected = format!("bytes {from}-{}/{size}", to - 1);
        assert_eq!(part.headers()["content-range"], expected.as_str());
        assert!(part.bytes().await.unwrap() == content[from..to], "{range}");
    }
    assert_eq!(read(&server, &blob, Some("bytes=99999999-")).await.status(), 416);

    // What a record needs stays; what none needs goes after a day.
    commit(&server, 1, &[&blob], &[]).await.expect(200);
    call(&server, "DELETE", &format!("blobs/{blob}"), None)
        .await
        .problem(409, "vault-blob-linked");
    let other = bytes(1000, 8);
    let loose = call(&server, "POST", "blobs", Some(&declaration(&other)))
        .await
        .expect(201)
        .json();
    let loose = loose["blob"].as_str().unwrap().to_owned();
    send(&server, &loose, 0, &other).await.expect(204);
    assert_eq!(stored().await, 4);
    server.pass(23 * 3600);
    swept(&server).await;
    assert_eq!(stored().await, 4);
    server.pass(2 * 3600);
    swept(&server).await;
    assert_eq!(stored().await, 3, "the one nobody linked is gone");
    assert_eq!(read(&server, &loose, None).await.status(), 404);
    assert!(read(&server, &blob, None).await.bytes().await.unwrap() == content);
    // Unlinked, then uploaded anew: an old upload's end does not touch the new one.
    commit(&server, 2, &[], &[&blob]).await.expect(200);
    call(&server, "DELETE", &format!("blobs/{blob}"), None)
        .await
        .expect(204);
    call(&server, "GET", &format!("blobs/{blob}"), None)
        .await
        .problem(404, "vault-blob-unknown");
    call(&server, "POST", "blobs", Some(&declaration(&content)))
        .await
        .expect(201);
    for (number, part) in parts.iter().enumerate() {
        send(&server, &blob, number, part).await.expect(204);
    }
    swept(&server).await;
    assert_eq!(stored().await, 3);
    assert!(read(&server, &blob, None).await.bytes().await.unwrap() == content);
    // The vault goes, and with it every part.
    server
        .call("DELETE", &format!("/v1/vaults/{ID}"), TOKEN, &[], None)
        .await
        .expect(204);
    swept(&server).await;
    assert_eq!(stored().await, 0);
}

#[tokio::test]
async fn in_the_database() {
    let server = start(|_| {}).await;
    let url = format!("sqlite:{}", server.data().join("assent.db").display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    whole_life(server, async || {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(data) FROM vault_blob_parts")
            .fetch_one(&pool)
            .await
            .unwrap();
        usize::try_from(count).unwrap()
    })
    .await;
}

#[tokio::test]
async fn in_files() {
    let server = start(|config| config.vault.blobs.store = BlobPlace::Files).await;
    let folder = server.data().join("blobs");
    whole_life(server, async || files_below(&folder)).await;
}

/// The process may end between writing a part and finding out that its blob was deleted meanwhile.
#[tokio::test]
async fn a_part_that_came_after_its_blob_was_deleted_goes_too() {
    let server = start(|config| config.vault.blobs.store = BlobPlace::Files).await;
    let folder = server.data().join("blobs");
    let content = bytes(1000, 9);
    let declared = call(&server, "POST", "blobs", Some(&declaration(&content)))
        .await
        .expect(201)
        .json();
    let blob = declared["blob"].as_str().unwrap();
    send(&server, blob, 0, &content).await.expect(204);
    let mut part = folder.clone();
    while part.is_dir() {
        part = std::fs::read_dir(part).unwrap().next().unwrap().unwrap().path();
    }
    call(&server, "DELETE", &format!("blobs/{blob}"), None)
        .await
        .expect(204);
    swept(&server).await;
    assert_eq!(files_below(&folder), 0);
    std::fs::create_dir_all(part.parent().unwrap()).unwrap();
    std::fs::write(&part, &content).unwrap();
    server.pass(3601);
    swept(&server).await;
    assert_eq!(files_below(&folder), 0);
    assert_eq!(
        server
            .state
            .store
            .blob_garbage(server.server_now(), 9)
            .await
            .unwrap(),
        []
    );
}

fn files_below(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { files_below(&path) } else { 1 })
        .sum()
}

#[tokio::test]
async fn in_an_s3_compatible_store() {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told where the store is by their environment"
    )]
    let Ok(endpoint) = std::env::var("ASSENT_TEST_S3") else {
        eprintln!("NOT RUN ON S3: ASSENT_TEST_S3 is not set (cargo xtask test sets it)");
        return;
    };
    let bucket = format!("assent-{}", uuid::Uuid::new_v4().simple());
    let place = format!("{endpoint}/{bucket}");
    let server = start(|config| {
        config.vault.blobs.store = BlobPlace::S3;
        config.vault.blobs.s3 = Some(S3Config {
            endpoint,
            region: "us-east-1".into(),
            bucket,
            prefix: "vaults".into(),
            access_key_id: "test".into(),
            secret_access_key: Some("test-secret".to_owned().into()),
            ..S3Config::default()
        });
    })
    .await;
    let client = server.client.clone();
    let made = client.put(&place).send().await.unwrap();
    assert!(made.status().is_success(), "{}", made.status());
    whole_life(server, async || {
        let list = client.get(format!("{place}?list-type=2")).send().await.unwrap();
        list.text().await.unwrap().matches("<Key>vaults/").count()
    })
    .await;
}

#[tokio::test]
async fn limits_and_access_are_kept() {
    let server = start(|config| {
        config.vault.blobs.max_blob_bytes = 3000;
        config.vault.blobs.max_bytes = 5000;
        config.vault.blobs.max_blobs = 2;
    })
    .await;
    let declare = async |size: usize, seed: u64| {
        call(&server, "POST", "blobs", Some(&declaration(&bytes(size, seed)))).await
    };
    declare(3001, 1).await.problem(413, "vault-blob-too-large");
    declare(3000, 1).await.expect(201);
    declare(2001, 2).await.problem(507, "vault-quota-exceeded");
    let second = declare(2000, 2).await.expect(201).json();
    declare(2000, 2).await.expect(200);
    declare(1, 3).await.problem(507, "vault-quota-exceeded");
    let room = call(&server, "GET", "blobs", None).await.expect(200).json();
    let expected =
        json!({ "blobs": 2, "bytes": 5000, "most_blobs": 2, "most_bytes": 5000, "most_blob_bytes": 3000 });
    assert_eq!(room, expected);
    for wrong in [
        json!({ "size": 0, "parts": [] }),
        json!({ "size": -1, "parts": [] }),
        json!({ "size": 10, "parts": [] }),
        json!({ "size": 10, "parts": ["AA"] }),
        json!({ "size": 10, "parts": [base64url::encode(&[0; 32]), base64url::encode(&[0; 32])] }),
    ] {
        call(&server, "POST", "blobs", Some(&wrong))
            .await
            .problem(422, "body-invalid");
    }
    let blob = second["blob"].as_str().unwrap();
    send(&server, blob, 0, &bytes(2 << 20, 1))
        .await
        .problem(413, "body-too-large");
    for (method, path) in [
        ("POST", "blobs".to_owned()),
        ("GET", "blobs".to_owned()),
        ("GET", format!("blobs/{blob}")),
        ("DELETE", format!("blobs/{blob}")),
        ("GET", format!("blobs/{blob}/content")),
        ("PUT", format!("blobs/{blob}/parts/0")),
    ] {
        for vault in [ID, "AAAAAAAAAAAAAAAAAAAAAA"] {
            let path = format!("/v1/vaults/{vault}/{path}");
            let answer = server.call(method, &path, "wrong", &[], Some(&json!({}))).await;
            answer.problem(401, "vault-access-refused");
        }
    }
}

/// A part that rots on disk is not handed out: the answer breaks off instead.
#[tokio::test]
async fn a_damaged_part_is_not_handed_out() {
    let server = start(|config| config.vault.blobs.store = BlobPlace::Files).await;
    let content = bytes(5000, 1);
    let declared = call(&server, "POST", "blobs", Some(&declaration(&content)))
        .await
        .expect(201)
        .json();
    let blob = declared["blob"].as_str().unwrap();
    send(&server, blob, 0, &content).await.expect(204);
    let mut path = server.data().join("blobs");
    while path.is_dir() {
        path = std::fs::read_dir(&path).unwrap().next().unwrap().unwrap().path();
    }
    let mut stored = std::fs::read(&path).unwrap();
    stored[100] ^= 1;
    std::fs::write(&path, stored).unwrap();
    call(&server, "GET", &format!("blobs/{blob}/content"), None)
        .await
        .problem(500, "storage-damaged");
}

/// A reader who takes its time holds memory, so there are few places for them.
#[tokio::test]
async fn slow_readers_are_few() {
    let server = start(|config| config.limits.downloads_per_address = 2).await;
    let content = bytes(6 * PART, 9);
    let upload = call(&server, "POST", "blobs", Some(&declaration(&content)))
        .await
        .expect(201)
        .json();
    let blob = upload["blob"].as_str().unwrap();
    for (number, part) in content.chunks(PART).enumerate() {
        send(&server, blob, number, part).await.expect(204);
    }
    let slow = [read(&server, blob, None).await, read(&server, blob, None).await];
    assert!(slow.iter().all(|response| response.status() == 200));
    let refused = read(&server, blob, None).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    // Everything else goes on, and a place that is given back can be taken.
    call(&server, "GET", &format!("blobs/{blob}"), None)
        .await
        .expect(200);
    let [first, second] = slow;
    assert_eq!(first.bytes().await.unwrap(), content);
    drop(second);
    until("a place that came back", async || {
        let again = read(&server, blob, Some("bytes=0-9")).await;
        let there = again.status() == 206;
        if there {
            assert_eq!(again.bytes().await.unwrap(), content[..10]);
        }
        there
    })
    .await;
}

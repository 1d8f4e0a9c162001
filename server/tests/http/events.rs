//! News of changed vaults, over one and over two processes.

use secrecy::SecretString;
use serde_json::{Value, json};

use crate::common::vault::{self, ID, TOKEN, commit, token_hash};
use crate::common::{Answer, PATIENCE, Sandbox, until};

fn new_vault(id: &str) -> Value {
    vault::new_vault(id, json!([{ "handle": "AA", "box": "AA", "key": "AA" }]))
}

/// One open stream.
struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(server: &Sandbox) -> Result<Self, Answer> {
        let request = server
            .client
            .get(server.url(&format!("/v1/vaults/{ID}/events")))
            .bearer_auth(TOKEN);
        let response = request.send().await.unwrap();
        if response.status() != 200 {
            return Err(Answer::read(response).await);
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        assert!(!response.headers().contains_key("content-encoding"));
        Ok(Self {
            response,
            text: String::new(),
        })
    }

    /// The next block of the stream; `None` at its end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk())
                .await
                .unwrap()
                .ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next version told, past signs of life.
    async fn version(&mut self) -> Option<i64> {
        loop {
            let block = self.block().await?;
            if let Some(data) = block.strip_prefix("event: version\ndata: ") {
                return serde_json::from_str::<Value>(data).unwrap()["version"].as_i64();
            }
            assert!(block.starts_with(':'), "{block}");
        }
    }
}

#[tokio::test]
async fn devices_hear_of_changes_and_of_nothing_else() {
    let server = Sandbox::start_with(|config| {
        config.vault.heartbeat_seconds = 1;
        config.vault.max_listeners_per_vault = 2;
    })
    .await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let mut one = Stream::open(&server).await.unwrap();
    let mut two = Stream::open(&server).await.unwrap();
    assert_eq!((one.version().await, two.version().await), (Some(1), Some(1)));
    let third = Stream::open(&server).await.err().unwrap();
    third.problem(429, "vault-listeners-limit");
    assert!(third.headers.contains_key("retry-after"));
    commit(&server, 1, json!({})).await;
    assert_eq!((one.version().await, two.version().await), (Some(2), Some(2)));
    assert!(one.block().await.unwrap().starts_with(':'), "a sign of life");
    // A place that is given back can be taken.
    drop(two);
    let mut two = None;
    until("a place that came back", async || {
        two = Stream::open(&server).await.ok();
        two.is_some()
    })
    .await;
    let mut two = two.unwrap();
    assert_eq!(two.version().await, Some(2));
    // A new root key means a new token: whoever has only the old one hears no more.
    let hash = token_hash("another");
    let keys = json!([{ "handle": "AA", "key": "AQ" }]);
    commit(
        &server,
        2,
        json!({ "epoch": 2, "header": "AQ", "keys": keys, "access_token_sha256": hash }),
    )
    .await;
    assert_eq!((one.version().await, two.version().await), (None, None));
}

#[tokio::test]
async fn listening_needs_the_token_and_ends_with_the_vault_and_the_server() {
    let server = Sandbox::start().await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let path = format!("/v1/vaults/{ID}/events");
    let refused = server.call("GET", &path, "wrong", &[], None).await;
    refused.problem(401, "vault-access-refused");
    let unknown = "/v1/vaults/AAAAAAAAAAAAAAAAAAAAAA/events";
    assert_eq!(
        server.call("GET", unknown, "wrong", &[], None).await.text,
        refused.text
    );
    server
        .get(&format!("{path}?access_token={TOKEN}"))
        .await
        .problem(401, "vault-access-refused");
    let mut stream = Stream::open(&server).await.unwrap();
    assert_eq!(stream.version().await, Some(1));
    server
        .call("DELETE", &format!("/v1/vaults/{ID}"), TOKEN, &[], None)
        .await
        .expect(204);
    assert_eq!(stream.version().await, None);

    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let mut stream = Stream::open(&server).await.unwrap();
    assert_eq!(stream.version().await, Some(1));
    server.stop();
    assert_eq!(
        stream.version().await,
        None,
        "stopping does not wait for listeners"
    );
}

/// Two processes on one PostgreSQL: what one stores, the other's listeners hear.
#[tokio::test]
async fn another_process_hears_it_too() {
    let Some(database) = crate::common::Scratch::create().await else {
        return;
    };
    let start = || {
        let url = database.url.clone();
        Sandbox::start_with(move |config| config.database.url = Some(SecretString::from(url)))
    };
    let (one, two) = (start().await, start().await);
    one.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let mut stream = Stream::open(&two).await.unwrap();
    assert_eq!(stream.version().await, Some(1));
    for base in 1..=20 {
        commit(&one, base, json!({})).await;
        assert_eq!(stream.version().await, Some(base + 1));
    }
    one.call("DELETE", &format!("/v1/vaults/{ID}"), TOKEN, &[], None)
        .await
        .expect(204);
    assert_eq!(stream.version().await, None);
    one.stop();
    two.stop();
    drop((one, two));
    database.drop().await;
}

//! The server as a process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use serde_json::{Value, json};

pub const TOKEN: &str = "token-of-the-wallet";

/// A running `assent-server serve --sandbox`. Killed when dropped.
pub struct Program {
    child: Child,
    pub base: String,
}

impl Program {
    /// Starts it on a port of its own and waits until it answers.
    pub fn start(data: &Path, env: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_assent-server"))
            .args(["serve", "--sandbox", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let base = loop {
            let line = lines.next().expect("the server did not start").unwrap();
            if let Some(base) = line.strip_prefix("Assent is at ") {
                break base.to_owned();
            }
        };
        // Whoever talks to a closed pipe ends.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, base }
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for it to end by itself.
    pub fn wait(&mut self, longest: Duration) -> Option<ExitStatus> {
        let until = std::time::Instant::now() + longest;
        while std::time::Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

pub fn b64(text: &str) -> String {
    base64url::encode(text.as_bytes())
}

pub async fn create(client: &reqwest::Client, base: &str, id: &str) {
    let body = json!({ "vault_id": id, "access_token_sha256": base64url::encode(&sha256(TOKEN.as_bytes())),
        "header": b64("header"), "manifest": b64("manifest 1") });
    let answer = client
        .post(format!("{base}/v1/vaults"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
}

/// What a vault holds.
#[derive(Debug)]
pub struct Stored {
    pub version: i64,
    pub epoch: i64,
    pub header: String,
    pub manifest: String,
    /// Handle, box, and the key beside it.
    pub records: Vec<(String, String, Option<String>)>,
}

/// Everything in a vault, read page by page; `None` when the token opens nothing.
pub async fn read(client: &reqwest::Client, base: &str, id: &str, token: &str) -> Option<Stored> {
    let (mut records, mut after) = (Vec::new(), String::new());
    loop {
        let url = format!("{base}/v1/vaults/{id}/changes?since=0{after}");
        let answer = client.get(url).bearer_auth(token).send().await.unwrap();
        if answer.status() == 401 {
            return None;
        }
        assert_eq!(answer.status(), 200);
        let page: Value = answer.json().await.unwrap();
        for record in page["records"].as_array().unwrap() {
            let text = |name: &str| record[name].as_str().map(str::to_owned);
            records.push((text("handle").unwrap(), text("box").unwrap(), text("key")));
        }
        let Some(next) = page["next"].as_str() else {
            records.sort();
            let text = |name: &str| page[name].as_str().unwrap().to_owned();
            return Some(Stored {
                version: page["version"].as_i64().unwrap(),
                epoch: page["epoch"].as_i64().unwrap(),
                header: text("header"),
                manifest: text("manifest"),
                records,
            });
        };
        after = format!("&after={next}");
    }
}

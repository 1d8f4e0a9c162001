//! One vault on two devices over a real server: the command line, and another wallet on the same engine.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

use std::process::Command;

use assent_core::encoding::record::{FromJson as _, ToJson as _};
use assent_core::env::{Env, Timestamp};
use assent_core::http::{HttpRequest, HttpResponse, Method};
use assent_server::crypto::SystemRandom;
use assent_tests::{Server, program};
use assent_wallet::app::{Command as Engine, NetworkFailure, Step, Surroundings, Wallet};
use serde_json::{Value, json};
use tempfile::TempDir;

const OLD: &str = "correct horse battery staple";
const NEW: &str = "quite another passphrase";

/// The command line on a machine of its own.
struct Terminal(TempDir);

impl Terminal {
    /// Runs it; the exit code and the object it prints.
    fn run(&self, passphrase: &str, args: &[&str]) -> (i32, Value) {
        std::fs::write(self.0.path().join("passphrase"), passphrase).unwrap();
        let done = Command::new(program("assent"))
            .args(["--json", "holder"])
            .args(args)
            .args(["--state", "wallet.json", "--passphrase-file", "passphrase"])
            .current_dir(self.0.path())
            .output()
            .unwrap();
        (
            done.status.code().unwrap(),
            serde_json::from_slice(&done.stdout).unwrap(),
        )
    }

    fn details(&self, passphrase: &str) -> Vec<String> {
        let (code, listed) = self.run(passphrase, &["details", "list"]);
        assert_eq!(code, 0, "{listed}");
        let own = listed["data"]["own"].as_array().unwrap().iter();
        let mut texts: Vec<String> = own
            .map(|detail| detail["parts"][0][1].as_str().unwrap().to_owned())
            .collect();
        texts.sort();
        texts
    }

    fn add(&self, passphrase: &str, mail: &str, more: &[&str]) -> Value {
        std::fs::write(self.0.path().join("detail"), format!("value={mail}")).unwrap();
        let add = ["details", "add", "email", "--from", "detail"];
        let (code, added) = self.run(passphrase, &[&add[..], more].concat());
        assert_eq!(code, 0, "{added}");
        added
    }
}

/// Another device: the engine with nothing around it.
struct Phone {
    wallet: Wallet,
    client: reqwest::Client,
    random: SystemRandom,
}

impl Phone {
    fn new(base: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let operator = base.to_owned();
        Self {
            wallet: Wallet::new(Surroundings {
                operator,
                sandbox: true,
            }),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            random: SystemRandom::default(),
        }
    }

    async fn run(&mut self, command: Value) -> Value {
        let command = Engine::read_json(command).unwrap();
        let mut env = Env {
            now: now(),
            rng: &mut self.random,
        };
        let mut step = self.wallet.start(command, &mut env).unwrap();
        loop {
            let request = match step {
                Step::Done(reply) => return reply.write_json(),
                Step::Send(request) => request,
            };
            let answer = send(&self.client, request).await.ok_or(NetworkFailure);
            step = self.wallet.resume(answer, &mut env).unwrap();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a shell reads the clock")]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since.unwrap().as_secs().try_into().unwrap())
}

async fn send(client: &reqwest::Client, request: HttpRequest) -> Option<HttpResponse> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut out = client.request(method, &request.url);
    for (name, value) in &request.headers {
        out = out.header(name, value);
    }
    if let Some(body) = request.body {
        out = out.body(body);
    }
    let answer = out.send().await.ok()?;
    let status = answer.status().as_u16();
    let headers = answer.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
        .collect();
    let body = answer.text().await.ok()?;
    Some(HttpResponse {
        status,
        headers,
        body,
    })
}

/// A new vault on the command line, and its address.
fn new_vault(server: &Server) -> (Terminal, Value) {
    let terminal = Terminal(tempfile::tempdir().unwrap());
    let init = [
        "init",
        "--operator",
        &server.base,
        "--sandbox",
        "--recovery-code-file",
        "recovery",
    ];
    let (code, made) = terminal.run(OLD, &init);
    assert_eq!(code, 0, "{made}");
    (terminal, made["data"]["vault_address"].clone())
}

#[tokio::test]
async fn the_command_line_follows_what_another_device_does() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (terminal, address) = new_vault(&server);
    terminal.add(OLD, "one@example.org", &[]);
    let mut phone = Phone::new(&server.base);
    phone
        .run(json!({ "type": "openVault", "address": address, "passphrase": OLD }))
        .await;
    let two = json!({ "type": "saveDetail", "kind": "email", "parts": { "value": "two@example.org" }, "ownName": "", "seen": [] });
    let saved = phone.run(two).await;
    assert_eq!(saved["problems"], json!([]), "{saved}");
    // Nothing was changed here in between: only asking shows it.
    let offline = ["details", "list", "--offline"];
    assert_eq!(
        terminal.run(OLD, &offline).1["data"]["own"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(terminal.details(OLD), ["one@example.org", "two@example.org"]);

    let methods = phone.run(json!({ "type": "unlockMethods" })).await;
    let methods = methods["methods"].as_array().unwrap();
    let slot = &methods
        .iter()
        .find(|method| method["kind"] == "passphrase")
        .unwrap()["id"];
    let change = json!({ "kind": "changePassphrase", "slot": slot, "passphrase": NEW });
    phone
        .run(json!({ "type": "changeMethods", "change": change, "confirm": { "passphrase": OLD } }))
        .await;
    // The old passphrase opens the copy here, but the service has other keys by now; the new one opens those.
    let (code, refused) = terminal.run(OLD, &["cards"]);
    assert_eq!(
        (code, &refused["error"]["code"]),
        (5, &json!("vault-wrong-secret"))
    );
    assert_eq!(terminal.details(NEW), ["one@example.org", "two@example.org"]);
    let added = terminal.add(NEW, "three@example.org", &[]);
    assert_eq!(added["warnings"], json!([]), "it reached the service");
    assert_eq!(terminal.run(OLD, &offline).0, 5, "the copy here follows");
    assert_eq!(
        terminal.run("neither of the two", &["cards"]).1["error"]["code"],
        "vault-wrong-secret"
    );
}

#[test]
fn what_waits_goes_out_with_the_next_command() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (terminal, _) = new_vault(&server);
    let port = server.base.rsplit(':').next().unwrap().to_owned();
    drop(server);
    let added = terminal.add(OLD, "one@example.org", &[]);
    assert_eq!(added["warnings"][0]["code"], "changes-wait", "{added}");
    let _server = Server::start_at(folder.path(), &port);
    let (_, listed) = terminal.run(OLD, &["cards"]);
    assert_eq!(
        (&listed["ok"], &listed["warnings"]),
        (&json!(true), &json!([])),
        "{listed}"
    );
}

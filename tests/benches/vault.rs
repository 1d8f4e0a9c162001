//! The vault service over HTTP: a real server with its SQLite database and key store, 1 KiB records. A vault of 10,000 is
//! read whole, then after one change; then records are read and written, 16 at a time.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that cannot set itself up has nothing to say"
)]

#[path = "support/table.rs"]
mod table;

use std::time::Instant;

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_server::clock::Clock;
use assent_server::config::Config;
use assent_server::serve::Server;
use serde_json::{Value, json};
use table::Table;
use tokio::task::JoinSet;

const RECORDS: usize = 10_000;
const PER_COMMIT: usize = 1000;
const AT_ONCE: usize = 16;
const READS: usize = 4000;
const WRITES: usize = 1600;
const TOKEN: &str = "token-of-the-wallet";

#[derive(Clone)]
struct Service {
    client: reqwest::Client,
    base: String,
}

#[tokio::main]
async fn main() {
    let dir = tempfile::tempdir().expect("folder");
    let mut config = Config::sandbox(([127, 0, 0, 1], 0).into(), dir.path().join("data"));
    config.limits.per_address_per_minute = u32::MAX;
    config.limits.per_vault_per_minute = u32::MAX;
    config.log.filter = "error".into();
    let server = Server::prepare(config, Clock::System).await.expect("server");
    let base = server.state().config.public_url.clone();
    let stopper = server.stopper();
    tokio::spawn(server.run());
    let client = reqwest::Client::builder().no_proxy().build().expect("client");
    let service = Service { client, base };

    let id = vault_id(0);
    service.create(&id).await;
    // As long as the signed list of so many records is.
    let manifest = base64url::encode(&vec![7; RECORDS * 64]);
    let started = now();
    for (commit, first) in (0..RECORDS).step_by(PER_COMMIT).enumerate() {
        let put: Vec<Value> = (first..first + PER_COMMIT).map(|i| record(i, true)).collect();
        let body = json!({ "base_version": commit + 1, "manifest": manifest, "put": put });
        service.commit(&id, &body).await;
    }
    let seconds = started.elapsed().as_secs_f64();
    let table = Table::new(
        "vault",
        &format!(
            "{RECORDS} records of 1 KiB with their keys, on SQLite, server and client on the same cores"
        ),
    );
    table.row(
        &format!("write them all, {PER_COMMIT} a commit"),
        &format!("{seconds:>10.2} s"),
        json!({ "seconds": seconds }),
    );
    let version = service.sync(&table, "a new device reads the vault", &id, 0).await;
    service
        .sync(&table, "a device that has it all asks again", &id, version)
        .await;
    let one = json!({ "base_version": version, "manifest": manifest, "put": [record(5, true)] });
    service.commit(&id, &one).await;
    service
        .sync(&table, "the same after one change elsewhere", &id, version)
        .await;

    table.note("");
    let started = now();
    let mut tasks = JoinSet::new();
    for task in 0..AT_ONCE {
        let (service, id) = (service.clone(), id.clone());
        tasks.spawn(async move {
            for i in 0..READS / AT_ONCE {
                let handle = handle((task * 577 + i * 13) % RECORDS);
                let url = format!("{}/v1/vaults/{id}/records/{handle}", service.base);
                let answer = service
                    .client
                    .get(url)
                    .bearer_auth(TOKEN)
                    .send()
                    .await
                    .expect("answer");
                assert!(answer.status().is_success());
                answer.bytes().await.expect("body");
            }
        });
    }
    finish(&table, tasks, "GET a 1 KiB record", READS, started).await;

    for writer in 1..=AT_ONCE {
        service.create(&vault_id(writer)).await;
    }
    let started = now();
    let mut tasks = JoinSet::new();
    for writer in 1..=AT_ONCE {
        let service = service.clone();
        tasks.spawn(async move {
            let id = vault_id(writer);
            for i in 0..WRITES / AT_ONCE {
                let body = json!({ "base_version": i + 1, "manifest": "AA", "put": [record(i, false)] });
                service.commit(&id, &body).await;
            }
        });
    }
    finish(
        &table,
        tasks,
        "PUT a 1 KiB record (a commit, on disk twice)",
        WRITES,
        started,
    )
    .await;
    stopper.stop();
}

impl Service {
    async fn create(&self, id: &str) {
        let body = json!({ "vault_id": id, "access_token_sha256": base64url::encode(&sha256(TOKEN.as_bytes())),
            "header": "AA", "manifest": "AA" });
        let url = format!("{}/v1/vaults", self.base);
        let answer = self.client.post(url).json(&body).send().await.expect("answer");
        assert!(answer.status().is_success());
    }

    async fn commit(&self, id: &str, body: &Value) {
        let url = format!("{}/v1/vaults/{id}/commits", self.base);
        let request = self.client.post(url).bearer_auth(TOKEN).json(body);
        let answer = request.send().await.expect("answer");
        let status = answer.status();
        assert!(
            status.is_success(),
            "{status}: {}",
            answer.text().await.expect("body")
        );
    }

    /// Reads what changed since a version and says what it took.
    async fn sync(&self, table: &Table, name: &str, id: &str, since: i64) -> i64 {
        let (started, mut requests, mut bytes, mut records) = (now(), 0, 0, 0);
        let mut after = String::new();
        loop {
            let url = format!("{}/v1/vaults/{id}/changes?since={since}{after}", self.base);
            let answer = self
                .client
                .get(url)
                .bearer_auth(TOKEN)
                .send()
                .await
                .expect("answer");
            let body = answer.bytes().await.expect("body");
            requests += 1;
            bytes += body.len();
            let page: Value = serde_json::from_slice(&body).expect("JSON");
            records += page["records"].as_array().map_or(0, Vec::len);
            if let Some(next) = page["next"].as_str() {
                after = format!("&after={next}");
                continue;
            }
            let seconds = started.elapsed().as_secs_f64();
            table.row(
                name,
                &format!("{records:>10} records, {requests} requests, {bytes} bytes, {seconds:.3} s"),
                json!({ "records": records, "requests": requests, "bytes": bytes, "seconds": seconds }),
            );
            return page["version"].as_i64().expect("version");
        }
    }
}

async fn finish(table: &Table, mut tasks: JoinSet<()>, name: &str, count: usize, started: Instant) {
    while let Some(done) = tasks.join_next().await {
        done.unwrap_or_else(|error| panic!("{error}"));
    }
    let rate = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / started.elapsed().as_secs_f64();
    table.row(
        name,
        &format!("{rate:>10.0} /s  {AT_ONCE} at a time"),
        json!({ "per_second": rate, "at_once": AT_ONCE }),
    );
}

fn record(i: usize, with_key: bool) -> Value {
    let mut record =
        json!({ "handle": handle(i), "box": base64url::encode(&[u8::try_from(i % 251).unwrap_or(0); 1024]) });
    if with_key {
        record["key"] = base64url::encode(&[9; 122]).into();
    }
    record
}

fn handle(i: usize) -> String {
    base64url::encode(sha256(&i.to_be_bytes()).get(..16).unwrap_or_default())
}

fn vault_id(i: usize) -> String {
    base64url::encode(
        sha256(format!("vault {i}").as_bytes())
            .get(..16)
            .unwrap_or_default(),
    )
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}

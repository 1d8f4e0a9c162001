//! `kill -9` under writes, again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use assent_core::encoding::base64url;
use serde_json::{Value, json};

use crate::program::{Program, TOKEN, b64, client, create, read};

const WRITERS: u8 = 4;
/// Each commit writes this many records, all of which must be there afterwards, or none.
const RECORDS: i64 = 3;

/// One vault and what its writer knows.
struct Writer {
    id: String,
    /// The newest version the server acknowledged.
    acknowledged: i64,
    /// A commit that was sent and not answered.
    in_flight: bool,
    acknowledgements: u64,
}

/// What a commit that makes `version` writes: some records of its own and a manifest that names it.
fn commit(version: i64) -> Value {
    let put: Vec<Value> = (0..RECORDS)
        .map(|i| json!({ "handle": handle(version, i), "box": b64(&format!("{version} {i} {}", "x".repeat(300))) }))
        .collect();
    let delete: Vec<String> = (0..RECORDS).map(|i| handle(version - 20, i)).collect();
    json!({ "base_version": version - 1, "manifest": b64(&format!("manifest {version}")), "put": put, "delete": delete })
}

fn handle(version: i64, i: i64) -> String {
    b64(&format!("{version}/{i}"))
}

impl Writer {
    /// Commits until the server is gone.
    async fn write(&mut self, client: &reqwest::Client, base: &str, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let version = self.acknowledged + 1;
            self.in_flight = true;
            let sent = client
                .post(format!("{base}/v1/vaults/{}/commits", self.id))
                .bearer_auth(TOKEN)
                .header("idempotency-key", uuid::Uuid::new_v4().to_string())
                .json(&commit(version))
                .send()
                .await;
            let Ok(answer) = sent else { return };
            let status = answer.status();
            let Ok(body) = answer.json::<Value>().await else {
                return;
            };
            assert_eq!(
                (status.as_u16(), &body["version"]),
                (200, &json!(version)),
                "{body}"
            );
            self.acknowledged = version;
            self.acknowledgements += 1;
            self.in_flight = false;
        }
    }

    /// What is there after a restart: the acknowledged state, or that of the one commit in flight. Never a mixture.
    async fn check(&mut self, client: &reqwest::Client, base: &str) {
        let (version, manifest, records) = read(client, base, &self.id).await;
        let newest = self.acknowledged + i64::from(self.in_flight);
        assert!(
            (self.acknowledged..=newest).contains(&version),
            "version {} was acknowledged, {version} is there",
            self.acknowledged
        );
        assert_eq!(manifest, b64(&format!("manifest {version}")));
        let oldest = (version - 19).max(2);
        let mut expected: Vec<(String, String)> = (oldest..=version)
            .flat_map(|version| (0..RECORDS).map(move |i| (version, i)))
            .map(|(version, i)| {
                (
                    handle(version, i),
                    b64(&format!("{version} {i} {}", "x".repeat(300))),
                )
            })
            .collect();
        expected.sort();
        assert!(
            records == expected,
            "vault at {version}: {} records",
            records.len()
        );
        self.acknowledged = version;
        self.in_flight = false;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost() {
    let rounds: u64 = std::env::var("ASSENT_CRASH_ROUNDS").map_or(50, |rounds| rounds.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let client = client();
    let first = Program::start(dir.path(), &[]);
    let mut writers = Vec::new();
    for i in 0..WRITERS {
        let id = base64url::encode(&[i + 1; 16]);
        create(&client, &first.base, &id).await;
        writers.push(Writer {
            id,
            acknowledged: 1,
            in_flight: false,
            acknowledgements: 0,
        });
    }
    first.kill();
    let (mut seed, mut unanswered) = (0x5eed_u64, 0);
    for round in 0..rounds {
        let program = Program::start(dir.path(), &[]);
        let stop = Arc::new(AtomicBool::new(false));
        for writer in &mut writers {
            writer.check(&client, &program.base).await;
        }
        let mut tasks = Vec::new();
        for mut writer in writers.drain(..) {
            let (client, base, stop) = (client.clone(), program.base.clone(), stop.clone());
            tasks.push(tokio::spawn(async move {
                writer.write(&client, &base, &stop).await;
                writer
            }));
        }
        // At another moment each time, also in the middle of the first commits.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        tokio::time::sleep(Duration::from_millis(20 + (seed >> 33) % 180)).await;
        program.kill();
        stop.store(true, Ordering::Relaxed);
        for task in tasks {
            match task.await {
                Ok(writer) => writers.push(writer),
                Err(error) => panic!("round {round}: {error}"),
            }
        }
        unanswered += writers.iter().filter(|writer| writer.in_flight).count();
    }
    let last = Program::start(dir.path(), &[]);
    for writer in &mut writers {
        writer.check(&client, &last.base).await;
    }
    last.kill();
    let acknowledged: u64 = writers.iter().map(|writer| writer.acknowledgements).sum();
    println!(
        "{rounds} kills: {acknowledged} acknowledged commits, none lost; {unanswered} cut off, none torn"
    );
    // A test in which nothing was under way would prove nothing.
    assert!(
        acknowledged > rounds && unanswered as u64 > rounds / 4,
        "{acknowledged} {unanswered}"
    );
    let url = format!("sqlite:{}", dir.path().join("assent.db").display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(verdict, "ok");
}

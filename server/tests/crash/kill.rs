//! `kill -9` under writes, again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use serde_json::{Value, json};

use crate::program::{Program, TOKEN, b64, client, create, read};
use crate::upload::Uploader;

const WRITERS: u8 = 4;
/// Each commit writes this many records, all of which must be there afterwards, or none.
const RECORDS: i64 = 3;
/// Each so many commits one gives the vault new keys instead: another epoch, header and token, and a key for every record.
const ROTATES: i64 = 5;

/// Within this the server acknowledges what a round waits for, on the busiest machine; otherwise it is stuck.
const LONGEST: Duration = Duration::from_secs(60);

/// What those who write say to the one who kills.
#[derive(Default)]
pub struct Round {
    over: AtomicBool,
    /// Commits of writers that were acknowledged.
    commits: AtomicU64,
    /// Steps of uploads that were.
    uploads: AtomicU64,
}

impl Round {
    /// Whether the server was killed.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// A step of an upload was acknowledged.
    pub fn upload_step(&self) {
        self.uploads.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits for a moment to kill at, another one for each `seed`, also in the middle of the first writes. It is told by what was
    /// acknowledged and not by the clock alone: a busy machine gets little done in any time.
    ///
    /// False when so much was not acknowledged in time.
    async fn moment(&self, seed: u64) -> bool {
        let (of_uploads, enough) = ((seed >> 33).is_multiple_of(2), (seed >> 34) % 12);
        let done = if of_uploads { &self.uploads } else { &self.commits };
        let reached = async {
            while done.load(Ordering::Relaxed) < enough {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let in_time = tokio::time::timeout(LONGEST, reached).await.is_ok();
        tokio::time::sleep(Duration::from_millis((seed >> 40) % 12)).await;
        in_time
    }
}

/// One vault and what its writer knows.
struct Writer {
    id: String,
    /// The newest version the server acknowledged.
    acknowledged: i64,
    /// A commit that was sent and not answered.
    in_flight: bool,
    acknowledgements: u64,
    /// New keys that were under way when the server was killed.
    torn_rotations: u64,
}

fn epoch(version: i64) -> i64 {
    version / ROTATES + 1
}

/// The token since an epoch began.
fn token(epoch: i64) -> String {
    match epoch {
        1 => TOKEN.to_owned(),
        epoch => format!("{TOKEN}-{epoch}"),
    }
}

fn header(epoch: i64) -> String {
    match epoch {
        1 => b64("header"),
        epoch => b64(&format!("header {epoch}")),
    }
}

fn is_rotation(version: i64) -> bool {
    version % ROTATES == 0
}

/// Everything a vault holds at `version`: handle, box, key.
fn records(version: i64) -> Vec<(String, String, Option<String>)> {
    let oldest = (version - 19).max(2);
    let written = (oldest..=version).filter(|version| !is_rotation(*version));
    let mut records: Vec<_> = written
        .flat_map(|written| (0..RECORDS).map(move |i| (written, i)))
        .map(|(written, i)| {
            let sealed = b64(&format!("{written} {i} {}", "x".repeat(300)));
            (
                handle(written, i),
                sealed,
                Some(key(version, &handle(written, i))),
            )
        })
        .collect();
    records.sort();
    records
}

fn handle(version: i64, i: i64) -> String {
    b64(&format!("{version}/{i}"))
}

/// The key of a record while a vault is at `version`: it is of that version's epoch, whenever the record was written.
fn key(version: i64, handle: &str) -> String {
    b64(&format!("key {} {handle}", epoch(version)))
}

/// What a commit that makes `version` writes: some records of its own or new keys for all, and a manifest that names it.
fn commit(version: i64) -> Value {
    let delete: Vec<String> = (0..RECORDS).map(|i| handle(version - 20, i)).collect();
    let mut commit = json!({ "base_version": version - 1, "manifest": b64(&format!("manifest {version}")), "delete": delete });
    let (before, after) = (records(version - 1), records(version));
    if is_rotation(version) {
        let keys = after
            .iter()
            .map(|(handle, _, key)| json!({ "handle": handle, "key": key }));
        commit["keys"] = keys.collect();
        let epoch = epoch(version);
        commit["epoch"] = epoch.into();
        commit["header"] = header(epoch).into();
        commit["access_token_sha256"] = base64url::encode(&sha256(token(epoch).as_bytes())).into();
    } else {
        let new = after.iter().filter(|record| !before.contains(record));
        let put = new.map(|(handle, sealed, key)| json!({ "handle": handle, "box": sealed, "key": key }));
        commit["put"] = put.collect();
    }
    commit
}

impl Writer {
    /// Commits until the server is gone.
    async fn write(&mut self, client: &reqwest::Client, base: &str, round: &Round) {
        while !round.is_over() {
            let version = self.acknowledged + 1;
            self.in_flight = true;
            let sent = client
                .post(format!("{base}/v1/vaults/{}/commits", self.id))
                .bearer_auth(token(epoch(self.acknowledged)))
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
            round.commits.fetch_add(1, Ordering::Relaxed);
            self.in_flight = false;
        }
    }

    /// What is there after a restart: the acknowledged state, or that of the one commit in flight. Never a mixture.
    async fn check(&mut self, client: &reqwest::Client, base: &str) {
        let newest = self.acknowledged + i64::from(self.in_flight);
        self.torn_rotations += u64::from(self.in_flight && is_rotation(newest));
        let mut found = None;
        // New keys bring a new token: exactly one opens the vault, and it goes with all the rest.
        for epoch in epoch(self.acknowledged)..=epoch(newest) {
            if let Some(stored) = read(client, base, &self.id, &token(epoch)).await {
                assert!(found.is_none(), "two tokens open one vault");
                assert_eq!(stored.epoch, epoch);
                found = Some(stored);
            }
        }
        let stored = found.expect("no token opens the vault");
        let version = stored.version;
        assert!(
            (self.acknowledged..=newest).contains(&version),
            "version {} was acknowledged, {version} is there",
            self.acknowledged
        );
        assert_eq!(stored.epoch, epoch(version));
        assert_eq!(stored.header, header(epoch(version)));
        assert_eq!(stored.manifest, b64(&format!("manifest {version}")));
        assert!(
            stored.records == records(version),
            "vault at {version}: {} records",
            stored.records.len()
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
            torn_rotations: 0,
        });
    }
    let mut uploader = Uploader::new(base64url::encode(&[99; 16]));
    create(&client, &first.base, &uploader.id).await;
    first.kill();
    let (mut seed, mut unanswered) = (0x5eed_u64, 0);
    for round in 0..rounds {
        let program = Program::start(dir.path(), &[]);
        let writes = Arc::new(Round::default());
        for writer in &mut writers {
            writer.check(&client, &program.base).await;
        }
        uploader.check(&client, &program.base).await;
        let mut tasks = Vec::new();
        for mut writer in writers.drain(..) {
            let (client, base, writes) = (client.clone(), program.base.clone(), writes.clone());
            tasks.push(tokio::spawn(async move {
                writer.write(&client, &base, &writes).await;
                writer
            }));
        }
        let uploads = tokio::spawn({
            let (client, base, writes) = (client.clone(), program.base.clone(), writes.clone());
            async move {
                uploader.upload(&client, &base, &writes).await;
                uploader
            }
        });
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let in_time = writes.moment(seed).await;
        program.kill();
        writes.over.store(true, Ordering::Relaxed);
        for task in tasks {
            match task.await {
                Ok(writer) => writers.push(writer),
                Err(error) => panic!("round {round}: {error}"),
            }
        }
        uploader = match uploads.await {
            Ok(uploader) => uploader,
            Err(error) => panic!("round {round}: {error}"),
        };
        assert!(in_time, "round {round}: the server did nothing");
        unanswered += writers.iter().filter(|writer| writer.in_flight).count();
    }
    let last = Program::start(dir.path(), &[]);
    for writer in &mut writers {
        writer.check(&client, &last.base).await;
    }
    uploader.check(&client, &last.base).await;
    last.kill();
    let acknowledged: u64 = writers.iter().map(|writer| writer.acknowledgements).sum();
    let rotations: u64 = writers.iter().map(|writer| writer.torn_rotations).sum();
    println!(
        "{rounds} kills: {acknowledged} acknowledged commits, none lost; {unanswered} cut off, none torn, of which \
         {rotations} new keys; {} uploads, {} gone on with",
        uploader.done, uploader.gone_on_with
    );
    // A test in which nothing was under way would prove nothing.
    assert!(
        acknowledged > rounds && unanswered as u64 > rounds / 4,
        "{acknowledged} {unanswered}"
    );
    assert!(
        rotations > rounds / 20 && uploader.done > rounds / 10 && uploader.gone_on_with > rounds / 20,
        "{rotations} {} {}",
        uploader.done,
        uploader.gone_on_with
    );
    let url = format!("sqlite:{}", dir.path().join("assent.db").display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(verdict, "ok");
}

//! A real server process with its SQLite database, real encrypted responses, 16 at a time from another process on the
//! same machine: rates and waiting times, and the server's memory at rest, before and after.
//!
//! Needs `--server PATH` (`cargo xtask bench http` gives it). Counts are fixed; every stage is sent once as a warm-up with a
//! tenth of them, then in rounds of which the middle one is shown with the range.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that cannot set itself up has nothing to say"
)]

#[path = "support/approved.rs"]
mod approved;
#[path = "support/process.rs"]
mod process;
#[path = "support/table.rs"]
mod table;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use approved::approved;
use assent_core::crypto::{PublicKey, RustCrypto, SoftwareKey};
use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, Limits};
use assent_core::env::{Env, Timestamp};
use assent_core::http::HttpResponse;
use assent_core::oid4vp::{AuthorizationRequestLink, RequestCheck, UnverifiedRequest, VpToken};
use assent_core::profile::Profile;
use assent_core::sd_jwt::{DisclosurePolicy, HolderSdJwt, SdJwtBuilder};
use assent_core::trust::TrustAnchors;
use assent_server::clock::Clock;
use assent_server::crypto::{RingSigner, SystemRandom};
use process::ServerProcess;
use serde_json::{Value, json};
use table::Table;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const ROUND: usize = 1_000;
const WARM_UP: usize = 100;
const ROUNDS: usize = 3;
const AT_ONCE: usize = 16;
const WALLET_NONCE: &str = "benchmark-wallet-nonce-0123456789";
const PROFILE: Profile = Profile::HAIP.sandbox();

/// One request to send, prepared before the clock starts.
struct Call {
    url: String,
    body: Option<(&'static str, String)>,
    bearer: Option<String>,
}

/// What one round of a stage took.
struct Stage {
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

/// What is needed to ask and to answer.
struct Parties {
    client: reqwest::Client,
    base: String,
    api_key: String,
    holder: HolderSdJwt,
    key: SoftwareKey,
    anchors: TrustAnchors,
}

#[tokio::main]
async fn main() {
    // Fails only when one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = ServerProcess::start();
    let about = format!(
        "{ROUNDS} rounds of {ROUND} presentations, {AT_ONCE} at a time, client and server on the same cores"
    );
    let table = Table::new("http", &about);
    let idle = server.settled();

    let (holder, key) = card(&server.data.join("sandbox"));
    let parties = Parties {
        client: reqwest::Client::builder().no_proxy().build().expect("client"),
        base: server.base.clone(),
        api_key: read(&server.data.join("library.key")).trim().to_owned(),
        holder,
        key,
        anchors: anchors(&server.data.join("sandbox")),
    };
    round(&parties, WARM_UP).await;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(round(&parties, ROUND).await);
    }
    let names = [
        "ask (create the request)",
        "fetch the signed request",
        "answer: decrypt, verify, store, reply",
    ];
    for (index, name) in names.into_iter().enumerate() {
        let mut stages: Vec<&Stage> = rounds.iter().map(|round| &round[index]).collect();
        stages.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
        let (worst, middle, best) = (stages[0], stages[ROUNDS / 2], stages[ROUNDS - 1]);
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let (p50, p99) = (ms(middle.p50), ms(middle.p99));
        table.row(
            name,
            &format!(
                "{:>7.0} /s ({:.0} to {:.0})   p50 {p50:>5.1} ms   p99 {p99:>5.1} ms",
                middle.per_second, worst.per_second, best.per_second
            ),
            json!({ "per_second": middle.per_second, "worst": worst.per_second, "best": best.per_second,
                "p50_ms": p50, "p99_ms": p99 }),
        );
    }
    table.note("");
    let loaded = server.memory();
    let rest = server.idle_seconds;
    if rest.as_secs() > 0 {
        table.note(&format!("(resting for {} s)", rest.as_secs()));
        tokio::time::sleep(rest).await;
    }
    let rested = server.memory();
    for (name, memory) in [
        ("server memory: ready, nobody asked yet".to_owned(), &idle),
        ("server memory: right after the load".to_owned(), &loaded),
        (
            format!("server memory: {} s after the load", rest.as_secs()),
            &rested,
        ),
    ] {
        let (resident, own) = (memory.resident_mib, memory.own_mib);
        table.row(
            &name,
            &format!("{resident:>7.1} MiB resident, {own:.1} MiB of it not files"),
            json!({ "resident_mib": resident, "anonymous_mib": own }),
        );
    }
}

/// Asks, fetches and answers `count` times, one stage after the other.
async fn round(parties: &Parties, count: usize) -> [Stage; 3] {
    let Parties { client, base, .. } = parties;
    let create = json!({ "dcql_query": { "credentials": [{
        "id": "card", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:eudi:pid:1"] },
        "claims": [{ "path": ["given_name"] }, { "path": ["address", "locality"] }, { "path": ["birthdate"] }],
    }] } });
    let calls = (0..count).map(|_| Call {
        url: format!("{base}/v1/presentations"),
        body: Some(("application/json", create.to_string())),
        bearer: Some(parties.api_key.clone()),
    });
    let (created, asked) = run(client, calls.collect()).await;

    let links: Vec<AuthorizationRequestLink> = created
        .iter()
        .map(|(_, body)| {
            let created: Value = serde_json::from_str(body).expect("JSON");
            let link = created["links"]["same_device"].as_str().expect("link");
            AuthorizationRequestLink::parse(link, &PROFILE).expect("link")
        })
        .collect();
    let calls = links.iter().map(|link| {
        let fetch = link.fetch(WALLET_NONCE, &PROFILE).expect("by reference");
        Call {
            url: fetch.url,
            body: fetch.body.map(|body| ("application/x-www-form-urlencoded", body)),
            bearer: None,
        }
    });
    let (objects, fetched) = run(client, calls.collect()).await;

    let mut random = SystemRandom::default();
    let calls = links.iter().zip(&objects).map(|(link, (status, object))| {
        let now = Clock::System.now();
        let response = HttpResponse {
            status: *status,
            headers: vec![("content-type".into(), "application/oauth-authz-req+jwt".into())],
            body: object.clone(),
        };
        let with = RequestCheck {
            anchors: &parties.anchors,
            now,
            profile: &PROFILE,
            crypto: &RustCrypto,
            did_document: None,
        };
        let request = UnverifiedRequest::from_response(link, WALLET_NONCE, &response)
            .expect("request")
            .check(&with)
            .expect("checked");
        let client_id = request.client_id().as_str();
        let presentation = parties
            .holder
            .present(&approved(), request.nonce(), client_id, now, &parties.key)
            .expect("present");
        let mut vp_token = VpToken::new();
        vp_token.add("card", presentation);
        let mut env = Env {
            now,
            rng: &mut random,
        };
        let post = request.reply_to().present(&vp_token, &mut env).expect("response");
        Call {
            url: post.url,
            body: post.body.map(|body| ("application/x-www-form-urlencoded", body)),
            bearer: None,
        }
    });
    let (_, answered) = run(client, calls.collect()).await;
    [asked, fetched, answered]
}

/// Sends all `calls`. Every answer must be a success.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
async fn run(client: &reqwest::Client, calls: Vec<Call>) -> (Vec<(u16, String)>, Stage) {
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let count = calls.len();
    let started = Instant::now();
    let mut running = JoinSet::new();
    for (index, call) in calls.into_iter().enumerate() {
        let permit = gate.clone().acquire_owned().await.expect("open");
        let client = client.clone();
        running.spawn(async move {
            let began = Instant::now();
            let mut request = match call.body {
                Some((kind, body)) => client.post(&call.url).header("content-type", kind).body(body),
                None => client.get(&call.url),
            };
            if let Some(bearer) = call.bearer {
                request = request.bearer_auth(bearer);
            }
            let response = request.send().await.expect("answer");
            let status = response.status().as_u16();
            let body = response.text().await.expect("body");
            assert!((200..300).contains(&status), "{status}: {body}");
            drop(permit);
            (index, status, body, began.elapsed())
        });
    }
    let mut answers: Vec<(usize, u16, String, Duration)> = running.join_all().await;
    let took = started.elapsed();
    let mut times: Vec<Duration> = answers.iter().map(|(_, _, _, time)| *time).collect();
    times.sort();
    answers.sort_by_key(|(index, ..)| *index);
    let answers = answers.into_iter().map(|(_, status, body, _)| (status, body));
    let stage = Stage {
        per_second: count as f64 / took.as_secs_f64(),
        p50: times[count / 2],
        p99: times[count * 99 / 100],
    };
    (answers.collect(), stage)
}

/// A card signed by the sandbox issuer's own key, without the issuance flow around it.
fn card(keys: &Path) -> (HolderSdJwt, SoftwareKey) {
    let signer = RingSigner::from_pem(&read(&keys.join("issuer.key.pem"))).expect("key");
    let pem = read(&keys.join("issuer.pem"));
    let der: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let mut random = SystemRandom::default();
    let key = SoftwareKey::generate(&mut random).expect("randomness");
    let now = Clock::System.now();
    let object = |value: Value| value.as_object().cloned().expect("object");
    let claims = object(json!({
        "family_name": "Voorbeeld", "given_name": "Anna", "birthdate": "1990-05-17", "nationalities": ["NL"],
        "sex": 2, "address": { "locality": "Voorbeeldstad", "country": "NL", "postal_code": "0000AA" },
    }));
    let Timestamp(seconds) = now;
    let compact = SdJwtBuilder::new(claims, DisclosurePolicy::Everything)
        .always(object(
            json!({ "iss": "https://issuer.example", "vct": "urn:eudi:pid:1", "exp": seconds + 86_400 }),
        ))
        .holder_key(&holder_key(&key))
        .x5c(vec![base64url::decode_standard(&der).expect("certificate")])
        .sign(
            &signer,
            &mut Env {
                now,
                rng: &mut random,
            },
        )
        .expect("issue");
    (HolderSdJwt::open(&compact).expect("open"), key)
}

fn holder_key(key: &SoftwareKey) -> PublicKey {
    assent_core::crypto::Signer::public_key(key)
}

fn anchors(keys: &Path) -> TrustAnchors {
    let text = read(&keys.join("anchors.json"));
    let value = json::parse(text.as_bytes(), Limits::MESSAGE).expect("JSON");
    TrustAnchors::from_json(&value).expect("anchors")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

//! Verifications per second over HTTP: a real server with its SQLite database, real encrypted responses, 16 at a
//! time from the same machine. Asking, fetching the request and answering are timed one after the other.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that cannot set itself up has nothing to say"
)]

#[path = "support/approved.rs"]
mod approved;

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
use assent_server::config::Config;
use assent_server::crypto::{RingSigner, SystemRandom};
use assent_server::serve::Server;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const REQUESTS: usize = 2_000;
const AT_ONCE: usize = 16;
const PROFILE: Profile = Profile::HAIP.sandbox();

/// One request to send, prepared before the clock starts.
struct Call {
    url: String,
    body: Option<(&'static str, String)>,
    bearer: Option<String>,
}

#[tokio::main]
async fn main() {
    let dir = tempfile::tempdir().expect("folder");
    let data = dir.path().join("data");
    let mut config = Config::sandbox(([127, 0, 0, 1], 0).into(), data.clone());
    config.limits.per_address_per_minute = u32::MAX;
    config.limits.per_service_per_minute = u32::MAX;
    config.log.filter = "error".into();
    let server = Server::prepare(config, Clock::System).await.expect("server");
    let base = server.state().config.public_url.clone();
    let stopper = server.stopper();
    tokio::spawn(server.run());
    let client = reqwest::Client::builder().no_proxy().build().expect("client");
    let api_key = read(&data.join("library.key"));
    println!("{REQUESTS} presentations, {AT_ONCE} at a time, server and client on the same cores\n");

    let create = json!({ "dcql_query": { "credentials": [{
        "id": "card", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:eudi:pid:1"] },
        "claims": [{ "path": ["given_name"] }, { "path": ["address", "locality"] }, { "path": ["birthdate"] }],
    }] } });
    let calls = (0..REQUESTS).map(|_| Call {
        url: format!("{base}/v1/presentations"),
        body: Some(("application/json", create.to_string())),
        bearer: Some(api_key.trim().to_owned()),
    });
    let created = run("ask (create the request)", &client, calls.collect()).await;

    let links: Vec<AuthorizationRequestLink> = created
        .iter()
        .map(|(_, body)| {
            let created: Value = serde_json::from_str(body).expect("JSON");
            let link = created["links"]["same_device"].as_str().expect("link");
            AuthorizationRequestLink::parse(link, &PROFILE).expect("link")
        })
        .collect();
    let calls = links.iter().map(|link| {
        let fetch = link
            .fetch("benchmark-wallet-nonce-0123456789", &PROFILE)
            .expect("by reference");
        Call {
            url: fetch.url,
            body: fetch.body.map(|body| ("application/x-www-form-urlencoded", body)),
            bearer: None,
        }
    });
    let objects = run("fetch the signed request", &client, calls.collect()).await;

    let (holder, key) = card(&data.join("sandbox"));
    let anchors = anchors(&data.join("sandbox"));
    let mut random = SystemRandom::default();
    let calls = links.iter().zip(&objects).map(|(link, (status, object))| {
        let now = Clock::System.now();
        let response = HttpResponse {
            status: *status,
            headers: vec![("content-type".into(), "application/oauth-authz-req+jwt".into())],
            body: object.clone(),
        };
        let with = RequestCheck {
            anchors: &anchors,
            now,
            profile: &PROFILE,
            crypto: &RustCrypto,
            did_document: None,
        };
        let request = UnverifiedRequest::from_response(link, "benchmark-wallet-nonce-0123456789", &response)
            .expect("request")
            .check(&with)
            .expect("checked");
        let client_id = request.client_id().as_str();
        let presentation = holder
            .present(&approved(), request.nonce(), client_id, now, &key)
            .expect("present");
        let mut vp_token = VpToken::new();
        vp_token.add("card", presentation);
        let post = request
            .reply_to()
            .present(
                &vp_token,
                &mut Env {
                    now,
                    rng: &mut random,
                },
            )
            .expect("response");
        Call {
            url: post.url,
            body: post.body.map(|body| ("application/x-www-form-urlencoded", body)),
            bearer: None,
        }
    });
    run("answer: decrypt, verify, store, reply", &client, calls.collect()).await;
    println!("\nmemory of the whole process: {} MiB resident", resident_mib());
    stopper.stop();
}

/// Sends all `calls` and prints rate, p50 and p99. Every answer must be a success.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
async fn run(name: &str, client: &reqwest::Client, calls: Vec<Call>) -> Vec<(u16, String)> {
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
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "{name:<40} {:>7.0} /s   p50 {:>6.1} ms   p99 {:>6.1} ms",
        count as f64 / took.as_secs_f64(),
        ms(times[count / 2]),
        ms(times[count * 99 / 100]),
    );
    answers.sort_by_key(|(index, ..)| *index);
    answers
        .into_iter()
        .map(|(_, status, body, _)| (status, body))
        .collect()
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

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap_or_default();
    line.split_whitespace()
        .next()
        .and_then(|kib| kib.parse::<u64>().ok())
        .unwrap_or_default()
        / 1024
}

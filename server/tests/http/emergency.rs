//! Emergency access over HTTP: the wait, stopping, and that nobody else gets anything.

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_server::config::Config;
use serde_json::{Value, json};

use crate::common::{Answer, PATIENCE, Sandbox};
use crate::sign_in::{ID, OTHER_ID, TOKEN, make_vault};

const ASK: &str = "what-follows-from-the-contacts-half";
const DAY: i64 = 24 * 3600;

async fn start() -> Sandbox {
    let server = Sandbox::start().await;
    make_vault(&server, ID).await;
    server
}

fn set_up(wait_seconds: i64) -> Value {
    json!({ "share": base64url::encode(&[7; 32]), "ask_sha256": base64url::encode(&sha256(ASK.as_bytes())),
            "wait_seconds": wait_seconds })
}

async fn owner(server: &Sandbox, method: &str, path: &str, body: Option<&Value>) -> Answer {
    server
        .call(
            method,
            &format!("/v1/vaults/{ID}/emergency{path}"),
            TOKEN,
            &[],
            body,
        )
        .await
}

async fn contact(server: &Sandbox, step: &str) -> Answer {
    server
        .call(
            "POST",
            &format!("/v1/vaults/{ID}/emergency/{step}"),
            ASK,
            &[],
            None,
        )
        .await
}

/// Whoever knows the address, and whoever holds the other half, can keep asking: the owner can still look and stop it.
#[tokio::test]
async fn asking_does_not_use_up_what_the_owner_may_do() {
    let server = Sandbox::start_with(|config| config.limits.per_vault_per_minute = 12).await;
    make_vault(&server, ID).await;
    owner(&server, "POST", "", Some(&set_up(7 * DAY)))
        .await
        .expect(200);
    let path = format!("/v1/vaults/{ID}/emergency/ask");
    for _ in 0..20 {
        let answer = server.call("POST", &path, "another", &[], None).await;
        answer.problem(401, "emergency-refused");
    }
    contact(&server, "ask").await.expect(200);
    let mut refused = false;
    for _ in 0..20 {
        refused |= contact(&server, "take").await.status == 429;
    }
    assert!(refused, "the contact is limited, too");
    let stopped = owner(&server, "POST", "/stop", None).await.expect(200).json();
    assert_eq!(stopped["standing"]["state"], "stopped");
}

#[tokio::test]
async fn the_half_comes_after_the_wait_and_not_a_second_before() {
    let server = start().await;
    assert_eq!(
        owner(&server, "GET", "", None).await.expect(200).json(),
        json!({ "events": [], "least_wait_seconds": DAY })
    );
    let now = server.server_now().0;
    let set = owner(&server, "POST", "", Some(&set_up(7 * DAY)))
        .await
        .expect(200)
        .json();
    assert_eq!(
        set["standing"],
        json!({ "state": "ready", "wait_seconds": 7 * DAY, "set_at": now })
    );
    contact(&server, "take").await.problem(409, "emergency-not-yet");
    let asked = contact(&server, "ask").await.expect(200).json();
    assert_eq!(asked["state"], "asked");
    let release_at = asked["release_at"].as_i64().unwrap();
    assert_eq!(release_at - asked["asked_at"].as_i64().unwrap(), 7 * DAY);
    server.pass(release_at - server.server_now().0 - 1);
    contact(&server, "take").await.problem(409, "emergency-not-yet");
    assert_eq!(
        contact(&server, "ask").await.expect(200).json(),
        asked,
        "asking again changes nothing"
    );
    server.pass(1);
    let share = contact(&server, "take").await.expect(200).json();
    assert_eq!(share, json!({ "share": base64url::encode(&[7; 32]) }));
    contact(&server, "take").await.expect(200);
    let after = owner(&server, "GET", "", None).await.expect(200).json();
    assert_eq!(after["standing"]["state"], "released");
    let events: Vec<_> = after["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["what"].clone())
        .collect();
    assert_eq!(events, ["released", "asked", "set"]);
    // Too late to stop, and it says so.
    assert_eq!(
        owner(&server, "POST", "/stop", None).await.expect(200).json()["standing"]["state"],
        "released"
    );
    server.pass(599);
    contact(&server, "take").await.expect(200);
    server.pass(1);
    contact(&server, "take").await.problem(409, "emergency-over");
}

#[tokio::test]
async fn one_act_of_the_owner_stops_it_for_good() {
    let server = start().await;
    owner(&server, "POST", "", Some(&set_up(DAY))).await.expect(200);
    contact(&server, "ask").await.expect(200);
    let stopped = owner(&server, "POST", "/stop", None).await.expect(200).json();
    assert_eq!(stopped["standing"]["state"], "stopped");
    server.pass(30 * DAY);
    contact(&server, "take").await.problem(409, "emergency-stopped");
    contact(&server, "ask").await.problem(409, "emergency-stopped");
    // Set up anew it works anew, from the beginning.
    owner(&server, "POST", "", Some(&set_up(DAY))).await.expect(200);
    contact(&server, "take").await.problem(409, "emergency-not-yet");
    owner(&server, "DELETE", "", None).await.expect(204);
    contact(&server, "ask").await.problem(401, "emergency-refused");
    owner(&server, "DELETE", "", None).await.expect(204);
}

/// A wrong code, another vault, no vault and nothing set up: one answer. And a code is no access token.
#[tokio::test]
async fn nobody_else_gets_anything_or_learns_whether_it_is_there() {
    let server = start().await;
    make_vault(&server, OTHER_ID).await;
    owner(&server, "POST", "", Some(&set_up(DAY))).await.expect(200);
    let mut answers = Vec::new();
    for (id, token) in [
        (ID, "wrong"),
        (ID, TOKEN),
        (OTHER_ID, ASK),
        ("AgICAgICAgICAgICAgICAg", ASK),
    ] {
        for step in ["ask", "take"] {
            let path = format!("/v1/vaults/{id}/emergency/{step}");
            let answer = server.call("POST", &path, token, &[], None).await;
            answer.problem(401, "emergency-refused");
            answers.push(answer.text);
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    for (method, path) in [("GET", ""), ("POST", "/stop"), ("DELETE", "")] {
        let path = format!("/v1/vaults/{ID}/emergency{path}");
        server
            .call(method, &path, ASK, &[], None)
            .await
            .problem(401, "vault-access-refused");
    }
    let path = format!("/v1/vaults/{ID}/emergency");
    server
        .call("POST", &path, ASK, &[], Some(&set_up(DAY)))
        .await
        .problem(401, "vault-access-refused");
    let path = format!("/v1/vaults/{ID}/changes");
    server
        .call("GET", &path, ASK, &[], None)
        .await
        .problem(401, "vault-access-refused");
    assert_eq!(
        owner(&server, "GET", "", None).await.expect(200).json()["standing"]["state"],
        "ready"
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let server = start().await;
    for wait in [DAY - 1, 0, -1, 90 * DAY + 1, i64::MAX] {
        let answer = owner(&server, "POST", "", Some(&set_up(wait))).await;
        answer.problem(422, "emergency-wait-not-possible");
    }
    for (name, value) in [
        ("share", base64url::encode(&[7; 31])),
        ("ask_sha256", String::new()),
    ] {
        let mut body = set_up(DAY);
        body[name] = json!(value);
        owner(&server, "POST", "", Some(&body))
            .await
            .problem(422, "body-invalid");
    }
    // Outside the sandbox nobody can wait less than a day.
    let short = Config::from_toml("[vault]\nemergency_least_wait_seconds = 86399").unwrap();
    assert!(
        short
            .issues()
            .iter()
            .any(|issue| issue.setting == "vault.emergency_least_wait_seconds")
    );
    let day = Config::from_toml("[vault]\nemergency_least_wait_seconds = 86400").unwrap();
    assert!(
        !day.issues()
            .iter()
            .any(|issue| issue.setting.starts_with("vault.emergency"))
    );
}

/// Open devices hear of it while it happens.
#[tokio::test]
async fn every_open_device_is_told_at_once() {
    let server = start().await;
    owner(&server, "POST", "", Some(&set_up(DAY))).await.expect(200);
    let events = server
        .client
        .get(server.url(&format!("/v1/vaults/{ID}/events")))
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    let mut text = String::new();
    let mut stream = events;
    let mut until = async |text: &mut String, wanted: &str| {
        while !text.contains(wanted) {
            let chunk = tokio::time::timeout(PATIENCE, stream.chunk());
            let chunk = chunk
                .await
                .unwrap_or_else(|_| panic!("no {wanted} in {text}"))
                .unwrap()
                .unwrap();
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    };
    until(&mut text, "event: version").await;
    assert!(!text.contains("emergency"));
    let asked = contact(&server, "ask").await.expect(200).json();
    until(
        &mut text,
        &format!("event: emergency\ndata: {{\"asked\":{}}}", asked["asked_at"]),
    )
    .await;
    owner(&server, "POST", "/stop", None).await.expect(200);
    until(&mut text, "{\"asked\":0}").await;
}

/// The half is sealed at rest, and gone from the files once it was stopped.
#[tokio::test]
async fn the_database_does_not_show_the_half() {
    let server = start().await;
    owner(&server, "POST", "", Some(&set_up(DAY))).await.expect(200);
    for entry in std::fs::read_dir(server.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(32).any(|window| window == [7; 32]),
                "{}",
                path.display()
            );
        }
    }
}

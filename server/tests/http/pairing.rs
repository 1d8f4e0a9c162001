//! Mailboxes of devices that are being added.

use std::time::Duration;

use assent_core::encoding::base64url;
use secrecy::SecretString;
use serde_json::json;
use tokio::time::Instant;

use crate::common::{Answer, Sandbox, until};

const SESSION: &str = "AAECAwQFBgcICQoLDA0ODw";

fn path(slot: i64) -> String {
    format!("/v1/pairing/{SESSION}/{slot}")
}

async fn say(server: &Sandbox, slot: i64, message: &[u8]) -> Answer {
    server
        .post(&path(slot), &json!({ "message": base64url::encode(message) }))
        .await
}

fn waiting(slot: i64) -> String {
    format!("{}?wait=8", path(slot))
}

async fn somebody_waits(server: &Sandbox) {
    until("somebody who waits", async || server.state.pairings.count() == 1).await;
}

fn said(answer: &Answer) -> Vec<u8> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store");
    base64url::decode(answer.json()["message"].as_str().unwrap()).unwrap()
}

async fn close(server: &Sandbox) {
    server
        .call("DELETE", &format!("/v1/pairing/{SESSION}"), "unused", &[], None)
        .await
        .expect(204);
}

#[tokio::test]
async fn messages_are_written_once_and_live_ten_minutes() {
    let server = Sandbox::start().await;
    server.get(&path(0)).await.problem(404, "pairing-message-missing");
    say(&server, 0, b"one").await.expect(204);
    // The answer may have been lost.
    say(&server, 0, b"one").await.expect(204);
    say(&server, 0, b"two")
        .await
        .problem(409, "pairing-message-taken");
    server.pass(300);
    say(&server, 3, &[7; 4096]).await.expect(204);
    assert_eq!(said(&server.get(&path(0)).await), b"one");
    assert_eq!(said(&server.get(&path(3)).await), [7; 4096]);
    server.get(&path(1)).await.problem(404, "pairing-message-missing");
    // Counted from the first message; a later one does not make it live longer.
    server.pass(300);
    server.get(&path(3)).await.problem(404, "pairing-message-missing");
    swept(&server).await;
    say(&server, 0, b"another pairing").await.expect(204);
    server.get(&path(3)).await.problem(404, "pairing-message-missing");
}

async fn swept(server: &Sandbox) {
    assent_server::jobs::sweep_now(&server.state).await.unwrap();
    server.get(&path(0)).await.problem(404, "pairing-message-missing");
}

#[tokio::test]
async fn both_devices_hear_of_the_end() {
    let server = Sandbox::start().await;
    say(&server, 0, b"one").await.expect(204);
    let place = waiting(1);
    let (answer, ()) = tokio::join!(server.get(&place), async {
        somebody_waits(&server).await;
        close(&server).await;
    });
    answer.problem(410, "pairing-closed");
    server.get(&path(0)).await.problem(410, "pairing-closed");
    say(&server, 1, b"two").await.problem(410, "pairing-closed");
    // Also one that never began: the other device would come later.
    server.pass(600);
    close(&server).await;
    say(&server, 0, b"one").await.problem(410, "pairing-closed");
}

#[tokio::test]
async fn who_waits_is_told_at_once() {
    let server = Sandbox::start().await;
    let place = waiting(2);
    let (answer, ()) = tokio::join!(server.get(&place), async {
        somebody_waits(&server).await;
        // Another message is no news for this one, which has time to take it for some.
        say(&server, 1, b"one").await.expect(204);
        tokio::time::sleep(Duration::from_millis(300)).await;
        say(&server, 2, b"two").await.expect(204);
    });
    // Only who is told answers so: at the end of the wait nobody looks again.
    assert_eq!(said(&answer), b"two");
    let began = Instant::now();
    let waited = server.get(&format!("{}?wait=1", path(3))).await;
    waited.problem(404, "pairing-message-missing");
    assert!(began.elapsed() >= Duration::from_millis(900));
    // Stopping does not wait for those who wait.
    let place = waiting(3);
    let (answer, ()) = tokio::join!(server.get(&place), async {
        somebody_waits(&server).await;
        server.stop();
    });
    answer.problem(404, "pairing-message-missing");
}

#[tokio::test]
async fn hostile_mailboxes_are_refused() {
    let server = Sandbox::start_with(|config| {
        config.vault.max_pairings = 2;
        config.vault.max_pairing_bytes = 6000;
    })
    .await;
    let one = json!({ "message": "AA" });
    for session in [
        "AA",
        "AAECAwQFBgcICQoLDA0OD",
        "AAECAwQFBgcICQoLDA0ODxA",
        "AAECAwQFBgcICQoLDA0OD!",
    ] {
        let path = format!("/v1/pairing/{session}/0");
        server
            .post(&path, &one)
            .await
            .problem(400, "pairing-session-malformed");
        server.get(&path).await.problem(400, "pairing-session-malformed");
    }
    for slot in ["-1", "4", "9223372036854775807"] {
        let path = format!("/v1/pairing/{SESSION}/{slot}");
        server
            .post(&path, &one)
            .await
            .problem(400, "pairing-session-malformed");
        server.get(&path).await.problem(400, "pairing-session-malformed");
    }
    for slot in ["x", "1.0", "9223372036854775808"] {
        assert_eq!(
            server.get(&format!("/v1/pairing/{SESSION}/{slot}")).await.status,
            400
        );
    }
    assert_eq!(server.get(&format!("{}?wait=-1", path(0))).await.status, 400);
    for body in [
        json!({}),
        json!({ "message": 1 }),
        json!({ "message": "=" }),
        json!({ "message": "AA", "more": 1 }),
    ] {
        server.post(&path(0), &body).await.problem(422, "body-invalid");
    }
    say(&server, 0, &[0; 4097])
        .await
        .problem(413, "pairing-message-too-large");
    server.get(&path(0)).await.problem(404, "pairing-message-missing");
    // Bytes, then mailboxes, run out; nothing of what was refused stays.
    say(&server, 0, &[0; 4096]).await.expect(204);
    let full = say(&server, 1, &[0; 4096]).await;
    full.problem(503, "pairing-limit");
    assert!(full.headers.contains_key("retry-after"));
    server.get(&path(1)).await.problem(404, "pairing-message-missing");
    say(&server, 1, &[0; 100]).await.expect(204);
    let other = |n: u8| format!("/v1/pairing/{}/0", base64url::encode(&[n; 16]));
    server.post(&other(1), &one).await.expect(204);
    server.post(&other(2), &one).await.problem(503, "pairing-limit");
    server.pass(600);
    assent_server::jobs::sweep_now(&server.state).await.unwrap();
    server.post(&other(2), &one).await.expect(204);
}

#[tokio::test]
async fn one_address_can_only_ask_so_often() {
    let server = Sandbox::start_with(|config| config.limits.pairings_per_address_per_minute = 8).await;
    say(&server, 0, b"one").await.expect(204);
    server.get(&path(0)).await.expect(200);
    server.get(&path(0)).await.problem(429, "rate-limited");
    say(&server, 1, b"two").await.problem(429, "rate-limited");
    server
        .call("DELETE", &format!("/v1/pairing/{SESSION}"), "unused", &[], None)
        .await
        .problem(429, "rate-limited");
}

/// Two processes on one PostgreSQL: what one device leaves at one, the other hears at the other.
#[tokio::test]
async fn two_processes_are_one_mailbox() {
    let Some(database) = crate::common::Scratch::create().await else {
        return;
    };
    let start = || {
        let url = database.url.clone();
        Sandbox::start_with(move |config| config.database.url = Some(SecretString::from(url)))
    };
    let (one, two) = (start().await, start().await);
    for slot in 0..4 {
        let (from, to) = if slot % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let place = waiting(slot);
        let (answer, ()) = tokio::join!(to.get(&place), async {
            somebody_waits(to).await;
            say(from, slot, &[slot as u8]).await.expect(204);
        });
        assert_eq!(said(&answer), [slot as u8]);
    }
    say(&two, 0, b"two").await.problem(409, "pairing-message-taken");
    one.stop();
    two.stop();
    drop((one, two));
    database.drop().await;
}

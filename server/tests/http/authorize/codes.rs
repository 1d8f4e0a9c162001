//! Codes and tokens: whose they are, how often they are good, and what is kept of them (RFC 6749, 7636, 9700).

use assent_core::crypto::sha256;
use assent_server::store::{HandleKind, IssuanceStore as _};
use futures_util::future::join_all;

use super::later::{marks, taken};
use super::*;
use crate::common::Scratch;

#[tokio::test]
async fn an_offer_with_a_sign_in_leads_to_a_card() {
    let server = Sandbox::start().await;
    let (made, offer) = server
        .offer(&json!({ "card": "identity", "sign_in": true, "by_reference": true }))
        .await;
    assert!(offer["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"].is_null());
    let state = issuer_state(&offer);
    let pairs = with(&[("issuer_state", &state)]);
    let uri = pushed(&server, &pairs).await;
    // The page may be loaded again.
    page(&server, CLIENT, &uri).await.expect(200);
    let shown = page(&server, CLIENT, &uri).await.expect(200);
    assert!(
        shown.text.contains("Identity card") && shown.text.contains("127.0.0.1:4711"),
        "{}",
        shown.text
    );
    let policy = shown.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("form-action 'self' http://127.0.0.1:4711;"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("script-src"));
    assert!(shown.headers.get("access-control-allow-origin").is_none());
    assert_eq!(shown.headers["referrer-policy"], "same-origin");

    let (address, answer) = sent_to(&choose(&server, CLIENT, &uri, "continue").await);
    assert_eq!(address, BACK);
    assert_eq!(
        (answer["state"].as_str(), answer["iss"].as_str()),
        ("st", server.url("/issuer").as_str())
    );
    let token = redeem(&server, &answer["code"], &[]).await.expect(200);
    assert_eq!(token.headers["cache-control"], "no-store");
    let token = token.json();
    assert_eq!(
        (&token["token_type"], &token["expires_in"]),
        (&json!("Bearer"), &json!(300))
    );
    assert!(token["refresh_token"].is_null(), "only for who proves a key");
    let card = identity_card(&server, token["access_token"].as_str().unwrap())
        .await
        .expect(200);
    assert_eq!(card.json()["credentials"].as_array().unwrap().len(), 1);
    // Revoked by the id of the offer, as any other.
    let revoked = server
        .post(
            "/v1/sandbox/cards/revoke",
            &json!({ "offer_id": made["offer_id"] }),
        )
        .await
        .expect(200)
        .json();
    assert_eq!(revoked["copies"], 1);
    // The offer is used up.
    let id = made["offer_id"].as_str().unwrap();
    server
        .get(&format!("/issuer/offers/{id}"))
        .await
        .problem(404, "offer-unknown");
    push(&server, &pairs).await.oauth(400, "invalid_request");
}

/// A code in other hands is worth nothing (RFC 7636, RFC 9700 §4.5).
#[tokio::test]
async fn codes_are_for_who_asked() {
    let server = Sandbox::start().await;
    let code = code_for(&server, &request()).await;
    let other = server.base.clone();
    let wrong = "x".repeat(43);
    for (changes, status, error) in [
        (vec![("code_verifier", wrong.as_str())], 400, "invalid_grant"),
        (vec![("code_verifier", CHALLENGE)], 400, "invalid_grant"),
        (vec![("code_verifier", "")], 400, "invalid_request"),
        (
            vec![("redirect_uri", "http://127.0.0.1:4712/")],
            400,
            "invalid_grant",
        ),
        (vec![("redirect_uri", "")], 400, "invalid_request"),
        (vec![("client_id", other.as_str())], 400, "invalid_grant"),
        (vec![("client_id", "stranger")], 401, "invalid_client"),
        (vec![("client_id", "")], 401, "invalid_client"),
        (vec![("code", "guess")], 400, "invalid_grant"),
    ] {
        redeem(&server, &code, &changes).await.oauth(status, error);
    }
    // As a pre-authorised code it is not good either.
    let offer = json!({ "grants": { "urn:ietf:params:oauth:grant-type:pre-authorized_code": { "pre-authorized_code": code } } });
    server.token(&offer, None).await.oauth(400, "invalid_grant");
    redeem(&server, &code, &[]).await.expect(200);
    let late = code_for(&server, &request()).await;
    server.pass(61);
    redeem(&server, &late, &[]).await.oauth(400, "invalid_grant");
}

/// RFC 6749 §4.1.2.
#[tokio::test]
async fn a_code_that_comes_again_ends_what_it_gave() {
    let server = Sandbox::start().await;
    let code = code_for(&server, &request()).await;
    let token = redeem(&server, &code, &[]).await.access_token();
    identity_card(&server, &token).await.expect(200);
    redeem(&server, &code, &[]).await.oauth(400, "invalid_grant");
    identity_card(&server, &token).await.oauth(401, "invalid_token");
}

/// Everything that is good once is good once also when many come at the same moment.
async fn one_of_many_wins(server: &Sandbox) {
    let (_, offer) = server
        .offer(&json!({ "card": "identity", "sign_in": true, "later_seconds": 1 }))
        .await;
    let uri = pushed(server, &with(&[("issuer_state", &issuer_state(&offer))])).await;
    let choices = (0..8).map(|i| {
        choose(
            server,
            CLIENT,
            &uri,
            if i % 2 == 0 { "continue" } else { "cancel" },
        )
    });
    let answers = join_all(choices).await;
    let sent: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 303)
        .map(sent_to)
        .collect();
    assert_eq!(sent.len(), 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 303) {
        refused_page(answer, 400, "authorize-over");
    }

    let code = code_for(server, &request()).await;
    let answers = join_all((0..8).map(|_| redeem(server, &code, &[]))).await;
    let tokens: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert!(tokens.len() <= 1, "{answers:?}");
    // It came more than once, so whoever was first has nothing of it.
    for token in tokens {
        let token = token.access_token();
        identity_card(server, &token).await.oauth(401, "invalid_token");
    }

    let (_, offer) = server
        .offer(&json!({ "card": "identity", "later_seconds": 1 }))
        .await;
    let token = server.token(&offer, None).await.access_token();
    let later = identity_card(server, &token).await.expect(202).json();
    let transaction = later["transaction_id"].as_str().unwrap();
    server.pass(2);
    let before = taken(server).await;
    let answers = join_all((0..8).map(|_| deferred(server, &token, transaction))).await;
    // Nobody knows which answer arrives: all are the same copy, and one place is taken.
    let mut copies = Vec::new();
    for answer in answers {
        copies.push(marks(&answer.expect(200).json()));
    }
    copies.dedup();
    assert_eq!((copies.len(), copies[0].len()), (1, 1));
    assert_eq!(taken(server).await, before + 1);
}

/// Who asks at the same moment for several cards of one offer gets all of them, and no place is lost.
async fn none_gets_in_the_way_of_another(server: &Sandbox) {
    let (_, offer) = server.offer(&json!({ "card": "identity" })).await;
    let token = server.token(&offer, None).await.access_token();
    identity_card(server, &token).await.expect(200);
    let before = taken(server).await;
    let answers = join_all((0..6).map(|_| identity_card(server, &token))).await;
    let mut copies = Vec::new();
    for answer in answers {
        copies.extend(marks(&answer.expect(200).json()));
    }
    assert_eq!((copies.len(), taken(server).await), (6, before + 6));
    let distinct: std::collections::HashSet<String> = copies.iter().map(|copy| copy[1].to_string()).collect();
    assert_eq!(distinct.len(), 6, "each has its own place");
}

#[tokio::test]
async fn what_is_good_once_is_good_once_under_contention() {
    let server = Sandbox::start().await;
    one_of_many_wins(&server).await;
    none_gets_in_the_way_of_another(&server).await;
    let Some(scratch) = Scratch::create().await else {
        return;
    };
    let url = scratch.url.clone();
    let server = Sandbox::start_with(|config| config.database.url = Some(url.into())).await;
    one_of_many_wins(&server).await;
    none_gets_in_the_way_of_another(&server).await;
    server.stop();
    server.stopped().await;
    scratch.drop().await;
}

/// Only fingerprints are kept.
#[tokio::test]
async fn what_leads_to_an_issuance_is_not_at_rest() {
    let server = Sandbox::start().await;
    let (_, offer) = server
        .offer(&json!({ "card": "identity", "sign_in": true }))
        .await;
    let state = issuer_state(&offer);
    let uri = pushed(&server, &with(&[("issuer_state", &state)])).await;
    let code = agreed(&server, &uri).await;
    let token = redeem(&server, &code, &[]).await.access_token();
    let secrets = [&state, &uri, &code, &token];
    for (kind, secret) in [
        HandleKind::IssuerState,
        HandleKind::RequestUri,
        HandleKind::Code,
        HandleKind::Token,
    ]
    .into_iter()
    .zip(secrets)
    {
        let hash = sha256(secret.as_bytes());
        let row = server.state.store.issuance_by(kind, &hash).await.unwrap();
        assert!(row.is_some(), "{kind:?}");
    }
    let mut files = 0;
    for entry in std::fs::read_dir(server.data()).unwrap().map(Result::unwrap) {
        if !entry.file_name().to_string_lossy().starts_with("assent.db") {
            continue;
        }
        files += 1;
        let bytes = std::fs::read(entry.path()).unwrap();
        for secret in secrets {
            assert!(
                !bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes()),
                "{secret} is in {:?}",
                entry.path()
            );
        }
    }
    assert!(files > 0);
}

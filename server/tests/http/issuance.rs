//! The issuer role over HTTP: OpenID4VCI 1.0 with pre-authorised codes.

use crate::common::holder::key;
use crate::common::{Answer, Sandbox};
use assent_core::encoding::form;
use assent_core::http::HttpRequest;
use assent_core::oid4vci::offer::PRE_AUTHORIZED_CODE;
use assent_core::oid4vci::{
    AuthorizationServerMetadata, ClientAuthWanted, CredentialRequest, CredentialTarget, IssuerMetadata,
    Proofs,
};
use assent_core::profile::Profile;
use serde_json::{Value, json};

/// HP-1, HP-2: a wallet that demands all of HAIP 1.0 §4 finds it in what we say about ourselves.
#[tokio::test]
async fn what_we_publish_is_enough_for_haip() {
    let server = Sandbox::start().await;
    let haip = Profile::HAIP.sandbox();
    let read = async |path: &str| server.get(path).await.expect(200).json();
    let issuer = read("/.well-known/openid-credential-issuer/issuer").await;
    let issuer = IssuerMetadata::from_object(issuer.as_object().unwrap(), &haip).unwrap();
    let document = read("/.well-known/oauth-authorization-server/issuer").await;
    let metadata = AuthorizationServerMetadata::from_object(document.as_object().unwrap(), &haip).unwrap();
    let endpoints = metadata.code_endpoints(&haip).unwrap();
    assert_eq!(endpoints.authorize.as_str(), server.url("/issuer/authorize"));
    assert_eq!(endpoints.pushed.unwrap().as_str(), server.url("/issuer/par"));
    assert!(endpoints.iss_required && metadata.require_pushed_authorization_requests);
    assert_eq!(metadata.client_auth(&haip), Ok(ClientAuthWanted::Attestation));
    assert_eq!(
        document["authorization_details_types_supported"],
        json!(["openid_credential"])
    );
    for configuration in issuer.configurations.values() {
        let scope = configuration.scope.as_ref().unwrap();
        assert!(metadata.scopes_supported.contains(scope), "{scope}");
    }
}

/// OpenID4VCI 1.0 §6.1.1, §6.2, §8.2: a wallet that chooses by details gets a name for what it chose, and asks by it.
#[tokio::test]
async fn what_is_chosen_by_details_is_asked_for_by_its_identifier() {
    let server = Sandbox::start().await;
    let (_, offer) = server.offer(&json!({ "card": "identity" })).await;
    let id = offer["credential_configuration_ids"][0].as_str().unwrap();
    let code = &offer["grants"][PRE_AUTHORIZED_CODE]["pre-authorized_code"];
    let redeem = async |details: Value| {
        let details = details.to_string();
        let body = form::encode([
            ("grant_type", PRE_AUTHORIZED_CODE),
            ("pre-authorized_code", code.as_str().unwrap()),
            ("authorization_details", &details),
        ]);
        let request = HttpRequest::post(
            server.url("/issuer/token"),
            "application/x-www-form-urlencoded",
            body,
            1 << 20,
        );
        server.send(&request).await
    };
    for bad in [
        json!([]),
        json!([{ "type": "other", "credential_configuration_id": id }]),
        json!([{ "type": "openid_credential", "credential_configuration_id": "residence" }]),
    ] {
        let answer = redeem(bad).await;
        assert_eq!(answer.status, 400);
        assert!(
            answer.body.contains("invalid_authorization_details"),
            "{}",
            answer.body
        );
    }
    let answer = redeem(json!([{ "type": "openid_credential", "credential_configuration_id": id }])).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    let details = &answer["authorization_details"][0];
    assert_eq!(details["credential_configuration_id"], id);
    let name = details["credential_identifiers"][0].as_str().unwrap();
    let token = answer["access_token"].as_str().unwrap();
    let nonce = server.nonce().await;
    let proofs = vec![server.proof(&key(), &nonce)];
    let by_configuration = server.credential(token, id, proofs.clone()).await;
    by_configuration.oauth(400, "invalid_credential_request");
    let request = CredentialRequest {
        target: CredentialTarget::Identifier(name.to_owned()),
        proofs: Proofs::Jwt(proofs),
    };
    let body = request.to_json();
    let issued = server
        .call("POST", "/issuer/credential", token, &[], Some(&body))
        .await;
    assert_eq!(
        issued.expect(200).json()["credentials"].as_array().unwrap().len(),
        1
    );
}

async fn token(server: &Sandbox, card: &str) -> (String, String) {
    let (_, offer) = server.offer(&json!({ "card": card })).await;
    let answer = server.token(&offer, None).await.expect(200);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let configuration = offer["credential_configuration_ids"][0]
        .as_str()
        .unwrap()
        .to_owned();
    (answer.access_token(), configuration)
}

#[tokio::test]
async fn metadata_names_the_issuer_and_its_endpoints() {
    let server = Sandbox::start().await;
    let issuer = server
        .get("/.well-known/openid-credential-issuer/issuer")
        .await
        .expect(200);
    assert_eq!(issuer.headers["access-control-allow-origin"], "*");
    let issuer = issuer.json();
    assert_eq!(issuer["credential_issuer"], server.url("/issuer"));
    assert_eq!(issuer["batch_credential_issuance"]["batch_size"], 10);
    let server_metadata = server
        .get("/.well-known/oauth-authorization-server/issuer")
        .await
        .expect(200)
        .json();
    assert_eq!(server_metadata["issuer"], issuer["credential_issuer"]);
    assert_eq!(server_metadata["token_endpoint"], server.url("/issuer/token"));
}

#[tokio::test]
async fn a_code_works_once_also_under_contention() {
    let server = Sandbox::start().await;
    let (_, offer) = server
        .offer(&json!({ "card": "identity", "by_reference": true }))
        .await;
    let mut good = 0;
    for answer in futures(&server, &offer).await {
        match answer.status {
            200 => good += 1,
            _ => answer.oauth(400, "invalid_grant"),
        }
    }
    assert_eq!(good, 1);
    server.token(&offer, None).await.oauth(400, "invalid_grant");
}

async fn futures(server: &Sandbox, offer: &Value) -> Vec<Answer> {
    let mut set = Vec::new();
    let (a, b, c, d) = tokio::join!(
        server.token(offer, None),
        server.token(offer, None),
        server.token(offer, None),
        server.token(offer, None)
    );
    set.extend([a, b, c, d]);
    set
}

#[tokio::test]
async fn transaction_codes_are_checked_and_guessing_ends_the_offer() {
    let server = Sandbox::start().await;
    let (made, offer) = server
        .offer(&json!({ "card": "identity", "tx_code": true }))
        .await;
    let code = made["tx_code"].as_str().unwrap();
    assert_eq!(code.len(), 6);
    assert!(
        !made["link"].as_str().unwrap().contains(code),
        "the code goes another way than the offer"
    );
    server.token(&offer, None).await.oauth(400, "invalid_request");
    server.token(&offer, Some("x")).await.oauth(400, "invalid_grant");
    server.token(&offer, Some(code)).await.expect(200);

    let (made, offer) = server
        .offer(&json!({ "card": "identity", "tx_code": true }))
        .await;
    for _ in 0..5 {
        server
            .token(&offer, Some("wrong"))
            .await
            .oauth(400, "invalid_grant");
    }
    server
        .token(&offer, made["tx_code"].as_str())
        .await
        .oauth(400, "invalid_grant");
}

#[tokio::test]
async fn nonces_work_once_and_each_copy_has_its_own_key_and_status() {
    let server = Sandbox::start().await;
    let (token, card) = token(&server, "identity").await;
    let nonce = server.nonce().await;
    let proofs = vec![server.proof(&key(), &nonce), server.proof(&key(), &nonce)];
    let issued = server
        .credential(&token, &card, proofs.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(issued["credentials"].as_array().unwrap().len(), 2);
    let statuses: Vec<Value> = issued["credentials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let sd_jwt =
                assent_core::sd_jwt::HolderSdJwt::open(entry["credential"].as_str().unwrap()).unwrap();
            sd_jwt.claims()["status"]["status_list"].clone()
        })
        .collect();
    assert_ne!(statuses[0]["idx"], statuses[1]["idx"]);
    assert_eq!(statuses[0]["uri"], server.url("/issuer/status-lists/1"));
    server
        .credential(&token, &card, proofs)
        .await
        .oauth(400, "invalid_nonce");
    let invented = vec![server.proof(&key(), "invented")];
    server
        .credential(&token, &card, invented)
        .await
        .oauth(400, "invalid_nonce");
    let old = server.nonce().await;
    server.pass(301);
    server
        .credential(&token, &card, vec![server.proof(&key(), &old)])
        .await
        .oauth(401, "invalid_token");

    let notification =
        json!({ "notification_id": issued["notification_id"], "event": "credential_accepted" });
    let path = "/issuer/notification";
    server
        .call("POST", path, &token, &[], Some(&notification))
        .await
        .expect(204);
    let unknown = json!({ "notification_id": "other", "event": "credential_accepted" });
    server
        .call("POST", path, &token, &[], Some(&unknown))
        .await
        .oauth(400, "invalid_notification_id");
}

#[tokio::test]
async fn requests_that_break_the_rules_are_refused() {
    let server = Sandbox::start().await;
    let (token, card) = token(&server, "residence").await;
    let nonce = server.nonce().await;
    let refused = server
        .credential("wrong", &card, vec![server.proof(&key(), &nonce)])
        .await;
    refused.oauth(401, "invalid_token");
    assert!(
        refused.headers["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("invalid_token")
    );
    server
        .credential(&token, "other", vec![server.proof(&key(), &nonce)])
        .await
        .oauth(400, "unknown_credential_configuration");
    server
        .credential(&token, &card, Vec::new())
        .await
        .oauth(400, "invalid_proof");
    let same = key();
    let twice = vec![server.proof(&same, &nonce), server.proof(&same, &nonce)];
    server
        .credential(&token, &card, twice)
        .await
        .oauth(400, "invalid_proof");
    let eleven = (0..11).map(|_| server.proof(&key(), &nonce)).collect();
    server
        .credential(&token, &card, eleven)
        .await
        .oauth(400, "invalid_proof");
    // None of that used the nonce up.
    server
        .credential(&token, &card, vec![server.proof(&key(), &nonce)])
        .await
        .expect(200);
}

#[tokio::test]
async fn the_status_list_shows_what_was_revoked() {
    let server = Sandbox::start().await;
    let (_, offer_id) = server.get_card("identity", 3).await;
    let before = server.get("/issuer/status-lists/1").await.expect(200);
    assert_eq!(before.headers["content-type"], "application/statuslist+jwt");
    assert_eq!(before.headers["access-control-allow-origin"], "*");
    let set = |text: &str| {
        use assent_core::encoding::jws::UnverifiedJws;
        use assent_core::status::{StatusBits, StatusList};
        let claims = UnverifiedJws::parse(text).unwrap().unverified_claims().unwrap();
        let list =
            StatusList::from_lst(StatusBits::One, claims["status_list"]["lst"].as_str().unwrap()).unwrap();
        list.as_bytes().iter().map(|byte| byte.count_ones()).sum::<u32>()
    };
    assert_eq!(set(&before.text), 0);
    server
        .post("/v1/sandbox/cards/revoke", &json!({ "offer_id": offer_id }))
        .await
        .expect(200);
    assert_eq!(set(&server.get("/issuer/status-lists/1").await.text), 3);
    server
        .get("/issuer/status-lists/2")
        .await
        .problem(404, "status-list-unknown");
}

#[tokio::test]
async fn the_page_for_people_offers_cards() {
    let server = Sandbox::start().await;
    let page = server.get("/sandbox").await.expect(200);
    assert!(page.text.contains("does not exist"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        !policy.contains("script-src") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    let choose = async |body: &'static str| {
        let request = server
            .client
            .post(server.url("/sandbox/offer"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        Answer::read(request.send().await.unwrap()).await
    };
    let offer = choose("card=identity&proof=code&later_seconds=")
        .await
        .expect(200);
    assert!(
        offer.text.contains("<svg") && offer.text.contains("openid-credential-offer://"),
        "{}",
        offer.text
    );
    assert!(offer.text.contains("id=\"tx-code\"") && !offer.text.contains("sign in"));
    let offer = choose("card=residence&proof=sign_in&later_seconds=30")
        .await
        .expect(200);
    assert!(!offer.text.contains("id=\"tx-code\"") && offer.text.contains("sign in"));
    assert!(offer.text.contains("comes back for it"), "{}", offer.text);
    for body in [
        "card=identity&later_seconds=x",
        "card=identity&later_seconds=-1",
        "card=identity&later_seconds=86401",
    ] {
        choose(body).await.problem(422, "sandbox-later-out-of-range");
    }
    choose("card=passport").await.problem(400, "sandbox-card-unknown");
}

#[tokio::test]
async fn a_full_status_list_is_followed_by_the_next() {
    use assent_core::encoding::jws::UnverifiedJws;
    use assent_core::status::{StatusBits, StatusList};
    let server = Sandbox::start_with(|config| config.issuer.status_list_size = 8).await;
    let list = |id: &str| server.url(&format!("/issuer/status-lists/{id}"));
    let mut places: Vec<(String, u64)> = Vec::new();
    let mut offers = Vec::new();
    // 20 copies on lists of 8 places: two full ones and half of a third.
    for copies in [5, 5, 5, 5] {
        let (cards, offer) = server.get_card("residence", copies).await;
        for card in &cards {
            let status = &card.sd_jwt.claims()["status"]["status_list"];
            places.push((
                status["uri"].as_str().unwrap().to_owned(),
                status["idx"].as_u64().unwrap(),
            ));
        }
        offers.push(offer);
    }
    let mut once = places.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), 20, "a place was given twice: {places:?}");
    let on = |id: &str| places.iter().filter(|(uri, _)| *uri == list(id)).count();
    assert_eq!((on("1"), on("2"), on("3")), (8, 8, 4), "{places:?}");
    assert!(places.iter().all(|(_, idx)| *idx < 8));
    let in_order = |list: &[(String, u64)]| list.iter().map(|(_, idx)| *idx).is_sorted();
    assert!(
        !(in_order(&places[..8]) && in_order(&places[8..16])),
        "places in order tell when each was given (one false alarm in 40320 times 40320)"
    );

    // Every list is served under its own address, and shows its own cards: the second batch spans two of them.
    let revoked = server
        .post("/v1/sandbox/cards/revoke", &json!({ "offer_id": offers[1] }))
        .await
        .expect(200)
        .json();
    assert_eq!(revoked["copies"], 5);
    let mut set = Vec::new();
    for id in ["1", "2", "3"] {
        let token = server
            .get(&format!("/issuer/status-lists/{id}"))
            .await
            .expect(200)
            .text;
        let claims = UnverifiedJws::parse(&token).unwrap().unverified_claims().unwrap();
        assert_eq!(claims["sub"], list(id));
        let bits =
            StatusList::from_lst(StatusBits::One, claims["status_list"]["lst"].as_str().unwrap()).unwrap();
        for idx in 0..8 {
            if bits.get(idx).unwrap().value() == 1 {
                set.push((list(id), idx));
            }
        }
    }
    let mut expected = places[5..10].to_vec();
    expected.sort();
    assert_eq!(set, expected);
    server
        .get("/issuer/status-lists/4")
        .await
        .problem(404, "status-list-unknown");
}

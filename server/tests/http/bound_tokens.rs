//! Access tokens bound to a key of the wallet (RFC 9449; CI-15, CI-16).

use assent_core::encoding::form;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::credential::Proofs;
use assent_core::oid4vci::dpop::Which;
use assent_core::oid4vci::{
    Access, CredentialRequest, CredentialTarget, DpopKey, DpopSession, Notification, NotificationEvent,
    SecretText,
};
use assent_core::profile::Endpoint;
use assent_server::config::DpopRule;
use serde_json::{Value, json};

use crate::common::Sandbox;
use crate::common::holder::{PROFILE, key, redeeming};

pub(crate) fn error(response: &HttpResponse) -> (u16, String) {
    let body: Value = serde_json::from_str(&response.body).unwrap();
    (
        response.status,
        body["error"].as_str().unwrap_or_default().to_owned(),
    )
}

pub(crate) fn said(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

#[track_caller]
fn all(response: &HttpResponse, name: &str) -> Vec<String> {
    let headers = response.headers.iter();
    headers
        .filter(|(this, _)| this == name)
        .map(|(_, value)| value.clone())
        .collect()
}

impl Sandbox {
    async fn token_request(&self) -> (HttpRequest, String) {
        let (_, offer) = self.offer(&json!({ "card": "identity" })).await;
        let body = form::encode(redeeming(&offer));
        let media_type = "application/x-www-form-urlencoded";
        let request = HttpRequest::post(self.url("/issuer/token"), media_type, body, 1 << 16);
        let card = offer["credential_configuration_ids"][0].as_str().unwrap();
        (request, card.to_owned())
    }

    pub(crate) fn proved(&self, session: &DpopSession, request: &HttpRequest) -> HttpRequest {
        self.env(|env| session.prove(request.clone(), Which::Server, None, env))
            .unwrap()
    }

    /// A token that is bound to the key of the session, and the card it is for.
    async fn bound(&self, session: &mut DpopSession) -> (Access, String) {
        let (request, card) = self.token_request().await;
        let mut response = self.send(&self.proved(session, &request)).await;
        if session.must_retry(&response, Which::Server) {
            response = self.send(&self.proved(session, &request)).await;
        }
        assert_eq!(response.status, 200, "{}", response.body);
        let body: Value = serde_json::from_str(&response.body).unwrap();
        assert_eq!(body["token_type"], "DPoP");
        let access = Access {
            token: SecretText::new(body["access_token"].as_str().unwrap()),
            dpop: Some(session.clone()),
        };
        (access, card)
    }

    pub(crate) async fn credential_request(&self, access: &Access, card: &str) -> HttpRequest {
        let proof = self.proof(&key(), &self.nonce().await);
        let request = CredentialRequest {
            target: CredentialTarget::Configuration(card.to_owned()),
            proofs: Proofs::Jwt(vec![proof]),
        };
        let endpoint = Endpoint::parse(&self.url("/issuer/credential"), &PROFILE).unwrap();
        self.env(|env| request.to_http(&endpoint, access, &PROFILE, env))
            .unwrap()
    }
}

#[tokio::test]
async fn a_bound_token_is_good_with_its_key_from_the_token_to_the_notification() {
    let server = Sandbox::start().await;
    let metadata = server
        .get("/.well-known/oauth-authorization-server/issuer")
        .await
        .json();
    let algorithms = metadata["dpop_signing_alg_values_supported"].as_array().unwrap();
    assert!(algorithms.contains(&json!("ES256")));

    let mut session = server.env(DpopSession::fresh).unwrap();
    // The first proof has no nonce: RFC 9449 §8, once.
    let (request, card) = server.token_request().await;
    let response = server.send(&server.proved(&session, &request)).await;
    assert_eq!(error(&response), said(400, "use_dpop_nonce"));
    assert!(session.must_retry(&response, Which::Server));
    let response = server.send(&server.proved(&session, &request)).await;
    assert_eq!(response.status, 200, "{}", response.body);
    assert!(response.header("dpop-nonce").is_some(), "on good answers, too");
    assert!(!session.must_retry(&response, Which::Server));
    let body: Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!(body["token_type"], "DPoP");
    let mut access = Access {
        token: SecretText::new(body["access_token"].as_str().unwrap()),
        dpop: Some(session),
    };

    // The nonce of the token endpoint is not taken elsewhere; RFC 9449 §9: 401, and the challenge says how.
    let response = server
        .send(&server.credential_request(&access, &card).await)
        .await;
    assert_eq!(error(&response), said(401, "use_dpop_nonce"));
    let challenges = all(&response, "www-authenticate");
    assert_eq!(
        challenges,
        [r#"DPoP error="use_dpop_nonce", algs="ES256 ES384 EdDSA""#]
    );
    assert!(
        access
            .dpop
            .as_mut()
            .unwrap()
            .must_retry(&response, Which::Resource)
    );
    let response = server
        .send(&server.credential_request(&access, &card).await)
        .await;
    assert_eq!(response.status, 200, "{}", response.body);
    let body: Value = serde_json::from_str(&response.body).unwrap();
    let notification = Notification {
        notification_id: body["notification_id"].as_str().unwrap().to_owned(),
        event: NotificationEvent::CredentialAccepted,
        event_description: None,
    };
    let endpoint = Endpoint::parse(&server.url("/issuer/notification"), &PROFILE).unwrap();
    let notify = server
        .env(|env| notification.to_http(&endpoint, &access, &PROFILE, env))
        .unwrap();
    assert_eq!(server.send(&notify).await.status, 204);
    // The same message with the proof it already used.
    assert_eq!(
        error(&server.send(&notify).await),
        said(401, "invalid_dpop_proof")
    );
}

/// OpenID4VCI 1.0 §7.2: the nonce for the next proof comes with the one for key proofs.
#[tokio::test]
async fn the_nonce_endpoint_gives_the_nonce_of_the_credential_endpoint() {
    let server = Sandbox::start().await;
    let mut session = server.env(DpopSession::fresh).unwrap();
    let (mut access, card) = server.bound(&mut session).await;
    let empty = HttpRequest::post(server.url("/issuer/nonce"), "text/plain", String::new(), 1 << 16);
    let response = server.send(&empty).await;
    access.dpop.as_mut().unwrap().note(&response, Which::Resource);
    let response = server
        .send(&server.credential_request(&access, &card).await)
        .await;
    assert_eq!(response.status, 200, "{}", response.body);
}

#[tokio::test]
async fn a_token_is_used_as_what_it_is() {
    let server = Sandbox::start().await;
    let mut session = server.env(DpopSession::fresh).unwrap();
    let (bound, card) = server.bound(&mut session).await;
    let nonce = server
        .send(&HttpRequest::post(
            server.url("/issuer/nonce"),
            "text/plain",
            String::new(),
            1 << 16,
        ))
        .await;
    let mut session = bound.dpop.clone().unwrap();
    session.note(&nonce, Which::Resource);
    let mut other = DpopSession::new(DpopKey::from(key()));
    other.note(&nonce, Which::Resource);

    let (_, offer) = server.offer(&json!({ "card": "identity" })).await;
    let answer = server.token(&offer, None).await.expect(200).json();
    assert_eq!(answer["token_type"], "Bearer");
    let bearer = SecretText::new(answer["access_token"].as_str().unwrap());
    for (what, token, dpop) in [
        ("bound, as a bearer token", &bound.token, None),
        ("bound, with another key", &bound.token, Some(other)),
        ("bearer, with a proof", &bearer, Some(session.clone())),
    ] {
        let access = Access {
            token: token.clone(),
            dpop,
        };
        let response = server
            .send(&server.credential_request(&access, &card).await)
            .await;
        assert_eq!(error(&response), said(401, "invalid_token"), "{what}");
        let challenges = all(&response, "www-authenticate");
        assert!(challenges.iter().any(|it| it.starts_with("DPoP ")), "{what}");
        assert!(challenges.iter().any(|it| it.starts_with("Bearer ")), "{what}");
    }
    // And both as they are.
    for (token, dpop) in [(bound.token, Some(session)), (bearer, None)] {
        let access = Access { token, dpop };
        let response = server
            .send(&server.credential_request(&access, &card).await)
            .await;
        assert_eq!(response.status, 200, "{}", response.body);
    }
}

#[tokio::test]
async fn proofs_that_are_refused() {
    let server = Sandbox::start().await;
    let mut session = server.env(DpopSession::fresh).unwrap();
    let (request, _) = server.token_request().await;
    let wanted = server.send(&server.proved(&session, &request)).await;
    assert!(session.must_retry(&wanted, Which::Server));
    let refused = |request: HttpRequest| {
        let server = &server;
        async move { error(&server.send(&request).await) }
    };
    let invalid = said(400, "invalid_dpop_proof");
    // Two proofs, no JWT, and one for another address.
    let twice = server.proved(&session, &server.proved(&session, &request));
    assert_eq!(refused(twice).await, invalid);
    assert_eq!(refused(request.clone().header("dpop", "x")).await, invalid);
    let elsewhere = HttpRequest {
        url: server.url("/issuer/par"),
        ..request.clone()
    };
    let elsewhere = HttpRequest {
        url: request.url.clone(),
        ..server.proved(&session, &elsewhere)
    };
    assert_eq!(refused(elsewhere).await, invalid);
    // Too old; but the nonce is, too, and that is told only when nothing else is wrong.
    let old = server.proved(&session, &request);
    server.pass(400);
    assert_eq!(refused(old).await, invalid);
    session.note(&wanted, Which::Server);
    let (request, _) = server.token_request().await;
    let stale = server.send(&server.proved(&session, &request)).await;
    assert_eq!(error(&stale), said(400, "use_dpop_nonce"));
    assert!(session.must_retry(&stale, Which::Server), "the nonce went on");
    // A code that was refused once is still good: no proof costs it.
    let good = server.proved(&session, &request);
    assert_eq!(server.send(&good).await.status, 200);
    // RFC 9449 §11.1: no proof twice, whatever it is for.
    assert_eq!(refused(good).await, invalid);
}

#[tokio::test]
async fn of_many_uses_of_one_proof_one_wins() {
    let server = Sandbox::start().await;
    let mut session = server.env(DpopSession::fresh).unwrap();
    let (request, _) = server.token_request().await;
    let wanted = server.send(&server.proved(&session, &request)).await;
    assert!(session.must_retry(&wanted, Which::Server));
    let request = server.proved(&session, &request);
    let answers = tokio::join!(
        server.send(&request),
        server.send(&request),
        server.send(&request),
        server.send(&request)
    );
    let answers = [answers.0, answers.1, answers.2, answers.3];
    let good = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(good.count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(error(answer), said(400, "invalid_dpop_proof"));
    }
}

#[tokio::test]
async fn where_bound_tokens_are_demanded_there_are_no_others() {
    let server = Sandbox::start_with(|config| config.issuer.dpop = DpopRule::Required).await;
    let (request, _) = server.token_request().await;
    assert_eq!(
        error(&server.send(&request).await),
        said(400, "invalid_dpop_proof")
    );
    let mut session = server.env(DpopSession::fresh).unwrap();
    server.bound(&mut session).await;
}

/// A wallet in a browser must be able to send the proof and read the nonce.
#[tokio::test]
async fn wallets_of_other_origins_can_use_proofs() {
    let server = Sandbox::start().await;
    let preflight = server
        .client
        .request(reqwest::Method::OPTIONS, server.url("/issuer/credential"))
        .header("origin", "https://wallet.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type,dpop",
        )
        .send()
        .await
        .unwrap();
    let allowed = preflight.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    assert!(allowed.contains("dpop"), "{allowed}");
    let response = server
        .client
        .post(server.url("/issuer/nonce"))
        .header("origin", "https://wallet.example")
        .header("content-length", "0")
        .send()
        .await
        .unwrap();
    let exposed = response.headers()["access-control-expose-headers"]
        .to_str()
        .unwrap();
    for name in ["dpop-nonce", "www-authenticate", "content-type"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    assert!(response.headers().contains_key("dpop-nonce"));
}

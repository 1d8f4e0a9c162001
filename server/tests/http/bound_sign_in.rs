//! A sign-in bound to a key of the wallet, from the pushed request to the card that comes later (RFC 9449 §5, §10; CI-11,
//! CI-16, CI-27), with every message in its envelope.

use assent_core::encoding::form;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::authorization::{
    AuthorizationAnswer, AuthorizationRequest, Expected, PushedAnswer,
};
use assent_core::oid4vci::dpop::Which;
use assent_core::oid4vci::token::TokenType;
use assent_core::oid4vci::{
    Access, ClientAuth, CredentialAnswer, CredentialRequest, CredentialTarget, DeferredRequest, DpopKey,
    DpopSession, Grant, PkceVerifier, Proofs, SecretText, TokenRequest, TokenResponse,
};
use assent_core::profile::Endpoint;
use serde_json::json;

use crate::authorize::{BACK, CLIENT};
use crate::bound_tokens::{error, said};
use crate::common::Sandbox;
use crate::common::holder::{PROFILE, key};

/// A wallet that signs somebody in.
struct Wallet<'a> {
    server: &'a Sandbox,
    session: DpopSession,
    verifier: PkceVerifier,
}

impl<'a> Wallet<'a> {
    fn new(server: &'a Sandbox) -> Self {
        Self {
            server,
            session: DpopSession::new(DpopKey::from(key())),
            verifier: server.env(PkceVerifier::generate).unwrap(),
        }
    }

    fn endpoint(&self, path: &str) -> Endpoint {
        Endpoint::parse(&self.server.url(path), &PROFILE).unwrap()
    }

    /// A request for the identity card, with the state of an offer where there is one.
    fn pushed(&self, issuer_state: Option<&str>, dpop_jkt: Option<&str>) -> HttpRequest {
        let request = AuthorizationRequest {
            client_id: CLIENT.into(),
            redirect_uri: BACK.into(),
            state: Some("st".into()),
            code_challenge: self.verifier.challenge(),
            scope: Vec::new(),
            configuration_ids: vec!["identity".into()],
            issuer_state: issuer_state.map(str::to_owned),
            dpop_jkt: dpop_jkt.map(str::to_owned),
            resource: None,
        };
        request.to_pushed(
            &self.endpoint("/issuer/par"),
            &ClientAuth::public(CLIENT),
            &PROFILE,
        )
    }

    /// Sends a request to the authorization server with a proof, and once more when it wants a nonce.
    async fn prove(&mut self, request: &HttpRequest) -> HttpResponse {
        loop {
            let response = self
                .server
                .send(&self.server.proved(&self.session, request))
                .await;
            if !self.session.must_retry(&response, Which::Server) {
                return response;
            }
        }
    }

    /// The code, once the person went on.
    async fn code(&self, pushed: &HttpResponse) -> SecretText {
        let uri = PushedAnswer::from_response(pushed, &PROFILE).unwrap().request_uri;
        let body = form::encode([
            ("client_id", CLIENT),
            ("request_uri", &uri),
            ("answer", "continue"),
        ]);
        let media_type = "application/x-www-form-urlencoded";
        let request = HttpRequest::post(self.server.url("/issuer/authorize"), media_type, body, 1 << 16);
        let request = request
            .header("origin", self.server.base.as_str())
            .header("sec-fetch-site", "same-origin");
        let response = self.server.send(&request).await;
        let expected = Expected {
            state: "st",
            issuer: &self.endpoint("/issuer"),
            iss_required: true,
        };
        AuthorizationAnswer::read(response.header("location").unwrap(), &expected)
            .unwrap()
            .code
    }

    fn redeem(&self, code: &SecretText) -> HttpRequest {
        self.token_request(Grant::AuthorizationCode {
            code: code.clone(),
            redirect_uri: BACK.into(),
            code_verifier: self.verifier.secret().clone(),
        })
    }

    fn refresh(&self, refresh_token: &SecretText) -> HttpRequest {
        self.token_request(Grant::Refresh {
            refresh_token: refresh_token.clone(),
        })
    }

    fn token_request(&self, grant: Grant) -> HttpRequest {
        let client = ClientAuth::public(CLIENT);
        let configuration_ids = Vec::new();
        let request = TokenRequest {
            grant,
            client,
            configuration_ids,
        };
        request.to_http(&self.endpoint("/issuer/token"), &PROFILE)
    }

    /// Sends a request with a token and its proof, in an envelope.
    async fn ask(
        &self,
        access: &mut Access,
        make: impl Fn(&Access) -> HttpRequest,
    ) -> Result<CredentialAnswer, (u16, String)> {
        let exchange = self.server.exchange().await;
        loop {
            let request = self.server.env(|env| exchange.seal(make(access), env)).unwrap();
            let response = self.server.send(&request).await;
            if let Some(session) = &mut access.dpop
                && session.must_retry(&response, Which::Resource)
            {
                continue;
            }
            if response.status >= 400 {
                return Err(error(&response));
            }
            assert_eq!(response.media_type().as_deref(), Some("application/jwt"));
            let opened = exchange.open(response).unwrap();
            return Ok(CredentialAnswer::from_response(&opened, 1, &PROFILE).unwrap());
        }
    }

    async fn pick_up(
        &self,
        access: &mut Access,
        transaction_id: &str,
    ) -> Result<CredentialAnswer, (u16, String)> {
        let endpoint = self.endpoint("/issuer/deferred_credential");
        let request = DeferredRequest {
            transaction_id: transaction_id.to_owned(),
        };
        let make = |access: &Access| {
            self.server
                .env(|env| request.to_http(&endpoint, access, &PROFILE, env))
                .unwrap()
        };
        self.ask(access, make).await
    }
}

#[tokio::test]
async fn a_code_is_good_only_with_the_key_it_was_asked_for_with() {
    let server = Sandbox::start().await;
    // The key is named, or proved, or both (§10, §10.1).
    for (named, proved) in [(true, false), (false, true), (true, true)] {
        let mut wallet = Wallet::new(&server);
        let jkt = wallet.session.jkt();
        let request = wallet.pushed(None, named.then_some(jkt.as_str()));
        let pushed = match proved {
            true => wallet.prove(&request).await,
            false => server.send(&request).await,
        };
        let code = wallet.code(&pushed).await;
        let redeem = wallet.redeem(&code);
        let mut thief = Wallet::new(&server);
        assert_eq!(
            error(&thief.prove(&redeem).await),
            said(400, "invalid_grant"),
            "another key"
        );
        assert_eq!(
            error(&server.send(&redeem).await),
            said(400, "invalid_grant"),
            "no proof"
        );
        let token = TokenResponse::from_response(&wallet.prove(&redeem).await, true, &PROFILE).unwrap();
        assert_eq!(token.token_type, TokenType::Dpop);
    }
    // Two keys.
    let mut wallet = Wallet::new(&server);
    let other = DpopKey::from(key()).thumbprint();
    let request = wallet.pushed(None, Some(&other));
    assert_eq!(
        error(&wallet.prove(&request).await),
        said(400, "invalid_dpop_proof")
    );
}

#[tokio::test]
async fn a_card_that_comes_later_is_fetched_with_a_fresh_token_of_the_same_key() {
    let server = Sandbox::start().await;
    let body = json!({ "card": "identity", "sign_in": true, "later_seconds": 7200 });
    let (_, offer) = server.offer(&body).await;
    let issuer_state = offer["grants"]["authorization_code"]["issuer_state"].as_str();
    let mut wallet = Wallet::new(&server);
    let pushed = wallet.prove(&wallet.pushed(issuer_state, None)).await;
    let code = wallet.code(&pushed).await;
    let token = wallet.prove(&wallet.redeem(&code)).await;
    let token = TokenResponse::from_response(&token, true, &PROFILE).unwrap();
    let refresh_token = token.refresh_token.clone().unwrap();
    let mut access = Access {
        token: token.access_token.clone(),
        dpop: Some(wallet.session.clone()),
    };
    let proof = server.proof(&key(), &server.nonce().await);
    let identifier = token.credential_identifier("identity").map(str::to_owned);
    let request = CredentialRequest {
        target: match identifier {
            Some(id) => CredentialTarget::Identifier(id),
            None => CredentialTarget::Configuration("identity".into()),
        },
        proofs: Proofs::Jwt(vec![proof]),
    };
    let endpoint = wallet.endpoint("/issuer/credential");
    let make = |access: &Access| {
        server
            .env(|env| request.to_http(&endpoint, access, &PROFILE, env))
            .unwrap()
    };
    let later = wallet.ask(&mut access, make).await.unwrap();
    let CredentialAnswer::Later { transaction_id, .. } = later else {
        panic!("{later:?}")
    };
    // Two hours later the token is over. A new one goes to the same key only.
    server.pass(7200);
    assert_eq!(
        wallet.pick_up(&mut access, &transaction_id).await,
        Err(said(401, "invalid_token"))
    );
    let refresh = wallet.refresh(&refresh_token);
    let mut thief = Wallet::new(&server);
    assert_eq!(error(&thief.prove(&refresh).await), said(400, "invalid_grant"));
    assert_eq!(error(&server.send(&refresh).await), said(400, "invalid_grant"));
    let fresh = TokenResponse::from_response(&wallet.prove(&refresh).await, true, &PROFILE).unwrap();
    assert_eq!(fresh.token_type, TokenType::Dpop);
    access.token = fresh.access_token;

    // Only with its key: not with another, not as a bearer token. Also when an answer may have been lost.
    let mut ids = Vec::new();
    for _ in 0..3 {
        for dpop in [None, Some(thief.session.clone())] {
            let mut stolen = Access {
                token: access.token.clone(),
                dpop,
            };
            assert_eq!(
                wallet.pick_up(&mut stolen, &transaction_id).await,
                Err(said(401, "invalid_token"))
            );
        }
        let issued = wallet.pick_up(&mut access, &transaction_id).await.unwrap();
        let CredentialAnswer::Issued(cards) = issued else {
            panic!("{issued:?}")
        };
        assert_eq!(cards.credentials.len(), 1);
        ids.extend(cards.notification_id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    // A day later nobody gets it any more.
    server.pass(86_400);
    let refresh = wallet.refresh(&refresh_token);
    let fresh = TokenResponse::from_response(&wallet.prove(&refresh).await, true, &PROFILE).unwrap();
    access.token = fresh.access_token;
    assert_eq!(
        wallet.pick_up(&mut access, &transaction_id).await,
        Err(said(400, "invalid_transaction_id"))
    );
}

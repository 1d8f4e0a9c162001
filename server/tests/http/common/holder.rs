//! A small holder over HTTP, built from core: gets cards, answers requests, withdraws.

use assent_core::claims::ClaimsPath;
use assent_core::consent::{
    Binding, ConsentRequest, CredentialUse, Decision, FORMAT, LinkabilityInput, LinkabilityReport,
    ReceiptKey, VerifiedReceipt,
};
use assent_core::crypto::{RustCrypto, Signer as _, SoftwareKey};
use assent_core::env::{Env, Timestamp};
use assent_core::http::{HttpRequest, HttpResponse, Method};
use assent_core::oid4vci::offer::PRE_AUTHORIZED_CODE;
use assent_core::oid4vci::{CredentialRequest, CredentialTarget, KeyProof, OfferLink, Proofs};
use assent_core::oid4vp::{
    AuthorizationError, AuthorizationErrorCode, AuthorizationRequestLink, CheckedRequest, RequestCheck,
    Requester, UnverifiedRequest, VpToken,
};
use assent_core::profile::{Endpoint, Profile};
use assent_core::sd_jwt::HolderSdJwt;
use assent_core::trust::TrustAnchors;
use assent_server::crypto::SystemRandom;
use serde_json::Value;

use super::{Answer, Sandbox};

pub const PROFILE: Profile = Profile::BASELINE.sandbox();

/// One copy of a card.
pub struct Card {
    pub vct: String,
    pub sd_jwt: HolderSdJwt,
    pub key: SoftwareKey,
}

/// What a holder made of a request.
pub struct Response {
    pub http: HttpRequest,
    pub receipt: Option<(VerifiedReceipt, SoftwareKey)>,
}

pub fn key() -> SoftwareKey {
    SoftwareKey::generate(&mut SystemRandom::default()).unwrap()
}

/// What redeems the pre-authorised code of an offer.
pub fn redeeming(offer: &Value) -> Vec<(&str, &str)> {
    let code = &offer["grants"][PRE_AUTHORIZED_CODE]["pre-authorized_code"];
    vec![
        ("grant_type", PRE_AUTHORIZED_CODE),
        ("pre-authorized_code", code.as_str().unwrap()),
    ]
}

impl Sandbox {
    /// The server's time.
    pub fn now(&self) -> Timestamp {
        self.server_now()
    }

    pub fn env<T>(&self, work: impl FnOnce(&mut Env<'_>) -> T) -> T {
        let mut rng = SystemRandom::default();
        work(&mut Env {
            now: self.now(),
            rng: &mut rng,
        })
    }

    /// Sends what a flow of core wants sent.
    pub async fn send(&self, request: &HttpRequest) -> HttpResponse {
        let mut out = match request.method {
            Method::Get => self.client.get(&request.url),
            Method::Post => self.client.post(&request.url),
            Method::Put => self.client.put(&request.url),
            Method::Delete => self.client.delete(&request.url),
        };
        for (name, value) in &request.headers {
            out = out.header(name, value);
        }
        if let Some(body) = &request.body {
            out = out.body(body.clone());
        }
        let response = out.send().await.unwrap();
        HttpResponse {
            status: response.status().as_u16(),
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: response.text().await.unwrap(),
        }
    }

    /// Offers a card and gives back the offer as JSON.
    pub async fn offer(&self, body: &Value) -> (Value, Value) {
        let made = self.post("/v1/sandbox/offers", body).await.expect(201).json();
        let offer = match OfferLink::parse(made["link"].as_str().unwrap(), &PROFILE).unwrap() {
            OfferLink::ByValue(offer) => offer.to_json(),
            OfferLink::ByReference(uri) => {
                let path = uri.as_str().strip_prefix(&self.base).unwrap().to_owned();
                self.get(&path).await.expect(200).json()
            }
        };
        (made, offer)
    }

    /// Asks for a token with the code of an offer.
    pub async fn token(&self, offer: &Value, tx_code: Option<&str>) -> Answer {
        let mut pairs = redeeming(offer);
        pairs.extend(tx_code.map(|typed| ("tx_code", typed)));
        self.form("/issuer/token", &[], pairs).await
    }

    pub async fn nonce(&self) -> String {
        let request = self
            .client
            .post(self.url("/issuer/nonce"))
            .header("content-length", "0");
        let answer = Answer::read(request.send().await.unwrap()).await.expect(200);
        assert_eq!(answer.headers["cache-control"], "no-store");
        answer.json()["c_nonce"].as_str().unwrap().to_owned()
    }

    /// A signed key proof.
    pub fn proof(&self, key: &SoftwareKey, nonce: &str) -> String {
        let issuer = Endpoint::parse(&self.url("/issuer"), &PROFILE).unwrap();
        KeyProof {
            issuer: &issuer,
            c_nonce: Some(nonce),
            client_id: None,
            issued_at: self.now(),
            key_attestation: None,
        }
        .sign(key)
        .unwrap()
    }

    pub async fn credential(&self, token: &str, card: &str, proofs: Vec<String>) -> Answer {
        let request = CredentialRequest {
            target: CredentialTarget::Configuration(card.into()),
            proofs: Proofs::Jwt(proofs),
        };
        self.call("POST", "/issuer/credential", token, &[], Some(&request.to_json()))
            .await
    }

    /// Gets copies of a card, the whole way.
    pub async fn get_card(&self, card: &str, copies: usize) -> (Vec<Card>, String) {
        let (made, offer) = self.offer(&serde_json::json!({ "card": card })).await;
        let token = self.token(&offer, None).await.expect(200).json()["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        let nonce = self.nonce().await;
        let keys: Vec<SoftwareKey> = (0..copies).map(|_| key()).collect();
        let proofs = keys.iter().map(|key| self.proof(key, &nonce)).collect();
        let configuration = offer["credential_configuration_ids"][0].as_str().unwrap();
        let answer = self
            .credential(&token, configuration, proofs)
            .await
            .expect(200)
            .json();
        let cards = answer["credentials"]
            .as_array()
            .unwrap()
            .iter()
            .zip(keys)
            .map(|(entry, key)| {
                let sd_jwt = HolderSdJwt::open(entry["credential"].as_str().unwrap()).unwrap();
                assert_eq!(sd_jwt.holder_key(), Some(key.public_key()));
                Card {
                    vct: sd_jwt.vct().unwrap().to_owned(),
                    sd_jwt,
                    key,
                }
            });
        (cards.collect(), made["offer_id"].as_str().unwrap().to_owned())
    }

    pub async fn anchors(&self) -> TrustAnchors {
        TrustAnchors::from_json(&self.get("/v1/registry/anchors").await.expect(200).json()).unwrap()
    }

    /// Opens a request as a wallet does, with every check of core.
    pub async fn open_request(&self, link: &str) -> CheckedRequest {
        let link = AuthorizationRequestLink::parse(link, &PROFILE).unwrap();
        let nonce = "wallet-nonce-0123456789";
        let fetch = link.fetch(nonce, &PROFILE);
        let request = match fetch {
            Some(fetch) => UnverifiedRequest::from_response(&link, nonce, &self.send(&fetch).await).unwrap(),
            None => UnverifiedRequest::from_link(&link).unwrap(),
        };
        let anchors = self.anchors().await;
        request
            .check(&RequestCheck {
                anchors: &anchors,
                now: self.now(),
                profile: &PROFILE,
                crypto: &RustCrypto,
                did_document: None,
            })
            .unwrap()
    }

    /// Answers a request with cards, for the purposes named, and a receipt when there is a place for one.
    pub fn answer(
        &self,
        request: &CheckedRequest,
        cards: &[Card],
        queries: &[&str],
        purposes: &[&str],
    ) -> Response {
        self.answer_with(request, cards, queries, purposes, request.nonce())
    }

    /// The same, with a receipt that is bound to `receipt_nonce`.
    pub fn answer_with(
        &self,
        request: &CheckedRequest,
        cards: &[Card],
        queries: &[&str],
        purposes: &[&str],
        receipt_nonce: &str,
    ) -> Response {
        let mut token = VpToken::new();
        let client_id = request.client_id().as_str();
        for query in request.query_json()["credentials"].as_array().unwrap() {
            let id = query["id"].as_str().unwrap();
            if !queries.contains(&id) {
                continue;
            }
            let vct = query["meta"]["vct_values"][0].as_str().unwrap();
            let paths: Vec<ClaimsPath> = query["claims"]
                .as_array()
                .unwrap()
                .iter()
                .map(|claim| ClaimsPath::from_json(&claim["path"]).unwrap())
                .collect();
            let card = cards.iter().find(|card| card.vct == vct).unwrap();
            let approved = card.sd_jwt.needed_approval(&paths).unwrap();
            let presentation = card
                .sd_jwt
                .present(&approved, request.nonce(), client_id, self.now(), &card.key)
                .unwrap();
            token.add(id, presentation);
        }
        let receipt = self.consent_request(request).map(|consent| {
            let key = key();
            let granted: Vec<String> = purposes.iter().map(|id| (*id).to_owned()).collect();
            let linkability = LinkabilityReport::compute(&LinkabilityInput {
                credentials: &[] as &[CredentialUse<'_>],
                receipt_key: ReceiptKey::Fresh,
                operator_sees: true,
            });
            let decision = Decision {
                request: &consent,
                granted: &granted,
                linkability: &linkability,
                language: "en",
            };
            let receipt = self.env(|env| decision.mint(&key, env)).unwrap();
            let bound = HolderSdJwt::open(receipt.compact())
                .unwrap()
                .present(&[], receipt_nonce, client_id, self.now(), &key)
                .unwrap();
            token.add("receipt", bound);
            (receipt, key)
        });
        let http = self.env(|env| request.reply_to().present(&token, env)).unwrap();
        Response { http, receipt }
    }

    pub fn refuse(&self, request: &CheckedRequest) -> HttpRequest {
        let error = AuthorizationError::new(AuthorizationErrorCode::AccessDenied);
        self.env(|env| request.reply_to().refuse(&error, env)).unwrap()
    }

    /// The consent request of a request, verified.
    pub fn consent_request(&self, request: &CheckedRequest) -> Option<ConsentRequest> {
        let Requester::Certificate(chain) = request.requester() else {
            return None;
        };
        let info = request
            .verifier_info()
            .iter()
            .find(|info| info.format == FORMAT)?;
        let binding = Binding {
            client_id: request.client_id().as_str(),
            nonce: request.nonce(),
            dcql_query: request.query_json(),
            leaf_sha256: Some(chain.leaf_sha256),
        };
        let jwt = info.data.as_str().unwrap();
        Some(
            ConsentRequest::verify(jwt, &chain.leaf_key, &binding, self.now(), &PROFILE, &RustCrypto)
                .unwrap(),
        )
    }
}

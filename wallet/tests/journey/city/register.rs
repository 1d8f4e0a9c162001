//! A register where people sign in, that gives cards at once or later, checks whatever a wallet sends, and can lie in
//! every answer. Built from core's messages, not from its issuer: what it does wrong is up to the test.

use assent_core::crypto::{PublicKey, RustCrypto, SoftwareKey};
use assent_core::encoding::form;
use assent_core::encoding::record::ToJson as _;
use assent_core::env::{Env, Timestamp};
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::issuer::sandbox;
use assent_core::oid4vci::attestation::{
    CHALLENGE_HEADER, ClientExpectation, KeyAttestationUse, VerifiedClient, VerifiedKeyAttestation,
};
use assent_core::oid4vci::authorization::{AuthorizationRequest, redirect_with_code, redirect_with_error};
use assent_core::oid4vci::client::{ATTESTATION_HEADER, ATTESTATION_POP_HEADER};
use assent_core::oid4vci::dpop::{DpopError, DpopExpectation, NonceRule, VerifiedDpopProof};
use assent_core::oid4vci::encryption::{EncryptionRule, RequestKey, announcement, open_request};
use assent_core::oid4vci::metadata::ATTESTED;
use assent_core::oid4vci::pkce::challenge_matches;
use assent_core::oid4vci::proof::{ProofExpectation, VerifiedKeyProof};
use assent_core::oid4vci::{
    Attesters, CredentialRequest, CredentialTarget, DeferredRequest, Grant, Proofs, RejectionCode,
    SecretText, TokenRequest,
};
use assent_core::profile::Endpoint;
use assent_core::sd_jwt::{DisclosurePolicy, SdJwtBuilder};
use assent_core::trust::TrustAnchors;
use serde_json::{Value, json};

use super::{BASE, City, Counter, NOW, PROFILE, ok, provider, respond};
use crate::certificates::{Chain, chain};

/// What a register says instead: endpoint, and its answer.
pub type Lie = Box<dyn FnMut(&str, &mut HttpResponse)>;

pub struct Register {
    /// After the city's address.
    pub path: &'static str,
    chain: Chain,
    encryption_key: RequestKey,
    /// Whether it takes DPoP, and demands nonces of its own.
    pub dpop: bool,
    pub dpop_nonces: bool,
    pub encryption: EncryptionRule,
    pub pushes: bool,
    /// Whether its cards have scopes.
    pub scopes: bool,
    /// Says that it names itself in answers (RFC 9207).
    pub names_itself: bool,
    /// The authorization server lives elsewhere, and issues for several.
    pub other_server: Option<&'static str>,
    /// Looks at no proofs, and gives tokens for anybody.
    pub ignores_proofs: bool,
    /// Names what it gives (§6.2).
    pub identifiers: bool,
    /// Cards come so many seconds later.
    pub later: Option<u64>,
    /// Gives what came later again, as long as nobody says that it arrived.
    pub gives_again: bool,
    /// Demands that somebody vouches for wallets; and for keys, with proofs of this type.
    pub attested_wallets: bool,
    pub attested_keys: Option<&'static str>,
    /// What such keys must be like.
    pub key_storage: Vec<&'static str>,
    /// Its challenge endpoint gives what is no longer good.
    pub stale_challenges: bool,
    /// The keys of the wallets that authenticated themselves, request by request.
    pub instances: Vec<PublicKey>,
    /// Seconds a token lives.
    pub token_life: i64,
    pub lie: Option<Lie>,
    /// What wallets said became of their cards.
    pub told: Vec<String>,
    /// Endpoints that were asked, in order.
    pub asked: Vec<String>,
    /// Seconds after the beginning.
    pub clock: i64,
    pub pushed: Vec<(String, AuthorizationRequest)>,
    codes: Vec<(String, AuthorizationRequest)>,
    /// The tokens that are good now.
    access: Option<(String, Option<String>, Timestamp)>,
    refresh: Option<String>,
    client: Option<String>,
    /// What is asked for later: transaction, configuration, keys, when.
    transactions: Vec<(String, String, Vec<PublicKey>, Timestamp)>,
    nonces: usize,
    proofs: Vec<String>,
    rng: Counter,
}

impl Register {
    pub fn new(path: &'static str) -> Self {
        Self {
            path,
            chain: chain("City register", 21),
            encryption_key: RequestKey::new(SoftwareKey::from_bytes(&[9; 32]).unwrap()),
            dpop: true,
            dpop_nonces: false,
            encryption: EncryptionRule::Off,
            pushes: true,
            scopes: true,
            names_itself: true,
            other_server: None,
            ignores_proofs: false,
            identifiers: false,
            later: None,
            attested_wallets: false,
            attested_keys: None,
            key_storage: Vec::new(),
            stale_challenges: false,
            instances: Vec::new(),
            token_life: 3600,
            lie: None,
            told: vec![],
            asked: Vec::new(),
            clock: 0,
            pushed: Vec::new(),
            codes: Vec::new(),
            access: None,
            refresh: None,
            client: None,
            gives_again: false,
            transactions: Vec::new(),
            nonces: 0,
            proofs: Vec::new(),
            rng: Counter(1 << 50),
        }
    }

    /// How often an endpoint was asked.
    pub fn times(&self, endpoint: &str) -> usize {
        self.asked.iter().filter(|asked| *asked == endpoint).count()
    }

    fn attesters<'a>(&self, anchors: &'a TrustAnchors) -> Attesters<'a> {
        Attesters {
            anchors,
            now: self.now(),
            profile: &PROFILE,
            crypto: &RustCrypto,
        }
    }

    /// Announces another key from now on, and has lost the one before.
    pub fn change_encryption_key(&mut self) {
        self.encryption_key = RequestKey::new(SoftwareKey::from_bytes(&[10; 32]).unwrap());
    }

    pub fn id(&self) -> String {
        format!("{BASE}{}", self.path)
    }

    fn server(&self) -> String {
        let path = self.other_server.unwrap_or(self.path);
        format!("{BASE}{path}")
    }

    fn now(&self) -> Timestamp {
        NOW.plus(self.clock)
    }

    fn token(&mut self, what: &str) -> String {
        self.nonces += 1;
        format!("{what}-{}-{}", &self.path[1..], self.nonces)
    }

    /// A link that offers a card to whoever signs in.
    pub fn offer(&self, cards: &[&str]) -> String {
        let mut grant = json!({ "issuer_state": "as it came" });
        if self.other_server.is_some() {
            grant["authorization_server"] = self.server().into();
        }
        self.link(cards, json!({ "authorization_code": grant }))
    }

    /// A link that offers cards without a sign-in.
    pub fn gift(&self, cards: &[&str]) -> String {
        let grant = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
        self.link(cards, json!({ grant: { "pre-authorized_code": "gift" } }))
    }

    fn link(&self, cards: &[&str], grants: Value) -> String {
        let offer = json!({ "credential_issuer": self.id(), "credential_configuration_ids": cards, "grants": grants });
        let query = form::encode([("credential_offer", offer.to_string().as_str())]);
        format!("openid-credential-offer://?{query}")
    }

    /// The person signs in where the wallet sent them; the address that the browser comes back with.
    pub fn sign_in(&mut self, url: &str) -> String {
        let (request, issuer) = self.arrival(url);
        let code = self.token("code");
        self.codes.push((code.clone(), request.clone()));
        let code = SecretText::new(code);
        redirect_with_code(&request.redirect_uri, &code, request.state.as_deref(), &issuer)
    }

    /// The person says no.
    pub fn decline(&mut self, url: &str) -> String {
        let (request, issuer) = self.arrival(url);
        let error = RejectionCode::AccessDenied;
        redirect_with_error(&request.redirect_uri, &error, request.state.as_deref(), &issuer)
    }

    fn arrival(&mut self, url: &str) -> (AuthorizationRequest, Endpoint) {
        let at = format!("{}/authorize?", self.server());
        let query = url.strip_prefix(&at).expect("the person is at another server");
        let pairs = form::decode(query).unwrap();
        let request = match form::get(&pairs, "request_uri") {
            Some(uri) => {
                let at = self.pushed.iter().position(|(pushed, _)| pushed == uri);
                let (_, request) = self.pushed.remove(at.expect("nobody pushed this"));
                assert_eq!(form::get(&pairs, "client_id"), Some(request.client_id.as_str()));
                assert_eq!(pairs.len(), 2, "nothing else goes through the browser");
                request
            }
            None => AuthorizationRequest::parse(query, &PROFILE).unwrap(),
        };
        (request, Endpoint::parse(&self.server(), &PROFILE).unwrap())
    }

    fn metadata(&self, city: &City) -> Value {
        let text = city.settings.metadata(&PROFILE).unwrap().to_json().to_string();
        let mut out: Value =
            serde_json::from_str(&text.replace(&format!("{BASE}/issuer"), &self.id())).unwrap();
        out["deferred_credential_endpoint"] = format!("{}/deferred", self.id()).into();
        if self.other_server.is_some() {
            out["authorization_servers"] = json!([format!("{BASE}/nobody"), self.server()]);
        }
        if let Some((request, response)) =
            announcement(self.encryption, std::slice::from_ref(&self.encryption_key))
        {
            out["credential_request_encryption"] = json!({ "jwks": { "keys": request.keys },
                "enc_values_supported": request.enc_values_supported, "encryption_required": request.encryption_required });
            out["credential_response_encryption"] = response.write_json();
        }
        let cards = out["credential_configurations_supported"]
            .as_object_mut()
            .unwrap();
        for (id, card) in cards {
            let card = card.as_object_mut().unwrap();
            card.remove("scope");
            if let Some(name) = self.attested_keys {
                let mut required = json!({});
                if !self.key_storage.is_empty() {
                    required["key_storage"] = json!(self.key_storage);
                }
                let proof = json!({ "proof_signing_alg_values_supported": ["ES256"], "key_attestations_required": required });
                card.insert("proof_types_supported".into(), json!({ name: proof }));
            }
            if self.scopes {
                card.insert("scope".into(), format!("scope.{id}").into());
            }
        }
        out
    }

    fn server_metadata(&self) -> Value {
        let at = |end: &str| format!("{}/{end}", self.server());
        let mut out = json!({
            "issuer": self.server(), "token_endpoint": at("token"), "authorization_endpoint": at("authorize"),
            "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
            "pre-authorized_grant_anonymous_access_supported": true,
            "authorization_response_iss_parameter_supported": self.names_itself,
        });
        if self.pushes {
            out["pushed_authorization_request_endpoint"] = at("par").into();
            out["require_pushed_authorization_requests"] = true.into();
        }
        if self.attested_wallets {
            out["token_endpoint_auth_methods_supported"] = json!([ATTESTED]);
            out["challenge_endpoint"] = at("challenge").into();
            out["pre-authorized_grant_anonymous_access_supported"] = false.into();
        }
        if self.dpop {
            out["dpop_signing_alg_values_supported"] = json!(["ES256"]);
        }
        out
    }

    /// The wallet authenticates itself, where that is demanded and only there.
    fn client(&mut self, request: &HttpRequest, client_id: Option<&str>) -> Result<(), HttpResponse> {
        let headers = [ATTESTATION_HEADER, ATTESTATION_POP_HEADER].map(|name| header(request, name));
        let [Some(attestation), Some(proof)] = headers else {
            assert_eq!(headers, [None, None]);
            assert!(!self.attested_wallets, "nobody vouches for the wallet");
            return Ok(());
        };
        assert!(self.attested_wallets, "nobody asked for that");
        let server = Endpoint::parse(&self.server(), &PROFILE).unwrap();
        let expected = ClientExpectation {
            server: &server,
            client_id,
        };
        let anchors = provider::anchors();
        let attesters = self.attesters(&anchors);
        let client = VerifiedClient::verify(attestation, proof, &expected, &attesters).unwrap();
        assert!(!self.proofs.contains(&client.jti), "a proof is used once");
        self.proofs.push(client.jti);
        let challenge = format!("challenge-{}", self.nonces);
        if client.challenge.as_deref() != Some(&challenge) {
            let mut answer = refusal(400, "use_attestation_challenge");
            answer.headers.push((CHALLENGE_HEADER.into(), challenge));
            return Err(answer);
        }
        self.instances.push(client.instance_key);
        Ok(())
    }

    /// The proof of a request, checked; or the demand for a nonce.
    fn proof(
        &self,
        request: &HttpRequest,
        token: Option<&SecretText>,
    ) -> Result<Option<String>, HttpResponse> {
        let Some(proof) = header(request, "dpop").filter(|_| !self.ignores_proofs) else {
            return Ok(None);
        };
        let at_server = token.is_none();
        let good = format!("nonce-{}-{}", if at_server { "as" } else { "rs" }, self.nonces);
        let is_good = |nonce: &str| nonce == good;
        let expected = DpopExpectation {
            method: request.method,
            url: &request.url,
            access_token: token,
            nonce: if self.dpop_nonces {
                NonceRule::Required(&is_good)
            } else {
                NonceRule::NotUsed
            },
            now: self.now(),
        };
        match VerifiedDpopProof::verify(proof, &expected, &PROFILE, &RustCrypto) {
            Ok(proof) => Ok(Some(proof.jkt)),
            Err(DpopError::Nonce) => {
                let body = json!({ "error": "use_dpop_nonce" }).to_string();
                let mut answer = respond(if at_server { 400 } else { 401 }, "application/json", &body);
                answer.headers.push(("dpop-nonce".into(), good));
                if !at_server {
                    let scheme = "DPoP error=\"use_dpop_nonce\"".to_owned();
                    answer.headers.push(("www-authenticate".into(), scheme));
                }
                Err(answer)
            }
            Err(error) => panic!("the proof is wrong: {error}"),
        }
    }

    fn give_tokens(&mut self, jkt: Option<String>) -> HttpResponse {
        let access = self.token("access");
        let until = self.now().plus(self.token_life);
        let mut out = json!({ "access_token": access, "expires_in": self.token_life,
            "token_type": if jkt.is_some() { "DPoP" } else { "Bearer" } });
        if jkt.is_some() {
            let refresh = self.token("refresh");
            out["refresh_token"] = refresh.clone().into();
            self.refresh = Some(refresh);
        }
        if self.identifiers {
            let named = |id: &str| {
                json!({ "type": "openid_credential", "credential_configuration_id": id,
                "credential_identifiers": [format!("this {id}")] })
            };
            out["authorization_details"] =
                json!([{ "type": "payment" }, named("identity"), named("residence")]);
        }
        self.access = Some((access, jkt, until));
        ok(&out)
    }

    fn redeem(&mut self, request: &HttpRequest) -> HttpResponse {
        let jkt = match self.proof(request, None) {
            Ok(jkt) => jkt,
            Err(answer) => return answer,
        };
        let used = header(request, "dpop").is_some();
        assert_eq!(used, self.dpop, "DPoP is used where it is offered");
        let asked = TokenRequest::parse(request.body.as_deref().unwrap()).unwrap();
        if let Err(answer) = self.client(request, asked.client.client_id.as_deref()) {
            return answer;
        }
        match asked.grant {
            Grant::PreAuthorized { code, .. } if code == SecretText::new("gift") => {
                assert_eq!(asked.client.client_id.is_some(), self.attested_wallets);
                self.client = asked.client.client_id;
                self.give_tokens(jkt)
            }
            Grant::AuthorizationCode {
                code,
                redirect_uri,
                code_verifier,
            } => {
                let at = self
                    .codes
                    .iter()
                    .position(|(given, _)| SecretText::new(given) == code);
                let Some(at) = at else {
                    return refusal(400, "invalid_grant");
                };
                let (_, request) = self.codes.remove(at);
                assert_eq!(request.redirect_uri, redirect_uri);
                assert_eq!(asked.client.client_id.as_ref(), Some(&request.client_id));
                if !self.ignores_proofs {
                    assert_eq!(request.dpop_jkt, jkt, "the code is bound to the key of the token");
                }
                assert!(challenge_matches(&request.code_challenge, &code_verifier));
                self.client = Some(request.client_id);
                self.give_tokens(jkt)
            }
            Grant::Refresh { refresh_token } => {
                let good = self
                    .refresh
                    .take()
                    .is_some_and(|good| SecretText::new(good) == refresh_token);
                let bound = self.access.as_ref().is_some_and(|(_, bound, _)| *bound == jkt);
                if good && bound {
                    self.give_tokens(jkt)
                } else {
                    refusal(400, "invalid_grant")
                }
            }
            Grant::PreAuthorized { .. } => refusal(400, "invalid_grant"),
        }
    }

    /// Whether the token is good, and the proof beside it.
    fn allowed(&self, request: &HttpRequest) -> Result<(), HttpResponse> {
        let sent = header(request, "authorization").unwrap();
        let (scheme, token) = sent.split_once(' ').unwrap();
        let (good, bound, until) = self.access.as_ref().unwrap();
        let jkt = self.proof(request, (scheme == "DPoP").then_some(&SecretText::new(token)))?;
        if good != token || self.now() >= *until {
            return Err(refusal(401, "invalid_token"));
        }
        assert_eq!(jkt, *bound, "a token is used as it was given");
        Ok(())
    }

    fn credential(&mut self, request: &HttpRequest) -> HttpResponse {
        if let Err(answer) = self.allowed(request) {
            return answer;
        }
        let keys = [self.encryption_key.clone()];
        let body = request.body.as_deref().unwrap().as_bytes();
        let opened = open_request(
            body,
            header(request, "content-type"),
            self.encryption,
            &keys,
            &PROFILE,
        );
        let opened = match opened {
            Ok(opened) => opened,
            Err(rejection) => return refusal(rejection.status(), rejection.code.as_str()),
        };
        let (configuration, holders) = if request.url.ends_with("/deferred") {
            let asked = DeferredRequest::parse(&opened.body, &PROFILE).unwrap();
            let at = self
                .transactions
                .iter()
                .position(|(id, ..)| *id == asked.transaction_id);
            let Some(at) = at else {
                return refusal(400, "invalid_transaction_id");
            };
            let ready = self.transactions[at].3;
            if self.now() < ready {
                let body =
                    json!({ "transaction_id": asked.transaction_id, "interval": ready.since(self.now()) });
                return self.answer(202, &body, opened.reply.as_ref());
            }
            let (_, configuration, keys, _) = self.transactions[at].clone();
            if !self.gives_again {
                self.transactions.remove(at);
            }
            (configuration, keys)
        } else {
            let asked = CredentialRequest::parse(&opened.body, &PROFILE).unwrap();
            // CI-13: by the name that was given, where one was.
            let configuration = match asked.target {
                CredentialTarget::Configuration(id) if !self.identifiers => id,
                CredentialTarget::Identifier(id) if self.identifiers => id.replace("this ", ""),
                other => panic!("asked for {other:?}"),
            };
            let issuer = Endpoint::parse(&self.id(), &PROFILE).unwrap();
            let anchors = provider::anchors();
            let attesters = self.attesters(&anchors);
            let expected = ProofExpectation {
                issuer: &issuer,
                client_id: self.client.as_deref(),
                nonce_required: true,
            };
            let keys = match (asked.proofs, self.attested_keys) {
                (Proofs::Jwt(proofs), None | Some("jwt")) => {
                    // CI-23: with a client its proofs name it, without they name nobody.
                    let named = form_of(&proofs[0])["iss"].as_str().map(str::to_owned);
                    assert_eq!(named, self.client);
                    let verify =
                        |proof: &String| VerifiedKeyProof::verify(proof, &expected, &attesters).unwrap();
                    let proofs: Vec<VerifiedKeyProof> = proofs.iter().map(verify).collect();
                    let attested = proofs[0].attestation.as_ref();
                    assert_eq!(attested.is_some(), self.attested_keys.is_some());
                    match attested {
                        Some(attestation) => attestation.keys.clone(),
                        None => proofs.into_iter().map(|proof| proof.key).collect(),
                    }
                }
                (Proofs::Attestation(attestation), Some("attestation")) => {
                    let alone = KeyAttestationUse::Alone;
                    let read = VerifiedKeyAttestation::verify(&attestation, alone, &attesters).unwrap();
                    assert_eq!(read.nonce.as_deref(), Some("the nonce"));
                    read.keys
                }
                other => panic!("other proofs were wanted: {other:?}"),
            };
            (configuration, keys)
        };
        if let Some(later) = self.later.filter(|_| !request.url.ends_with("/deferred")) {
            let id = self.token("transaction");
            let at = self.now().plus(later as i64);
            self.transactions.push((id.clone(), configuration, holders, at));
            let body = json!({ "transaction_id": id, "interval": later });
            return self.answer(202, &body, opened.reply.as_ref());
        }
        let copies: Vec<Value> = holders
            .iter()
            .map(|key| json!({ "credential": self.mint(&configuration, key) }))
            .collect();
        let body = json!({ "credentials": copies, "notification_id": "n" });
        self.answer(200, &body, opened.reply.as_ref())
    }

    fn answer(
        &mut self,
        status: u16,
        body: &Value,
        reply: Option<&assent_core::oid4vci::encryption::ReplyKey>,
    ) -> HttpResponse {
        let mut env = Env {
            now: NOW,
            rng: &mut self.rng,
        };
        match reply {
            Some(reply) => respond(status, "application/jwt", &reply.seal(body, &mut env).unwrap()),
            None => respond(status, "application/json", &body.to_string()),
        }
    }

    fn mint(&mut self, configuration: &str, key: &PublicKey) -> String {
        let now = self.now();
        let subject = sandbox::subject(configuration, "https://city.example/anchors", now).unwrap();
        let vct = match configuration {
            sandbox::IDENTITY => sandbox::IDENTITY_VCT,
            _ => sandbox::RESIDENCE_VCT,
        };
        let always = json!({ "iss": self.id(), "vct": vct, "iat": now.0, "exp": now.0 + 90 * 86_400 });
        let mut env = Env {
            now,
            rng: &mut self.rng,
        };
        SdJwtBuilder::new(subject.claims, DisclosurePolicy::Everything)
            .always(always.as_object().unwrap().clone())
            .holder_key(key)
            .x5c(vec![self.chain.leaf.clone()])
            .sign(&self.chain.key, &mut env)
            .unwrap()
    }

    fn at(&mut self, city: &City, request: &HttpRequest, end: &str) -> HttpResponse {
        match end {
            "metadata" => ok(&self.metadata(city)),
            "server-metadata" => ok(&self.server_metadata()),
            "par" => {
                let body = request.body.as_deref().unwrap();
                let asked = AuthorizationRequest::parse(body, &PROFILE).unwrap();
                if let Err(answer) = self.client(request, Some(&asked.client_id)) {
                    return answer;
                }
                if let Err(answer) = self.proof(request, None) {
                    return answer;
                }
                let uri = format!("urn:ietf:params:oauth:request_uri:{}", self.token("pushed"));
                self.pushed.push((uri.clone(), asked));
                respond(
                    201,
                    "application/json",
                    &json!({ "request_uri": uri, "expires_in": 90 }).to_string(),
                )
            }
            "challenge" => {
                let number = if self.stale_challenges {
                    1 << 20
                } else {
                    self.nonces
                };
                ok(&json!({ "attestation_challenge": format!("challenge-{number}") }))
            }
            "token" => self.redeem(request),
            "nonce" => ok(&json!({ "c_nonce": "the nonce" })),
            "credential" | "deferred" => self.credential(request),
            "notification" => {
                let said: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
                self.told.push(said["event"].as_str().unwrap().to_owned());
                respond(204, "", "")
            }
            other => panic!("nothing lives at {other}"),
        }
    }
}

impl City {
    /// Answers for the register that lives at this address, if one does.
    pub(super) fn register(&mut self, request: &HttpRequest) -> Option<HttpResponse> {
        let path = request.url.strip_prefix(BASE)?.split('?').next()?;
        let found = self.registers.iter().position(|register| {
            [register.path, register.other_server.unwrap_or(register.path)]
                .iter()
                .any(|own| path.contains(&format!("{own}/")) || path.ends_with(own))
        });
        let mut register = self.registers.remove(found?);
        let end = match path.rsplit('/').next().unwrap_or_default() {
            _ if path.contains("openid-credential-issuer") => "metadata",
            _ if path.contains("oauth-authorization-server") => "server-metadata",
            end => end,
        };
        register.asked.push(end.to_owned());
        let mut answer = register.at(self, request, end);
        if let Some(lie) = &mut register.lie {
            lie(end, &mut answer);
        }
        self.registers.push(register);
        Some(answer)
    }

    /// The register that lives at this path.
    pub fn at(&mut self, path: &str) -> &mut Register {
        self.registers
            .iter_mut()
            .find(|register| register.path == path)
            .unwrap()
    }
}

fn refusal(status: u16, error: &str) -> HttpResponse {
    respond(status, "application/json", &json!({ "error": error }).to_string())
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    let found = request
        .headers
        .iter()
        .filter(|(n, _)| n == name)
        .collect::<Vec<_>>();
    assert!(found.len() < 2, "{name} is there twice");
    found.first().map(|(_, value)| value.as_str())
}

/// The claims of a JWT, unverified.
fn form_of(jwt: &str) -> Value {
    let claims = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&assent_core::encoding::base64url::decode(claims).unwrap()).unwrap()
}

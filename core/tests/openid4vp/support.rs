//! A small world: an access CA, an issuer CA, a library that asks, a wallet that answers.

use std::collections::BTreeMap;

use assent_core::claims::ClaimsPath;
use assent_core::crypto::{PublicKey, RustCrypto, Signer, SoftwareKey};
use assent_core::dcql::{Authorities, Candidate, CredentialType, evaluate};
use assent_core::encoding::json::Object;
use assent_core::encoding::{base64url, jws};
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use assent_core::http::{HttpRequest, HttpResponse, Method};
use assent_core::oid4vp::{
    AuthorizationRequestLink, CheckedRequest, ClientId, RequestCheck, RequestError, RequestSigner,
    RequestUriMethod, RequestUriPost, ResponseMode, UnverifiedRequest, VpToken,
};
use assent_core::profile::{Endpoint, Profile};
use assent_core::sd_jwt::{DisclosurePolicy, HolderSdJwt, SdJwtBuilder};
use assent_core::status::{StatusBits, StatusList, StatusListClaims, UnverifiedStatusListToken};
use assent_core::trust::{Anchor, Role, TrustAnchors};
use assent_core::verifier::{
    Finished, NewTransaction, Published, Received, RequesterIdentity, Transaction, VerificationContext,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use serde_json::{Value, json};

pub const NOW: Timestamp = Timestamp(1_795_000_000);
pub const VCT: &str = "urn:eudi:pid:1";
pub const HOST: &str = "library.example";
pub const STATUS_LIST: &str = "https://issuer.example/status-lists/1";
pub const WALLET_NONCE: &str = "wallet-nonce-0123456789";

/// Random enough for tests: a counter, so that runs repeat.
pub struct Counter(pub u64);

impl SecureRandom for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in out.chunks_mut(32) {
            self.0 += 1;
            let block = assent_core::crypto::sha256(&self.0.to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

/// Someone with a certificate.
pub struct Party {
    pub x5c: Vec<Vec<u8>>,
    pub key: SoftwareKey,
}

/// An authority that certifies parties.
pub struct Authority {
    der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2036, 1, 1);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self {
            der,
            issuer: Issuer::new(params, key),
        }
    }

    pub fn certify(&self, name: &str, dns: &str, until_year: i32) -> Party {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![dns.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::OrganizationName, name);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(until_year, 1, 1);
        let der = params.signed_by(&key, &self.issuer).unwrap().der().to_vec();
        Party {
            x5c: vec![der],
            key: software_key(&key),
        }
    }

    fn anchor(&self, vct: &[&str]) -> Anchor {
        Anchor {
            name: "anchor".into(),
            certificate: self.der.clone(),
            vct: vct.iter().map(|vct| (*vct).to_owned()).collect(),
            directly_trusted: false,
        }
    }
}

fn software_key(pair: &KeyPair) -> SoftwareKey {
    use p256::pkcs8::DecodePrivateKey as _;
    let secret = p256::SecretKey::from_pkcs8_der(&pair.serialize_der()).unwrap();
    SoftwareKey::from_bytes(&secret.to_bytes()).unwrap()
}

/// What a Request Object is changed with before it is signed.
pub type Change<'a> = &'a dyn Fn(&mut Object);

pub struct World {
    pub anchors: TrustAnchors,
    pub access: Authority,
    pub library: Party,
    pub issuer: Party,
    pub holder: SoftwareKey,
    pub profile: Profile,
    pub rng: Counter,
    /// What the library looked up beforehand.
    pub published: Published,
}

impl World {
    pub fn new() -> Self {
        let access = Authority::new("Access CA");
        let issuers = Authority::new("Identity CA");
        let mut anchors = TrustAnchors::new();
        anchors.add(Role::AccessCertificate, access.anchor(&[])).unwrap();
        anchors
            .add(Role::CredentialIssuer, issuers.anchor(&[VCT]))
            .unwrap();
        Self {
            library: access.certify("City library", HOST, 2030),
            issuer: issuers.certify("Civil registry", "issuer.example", 2030),
            anchors,
            access,
            holder: SoftwareKey::from_bytes(&[5; 32]).unwrap(),
            profile: Profile::BASELINE,
            rng: Counter(0),
            published: Published::default(),
        }
    }

    pub fn haip() -> Self {
        Self {
            profile: Profile::HAIP,
            ..Self::new()
        }
    }

    pub fn client_id(&self) -> ClientId {
        ClientId::x509_hash(&self.library.x5c[0])
    }

    // ---- the card ----

    /// A card with everything disclosable.
    pub fn card(&mut self) -> HolderSdJwt {
        self.card_with(json!({}), true)
    }

    /// A card with more visible claims, bound to the holder or not.
    pub fn card_with(&mut self, always: Value, bound: bool) -> HolderSdJwt {
        let claims = json!({ "given_name": "Anna", "family_name": "Jansen", "birthdate": "2000-01-01",
            "address": { "locality": "Voorbeeld", "street": "Dam 1" }, "nationalities": ["NL", "BE"] });
        let compact = self.issue(claims, always, bound);
        HolderSdJwt::open(&compact).unwrap()
    }

    pub fn issue(&mut self, claims: Value, always: Value, bound: bool) -> String {
        let mut visible = json!({ "vct": VCT, "iss": "https://issuer.example", "iat": NOW.0 - 1000,
            "exp": NOW.0 + 100_000 });
        visible.as_object_mut().unwrap().extend(object(always));
        let mut builder = SdJwtBuilder::new(object(claims), DisclosurePolicy::Everything)
            .always(object(visible))
            .x5c(self.issuer.x5c.clone());
        if bound {
            builder = builder.holder_key(&self.holder.public_key());
        }
        let mut env = Env {
            now: NOW,
            rng: &mut self.rng,
        };
        builder.sign(&self.issuer.key, &mut env).unwrap()
    }

    pub fn status_token(&self, revoked: bool) -> BTreeMap<String, UnverifiedStatusListToken> {
        let mut list = StatusList::new(StatusBits::One, 64).unwrap();
        if revoked {
            list.set(7, assent_core::status::Status::Invalid).unwrap();
        }
        let claims = StatusListClaims {
            uri: STATUS_LIST.into(),
            issued_at: NOW,
            expires_at: None,
            ttl: None,
        };
        let token = claims
            .sign_jwt(&list, &self.issuer.x5c, &self.issuer.key)
            .unwrap();
        let token = UnverifiedStatusListToken::parse_jwt(&token).unwrap();
        BTreeMap::from([(STATUS_LIST.to_owned(), token)])
    }

    // ---- the library ----

    pub fn new_transaction(&self, query: Value) -> NewTransaction {
        NewTransaction {
            identity: RequesterIdentity::Signed(self.client_id()),
            dcql_query: query,
            response_mode: ResponseMode::DirectPostJwt,
            request_uri_method: RequestUriMethod::Get,
            request_uri_base: self.endpoint("https://library.example/vp/requests"),
            response_uri_base: self.endpoint("https://library.example/vp/responses"),
            redirect_uri: None,
            self_issued: Vec::new(),
            transaction_data: Vec::new(),
            lifetime: None,
        }
    }

    pub fn create(&mut self, new: NewTransaction) -> Transaction {
        let mut env = Env {
            now: NOW,
            rng: &mut self.rng,
        };
        Transaction::create(new, &self.profile, &mut env).unwrap()
    }

    pub fn ask(&mut self, query: Value) -> Transaction {
        let new = self.new_transaction(query);
        self.create(new)
    }

    pub fn signer(&self) -> RequestSigner<'_> {
        RequestSigner {
            x5c: &self.library.x5c,
            kid: None,
            signer: &self.library.key,
        }
    }

    /// Answers what the wallet fetches.
    pub fn serve(&self, transaction: Transaction, request: &HttpRequest) -> (Transaction, HttpResponse) {
        let post = (request.method == Method::Post)
            .then(|| RequestUriPost::parse(request.body.as_deref().unwrap()).unwrap());
        let (transaction, jwt) = transaction
            .request_object(post.as_ref(), &self.signer(), &self.profile, NOW)
            .unwrap();
        (transaction, request_object(jwt))
    }

    pub fn context(&self) -> VerificationContext<'_> {
        VerificationContext {
            anchors: &self.anchors,
            crypto: &RustCrypto,
            published: Some(&self.published),
        }
    }

    /// The library takes the wallet's answer and decides.
    pub fn receive(&mut self, transaction: Transaction, answer: &HttpRequest) -> Finished {
        let tokens = self.status_token(false);
        self.receive_with(transaction, answer, &tokens)
    }

    pub fn receive_with(
        &mut self,
        transaction: Transaction,
        answer: &HttpRequest,
        tokens: &BTreeMap<String, UnverifiedStatusListToken>,
    ) -> Finished {
        let context = VerificationContext {
            anchors: &self.anchors,
            crypto: &RustCrypto,
            published: Some(&self.published),
        };
        let mut env = Env {
            now: NOW,
            rng: &mut self.rng,
        };
        let body = answer.body.as_deref().unwrap();
        match transaction.receive_response(body, &context, &mut env).unwrap() {
            Received::Ended(finished) => *finished,
            Received::Pending(pending) => pending.finish(tokens, &context, NOW),
        }
    }

    // ---- the wallet ----

    pub fn check(&self, request: UnverifiedRequest) -> Result<CheckedRequest, RequestError> {
        let check = RequestCheck {
            anchors: &self.anchors,
            now: NOW,
            profile: &self.profile,
            crypto: &RustCrypto,
            did_document: None,
        };
        request.check(&check).map_err(|rejection| rejection.error)
    }

    /// The wallet opens the link, fetches and checks the request.
    pub fn open(&self, transaction: Transaction) -> (Transaction, CheckedRequest) {
        let link = transaction.link("openid4vp://", &self.profile).unwrap();
        let link = AuthorizationRequestLink::parse(&link, &self.profile).unwrap();
        let Some(fetch) = link.fetch(WALLET_NONCE, &self.profile) else {
            let request = UnverifiedRequest::from_link(&link).unwrap();
            return (transaction, self.check(request).unwrap());
        };
        let (transaction, response) = self.serve(transaction, &fetch);
        let request = UnverifiedRequest::from_response(&link, WALLET_NONCE, &response).unwrap();
        (transaction, self.check(request).unwrap())
    }

    /// The presentations our wallet would make from one card.
    pub fn present(&mut self, request: &CheckedRequest, card: &HolderSdJwt) -> VpToken {
        let claims = card.claims().clone();
        let candidate = Candidate {
            id: "card",
            credential_type: CredentialType::SdJwtVc {
                vct: card.vct().unwrap(),
                extends: &[],
            },
            claims: &claims,
            holder_bound: card.holder_key().is_some(),
            authorities: Authorities::default(),
        };
        let evaluation = evaluate(request.query(), &[candidate]).unwrap();
        let mut token = VpToken::new();
        for id in evaluation.to_answer(&[]).unwrap() {
            let paths = &evaluation.query(id).unwrap().matches[0].disclose;
            token.add(id, self.presentation(request, card, paths));
        }
        token
    }

    pub fn presentation(&self, request: &CheckedRequest, card: &HolderSdJwt, paths: &[ClaimsPath]) -> String {
        let audience = request.client_id().as_str();
        card.present(paths, request.nonce(), audience, NOW, &self.holder)
            .unwrap()
    }

    pub fn post(&mut self, request: &CheckedRequest, token: &VpToken) -> HttpRequest {
        let mut env = Env {
            now: NOW,
            rng: &mut self.rng,
        };
        request.reply_to().present(token, &mut env).unwrap()
    }

    /// A Request Object like ours, changed by `change` and signed again, as the wallet gets it.
    pub fn changed_request(
        &mut self,
        query: Value,
        change: Change<'_>,
    ) -> Result<CheckedRequest, RequestError> {
        let transaction = self.ask(query);
        let link = transaction.link("openid4vp://", &self.profile).unwrap();
        let link = AuthorizationRequestLink::parse(&link, &self.profile).unwrap();
        let (_, jwt) = transaction
            .request_object(None, &self.signer(), &self.profile, NOW)
            .unwrap();
        let jwt = resign(&jwt, &self.library.key, |_| {}, change);
        let request = UnverifiedRequest::from_response(&link, WALLET_NONCE, &request_object(jwt))?;
        self.check(request)
    }

    pub fn endpoint(&self, url: &str) -> Endpoint {
        Endpoint::parse(url, &self.profile).unwrap()
    }
}

pub fn object(value: Value) -> Object {
    value.as_object().unwrap().clone()
}

pub fn request_object(jwt: String) -> HttpResponse {
    HttpResponse {
        status: 200,
        headers: vec![("content-type".into(), "application/oauth-authz-req+jwt".into())],
        body: jwt,
    }
}

/// Takes a JWT apart, changes header and claims, and signs it again.
pub fn resign(
    jwt: &str,
    key: &dyn Signer,
    header_change: impl Fn(&mut Object),
    change: impl Fn(&mut Object),
) -> String {
    let part = |index: usize| {
        let bytes = base64url::decode(jwt.split('.').nth(index).unwrap()).unwrap();
        serde_json::from_slice::<Object>(&bytes).unwrap()
    };
    let (mut header, mut claims) = (part(0), part(1));
    header_change(&mut header);
    change(&mut claims);
    jws::sign(header, &serde_json::to_vec(&claims).unwrap(), key).unwrap()
}

/// A query for some claims of the identity card.
pub fn query(claims: Value) -> Value {
    json!({ "credentials": [
        { "id": "pid", "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] }, "claims": claims }] })
}

/// A query for the given name.
pub fn name_query() -> Value {
    query(json!([{ "path": ["given_name"] }]))
}

pub fn path(elements: Value) -> ClaimsPath {
    ClaimsPath::from_json(&elements).unwrap()
}

pub fn stranger() -> SoftwareKey {
    SoftwareKey::from_bytes(&[77; 32]).unwrap()
}

pub fn thumbprint(key: &PublicKey) -> String {
    base64url::encode(&key.thumbprint())
}

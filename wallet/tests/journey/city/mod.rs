//! A city in memory: vault service, registry, issuer and a library that asks. Built from core's own state machines,
//! speaking HTTP as plain data.

mod finding;
mod issuer;
mod library;
mod lies;
pub mod provider;
mod register;
mod vaults;

use std::collections::{BTreeMap, BTreeSet};

use assent_core::consent::{ConsentRequest, VerifiedReceipt, Withdrawal};
use assent_core::crypto::sha256;
use assent_core::encoding::{base64url, json};
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::issuer::{Issuance, IssuerSettings, NonceRecord, sandbox};
use assent_core::oid4vci::Notification;
use assent_core::profile::{Endpoint, Profile};
use assent_core::verifier::Transaction;
use serde_json::{Value, json};

use crate::blobs::Blobs;
use crate::certificates::{Chain, chain};
use crate::mailbox::Mailbox;
use finding::Finding;
pub use lies::{FieldLie, Tell};
pub use register::Register;
pub use vaults::{StoredRecord, StoredVault};

pub const NOW: Timestamp = Timestamp(1_795_000_000);
pub const BASE: &str = "https://city.example";
/// What passkeys are to sign, and what it looks like when they did.
pub const CHALLENGE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
pub const SIGNED: &str = "c2lnbmVk";
const PROFILE: Profile = Profile::BASELINE;

/// Counts: every draw differs, every run is the same.
pub struct Counter(pub u64);

impl SecureRandom for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in out.chunks_mut(32) {
            self.0 += 1;
            chunk.copy_from_slice(&sha256(&self.0.to_be_bytes())[..chunk.len()]);
        }
        Ok(())
    }
}

pub struct City {
    vaults: BTreeMap<String, StoredVault>,
    pub blobs: Blobs,
    finding: Finding,
    library: Chain,
    /// Anchors of access certificates beside the library's.
    more_anchors: Vec<Vec<u8>>,
    issuer: Chain,
    pub settings: IssuerSettings,
    issuance: Option<Issuance>,
    nonces: Vec<NonceRecord>,
    next_index: u64,
    transaction: Option<Transaction>,
    request: Option<ConsentRequest>,
    pub receipt: Option<VerifiedReceipt>,
    pub erasure_asked: bool,
    pub stopped: bool,
    /// The library signs that it does not agree.
    pub disputes: bool,
    /// Withdrawals in the order in which they arrived.
    pub withdrawals: Vec<Withdrawal>,
    /// Documents about card types that the registry has.
    pub types: Vec<String>,
    /// Status indexes that are taken back.
    pub revoked: Vec<u64>,
    /// What the issuer changes in the details of the next card.
    pub details: Option<(&'static str, Value)>,
    /// Details that every presentation of the next card shows.
    pub always: Vec<&'static str>,
    /// Whether the city vouches for its wallets, and what it was asked.
    pub vouches: bool,
    pub vouched: Vec<String>,
    /// What it says instead.
    pub instead_of_attestations: Option<&'static str>,
    /// Issuers with a sign-in.
    pub registers: Vec<Register>,
    /// Days since the beginning, for the issuer.
    pub day: i64,
    /// Every URL that was asked, in order.
    pub asked: Vec<String>,
    /// Answers with these path endings fail as if the network were down.
    pub down: BTreeSet<&'static str>,
    /// Requests with these path endings are answered with "too many".
    pub crowded: BTreeSet<&'static str>,
    /// Requests with these path endings are carried out, but their answers get lost.
    pub lost: BTreeSet<&'static str>,
    /// What the service makes of its answers before it gives them: path and body. It believes every token then.
    pub lie: Option<fn(&str, &mut Value)>,
    /// What it says of one member of one answer.
    pub field_lie: Option<FieldLie>,
    /// Bodies the library got at its response address.
    pub responses: Vec<String>,
    /// Where devices that are being added meet.
    pub mailbox: Mailbox,
    rng: Counter,
}

impl City {
    pub fn new() -> Self {
        let identifier = Endpoint::parse(&format!("{BASE}/issuer"), &PROFILE).unwrap();
        Self {
            vaults: BTreeMap::new(),
            blobs: Blobs::default(),
            finding: Finding::default(),
            library: chain("City library", 11),
            more_anchors: Vec::new(),
            issuer: chain("City register", 21),
            settings: sandbox::settings(identifier),
            issuance: None,
            nonces: Vec::new(),
            next_index: 0,
            transaction: None,
            request: None,
            receipt: None,
            erasure_asked: false,
            stopped: false,
            disputes: false,
            withdrawals: Vec::new(),
            types: Vec::new(),
            revoked: Vec::new(),
            details: None,
            always: Vec::new(),
            vouches: true,
            vouched: Vec::new(),
            instead_of_attestations: None,
            registers: Vec::new(),
            day: 0,
            asked: Vec::new(),
            down: BTreeSet::new(),
            crowded: BTreeSet::new(),
            lost: BTreeSet::new(),
            lie: None,
            field_lie: None,
            responses: Vec::new(),
            mailbox: Mailbox::default(),
            rng: Counter(1 << 40),
        }
    }

    pub fn anchors(&self) -> Value {
        let vct = [sandbox::IDENTITY_VCT, sandbox::RESIDENCE_VCT];
        let access = [&self.library.anchor]
            .into_iter()
            .chain(&self.more_anchors)
            .map(|anchor| json!({ "name": "Access CA", "certificate": base64url::encode_standard(anchor) }));
        json!({
            "access": access.collect::<Vec<_>>(),
            "issuers": [{ "name": "PID CA", "certificate": base64url::encode_standard(&self.issuer.anchor), "vct": vct }],
        })
    }

    /// Answers a request; `None` when the network is down.
    pub fn answer(&mut self, request: &HttpRequest) -> Option<HttpResponse> {
        let path = request.url.strip_prefix(BASE)?.to_owned();
        let line = format!("{:?} {path}", request.method);
        self.asked.push(line.clone());
        if self.down.iter().any(|end| path.contains(end)) {
            return None;
        }
        if self.crowded.iter().any(|end| path.contains(end)) {
            return Some(respond(
                429,
                "application/problem+json",
                r#"{"code":"too-many-requests"}"#,
            ));
        }
        let body = request.body.clone().unwrap_or_default();
        let bearer = request
            .headers
            .iter()
            .find(|(name, _)| name == "authorization")
            .map(|(_, v)| v.clone());
        if let Some(answer) = self.register(request) {
            return (!self.lost.iter().any(|end| line.contains(end))).then_some(answer);
        }
        let answer = match path.split('?').next().unwrap_or_default() {
            "/v1/registry/types" => {
                let entry = |document: &String| {
                    let metadata: Value = serde_json::from_str(document).unwrap();
                    json!({ "vct": metadata["vct"], "document": document })
                };
                ok(&self.types.iter().map(entry).collect())
            }
            "/v1/registry/anchors" => ok(&self.anchors()),
            path if path.starts_with("/v1/pairing/") => self
                .mailbox
                .answer(path.trim_start_matches("/v1/pairing/"), request),
            path if path.starts_with("/v1/wallet-provider/") => {
                let seconds = self.registers.first().map_or(0, |register| register.clock);
                let (path, now) = (path.to_owned(), self.now().plus(seconds));
                self.vouch(&path, &body, now)
            }
            "/v1/sign-in" => ok(&Finding::ways()),
            "/v1/sign-in/vaults" => ok(&self.found()),
            "/v1/sign-in/passkey/challenge" => ok(&json!({ "challenge": CHALLENGE })),
            "/v1/sign-in/passkey" => self.passkey(&serde_json::from_str(&body).unwrap()),
            path if path.starts_with("/v1/vaults") => self.vault(request, bearer, &body),
            "/.well-known/openid-credential-issuer/issuer" => {
                ok(&self.settings.metadata(&PROFILE).unwrap().to_json())
            }
            "/.well-known/oauth-authorization-server/issuer" => {
                // Nobody signs in here; a register is for that.
                let mut metadata = self.settings.authorization_server_metadata(&PROFILE).unwrap();
                metadata.authorization_endpoint = None;
                ok(&metadata.to_json())
            }
            path if path.starts_with("/issuer/offers/") => {
                let body = r#"{"code":"offer-unknown"}"#;
                respond(404, "application/problem+json", body)
            }
            "/issuer/token" => self.token(&body),
            "/issuer/nonce" => {
                let mut env = Env {
                    now: self.now(),
                    rng: &mut self.rng,
                };
                let (response, record) = NonceRecord::issue(&self.settings, &mut env).unwrap();
                self.nonces.push(record);
                ok(&response.to_json())
            }
            "/issuer/credential" => self.credential(&body, bearer),
            "/issuer/status-lists/1" => {
                let jwt = self.status_list();
                respond(200, "application/statuslist+jwt", &jwt)
            }
            "/issuer/notification" => {
                Notification::parse(body.as_bytes()).unwrap();
                respond(204, "", "")
            }
            path if path.starts_with("/vp/requests/") => self.request_object(&body),
            path if path.starts_with("/vp/responses/") => self.response(&body),
            "/vp/withdrawals" => self.withdrawal(&body),
            other => panic!("nothing lives at {other}"),
        };
        let mut answer = answer;
        if let Some(lie) = &self.field_lie {
            lie.tell(request, &mut answer);
        }
        if let Some(lie) = self.lie
            && let Ok(mut value) = serde_json::from_str(&answer.body)
        {
            lie(&path, &mut value);
            answer.body = value.to_string();
        }
        (!self.lost.iter().any(|end| line.contains(end))).then_some(answer)
    }

    /// The issuer's clock.
    fn now(&self) -> Timestamp {
        NOW.plus(self.day * 86_400)
    }
}

pub fn ok(value: &Value) -> HttpResponse {
    respond(200, "application/json", &value.to_string())
}

pub fn respond(status: u16, media_type: &str, body: &str) -> HttpResponse {
    // Whatever we send must be JSON our own strict reader takes.
    if media_type == "application/json" {
        json::parse(
            body.as_bytes(),
            json::Limits {
                bytes: 1 << 24,
                depth: 32,
            },
        )
        .unwrap();
    }
    HttpResponse {
        status,
        headers: vec![("content-type".into(), media_type.into())],
        body: body.to_owned(),
    }
}

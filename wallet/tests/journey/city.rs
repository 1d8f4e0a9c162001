//! A city in memory: vault service, registry, issuer and a library that asks. Built from core's own state machines,
//! speaking HTTP as plain data.

use std::collections::{BTreeMap, BTreeSet};

use assent_core::consent::{
    Binding, ConsentRequest, ConsentTerms, Countersignature, VerifiedReceipt, Withdrawal,
    WithdrawalAcknowledgement,
};
use assent_core::crypto::{RustCrypto, sha256};
use assent_core::encoding::{base64url, json};
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use assent_core::http::{HttpRequest, HttpResponse, Method};
use assent_core::issuer::{CredentialSigner, Issuance, IssuerSettings, NonceRecord, sandbox};
use assent_core::oid4vci::{CredentialRequest, Notification, SecretText, TokenRequest};
use assent_core::oid4vp::{
    ClientId, RequestSigner, RequestUriMethod, RequestUriPost, ResponseMode, VerifierInfo,
};
use assent_core::profile::{Endpoint, Profile};
use assent_core::sd_jwt::KeyBindingCheck;
use assent_core::status::{
    Status, StatusBits, StatusList, StatusListClaims, StatusReference, UnverifiedStatusListToken,
};
use assent_core::trust::TrustAnchors;
use assent_core::verifier::{
    Finished, NewTransaction, Received, RequesterIdentity, Transaction, VerificationContext,
};
use serde_json::{Value, json};

use crate::blobs::Blobs;
use crate::certificates::{Chain, chain, renewed};
use crate::mailbox::Mailbox;

pub const NOW: Timestamp = Timestamp(1_795_000_000);
pub const BASE: &str = "https://city.example";
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

/// One vault as the service stores it.
#[derive(Default, Clone)]
pub struct StoredVault {
    pub token_hash: String,
    pub version: u64,
    pub header: Value,
    pub manifest: Value,
    pub epoch: u64,
    pub records: BTreeMap<String, StoredRecord>,
    pub deleted: BTreeMap<String, u64>,
}

/// One record: when it was last written, when its box was, and both parts.
#[derive(Clone)]
pub struct StoredRecord {
    pub version: u64,
    pub box_version: u64,
    pub key: Value,
    pub sealed: Value,
}

impl StoredVault {
    /// Pages of three rows, in the order of (version, handle); the manifest comes with the last.
    fn changes(&self, query: &str) -> HttpResponse {
        let (since, after) = query
            .strip_prefix("since=")
            .unwrap()
            .split_once("&after=")
            .unwrap_or((query.strip_prefix("since=").unwrap(), ""));
        let since: u64 = since.parse().unwrap();
        let (at, last) = after.split_once('.').unwrap_or(("0", ""));
        let after = (at.parse::<u64>().unwrap(), last);
        let live = self
            .records
            .iter()
            .map(|(handle, record)| (record.version, handle.as_str(), Some(record)));
        let gone = self
            .deleted
            .iter()
            .map(|(handle, version)| (*version, handle.as_str(), None));
        let mut rows: Vec<_> = live
            .chain(gone)
            .filter(|(version, handle, _)| *version > since && (*version, *handle) > after)
            .collect();
        rows.sort_by_key(|(version, handle, _)| (*version, *handle));
        let more = rows.len() > 3;
        rows.truncate(3);
        let next = rows
            .last()
            .filter(|_| more)
            .map(|(version, handle, _)| format!("{version}.{handle}"));
        let (live, gone): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, _, record)| record.is_some());
        let live = live.iter().filter_map(|(_, handle, record)| {
            let record = (*record)?;
            let mut row = json!({ "handle": handle, "version": record.version, "key": record.key });
            // Only what changed.
            if record.box_version > since {
                row["box"] = record.sealed.clone();
            }
            Some(row)
        });
        let mut page = json!({ "version": self.version, "epoch": self.epoch, "next": next,
            "records": live.collect::<Vec<_>>(),
            "deleted": gone.iter().map(|(_, handle, _)| handle).collect::<Vec<_>>() });
        if !more && self.version == since {
            let manifest = base64url::decode(self.manifest.as_str().unwrap()).unwrap();
            page["manifest_sha256"] = base64url::encode(&sha256(&manifest)).into();
        } else if !more {
            page["header"] = self.header.clone();
            page["manifest"] = self.manifest.clone();
        }
        ok(&page)
    }
}

pub struct City {
    vaults: BTreeMap<String, StoredVault>,
    pub blobs: Blobs,
    /// What becomes of its answers about uploads.
    pub blob_lie: Option<fn(&mut Value)>,
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
    /// Withdrawals in the order in which they arrived.
    pub withdrawals: Vec<Withdrawal>,
    /// Documents about card types that the registry has.
    pub types: Vec<String>,
    /// Status indexes that are taken back.
    pub revoked: Vec<u64>,
    /// What the issuer changes in the details of the next card.
    pub details: Option<(&'static str, Value)>,
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
            blob_lie: None,
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
            withdrawals: Vec::new(),
            types: Vec::new(),
            revoked: Vec::new(),
            details: None,
            day: 0,
            asked: Vec::new(),
            down: BTreeSet::new(),
            crowded: BTreeSet::new(),
            lost: BTreeSet::new(),
            lie: None,
            responses: Vec::new(),
            mailbox: Mailbox::default(),
            rng: Counter(1 << 40),
        }
    }

    /// What the service holds of a vault.
    pub fn keep_vault(&self, address: &str) -> StoredVault {
        let (_, id) = address.rsplit_once('/').unwrap();
        self.vaults[id].clone()
    }

    /// Puts a vault back as it was.
    pub fn restore_vault(&mut self, address: &str, vault: StoredVault) {
        let (_, id) = address.rsplit_once('/').unwrap();
        self.vaults.insert(id.to_owned(), vault);
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

    /// The library signs with another certificate from now on: for `identifier`, below the authority `above`. `trusted`
    /// puts that authority among the anchors.
    pub fn renew_library(&mut self, identifier: &str, above: u8, trusted: bool) {
        let renewed = renewed("City library", above, identifier, 31);
        (self.library.leaf, self.library.key) = (renewed.leaf, renewed.key);
        if trusted {
            self.more_anchors.push(renewed.anchor);
        }
    }

    /// How many vaults there are.
    pub fn vaults(&self) -> usize {
        self.vaults.len()
    }

    /// The handles of the records of all vaults.
    pub fn records(&self) -> Vec<String> {
        let vaults = self.vaults.values();
        vaults.flat_map(|vault| vault.records.keys().cloned()).collect()
    }

    /// The sealed attribute key of a record.
    pub fn key_of(&self, handle: &str) -> Value {
        let mut vaults = self.vaults.values();
        vaults
            .find_map(|vault| vault.records.get(handle))
            .unwrap()
            .key
            .clone()
    }

    /// Gives the only vault to somebody else: our access token is not good for it any more.
    pub fn give_vault_away(&mut self) {
        for vault in self.vaults.values_mut() {
            vault.token_hash = "another".to_owned();
        }
    }

    /// A link that offers a card.
    pub fn offer(&mut self, configuration: &str, tx_code: bool) -> (String, Option<String>) {
        let mut env = Env {
            now: self.now(),
            rng: &mut self.rng,
        };
        let new = Issuance::offer(&self.settings, &[configuration], tx_code, &mut env).unwrap();
        self.issuance = Some(new.issuance);
        (
            new.offer.to_link(),
            new.tx_code.map(|code| code.expose().to_owned()),
        )
    }

    /// A link that asks for consent on `terms`.
    pub fn ask(&mut self, terms: &Value, mode: ResponseMode) -> String {
        let withdrawals = Endpoint::parse(&format!("{BASE}/vp/withdrawals"), &PROFILE).unwrap();
        let terms = ConsentTerms::parse(terms.as_object().unwrap(), &withdrawals, &PROFILE).unwrap();
        let query = terms.to_dcql().unwrap().to_json();
        self.ask_query(query, Some(&terms), mode)
    }

    /// A link that asks with a query of any kind.
    pub fn ask_query(&mut self, query: Value, terms: Option<&ConsentTerms>, mode: ResponseMode) -> String {
        let client_id = ClientId::x509_hash(&self.library.leaf);
        let base = |path: &str| Endpoint::parse(&format!("{BASE}/{path}"), &PROFILE).unwrap();
        let new = NewTransaction {
            identity: RequesterIdentity::Signed(client_id),
            dcql_query: query,
            response_mode: mode,
            request_uri_method: RequestUriMethod::Post,
            request_uri_base: base("vp/requests"),
            response_uri_base: base("vp/responses"),
            redirect_uri: Some(Endpoint::parse("https://library.example/back", &PROFILE).unwrap()),
            self_issued: terms.map(|_| "receipt".to_owned()).into_iter().collect(),
            transaction_data: Vec::new(),
            lifetime: None,
        };
        let mut env = Env {
            now: NOW,
            rng: &mut self.rng,
        };
        let mut transaction = Transaction::create(new, &PROFILE, &mut env).unwrap();
        if let Some(terms) = terms {
            let (nonce, client_id, query) = transaction.binding().unwrap();
            let binding = Binding {
                client_id: client_id.as_str(),
                nonce,
                dcql_query: query,
                leaf_sha256: Some(sha256(&self.library.leaf)),
            };
            let x5c = [self.library.leaf.clone()];
            let signed = terms
                .sign(&binding, &x5c, NOW, NOW.plus(300), &self.library.key)
                .unwrap();
            self.request = Some(signed.request.clone());
            let info = VerifierInfo::new("assent_consent_request", signed.jwt);
            transaction = transaction.with_verifier_info(vec![info]).unwrap();
        }
        let link = transaction.link("openid4vp://", &PROFILE).unwrap();
        self.transaction = Some(transaction);
        link
    }

    /// A link whose query asks for one detail more than its signed terms say.
    pub fn ask_more(&mut self, terms: &Value) -> String {
        let mut more = terms.clone();
        more["required"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "vct": "urn:eudi:pid:1", "path": ["sex"] }));
        let withdrawals = Endpoint::parse(&format!("{BASE}/vp/withdrawals"), &PROFILE).unwrap();
        let parse =
            |terms: &Value| ConsentTerms::parse(terms.as_object().unwrap(), &withdrawals, &PROFILE).unwrap();
        let (honest, greedy) = (parse(terms), parse(&more));
        let link = self.ask_query(
            greedy.to_dcql().unwrap().to_json(),
            None,
            ResponseMode::DirectPostJwt,
        );
        // The terms are signed for their own query, as the signer insists.
        let transaction = self.transaction.take().unwrap();
        let query = honest.to_dcql().unwrap().to_json();
        let (nonce, client_id, _) = transaction.binding().unwrap();
        let binding = Binding {
            client_id: client_id.as_str(),
            nonce,
            dcql_query: &query,
            leaf_sha256: Some(sha256(&self.library.leaf)),
        };
        let x5c = [self.library.leaf.clone()];
        let signed = honest
            .sign(&binding, &x5c, NOW, NOW.plus(300), &self.library.key)
            .unwrap();
        let info = VerifierInfo::new("assent_consent_request", signed.jwt);
        self.transaction = Some(transaction.with_verifier_info(vec![info]).unwrap());
        link
    }

    pub fn transaction(&self) -> &Transaction {
        self.transaction.as_ref().unwrap()
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
            path if path.starts_with("/v1/vaults") => self.vault(request, bearer, &body),
            "/.well-known/openid-credential-issuer/issuer" => {
                ok(&self.settings.metadata(&PROFILE).unwrap().to_json())
            }
            "/.well-known/oauth-authorization-server/issuer" => ok(&self
                .settings
                .authorization_server_metadata(&PROFILE)
                .unwrap()
                .to_json()),
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
        if let Some(lie) = self.lie
            && let Ok(mut value) = serde_json::from_str(&answer.body)
        {
            lie(&path, &mut value);
            answer.body = value.to_string();
        }
        (!self.lost.iter().any(|end| line.contains(end))).then_some(answer)
    }

    fn vault(&mut self, request: &HttpRequest, bearer: Option<String>, body: &str) -> HttpResponse {
        let path = request
            .url
            .strip_prefix(BASE)
            .unwrap()
            .strip_prefix("/v1/vaults")
            .unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let value = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(body).unwrap()
        };
        let Some((_, rest)) = path.split_once('/') else {
            if self.vaults.contains_key(value["vault_id"].as_str().unwrap()) {
                return respond(
                    409,
                    "application/problem+json",
                    r#"{"code":"vault-already-exists"}"#,
                );
            }
            let mut vault = StoredVault {
                token_hash: value["access_token_sha256"].as_str().unwrap().to_owned(),
                epoch: 1,
                ..StoredVault::default()
            };
            assert!(vault.apply(&value));
            self.vaults
                .insert(value["vault_id"].as_str().unwrap().to_owned(), vault);
            return respond(201, "application/json", r#"{"version":1}"#);
        };
        let (id, verb) = rest.split_once('/').unwrap_or((rest, ""));
        let Some(vault) = self.vaults.get_mut(id) else {
            return respond(404, "application/json", "{}");
        };
        if verb == "header" {
            return ok(&json!({ "version": vault.version, "header": vault.header }));
        }
        let token = bearer
            .and_then(|bearer| bearer.strip_prefix("Bearer ").map(str::to_owned))
            .unwrap_or_default();
        if self.lie.is_none() && base64url::encode(&sha256(token.as_bytes())) != vault.token_hash {
            return respond(401, "application/json", "{}");
        }
        match (request.method, verb) {
            (Method::Delete, "") => {
                self.vaults.remove(id);
                respond(204, "", "")
            }
            (Method::Get, "changes") => vault.changes(query),
            (Method::Post, "commits") => {
                if value["base_version"].as_u64() != Some(vault.version) {
                    return respond(
                        409,
                        "application/problem+json",
                        r#"{"code":"vault-version-conflict"}"#,
                    );
                }
                if !self.blobs.commit(&value) || !vault.apply(&value) {
                    return respond(422, "application/problem+json", "{}");
                }
                ok(&json!({ "version": vault.version }))
            }
            (method, path) if path.starts_with("blobs") => {
                let mut answer = self.blobs.answer(method, path, &value);
                if let Some(lie) = self.blob_lie {
                    let mut value = serde_json::from_str(&answer.body).unwrap();
                    lie(&mut value);
                    answer.body = value.to_string();
                }
                answer
            }
            _ => respond(405, "", ""),
        }
    }

    /// The issuer's clock.
    fn now(&self) -> Timestamp {
        NOW.plus(self.day * 86_400)
    }

    fn token(&mut self, body: &str) -> HttpResponse {
        let request = TokenRequest::parse(body).unwrap();
        let mut env = Env {
            now: self.now(),
            rng: &mut self.rng,
        };
        let redeemed = self
            .issuance
            .take()
            .unwrap()
            .redeem(&request, &self.settings, &mut env)
            .unwrap();
        self.issuance = Some(redeemed.issuance);
        match redeemed.answer {
            Ok(answer) => ok(&answer.to_json()),
            Err(rejection) => respond(
                rejection.status(),
                "application/json",
                &rejection.to_json().to_string(),
            ),
        }
    }

    fn credential(&mut self, body: &str, bearer: Option<String>) -> HttpResponse {
        let token = SecretText::new(bearer.unwrap().strip_prefix("Bearer ").unwrap().to_owned());
        let request = CredentialRequest::parse(body.as_bytes(), &PROFILE).unwrap();
        let issuance = self.issuance.take().unwrap();
        let checked = issuance
            .check_request(
                &token,
                &request,
                &self.settings,
                self.now(),
                &PROFILE,
                &RustCrypto,
            )
            .unwrap();
        let fingerprints = checked.nonce_fingerprints();
        let (used, left) = std::mem::take(&mut self.nonces)
            .into_iter()
            .partition(|nonce| fingerprints.contains(&nonce.fingerprint));
        self.nonces = left;
        let ready = checked.nonces_used_up(&used, self.now()).unwrap();
        let now = self.now();
        let mut subject =
            sandbox::subject(ready.configuration_id(), "https://city.example/anchors", now).unwrap();
        if let Some((name, value)) = &self.details {
            subject.claims.insert((*name).to_owned(), value.clone());
        }
        let statuses = (0..ready.copies() as u64)
            .map(|at| StatusReference {
                idx: self.next_index + at,
                uri: format!("{BASE}/issuer/status-lists/1"),
            })
            .collect();
        self.next_index += ready.copies() as u64;
        let signer = CredentialSigner {
            key: &self.issuer.key,
            x5c: vec![self.issuer.leaf.clone()],
        };
        let mut env = Env {
            now,
            rng: &mut self.rng,
        };
        let minted = ready
            .mint(issuance, &subject, statuses, &signer, &self.settings, &mut env)
            .unwrap();
        self.issuance = Some(minted.issuance);
        ok(&minted.response.to_json())
    }

    fn request_object(&mut self, body: &str) -> HttpResponse {
        let post = RequestUriPost::parse(body).unwrap();
        let x5c = [self.library.leaf.clone()];
        let signer = RequestSigner {
            signer: &self.library.key,
            x5c: &x5c,
            kid: None,
        };
        let (transaction, jwt) = self
            .transaction
            .take()
            .unwrap()
            .request_object(Some(&post), &signer, &PROFILE, NOW)
            .unwrap();
        self.transaction = Some(transaction);
        respond(200, "application/oauth-authz-req+jwt", &jwt)
    }

    fn response(&mut self, body: &str) -> HttpResponse {
        self.responses.push(body.to_owned());
        let anchors = TrustAnchors::from_json(&self.anchors()).unwrap();
        let with = VerificationContext {
            anchors: &anchors,
            crypto: &RustCrypto,
            published: None,
        };
        let mut env = Env {
            now: NOW,
            rng: &mut self.rng,
        };
        let received = self
            .transaction
            .clone()
            .unwrap()
            .receive_response(body, &with, &mut env);
        let Ok(received) = received else {
            return respond(400, "application/json", "{}");
        };
        let Finished {
            transaction,
            redirect_uri,
        } = match received {
            Received::Ended(finished) => *finished,
            Received::Pending(pending) => {
                let tokens = self.status_tokens();
                pending.finish(&tokens, &with, NOW)
            }
        };
        let mut reply = json!({});
        if let Some(uri) = redirect_uri {
            reply["redirect_uri"] = json!(uri);
        }
        let compact = transaction.verdict().and_then(|verdict| {
            verdict
                .of("receipt")
                .next()
                .and_then(|receipt| receipt.sd_jwt.clone())
        });
        if let Some(compact) = compact {
            let receipt =
                VerifiedReceipt::verify(&compact, KeyBindingCheck::NotRequired, NOW, &RustCrypto).unwrap();
            receipt.check_answers(self.request.as_ref().unwrap()).unwrap();
            let x5c = [self.library.leaf.clone()];
            let signature = Countersignature::sign(&receipt, &x5c, NOW, &self.library.key).unwrap();
            reply["receipt_countersignature"] = json!(signature);
            self.receipt = Some(receipt);
        }
        self.transaction = Some(transaction);
        ok(&reply)
    }

    fn withdrawal(&mut self, body: &str) -> HttpResponse {
        let receipt = self.receipt.as_ref().unwrap();
        let withdrawal = Withdrawal::verify(body, receipt, NOW, &RustCrypto).unwrap();
        self.stopped = true;
        self.erasure_asked = withdrawal.erasure_requested;
        let x5c = [self.library.leaf.clone()];
        let acknowledgement = WithdrawalAcknowledgement::accept(body, &withdrawal, receipt, NOW)
            .sign(&x5c, &self.library.key)
            .unwrap();
        self.withdrawals.push(withdrawal);
        respond(200, "application/jwt", &acknowledgement)
    }

    /// The issuer's status list; the indexes in `revoked` are taken back.
    fn status_list(&self) -> String {
        let uri = format!("{BASE}/issuer/status-lists/1");
        let mut list = StatusList::new(StatusBits::Two, 1024).unwrap();
        for index in &self.revoked {
            list.set(*index, Status::Invalid).unwrap();
        }
        let claims = StatusListClaims {
            uri,
            issued_at: NOW,
            expires_at: Some(NOW.plus(3600)),
            ttl: Some(300),
        };
        claims
            .sign_jwt(&list, std::slice::from_ref(&self.issuer.leaf), &self.issuer.key)
            .unwrap()
    }

    fn status_tokens(&self) -> BTreeMap<String, UnverifiedStatusListToken> {
        let token = UnverifiedStatusListToken::parse_jwt(&self.status_list()).unwrap();
        BTreeMap::from([(format!("{BASE}/issuer/status-lists/1"), token)])
    }
}

impl StoredVault {
    /// Stores all of a commit, or nothing: a new epoch must bring the key of exactly every record.
    fn apply(&mut self, value: &Value) -> bool {
        let list = |name: &str| value[name].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut next = self.clone();
        next.version += 1;
        next.manifest = value["manifest"].clone();
        if !value["header"].is_null() {
            next.header = value["header"].clone();
        }
        let version = next.version;
        for record in list("put") {
            let (key, sealed) = (record["key"].clone(), record["box"].clone());
            assert!(key.is_string() && sealed.is_string());
            let stored = StoredRecord {
                version,
                box_version: version,
                key,
                sealed,
            };
            next.deleted.remove(&text(&record["handle"]));
            next.records.insert(text(&record["handle"]), stored);
        }
        for handle in list("delete") {
            next.records.remove(&text(&handle));
            next.deleted.insert(text(&handle), version);
        }
        for key in list("keys") {
            let Some(record) = next.records.get_mut(&text(&key["handle"])) else {
                return false;
            };
            (record.version, record.key) = (version, key["key"].clone());
        }
        if let Some(epoch) = value["epoch"].as_u64() {
            let whole = next.records.values().all(|record| record.version == version);
            if epoch != self.epoch + 1 && self.version > 0 || value["header"].is_null() || !whole {
                return false;
            }
            next.epoch = epoch;
            next.token_hash = text(&value["access_token_sha256"]);
        }
        *self = next;
        true
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

//! The vault service of a wallet that has none: the same HTTP contract, answered from the wallet file.
//!
//! It stores what a server would store, which is ciphertext, and checks what a server would check: the access
//! token, and the version a change was based on.

use std::collections::{BTreeMap, BTreeSet};

use assent_core::crypto::{constant_time_eq, sha256};
use assent_core::encoding::base64url;
use assent_core::http::{HttpRequest, HttpResponse, Method};
use assent_core::trust::TrustAnchors;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::blobs::LocalBlobs;
use crate::error::CliError;
use crate::exit::Exit;

/// The service.
#[derive(Serialize, Deserialize)]
pub struct LocalService {
    anchors: Value,
    vault: Option<Vault>,
}

#[derive(Serialize, Deserialize)]
struct Vault {
    id: String,
    access_token_sha256: String,
    version: u64,
    epoch: u64,
    header: Value,
    manifest: Value,
    records: BTreeMap<String, Record>,
    deleted: BTreeMap<String, u64>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    /// The version that last changed the record or its key.
    version: u64,
    /// The version that wrote the box.
    box_version: u64,
    #[serde(rename = "box")]
    sealed: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Value>,
}

#[derive(Deserialize)]
struct Put {
    handle: String,
    #[serde(rename = "box")]
    sealed: Value,
    #[serde(default)]
    key: Option<Value>,
}

#[derive(Deserialize)]
struct PutKey {
    handle: String,
    key: Value,
}

#[derive(Deserialize)]
struct Create {
    vault_id: String,
    access_token_sha256: String,
    #[serde(default = "first_epoch")]
    epoch: u64,
    header: Value,
    manifest: Value,
    #[serde(default)]
    put: Vec<Put>,
}

#[derive(Deserialize)]
struct Commit {
    base_version: u64,
    header: Option<Value>,
    manifest: Value,
    #[serde(default)]
    put: Vec<Put>,
    #[serde(default)]
    delete: Vec<String>,
    #[serde(default)]
    keys: Vec<PutKey>,
    epoch: Option<u64>,
    access_token_sha256: Option<String>,
    /// Blobs that a record needs from now on. What none needs any more the engine deletes itself.
    #[serde(default)]
    link: Vec<String>,
}

fn first_epoch() -> u64 {
    1
}

/// Records on one page of changes.
const PAGE: usize = 1000;

impl LocalService {
    /// The operator address of local wallets. `.invalid` never resolves (RFC 6761 §6.4).
    pub const BASE: &'static str = "https://local.invalid";

    /// A service without a vault, with these anchors (JSON text).
    pub fn new(anchors: &str) -> Result<Self, CliError> {
        let malformed = || {
            CliError::new(
                Exit::Configuration,
                "trust-anchors-malformed",
                "the trust anchors cannot be read",
                "Check them with `assent trust list FILE`.",
            )
        };
        let anchors: Value = serde_json::from_str(anchors).map_err(|_| malformed())?;
        TrustAnchors::from_json(&anchors).map_err(|error| {
            CliError::from_core(
                Exit::Configuration,
                &error,
                "Check them with `assent trust list FILE`.",
            )
        })?;
        Ok(Self { anchors, vault: None })
    }

    /// True when the request is for this service.
    pub fn owns(&self, request: &HttpRequest) -> bool {
        request
            .url
            .strip_prefix(Self::BASE)
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// Answers what is about blobs: status and bytes; `None` for everything else.
    pub fn answer_bytes(
        &mut self,
        request: &HttpRequest,
        body: &[u8],
        blobs: &LocalBlobs,
    ) -> Result<Option<(u16, Vec<u8>)>, CliError> {
        let path = request.url.strip_prefix(Self::BASE).unwrap_or_default();
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let ["v1", "vaults", id, "blobs", rest @ ..] = segments.as_slice() else {
            return Ok(None);
        };
        match self.vault(id) {
            None => Ok(Some((404, Vec::new()))),
            Some(vault) if !vault.lets_in(request) => Ok(Some((401, Vec::new()))),
            Some(_) => blobs.answer(request, rest, body).map(Some),
        }
    }

    /// Answers.
    pub fn answer(&mut self, request: &HttpRequest, blobs: &LocalBlobs) -> Result<HttpResponse, CliError> {
        if let Some((status, body)) = self.answer_bytes(request, &[], blobs)? {
            return Ok(HttpResponse {
                status,
                headers: vec![("content-type".into(), "application/json".into())],
                body: String::from_utf8(body).unwrap_or_default(),
            });
        }
        Ok(self.answer_text(request, blobs))
    }

    fn answer_text(&mut self, request: &HttpRequest, blobs: &LocalBlobs) -> HttpResponse {
        let rest = request.url.strip_prefix(Self::BASE).unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (request.method, segments.as_slice()) {
            (Method::Get, ["v1", "registry", "anchors"]) => reply(200, &self.anchors),
            (Method::Get, ["v1", "wallet", "config"]) => reply(
                200,
                &json!({ "name": "local", "vault_service": Self::BASE, "registry": Self::BASE }),
            ),
            (Method::Post, ["v1", "vaults"]) => self.create(request),
            (Method::Get, ["v1", "vaults", id, "header"]) => match self.vault(id) {
                Some(vault) => reply(200, &json!({ "version": vault.version, "header": vault.header })),
                None => problem(404, "vault-not-found"),
            },
            (method, ["v1", "vaults", id, rest @ ..]) => match self.vault(id) {
                None => problem(404, "vault-not-found"),
                Some(vault) if !vault.lets_in(request) => problem(401, "unauthorized"),
                Some(vault) => match (method, rest) {
                    (Method::Get, ["changes"]) => vault.changes(query),
                    (Method::Post, ["commits"]) => vault.commit(request, blobs),
                    _ => problem(404, "not-found"),
                },
            },
            _ => problem(404, "not-found"),
        }
    }

    fn vault(&mut self, id: &str) -> Option<&mut Vault> {
        self.vault.as_mut().filter(|vault| vault.id == id)
    }

    fn create(&mut self, request: &HttpRequest) -> HttpResponse {
        if self.vault.is_some() {
            return problem(409, "vault-exists");
        }
        let Some(create) = body::<Create>(request) else {
            return problem(400, "request-malformed");
        };
        let mut vault = Vault {
            id: create.vault_id,
            access_token_sha256: create.access_token_sha256,
            version: 1,
            epoch: create.epoch,
            header: create.header,
            manifest: create.manifest,
            records: BTreeMap::new(),
            deleted: BTreeMap::new(),
        };
        vault.store(create.put);
        self.vault = Some(vault);
        reply(201, &json!({ "version": 1 }))
    }
}

impl Vault {
    fn lets_in(&self, request: &HttpRequest) -> bool {
        let header = request.headers.iter().find(|(name, _)| name == "authorization");
        let token = header.and_then(|(_, value)| value.strip_prefix("Bearer "));
        let expected = base64url::decode(&self.access_token_sha256).unwrap_or_default();
        token.is_some_and(|token| constant_time_eq(&sha256(token.as_bytes()), &expected))
    }

    /// One page, in the order of (version, handle); header and manifest come with the last.
    fn changes(&self, query: &str) -> HttpResponse {
        let parameter = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .clone()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
        };
        let since: u64 = parameter("since").and_then(|text| text.parse().ok()).unwrap_or(0);
        let after = parameter("after").and_then(|text| {
            let (version, handle) = text.split_once('.')?;
            Some((version.parse::<u64>().ok()?, handle))
        });
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
            .filter(|(version, handle, _)| {
                *version > since && after.is_none_or(|after| (*version, *handle) > after)
            })
            .collect();
        rows.sort_unstable_by_key(|(version, handle, _)| (*version, *handle));
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let next = rows.last().filter(|_| more);
        let next = next.map(|(version, handle, _)| format!("{version}.{handle}"));
        let (mut records, mut deleted) = (Vec::new(), Vec::new());
        for (version, handle, record) in rows {
            let Some(record) = record else {
                deleted.push(handle);
                continue;
            };
            let mut out = json!({ "handle": handle, "version": version });
            if record.box_version > since {
                out["box"] = record.sealed.clone();
            }
            if let Some(key) = &record.key {
                out["key"] = key.clone();
            }
            records.push(out);
        }
        let mut page = json!({ "version": self.version, "epoch": self.epoch, "records": records,
            "deleted": deleted, "next": next });
        if !more && self.version == since {
            let manifest = base64url::decode(self.manifest.as_str().unwrap_or_default()).unwrap_or_default();
            page["manifest_sha256"] = base64url::encode(&sha256(&manifest)).into();
        } else if !more {
            page["header"] = self.header.clone();
            page["manifest"] = self.manifest.clone();
        }
        reply(200, &page)
    }

    fn commit(&mut self, request: &HttpRequest, blobs: &LocalBlobs) -> HttpResponse {
        let Some(commit) = body::<Commit>(request) else {
            return problem(400, "request-malformed");
        };
        if commit.base_version != self.version {
            return problem(409, "vault-version-conflict");
        }
        if let Some((status, code)) = self.refuses(&commit) {
            return problem(status, code);
        }
        if !commit.link.iter().all(|blob| blobs.is_whole(blob)) {
            return problem(422, "vault-blob-unknown");
        }
        self.version += 1;
        self.manifest = commit.manifest;
        if let Some(header) = commit.header {
            self.header = header;
        }
        self.store(commit.put);
        for handle in commit.delete {
            if self.records.remove(&handle).is_some() {
                self.deleted.insert(handle, self.version);
            }
        }
        for PutKey { handle, key } in commit.keys {
            if let Some(record) = self.records.get_mut(&handle) {
                (record.version, record.key) = (self.version, Some(key));
            }
        }
        if let Some(epoch) = commit.epoch {
            self.epoch = epoch;
            if let Some(hash) = commit.access_token_sha256 {
                self.access_token_sha256 = hash;
            }
        }
        reply(200, &json!({ "version": self.version }))
    }

    /// Why the keys of a commit do not fit: a new epoch must bring the key of exactly every record.
    fn refuses(&self, commit: &Commit) -> Option<(u16, &'static str)> {
        let mut live: BTreeSet<&str> = self.records.keys().map(String::as_str).collect();
        live.extend(commit.put.iter().map(|put| put.handle.as_str()));
        for handle in &commit.delete {
            live.remove(handle.as_str());
        }
        let keys: BTreeSet<&str> = commit.keys.iter().map(|key| key.handle.as_str()).collect();
        let Some(epoch) = commit.epoch else {
            let fits = keys.is_subset(&live) && commit.access_token_sha256.is_none();
            return (!fits).then_some((422, "vault-record-unknown"));
        };
        let with_records = commit.put.iter().filter(|put| put.key.is_some());
        let mut brought = keys;
        brought.extend(with_records.map(|put| put.handle.as_str()));
        if epoch != self.epoch + 1 {
            Some((409, "vault-epoch-conflict"))
        } else if brought != live || commit.header.is_none() {
            Some((422, "vault-epoch-incomplete"))
        } else {
            None
        }
    }

    fn store(&mut self, put: Vec<Put>) {
        for Put { handle, sealed, key } in put {
            self.deleted.remove(&handle);
            let version = self.version;
            let key = key.or_else(|| self.records.get(&handle).and_then(|old| old.key.clone()));
            let record = Record {
                version,
                box_version: version,
                sealed,
                key,
            };
            self.records.insert(handle, record);
        }
    }
}

fn body<T: for<'de> Deserialize<'de>>(request: &HttpRequest) -> Option<T> {
    serde_json::from_str(request.body.as_deref()?).ok()
}

fn reply(status: u16, body: &Value) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.to_string(),
    }
}

fn problem(status: u16, code: &str) -> HttpResponse {
    let body =
        json!({ "type": format!("https://assent.example/problems/{code}"), "code": code, "status": status });
    HttpResponse {
        status,
        headers: vec![("content-type".into(), "application/problem+json".into())],
        body: body.to_string(),
    }
}

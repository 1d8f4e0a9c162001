//! The vault service of a wallet that has none: the same HTTP contract, answered from the wallet file.
//!
//! It stores what a server would store, which is ciphertext, and checks what a server would check: the access
//! token, and the version a change was based on.

use std::collections::BTreeMap;

use assent_core::crypto::{constant_time_eq, sha256};
use assent_core::encoding::base64url;
use assent_core::http::{HttpRequest, HttpResponse, Method};
use assent_core::trust::TrustAnchors;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
    header: Value,
    manifest: Value,
    records: BTreeMap<String, Record>,
    deleted: BTreeMap<String, u64>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    version: u64,
    #[serde(rename = "box")]
    sealed: Value,
}

#[derive(Deserialize)]
struct Put {
    handle: String,
    #[serde(rename = "box")]
    sealed: Value,
}

#[derive(Deserialize)]
struct Create {
    vault_id: String,
    access_token_sha256: String,
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
}

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
        TrustAnchors::from_json(&anchors)
            .map_err(|error| CliError::from_core(Exit::Configuration, &error))?;
        Ok(Self { anchors, vault: None })
    }

    /// True when the request is for this service.
    pub fn owns(&self, request: &HttpRequest) -> bool {
        request
            .url
            .strip_prefix(Self::BASE)
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// Answers.
    pub fn answer(&mut self, request: &HttpRequest) -> HttpResponse {
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
                    (Method::Get, []) => vault.read(query),
                    (Method::Post, ["commits"]) => vault.commit(request),
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
        // The hash is of the token as it is sent, or of the bytes it stands for: accept what the engine chose.
        token.is_some_and(|token| {
            let decoded = base64url::decode(token).unwrap_or_default();
            constant_time_eq(&sha256(token.as_bytes()), &expected)
                || constant_time_eq(&sha256(&decoded), &expected)
        })
    }

    fn read(&self, query: &str) -> HttpResponse {
        let since: u64 = query
            .strip_prefix("since=")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let records: Vec<Value> = self
            .records
            .iter()
            .filter(|(_, record)| record.version > since)
            .map(|(handle, record)| json!({ "handle": handle, "version": record.version, "box": record.sealed }))
            .collect();
        let deleted = self.deleted.iter().filter(|(_, version)| **version > since);
        let deleted: Vec<&String> = deleted.map(|(handle, _)| handle).collect();
        reply(
            200,
            &json!({
                "version": self.version,
                "header": self.header,
                "manifest": self.manifest,
                "records": records,
                "deleted": deleted,
            }),
        )
    }

    fn commit(&mut self, request: &HttpRequest) -> HttpResponse {
        let Some(commit) = body::<Commit>(request) else {
            return problem(400, "request-malformed");
        };
        if commit.base_version != self.version {
            return problem(409, "vault-version-conflict");
        }
        self.version += 1;
        self.manifest = commit.manifest;
        if let Some(header) = commit.header {
            self.header = header;
        }
        for handle in commit.delete {
            self.records.remove(&handle);
            self.deleted.insert(handle, self.version);
        }
        self.store(commit.put);
        reply(200, &json!({ "version": self.version }))
    }

    fn store(&mut self, put: Vec<Put>) {
        for Put { handle, sealed } in put {
            self.deleted.remove(&handle);
            let version = self.version;
            self.records.insert(handle, Record { version, sealed });
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

//! The vault service: vaults, their records and their blobs.

use std::collections::BTreeMap;

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_core::http::{HttpRequest, HttpResponse, Method};
use ciborium::Value as Cbor;
use serde_json::{Value, json};

use super::{BASE, City, SIGNED, ok, respond};

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
    /// Credential ids of its passkeys, and what each said of itself when it was made.
    pub passkeys: BTreeMap<String, Value>,
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
        if !value["header"].is_null() {
            let known = std::mem::take(&mut next.passkeys);
            for passkey in value["passkeys"].as_array().unwrap() {
                let id = text(&passkey["credential_id"]);
                let made = known.get(&id).unwrap_or(&passkey["authenticator_data"]);
                next.passkeys.insert(id, made.clone());
            }
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

impl City {
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

    /// As if there had never been such a vault.
    pub fn forget_vault(&mut self, address: &str) {
        let (_, id) = address.rsplit_once('/').unwrap();
        self.vaults.remove(id);
    }

    /// No links with logins, and no emergency access.
    pub fn find_anew(&mut self) {
        self.finding = Default::default();
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

    /// A passkey signs in: it must be known and have signed.
    pub(super) fn passkey(&self, body: &Value) -> HttpResponse {
        let text = |name: &str| body[name].as_str().unwrap();
        let vault = self.vaults.get(text("vault"));
        let made = vault.and_then(|vault| vault.passkeys.get(text("credential_id")));
        match (vault, made) {
            (Some(vault), Some(made)) if !made.is_null() && body["signature"] == SIGNED => {
                ok(&json!({ "vaults": [{ "id": text("vault"), "header": vault.header }] }))
            }
            _ => respond(403, "application/problem+json", r#"{"code":"sign-in-refused"}"#),
        }
    }

    pub(super) fn vault(
        &mut self,
        request: &HttpRequest,
        bearer: Option<String>,
        body: &str,
    ) -> HttpResponse {
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
        if !self.vaults.contains_key(id)
            && verb == "header"
            && let Some(made_up) = self.made_up(id)
        {
            return ok(&made_up);
        }
        let Some(vault) = self.vaults.get_mut(id) else {
            return respond(404, "application/json", "{}");
        };
        if verb == "header" {
            return ok(&json!({ "header": vault.header }));
        }
        let token = bearer
            .and_then(|bearer| bearer.strip_prefix("Bearer ").map(str::to_owned))
            .unwrap_or_default();
        if matches!(verb, "emergency/ask" | "emergency/take") {
            return self.finding.contact(&token, verb);
        }
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
            (method, path) if path.starts_with("blobs") => self.blobs.answer(method, path, &value),
            (method, path) if path.starts_with("emergency") || path.starts_with("sign-ins") => {
                self.finding.answer(method, path, &value)
            }
            _ => respond(405, "", ""),
        }
    }

    /// Slots that nobody made, for a vault that is not there: those of another one under its id.
    fn made_up(&self, id: &str) -> Option<Value> {
        let other = self.vaults.values().next()?;
        let header = base64url::decode(other.header.as_str().unwrap()).unwrap();
        let mut header: Cbor = ciborium::from_reader(&header[..]).unwrap();
        header.as_array_mut().unwrap()[1] = Cbor::Bytes(base64url::decode(id).unwrap());
        let mut out = Vec::new();
        ciborium::into_writer(&header, &mut out).unwrap();
        Some(json!({ "header": base64url::encode(&out) }))
    }

    /// The vaults of who signed in.
    pub(super) fn found(&self) -> Value {
        let vaults = self.vaults.iter();
        let vaults = vaults.map(|(id, vault)| json!({ "id": id, "header": vault.header }));
        json!({ "vaults": vaults.collect::<Vec<_>>() })
    }
}

//! The blobs of a vault service: parts by hash, linked by commits.

use std::collections::{BTreeMap, BTreeSet};

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_core::http::{HttpRequest, HttpResponse, Method};
use serde_json::{Value, json};

use crate::city::{ok, respond};

const PART: usize = 1 << 20;

#[derive(Default)]
pub struct Blobs {
    /// Hashes of the parts of each.
    declared: BTreeMap<String, Vec<Value>>,
    pub parts: BTreeMap<(String, usize), Vec<u8>>,
    pub linked: BTreeSet<String>,
    /// What it says of its room.
    pub room: Value,
}

impl Blobs {
    pub fn answer(&mut self, method: Method, path: &str, body: &Value) -> HttpResponse {
        match (method, path.split('/').nth(1)) {
            (Method::Post, None) => {
                let parts = body["parts"].as_array().unwrap();
                let mut id = b"assent/blob/1".to_vec();
                id.extend_from_slice(&body["size"].as_u64().unwrap().to_be_bytes());
                for part in parts {
                    id.extend_from_slice(&base64url::decode(part.as_str().unwrap()).unwrap());
                }
                let blob = base64url::encode(&sha256(&id));
                self.declared.insert(blob.clone(), parts.clone());
                ok(&json!({ "blob": blob, "part_bytes": PART, "missing": self.missing(&blob) }))
            }
            (Method::Get, None) => ok(&self.room),
            (Method::Delete, Some(blob)) if !self.linked.contains(blob) => {
                self.declared.remove(blob);
                self.parts.retain(|(of, _), _| of != blob);
                respond(204, "", "")
            }
            _ => respond(409, "application/json", "{}"),
        }
    }

    /// What carries bytes: sends or reads a part.
    pub fn bytes(&mut self, request: &HttpRequest, body: &[u8]) -> (u16, Vec<u8>) {
        let (_, path) = request.url.split_once("/blobs/").unwrap();
        let parts: Vec<&str> = path.split('/').collect();
        let blob = parts[0].to_owned();
        if let [_, "parts", number] = parts[..] {
            let number: usize = number.parse().unwrap();
            let Some(declared) = self.declared.get(&blob) else {
                return (404, vec![]);
            };
            if declared[number] != base64url::encode(&sha256(body)) {
                return (422, vec![]);
            }
            self.parts.insert((blob, number), body.to_vec());
            return (204, vec![]);
        }
        let range = request.headers.iter().find(|(name, _)| name == "range");
        let (from, _) = range
            .unwrap()
            .1
            .strip_prefix("bytes=")
            .unwrap()
            .split_once('-')
            .unwrap();
        let number = from.parse::<usize>().unwrap() / PART;
        match self.parts.get(&(blob, number)) {
            Some(part) => (206, part.clone()),
            None => (404, vec![]),
        }
    }

    /// False when one to link is not here whole.
    pub fn commit(&mut self, commit: &Value) -> bool {
        let list = |name: &str| {
            let list = commit[name].as_array().cloned().unwrap_or_default();
            list.into_iter().map(|blob| blob.as_str().unwrap().to_owned())
        };
        let whole =
            list("link").all(|blob| self.declared.contains_key(&blob) && self.missing(&blob).is_empty());
        if whole {
            for blob in list("unlink") {
                assert!(self.linked.remove(&blob), "only what was linked is unlinked");
            }
            self.linked.extend(list("link"));
        }
        whole
    }

    /// As after a day: what no record needs is gone.
    pub fn sweep(&mut self) {
        let linked = self.linked.clone();
        self.declared.retain(|blob, _| linked.contains(blob));
        self.parts.retain(|(blob, _), _| linked.contains(blob));
    }

    fn missing(&self, blob: &str) -> Vec<usize> {
        let count = self.declared[blob].len();
        (0..count)
            .filter(|number| !self.parts.contains_key(&(blob.to_owned(), *number)))
            .collect()
    }
}

//! One request line in, one answer out.

use std::collections::HashMap;

use assent_core::encoding::json::{self, Limits, Object};
use serde_json::{Value, json};

use crate::resolver::Resolver;
use crate::verdict::Verdict;
use crate::verify::verify;

/// Longest request line in bytes, without its line break.
pub const MAX_LINE: usize = 1 << 20;

/// Deepest nesting of a request. A credential may be a few levels less deep.
const MAX_DEPTH: usize = 24;

/// What the bridge was started with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings {
    /// Leave to fetch did:web documents over https.
    pub allow_did_web: bool,
    /// …and over http from this machine, for tests.
    pub allow_loopback: bool,
}

/// What to say back.
#[derive(Debug, Clone)]
pub struct Answer {
    id: String,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Verdict(Verdict),
    Document(Value),
    About,
    Failed { code: &'static str, message: String },
}

impl Answer {
    /// An answer that is no statement about a credential or a DID.
    pub fn failed(id: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            id: id.to_owned(),
            content: Content::Failed {
                code,
                message: message.into(),
            },
        }
    }

    /// The JSON form of README.md.
    pub fn to_json(&self) -> Value {
        let id = &self.id;
        match &self.content {
            Content::Verdict(verdict) => json!({ "id": id, "ok": true, "verdict": verdict.to_json() }),
            Content::Document(document) => json!({ "id": id, "ok": true, "document": document }),
            Content::About => json!({ "id": id, "ok": true, "about": about() }),
            Content::Failed { code, message } => {
                json!({ "id": id, "ok": false, "error": { "code": code, "message": message } })
            }
        }
    }

    /// How a `--once` process ends: 0 yes, 3 the verification says no, 1 an error.
    pub fn exit_code(&self) -> u8 {
        match &self.content {
            Content::Verdict(verdict) if !verdict.is_verified() => 3,
            Content::Failed { .. } => 1,
            _ => 0,
        }
    }

    /// True when the line was longer than [`MAX_LINE`]: its rest cannot be told from the next request.
    pub fn is_line_too_long(&self) -> bool {
        matches!(&self.content, Content::Failed { code, .. } if *code == "bridge-line-too-long")
    }
}

/// Answers one request line.
pub fn answer(line: &[u8], settings: Settings) -> Answer {
    if line.strip_suffix(b"\n").unwrap_or(line).len() > MAX_LINE {
        return Answer::failed("", "bridge-line-too-long", "a request line may be 1 MiB long");
    }
    let limits = Limits {
        bytes: MAX_LINE + 1,
        depth: MAX_DEPTH,
    };
    let Ok(mut request) = json::parse_object(line, limits) else {
        return malformed("", "the request is not a JSON object within the limits");
    };
    let id = match request.get("id") {
        Some(Value::String(id)) if id.len() <= 128 => id.clone(),
        _ => return malformed("", "`id` must be a string of at most 128 characters"),
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Answer::failed(&id, "bridge-failed", "no runtime");
    };
    let resolver = match documents(&mut request) {
        Ok(documents) => Resolver::new(documents, settings),
        Err(message) => return malformed(&id, message),
    };
    let content = match request.get("action").and_then(Value::as_str) {
        Some("about") => Content::About,
        Some("verify") => {
            let now = match request.get("now") {
                None | Some(Value::Null) => chrono::Utc::now().timestamp(),
                Some(now) => match now.as_i64() {
                    Some(now) => now,
                    None => return malformed(&id, "`now` must be whole seconds since 1970"),
                },
            };
            let Some(credential) = request.remove("credential") else {
                return malformed(&id, "`credential` is missing");
            };
            Content::Verdict(runtime.block_on(verify(credential, &resolver, now)))
        }
        Some("resolve") => {
            let Some(did) = request.get("did").and_then(Value::as_str) else {
                return malformed(&id, "`did` must be a string");
            };
            match runtime.block_on(resolver.document(did)) {
                Ok(document) => Content::Document(document),
                Err(finding) => return Answer::failed(&id, finding.code, finding.message),
            }
        }
        _ => return malformed(&id, "`action` must be verify, resolve or about"),
    };
    Answer { id, content }
}

fn documents(request: &mut Object) -> Result<HashMap<String, Value>, &'static str> {
    match request.remove("did_documents") {
        None | Some(Value::Null) => Ok(HashMap::new()),
        Some(Value::Object(documents)) => Ok(documents.into_iter().collect()),
        Some(_) => Err("`did_documents` must be an object"),
    }
}

fn malformed(id: &str, message: &str) -> Answer {
    Answer::failed(id, "bridge-request-malformed", message)
}

fn about() -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "protocol": 1,
        "ssi": "0.16.0",
        "formats": ["jwt_vc_json", "vc+jwt", "data_integrity"],
        "suites": ["ES256", "EdDSA", "ecdsa-rdfc-2019", "eddsa-rdfc-2022", "Ed25519Signature2020"],
        "did_methods": ["key", "jwk", "web"],
    })
}

//! Reading a vault from its service, by what changed and in pages.

use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, Limits};
use assent_core::env::Env;
use assent_core::http::{HttpRequest, HttpResponse};
use serde_json::Value;
use zeroize::Zeroizing;

use super::WalletError;
use super::session::Core;
use super::sync::{nonsense, received};
use super::wallet::Next;
use crate::vault::{Handle, RemoteRecord, RemoteVault};

/// One page of changes: the service sends about 1 MiB of ciphertext, or one record, and the manifest with the last.
const MAX_PAGE: usize = 8 << 20;
/// All pages of one reading.
const MAX_VAULT: usize = 128 << 20;
const MAX_PAGES: u32 = 120;

/// What a vault service has, from a version on; `None` when nothing changed since.
pub(super) type ReadOutcome = Result<Option<RemoteVault>, WalletError>;
/// What follows a reading.
type AfterReading = Box<dyn FnOnce(&mut Core, ReadOutcome, &mut Env<'_>) -> Result<Next, WalletError> + Send>;

/// A reading of changes under way.
pub(super) struct Reading {
    address: String,
    token: Zeroizing<String>,
    since: u64,
    known: Option<[u8; 32]>,
    after: Option<String>,
    records: Vec<RemoteRecord>,
    bytes: usize,
    pages: u32,
}

impl Reading {
    /// Of what changed after the version and sealed manifest that are `known`, or of everything.
    pub(super) fn new(address: &str, token: Zeroizing<String>, known: Option<(u64, [u8; 32])>) -> Self {
        Self {
            address: address.to_owned(),
            token,
            since: known.map_or(0, |(version, _)| version),
            known: known.map(|(_, hash)| hash),
            after: None,
            records: Vec::new(),
            bytes: 0,
            pages: 0,
        }
    }
}

/// Reads page after page. A record that changes meanwhile comes again on a later page, and the manifest comes with the
/// last one: what is given to `then` is one state of the vault.
pub(super) fn pull(reading: Reading, then: AfterReading) -> Next {
    let mut url = format!("{}/changes?since={}", reading.address, reading.since);
    if let Some(after) = &reading.after {
        url.push_str("&after=");
        url.push_str(after);
    }
    let request = HttpRequest::get(url, "application/json", MAX_PAGE)
        .header("authorization", format!("Bearer {}", reading.token.as_str()));
    Next::Send(
        request,
        Box::new(move |core, answer, env| {
            let page =
                received(answer).and_then(|response| turn_page(reading, &response).ok_or_else(nonsense));
            match page {
                Ok(Page::More(reading)) => Ok(pull(reading, then)),
                Ok(Page::Last(remote)) => then(core, Ok(remote), env),
                Err(error) => then(core, Err(error), env),
            }
        }),
    )
}

enum Page {
    More(Reading),
    Last(Option<RemoteVault>),
}

fn turn_page(mut reading: Reading, response: &HttpResponse) -> Option<Page> {
    reading.bytes += response.body.len();
    reading.pages += 1;
    if reading.bytes > MAX_VAULT || reading.pages > MAX_PAGES {
        return None;
    }
    let limits = Limits {
        bytes: MAX_PAGE,
        depth: 8,
    };
    let value = json::parse(response.body.as_bytes(), limits).ok()?;
    let bytes = |value: &Value| base64url::decode(value.as_str()?).ok();
    for record in value.get("records")?.as_array()? {
        // A part that did not change may be left out; one that is there must be readable.
        let part = |name: &str| match record.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(part) => bytes(part).map(Some),
        };
        reading.records.push(RemoteRecord {
            handle: Handle::parse(record.get("handle")?.as_str()?)?,
            key: part("key")?,
            sealed: part("box")?,
        });
    }
    if let Some(after) = value.get("next").and_then(Value::as_str) {
        // It becomes part of an address, so it must be what the service is said to give.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if after.len() > 128 || !after.bytes().all(plain) {
            return None;
        }
        reading.after = Some(after.to_owned());
        return Some(Page::More(reading));
    }
    let version = value.get("version")?.as_u64()?;
    let Some(manifest) = value.get("manifest") else {
        // Nothing changed: it must be the very manifest that is here. Another one under the same version is read whole,
        // and the vault says what it thinks of it.
        if version != reading.since || reading.known.is_none() || !reading.records.is_empty() {
            return None;
        }
        if bytes(value.get("manifest_sha256")?)?.try_into().ok() == reading.known {
            return Some(Page::Last(None));
        }
        (reading.since, reading.known) = (0, None);
        return Some(Page::More(reading));
    };
    Some(Page::Last(Some(RemoteVault {
        version,
        header: bytes(value.get("header")?)?,
        manifest: bytes(manifest)?,
        records: reading.records,
    })))
}

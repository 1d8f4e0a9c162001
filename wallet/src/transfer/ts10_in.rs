//! Reading EU TS10 from any wallet: the table form and the flat form of its example, text for truth, names for paths.

use assent_core::claims::ClaimsPath;
use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_core::encoding::json::Object;
use assent_core::encoding::record::{FromJson as _, Value};
use assent_core::env::Timestamp;

use super::incoming::{Note, Wanted};
use super::moment::read_ts10;
use super::ts10_out::OWN;
use super::{Contents, TransferError};
use crate::app::view::Outcome;
use crate::history::{DetailRef, Entry, EntryKind};

const MAX_ENTRIES: usize = 100_000;
const MAX_CARDS: usize = 10_000;
const MAX_TEXT: usize = 2000;
const MAX_CLAIMS: usize = 1000;

/// What a file in this format brings.
#[derive(Debug, Clone, Default)]
pub(super) struct Read {
    pub(super) contents: Contents,
    pub(super) wanted: Vec<Wanted>,
    pub(super) notes: Vec<Note>,
}

/// Whether an object is meant as `MigrationData`.
pub(super) fn is_migration_data(object: &Object) -> bool {
    object.contains_key("transactionLog") || object.contains_key("listOfCredentials")
}

/// Reads `MigrationData`. What is of no class that is kept here, or cannot be read, is counted.
pub(super) fn read(mut data: Object) -> Result<Read, TransferError> {
    let mut out = Read::default();
    let (mut unknown, mut unreadable) = (0, 0);
    let log = list(data.remove("transactionLog"), MAX_ENTRIES)?;
    for transaction in log {
        let Value::Object(mut transaction) = transaction else {
            unreadable += 1;
            continue;
        };
        let own = transaction.remove(OWN).and_then(|own| Entry::read_json(own).ok());
        let own = own.filter(|own| text(transaction.get("transactionIdentifier")) == own.id);
        match own.map_or_else(|| entry(&mut transaction), Ok) {
            Ok(entry) => {
                // The same transaction twice is one.
                out.contents.add_record(&entry);
            }
            Err(Skipped::Class) => unknown += 1,
            Err(Skipped::Malformed) => unreadable += 1,
        }
    }
    for credential in list(data.remove("listOfCredentials"), MAX_CARDS)? {
        match wanted(&credential) {
            Some(wanted) if !out.wanted.contains(&wanted) => out.wanted.push(wanted),
            Some(_) => {}
            None => unreadable += 1,
        }
    }
    // Mig_07a: the identity card first, others are issued on it.
    out.wanted
        .sort_by_key(|wanted| !wanted.vct.starts_with("urn:eudi:pid:"));
    let whole = list(data.remove("nonDeviceBoundCredentials"), MAX_CARDS)?.len() as u64;
    for (code, count) in [
        ("log-class-not-kept", unknown),
        ("log-unreadable", unreadable),
        ("cards-without-key", whole),
    ] {
        if count > 0 {
            out.notes.push(Note { code, count });
        }
    }
    Ok(out)
}

enum Skipped {
    Class,
    Malformed,
}

fn entry(transaction: &mut Object) -> Result<Entry, Skipped> {
    let class = text(transaction.get("transactionType"));
    let kind = match class.as_str() {
        "Presentation" => EntryKind::Presentation,
        "CredentialIssuance" | "CredentialReissuance" => EntryKind::CredentialIssuance,
        "CredentialDeletion" => EntryKind::CredentialDeletion,
        "DataDeletionRequest" => EntryKind::ErasureRequest,
        _ => return Err(Skipped::Class),
    };
    let at = read_ts10(&text(transaction.get("time"))).ok_or(Skipped::Malformed)?;
    let id = text(transaction.get("transactionIdentifier"));
    if id.is_empty() {
        return Err(Skipped::Malformed);
    }
    let completed = text(transaction.get("transactionResult")).eq_ignore_ascii_case("completed");
    // Nested by class, or flat beside the identifier.
    let mut nested = class.clone();
    if let Some(first) = nested.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    let body = match transaction.remove(&nested) {
        Some(Value::Object(body)) => body,
        Some(_) => return Err(Skipped::Malformed),
        None => transaction.clone(),
    };
    let mut entry = Entry::restored(safe_id(&id), at, kind);
    match kind {
        EntryKind::CredentialDeletion => {
            entry.party_name = text(body.get("credentialIssuerName"));
            entry.party_id = text(body.get("credentialIssuerIdentifier"));
        }
        _ => {
            entry.party_name = text(body.get("interactingPartyName"));
            entry.party_id = identifier(body.get("interactingPartyIdentifier"));
        }
    }
    entry.types = texts(body.get("credentialIdentifier"));
    entry.requested = claims(body.get("listOfClaimsRequested"));
    let presented = body
        .get("listOfClaimsPresented")
        .or_else(|| body.get("listOfClaims"));
    entry.presented = claims(presented);
    entry.purpose = texts(body.get("purpose")).into_iter().next();
    entry.policy_url = texts(body.get("privacyPolicy")).into_iter().next();
    let authority = (
        text(body.get("dpaName")),
        texts(body.get("dpaContact")).into_iter().next(),
    );
    if !authority.0.is_empty() {
        entry.authority = Some((authority.0, authority.1.unwrap_or_default()));
    }
    if kind == EntryKind::Presentation {
        let reason = text(body.get("reasonOfNoncompletion"));
        entry.outcome = Some(match reason.as_str() {
            _ if completed => Outcome::Shared,
            "declined" => Outcome::Declined,
            "unknown-whether-received" => Outcome::UnknownWhetherReceived,
            _ => Outcome::FailedBeforeSending,
        });
        entry.reason = Some(reason).filter(|reason| !completed && !reason.is_empty());
    }
    Ok(entry)
}

fn wanted(credential: &Value) -> Option<Wanted> {
    let credential = credential.as_object()?;
    let vct = text(credential.get("credentialIdentifier"));
    let link = text(credential.get("supplyPointURL"));
    Some(Wanted {
        issuer: text(credential.get("issuerName")),
        issuer_id: text(credential.get("issuerIdentifier")),
        // Something to open in a browser, and nothing else.
        link: Some(link).filter(|link| link.starts_with("https://")),
        vct: Some(vct).filter(|vct| !vct.is_empty())?,
    })
}

fn claims(value: Option<&Value>) -> Vec<DetailRef> {
    let mut out = Vec::new();
    let groups = value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    for group in groups {
        let vct = text(group.get("credentialIdentifier"));
        let paths = match group.get("claims") {
            Some(Value::Array(paths)) => paths.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => continue,
        };
        for path in paths {
            let path = match path {
                Value::String(name) => ClaimsPath::keys(&[short(name)]),
                path => ClaimsPath::from_json(path).ok(),
            };
            let Some(path) = path.filter(|_| out.len() < MAX_CLAIMS) else {
                continue;
            };
            out.push(DetailRef {
                vct: vct.clone(),
                path,
            });
        }
    }
    out
}

/// `{type, identifier}`, a list of such, or a text.
fn identifier(value: Option<&Value>) -> String {
    match value {
        Some(Value::Array(items)) => identifier(items.first()),
        Some(Value::Object(object)) => text(object.get("identifier")),
        other => text(other),
    }
}

/// One or several texts, each plain or as `MultiLangString`, policy or contact.
fn texts(value: Option<&Value>) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::Object(object) => ["content", "value", "policyURI", "URL", "url", "email"]
            .iter()
            .map(|name| text(object.get(*name)))
            .find(|text| !text.is_empty()),
        other => Some(text(Some(other))).filter(|text| !text.is_empty()),
    };
    match value {
        Some(Value::Array(items)) => items.iter().take(MAX_CLAIMS).filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => short(text).to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn short(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default()
}

/// An identifier that can be part of a record's name; others are hashed.
fn safe_id(id: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if id.len() <= 64 && id.chars().all(is_plain) {
        return id.to_owned();
    }
    base64url::encode(sha256(id.as_bytes()).get(..16).unwrap_or_default())
}

fn list(value: Option<Value>, most: usize) -> Result<Vec<Value>, TransferError> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() <= most => Ok(items),
        Some(Value::Array(_)) => Err(TransferError::TooLarge),
        Some(_) => Err(TransferError::Damaged),
    }
}

/// When the file was made: it does not say, so the end of its log.
pub(super) fn latest(contents: &Contents) -> Timestamp {
    let entries: Vec<Entry> = contents.list();
    Timestamp(entries.iter().map(|entry| entry.at).max().unwrap_or_default())
}

#[cfg(test)]
#[path = "ts10_tests.rs"]
mod tests;

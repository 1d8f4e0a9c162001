//! The log and the list of cards as EU TS10 1.2 has them (`MigrationData`): no values, no keys.

use assent_core::encoding::json::Object;
use assent_core::encoding::record::{self, ToJson as _, Value};
use assent_core::record;

use super::Contents;
use crate::history::{Entry, ts10};
use crate::holdings::Card;

/// Member of a transaction that holds what TS10 has no place for: the entry as this app keeps it, which has no values either.
pub(super) const OWN: &str = "assentEntry";

/// The object to be sealed.
pub(super) fn migration_data(contents: &Contents) -> Value {
    let mut entries: Vec<Entry> = contents.list();
    entries.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    let mut log = Vec::new();
    for entry in &entries {
        log.push(transaction(entry));
    }
    let mut cards: Vec<Card> = contents.list();
    cards.sort_by(|a, b| (a.received_at, &a.id).cmp(&(b.received_at, &b.id)));
    let mut list = Vec::new();
    for card in &cards {
        list.push(record!({
            "credentialIdentifier": card.vct,
            "format": "dc+sd-jwt",
            "issuerIdentifier": card.issuer_id,
            "issuerType": issuer_type(&card.vct),
            "issuerName": card.issuer_name,
            "supplyPointURL": card.issuer_id,
        }));
    }
    // Every card of this wallet is bound to a key, and those do not travel (ARF Topic 34, Mig_03).
    let unbound: Vec<Value> = Vec::new();
    record!({
        "transactionLog": log,
        "listOfCredentials": list,
        "nonDeviceBoundCredentials": unbound,
    })
}

fn transaction(entry: &Entry) -> Value {
    let Value::Object(mut transaction) = ts10(entry) else {
        return Value::Null;
    };
    if let Some(Value::Object(presentation)) = transaction.get_mut("presentation") {
        complete(entry, presentation);
    }
    record::put(&mut transaction, OWN, entry.write_json());
    Value::Object(transaction)
}

/// Members that the table of TS10 demands, empty where nothing is known.
fn complete(entry: &Entry, presentation: &mut Object) {
    let purpose = entry.purpose.clone().unwrap_or_default();
    // `MultiLangString`; in which language a service wrote is not kept.
    let purpose = record!({ "lang": "und", "content": purpose });
    record::put(presentation, "purpose", Value::Array(vec![purpose]));
    let country = entry.service.as_ref().and_then(|service| service.country.clone());
    for (name, value) in [
        ("dpaName", String::new()),
        ("dpaCountry", country.unwrap_or_default()),
        ("dpaContact", String::new()),
    ] {
        if !presentation.contains_key(name) {
            record::put(presentation, name, Value::String(value));
        }
    }
}

/// What can be told from the type alone.
fn issuer_type(vct: &str) -> &'static str {
    if vct.starts_with("urn:eudi:pid:") {
        "PIDProvider"
    } else {
        "EAAProvider"
    }
}

//! Names for the details of a card whose issuer's metadata has none: those of its type (SV-7), when the card itself says
//! by hash which document that is. So the names are the issuer's word, whoever brings the document.
//!
//! Only names are taken, from the one document the card vouches for. The rules of a type are for verifiers.

use assent_core::claims::ClaimsPath;
use assent_core::encoding::json::{self, Limits};
use assent_core::oid4vci::metadata::{ClaimDescription, Display};
use assent_core::sd_jwt::type_metadata::matches_integrity;
use serde_json::Value;

use super::ReceivedCard;

/// Longest name shown, in bytes, and most claims and languages looked at.
const MAX_NAME: usize = 200;
const MAX_ENTRIES: usize = 256;

/// True when there is a card whose details have no names, and that says where some are.
pub(crate) fn want_names(cards: &[ReceivedCard]) -> bool {
    cards.iter().any(|received| received.type_integrity.is_some())
}

/// Takes the types that the registry knows: a list of objects with `document`. What does not fit is left out; then the
/// names of the claims themselves are shown.
pub(crate) fn name_details(cards: &mut [ReceivedCard], registry: &Value) {
    for received in cards {
        let Some(integrity) = received.type_integrity.take() else {
            continue;
        };
        let document = entries(registry)
            .filter_map(|entry| entry.get("document")?.as_str())
            .find(|document| matches_integrity(document.as_bytes(), &integrity))
            .and_then(|document| json::parse(document.as_bytes(), Limits::MESSAGE).ok());
        // The document names the very type it was asked for.
        let Some(document) = document.filter(|of| of["vct"].as_str() == Some(&received.card.vct)) else {
            continue;
        };
        received.card.claims = entries(&document["claims"])
            .filter_map(|claim| {
                Some(ClaimDescription {
                    path: ClaimsPath::from_json(&claim["path"]).ok()?,
                    mandatory: false,
                    display: names(&claim["display"], "label"),
                })
            })
            .collect();
        if received.card.display.is_empty() {
            received.card.display = names(&document["display"], "name");
        }
    }
}

fn entries(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten().take(MAX_ENTRIES)
}

fn names(list: &Value, member: &str) -> Vec<Display> {
    entries(list)
        .filter_map(|entry| {
            let name = entry[member].as_str().filter(|name| name.len() <= MAX_NAME)?;
            Some(Display::named(name, entry["locale"].as_str()?))
        })
        .collect()
}

//! Type metadata of the sandbox's own card type. That of the identity card is the EU's to publish.

use serde_json::{Value, json};

use super::{RESIDENCE, RESIDENCE_VCT, configurations};
use crate::oid4vci::metadata::Display;
use crate::sd_jwt::type_metadata::{KnownType, TypeResolution};

/// The types the sandbox publishes. Every claim of the residence card can be kept back, and those that a resident always
/// has are mandatory.
#[must_use]
pub fn types() -> Vec<KnownType> {
    let document = document();
    document
        .and_then(|document| {
            let types = TypeResolution::new(RESIDENCE_VCT, None)
                .supply(document.as_bytes())
                .ok()?;
            types.finish().ok()
        })
        .into_iter()
        .collect()
}

fn document() -> Option<String> {
    let configurations = configurations();
    let residence = configurations.get(RESIDENCE)?;
    let claims: Vec<Value> = residence
        .claims
        .iter()
        .map(|claim| {
            json!({
                "path": claim.path,
                "mandatory": claim.mandatory,
                "sd": "always",
                "display": texts(&claim.display, "label"),
            })
        })
        .collect();
    let document = json!({
        "vct": RESIDENCE_VCT,
        "name": "Residence card of the Assent sandbox",
        "description": "What a city could give its residents: membership data, and ages as yes or no.",
        "display": texts(&residence.display, "name"),
        "claims": claims,
    });
    Some(document.to_string())
}

fn texts(display: &[Display], name: &str) -> Vec<Value> {
    display
        .iter()
        .filter_map(|entry| Some(json!({ "locale": entry.locale.as_ref()?, name: entry.name.as_ref()? })))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::ClaimsPath;

    #[test]
    fn the_residence_card_is_described() {
        let types = types();
        assert_eq!(types.len(), 1);
        assert_eq!(types[0].vct(), RESIDENCE_VCT);
        let path = ClaimsPath::keys(&["age_equal_or_over", "16"]).unwrap();
        assert_eq!(types[0].label(&path, "nl"), Some("16 of ouder"));
        assert_eq!(types[0].display().len(), 2);
        // Made twice, it is the same to the byte: cards name its hash.
        assert_eq!(super::types()[0].integrity(), types[0].integrity());
    }
}

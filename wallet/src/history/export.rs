//! Entries in the form of EU TS10 1.2 (`Transaction`, table form: members nested by class).

use assent_core::env::Timestamp;
use serde_json::{Value, json};

use super::{DetailRef, Entry, EntryKind};
use crate::app::view::Outcome;

/// One entry as a TS10 `Transaction`.
pub(crate) fn ts10(entry: &Entry) -> Value {
    let completed = matches!(entry.outcome, None | Some(Outcome::Shared));
    let (kind, name, body) = match entry.kind {
        EntryKind::Presentation => ("Presentation", "presentation", presentation(entry, completed)),
        EntryKind::CredentialIssuance => (
            "CredentialIssuance",
            "credentialIssuance",
            json!({
                "interactingPartyIdentifier": { "type": "URL", "identifier": entry.party_id },
                "interactingPartyName": entry.party_name,
                "credentialNumberIssued": entry.types.len(),
                "credentialIdentifier": entry.types,
                "isUserTriggered": true,
            }),
        ),
        EntryKind::CredentialDeletion => (
            "CredentialDeletion",
            "credentialDeletion",
            json!({
                "credentialIdentifier": entry.types.first(),
                "credentialIssuerIdentifier": entry.party_id,
                "credentialIssuerName": entry.party_name,
            }),
        ),
        EntryKind::ErasureRequest => (
            "DataDeletionRequest",
            "dataDeletionRequest",
            json!({
                "interactingPartyIdentifier": { "type": "ClientId", "identifier": entry.party_id },
                "interactingPartyName": entry.party_name,
                "listOfClaims": claims(&entry.presented),
            }),
        ),
        // TS10 has no class for a withdrawal; this one is meant for what is missing.
        EntryKind::Withdrawal => (
            "OtherTransaction",
            "otherTransaction",
            json!({ "description": "Consent withdrawn", "interactingPartyName": entry.party_name }),
        ),
    };
    // `YYYY-MM-DDTHH:mm:ss`, without a zone.
    let time = Timestamp(entry.at).to_rfc3339().unwrap_or_default();
    let mut out = json!({
        "transactionIdentifier": entry.id,
        "time": time.trim_end_matches('Z'),
        "transactionType": kind,
        "transactionResult": if completed { "Completed" } else { "NotCompleted" },
    });
    out[name] = body;
    out
}

fn presentation(entry: &Entry, completed: bool) -> Value {
    let service = entry.service.as_ref();
    let mut out = json!({
        "interactingPartyIdentifier": { "type": "ClientId", "identifier": entry.party_id },
        "interactingPartyType": "ServiceProvider",
        "interactingPartyName": entry.party_name,
        "interactingPartyContact": [{ "country": service.and_then(|service| service.country.clone()) }],
        "isIntermediary": false,
        "registrarURL": "",
        "purpose": [entry.purpose.clone().unwrap_or_default()],
        "privacyPolicy": [entry.policy_url.clone().unwrap_or_default()],
        "listOfClaimsRequested": claims(&entry.requested),
        "listOfClaimsPresented": claims(&entry.presented),
    });
    if let Some((name, contact)) = &entry.authority {
        out["dpaName"] = json!(name);
        out["dpaContact"] = json!(contact);
    }
    if !completed {
        let reason = match entry.outcome {
            Some(Outcome::Declined) => "declined",
            Some(Outcome::UnknownWhetherReceived) => "unknown-whether-received",
            _ => entry.reason.as_deref().unwrap_or("failed"),
        };
        out["reasonOfNoncompletion"] = json!(reason);
    }
    out
}

/// `ClaimInfo` per credential type.
fn claims(details: &[DetailRef]) -> Value {
    let mut types: Vec<&str> = details.iter().map(|detail| detail.vct.as_str()).collect();
    types.dedup();
    types
        .iter()
        .map(|vct| {
            let paths = details
                .iter()
                .filter(|detail| detail.vct == *vct)
                .map(|detail| detail.path.to_json());
            json!({ "credentialIdentifier": vct, "claims": paths.collect::<Vec<_>>() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use assent_core::claims::ClaimsPath;

    use super::*;
    use crate::app::view::{ServiceTrust, ServiceView};

    #[test]
    fn a_presentation_in_the_table_form() {
        let service = ServiceView {
            id: "org".into(),
            name: "Library".into(),
            trust: ServiceTrust::Verified,
            country: Some("NL".into()),
            domain: "library.example".into(),
            details: vec![],
        };
        let mut entry = Entry::presentation("e1".into(), Timestamp(1_795_000_000), service);
        let detail = |key: &str| DetailRef {
            vct: "t".into(),
            path: ClaimsPath::keys(&[key]).unwrap(),
        };
        entry.requested = vec![detail("a"), detail("b")];
        entry.presented = vec![detail("a")];
        let out = ts10(&entry);
        assert_eq!(out["transactionType"], "Presentation");
        assert_eq!(out["transactionResult"], "NotCompleted");
        assert_eq!(
            out["presentation"]["reasonOfNoncompletion"],
            "unknown-whether-received"
        );
        assert_eq!(
            out["presentation"]["listOfClaimsRequested"],
            json!([{ "credentialIdentifier": "t", "claims": [["a"], ["b"]] }])
        );
        assert_eq!(out["time"].as_str().unwrap().len(), "2026-11-20T09:30:00".len());
        entry.outcome = Some(Outcome::Shared);
        assert_eq!(ts10(&entry)["transactionResult"], "Completed");
        assert_eq!(ts10(&entry)["presentation"].get("reasonOfNoncompletion"), None);
    }
}

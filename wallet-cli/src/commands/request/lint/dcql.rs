//! Habits in DCQL queries.

use assent_core::claims::PathElement;
use assent_core::consent::RECEIPT_VCT;
use assent_core::dcql::{CredentialQuery, DcqlQuery, Meta};
use assent_core::error::ErrorCode as _;
use serde_json::Value;

use super::finding::Finding;

/// Members of OpenID4VP 1.0 §6; others are ignored by wallets, which hides typing mistakes.
const QUERY: &[&str] = &["credentials", "credential_sets"];
const CREDENTIAL: &[&str] = &[
    "id",
    "format",
    "multiple",
    "meta",
    "trusted_authorities",
    "require_cryptographic_holder_binding",
    "claims",
    "claim_sets",
];
const CLAIM: &[&str] = &["id", "path", "values", "intent_to_retain"];
const SET: &[&str] = &["options", "required"];

/// Lints a query that sits at `at` in the request.
pub fn lint(value: &Value, at: &str, findings: &mut Vec<Finding>) {
    unknown_members(value, at, findings);
    let query = match DcqlQuery::parse(value) {
        Ok(query) => query,
        Err(error) => {
            return findings.push(Finding::error(error.code(), at, error.to_string()));
        }
    };
    if !query.has_credential_sets() && query.credentials().len() > 1 {
        findings.push(Finding::advice(
            "dcql-all-required",
            at,
            "Without credential_sets every card is required.",
            "Put what people may leave out into a set with \"required\": false.",
        ));
    }
    for (index, credential) in query.credentials().iter().enumerate() {
        lint_credential(credential, &join(at, &format!("credentials[{index}]")), findings);
    }
}

fn lint_credential(query: &CredentialQuery, at: &str, findings: &mut Vec<Finding>) {
    if let Meta::Other { format, .. } = query.meta() {
        findings.push(Finding::warning(
            "dcql-format-unknown",
            at,
            format!("No card has the format `{format}`."),
            "Use dc+sd-jwt or mso_mdoc.",
        ));
    }
    if !query.requires_holder_binding() {
        findings.push(Finding::warning(
            "dcql-no-holder-binding",
            at,
            "Anybody who has a copy of the card can answer.",
            "Leave require_cryptographic_holder_binding out.",
        ));
    }
    // A receipt is minted by the wallet: there is nothing in it to choose from.
    let receipt =
        matches!(query.meta(), Meta::SdJwtVc { vct_values } if vct_values.as_slice() == [RECEIPT_VCT]);
    if query.claims().is_empty() && !receipt {
        findings.push(Finding::advice(
            "dcql-no-claims",
            at,
            "No claims are asked: only what every presentation shows anyway.",
            "Add claims if you need details.",
        ));
    }
    for (index, claim) in query.claims().iter().enumerate() {
        let place = format!("{at}.claims[{index}]");
        let earlier = &query.claims()[..index];
        if earlier
            .iter()
            .any(|other| other.path == claim.path && other.values == claim.values)
        {
            findings.push(Finding::warning(
                "dcql-claim-twice",
                &place,
                format!("{} is asked twice.", claim.path),
                "Remove one of them.",
            ));
        }
        let keys: Vec<&str> = claim
            .path
            .elements()
            .iter()
            .filter_map(|element| match element {
                PathElement::Key(key) => Some(key.as_str()),
                _ => None,
            })
            .collect();
        habits(&keys, &place, findings);
    }
}

fn habits(keys: &[&str], at: &str, findings: &mut Vec<Finding>) {
    let last = keys.last().copied().unwrap_or_default();
    match (keys, last) {
        (_, "birthdate" | "birth_date") => findings.push(Finding::advice(
            "dcql-birth-date",
            at,
            "A date of birth tells more than an age.",
            "Ask age_equal_or_over if an age limit is all you need.",
        )),
        (["address" | "place_of_birth"], _) => findings.push(Finding::advice(
            "dcql-whole-object",
            at,
            format!("This asks everything inside `{last}`."),
            "Ask the members you need, e.g. [\"address\", \"locality\"].",
        )),
        (_, "portrait" | "picture" | "personal_administrative_number") => findings.push(Finding::warning(
            "dcql-sensitive",
            at,
            format!("`{last}` identifies a person for good."),
            "Ask it only when a law demands it, and say so in the purpose.",
        )),
        _ => {}
    }
}

fn unknown_members(value: &Value, at: &str, findings: &mut Vec<Finding>) {
    check(value, QUERY, at, findings);
    for (name, inner, members) in [("credentials", true, CREDENTIAL), ("credential_sets", false, SET)] {
        for (index, entry) in entries(value, name).iter().enumerate() {
            let place = join(at, &format!("{name}[{index}]"));
            check(entry, members, &place, findings);
            if inner {
                for (index, claim) in entries(entry, "claims").iter().enumerate() {
                    check(claim, CLAIM, &format!("{place}.claims[{index}]"), findings);
                }
            }
        }
    }
}

fn entries<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn check(value: &Value, known: &[&str], at: &str, findings: &mut Vec<Finding>) {
    for name in value.as_object().into_iter().flat_map(|object| object.keys()) {
        if !known.contains(&name.as_str()) {
            findings.push(Finding::warning(
                "dcql-unknown-member",
                at,
                format!("Wallets ignore `{name}`."),
                "Check the spelling.",
            ));
        }
    }
}

fn join(at: &str, place: &str) -> String {
    if at.is_empty() {
        place.to_owned()
    } else {
        format!("{at}.{place}")
    }
}

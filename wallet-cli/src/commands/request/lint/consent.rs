//! Consent requests, as services post them.

use serde_json::Value;

use super::finding::Finding;

/// What a person must be told before agreeing; an incomplete consent request is refused.
const NEEDED: [&str; 7] = [
    "purpose",
    "required",
    "legal_basis",
    "retention",
    "controller",
    "privacy_policy",
    "rights_contact",
];

/// Lints a consent request.
pub fn lint(value: &Value, findings: &mut Vec<Finding>) {
    for name in NEEDED {
        if value.get(name).is_none() {
            findings.push(Finding::error(
                "consent-request-incomplete",
                name,
                format!("`{name}` is missing."),
            ));
        }
    }
}

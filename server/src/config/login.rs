//! What operators' and citizens' login providers have in common.

use assent_core::profile::{Endpoint, Profile};

use super::Issue;

/// What is wrong with a login provider and us as its client; `at` gives the name of one of its settings.
pub(super) fn issues(
    at: impl Fn(&str) -> String,
    issuer: &str,
    client_id: &str,
    sandbox: bool,
) -> Vec<Issue> {
    let mut out = Vec::new();
    let profile = if sandbox {
        Profile::BASELINE.sandbox()
    } else {
        Profile::BASELINE
    };
    // OpenID Connect Discovery 1.0 §2: https, no query, no fragment.
    if Endpoint::parse(issuer, &profile).is_err() || issuer.contains('?') {
        out.push(Issue::new(
            at("issuer"),
            "must be an https:// address without query and fragment",
        ));
    }
    if client_id.is_empty() {
        out.push(Issue::new(at("client_id"), "missing"));
    }
    out
}

//! Consent requests, as services post them.

use assent_core::consent::ConsentTerms;
use assent_core::encoding::json::Object;
use assent_core::profile::{Endpoint, Profile};

use super::dcql;
use super::finding::Finding;

/// Stands in for the address that the server fills in when a service posts its terms.
const FILLED_IN: &str = "https://verifier.invalid/vp/withdrawals";

/// Lints a consent request with the checks of the server that will sign it.
pub fn lint(terms: &Object, profile: &Profile, findings: &mut Vec<Finding>) {
    let Ok(endpoint) = Endpoint::parse(FILLED_IN, profile) else {
        return;
    };
    let terms = match ConsentTerms::parse(terms, &endpoint, profile) {
        Ok(terms) => terms,
        Err(error) => {
            for problem in error.problems {
                let message = format!("`{}` {}.", problem.field, problem.reason);
                findings.push(Finding::error(
                    "consent-request-incomplete",
                    &problem.field,
                    message,
                ));
            }
            return;
        }
    };
    match terms.to_dcql() {
        Ok(query) => dcql::lint(&query.to_json(), "dcql_query", findings),
        Err(error) => findings.push(Finding::error("consent-request-query", "", error.to_string())),
    }
}

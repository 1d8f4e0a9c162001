//! Verifying a credential in any format we know.

mod data_integrity;
mod jwt;

use serde_json::Value;

use crate::resolver::Resolver;
use crate::verdict::{Finding, Format, Verdict};

/// Verifies a compact JWT (a JSON string) or a credential with a proof (a JSON object) at `now`, in seconds.
pub async fn verify(credential: Value, resolver: &Resolver, now: i64) -> Verdict {
    match credential {
        Value::String(compact) => jwt::verify(compact.trim(), resolver, now).await,
        document @ Value::Object(_) => Verdict {
            format: Some(Format::DataIntegrity),
            outcome: data_integrity::verify(document, resolver, now).await,
        },
        _ => Verdict {
            format: None,
            outcome: Err(Finding::new(
                "w3c-malformed",
                "a credential is a string or an object",
            )),
        },
    }
}

/// Every credential names its types, and one of them is the base type (VC Data Model 2.0 §4.5).
fn check_type(credential: &Value) -> Result<(), Finding> {
    let base = "VerifiableCredential";
    let named = match credential.get("type") {
        Some(Value::String(one)) => one == base,
        Some(Value::Array(many)) => many.iter().any(|one| one == base),
        _ => false,
    };
    let subject = matches!(
        credential.get("credentialSubject"),
        Some(Value::Object(_) | Value::Array(_))
    );
    if named && subject {
        Ok(())
    } else {
        Err(Finding::new(
            "w3c-malformed",
            "this is not a verifiable credential",
        ))
    }
}

//! Credentials with a Data Integrity proof.

use chrono::DateTime;
use serde_json::Value;
use ssi::claims::data_integrity::{AnySuite, DataIntegrity};
use ssi::claims::vc::AnyJsonCredential;
use ssi::claims::{Invalid, VerificationParameters};
use ssi::dids::VerificationMethodDIDResolver;
use ssi::verification_methods::AnyMethod;

use super::check_type;
use crate::resolver::Resolver;
use crate::verdict::{Finding, Verified};
use crate::{issuer, period};

/// Cryptosuites of `DataIntegrityProof` that we accept.
const CRYPTOSUITES: [&str; 2] = ["ecdsa-rdfc-2019", "eddsa-rdfc-2022"];

/// Verifies a credential with one proof.
pub async fn verify(document: Value, resolver: &Resolver, now: i64) -> Result<Verified, Finding> {
    check_type(&document)?;
    let proof = one_proof(&document)?;
    let suite = suite(proof)?;
    let text = |name: &str| proof.get(name).and_then(Value::as_str);
    // Data Integrity §4.4: the proof must have been made for this purpose.
    if text("proofPurpose") != Some("assertionMethod") {
        return Err(Finding::new(
            "w3c-proof-purpose",
            "the proof was not made to assert a credential",
        ));
    }
    let issuer = issuer::named(&document)?;
    let method = text("verificationMethod")
        .ok_or_else(|| Finding::new("w3c-malformed", "the proof names no key by its id"))?;
    issuer::assertion_key(&issuer, Some(method), resolver).await?;

    verify_proof(&document, resolver, now).await?;
    let period = period::check(&document, now)?;
    check_proof_period(proof, now)?;
    Ok(Verified {
        suite,
        issuer,
        valid_from: period.from,
        valid_until: period.until,
        credential: document,
    })
}

/// Exactly one proof: with several, nobody could say which one the verdict is about.
fn one_proof(document: &Value) -> Result<&Value, Finding> {
    match document.get("proof") {
        Some(proof @ Value::Object(_)) => Ok(proof),
        Some(Value::Array(proofs)) if proofs.len() == 1 => Ok(&proofs[0]),
        _ => Err(Finding::new(
            "w3c-malformed",
            "a credential must have exactly one proof",
        )),
    }
}

fn suite(proof: &Value) -> Result<String, Finding> {
    let text = |name: &str| proof.get(name).and_then(Value::as_str);
    match (text("type"), text("cryptosuite")) {
        (Some("DataIntegrityProof"), Some(suite)) if CRYPTOSUITES.contains(&suite) => Ok(suite.to_owned()),
        (Some(suite @ "Ed25519Signature2020"), None) => Ok(suite.to_owned()),
        _ => Err(Finding::new(
            "w3c-algorithm",
            "the cryptosuite is not on our list",
        )),
    }
}

async fn verify_proof(document: &Value, resolver: &Resolver, now: i64) -> Result<(), Finding> {
    let credential: DataIntegrity<AnyJsonCredential, AnySuite> = serde_json::from_value(document.clone())
        .map_err(|error| Finding::new("w3c-malformed", format!("not a credential: {error}")))?;
    let keys: VerificationMethodDIDResolver<_, AnyMethod> =
        VerificationMethodDIDResolver::new(resolver.clone());
    let now = DateTime::from_timestamp(now, 0)
        .ok_or_else(|| Finding::new("w3c-malformed", "the time is out of range"))?;
    // The default loader has the well-known contexts built in and fetches nothing.
    let parameters = VerificationParameters::from_resolver(keys).with_date_time(now);
    match credential.verify(parameters).await {
        Ok(Ok(())) => Ok(()),
        // ssi checks the period as well; ours names it precisely, so let it speak first.
        Ok(Err(Invalid::Claims(error))) => {
            period::check(document, now.timestamp())?;
            Err(from_text("w3c-malformed", &error.to_string()))
        }
        Ok(Err(Invalid::Proof(error))) => Err(from_text("w3c-signature", &error.to_string())),
        Err(error) => Err(from_text("w3c-signature", &error.to_string())),
    }
}

/// JSON-LD failures come back as text only.
fn from_text(otherwise: &'static str, text: &str) -> Finding {
    let lower = text.to_ascii_lowercase();
    if lower.contains("key `") && lower.contains("expansion failed") {
        Finding::new("w3c-undefined-term", "a term is not defined by any context")
    } else if lower.contains("context") || lower.contains("loading") {
        Finding::new(
            "w3c-context",
            "a JSON-LD context is unknown or cannot be processed",
        )
    } else {
        Finding::new(otherwise, text)
    }
}

/// `expires` of the proof itself (Data Integrity §2.1).
fn check_proof_period(proof: &Value, now: i64) -> Result<(), Finding> {
    let Some(expires) = proof.get("expires") else {
        return Ok(());
    };
    let at = expires
        .as_str()
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
        .ok_or_else(|| Finding::new("w3c-malformed", "`expires` of the proof is not a date"))?;
    if now >= at.timestamp() {
        return Err(Finding::new("w3c-expired", "the proof has expired"));
    }
    Ok(())
}

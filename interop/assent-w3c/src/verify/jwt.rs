//! Credentials as JWT: VC Data Model 1.1 §6.3.1 and VC-JOSE-COSE.

use assent_core::crypto::Algorithm;
use assent_core::encoding::jws::{JwsError, UnverifiedJws};
use serde_json::Value;
use ssi::JWK;
use ssi::dids::VerificationMethodDIDResolver;
use ssi::jwk::JWKResolver as _;
use ssi::verification_methods::AnyMethod;

use super::check_type;
use crate::resolver::Resolver;
use crate::verdict::{Finding, Format, Verdict, Verified};
use crate::{issuer, period};

/// Verifies a compact JWT.
pub async fn verify(compact: &str, resolver: &Resolver, now: i64) -> Verdict {
    let failed = |finding| Verdict {
        format: None,
        outcome: Err(finding),
    };
    let jws = match UnverifiedJws::parse(compact) {
        Ok(jws) => jws,
        Err(JwsError::Algorithm) => return failed(algorithm()),
        Err(error) => return failed(Finding::new("w3c-malformed", error.to_string())),
    };
    let payload = match jws.unverified_claims() {
        Ok(payload) => Value::Object(payload),
        Err(error) => return failed(Finding::new("w3c-malformed", error.to_string())),
    };
    let format = if payload.get("vc").is_some() {
        Format::JwtVcJson
    } else {
        Format::VcJwt
    };
    Verdict {
        format: Some(format),
        outcome: check(compact, &jws, payload, format, resolver, now).await,
    }
}

async fn check(
    compact: &str,
    jws: &UnverifiedJws,
    payload: Value,
    format: Format,
    resolver: &Resolver,
    now: i64,
) -> Result<Verified, Finding> {
    let credential = match format {
        Format::JwtVcJson => from_jwt_claims(&payload)?,
        _ => payload.clone(),
    };
    check_type(&credential)?;
    let issuer = issuer::named(&credential)?;
    // `iss` and `issuer` may both be there; then they must agree (VC-JOSE-COSE §3.1.3).
    if payload.get("iss").is_some_and(|iss| *iss != issuer) {
        return Err(Finding::new("w3c-issuer-mismatch", "`iss` and `issuer` differ"));
    }
    let key_id = issuer::assertion_key(&issuer, jws.header().kid.as_deref(), resolver).await?;
    let keys: VerificationMethodDIDResolver<_, AnyMethod> =
        VerificationMethodDIDResolver::new(resolver.clone());
    let key = keys
        .fetch_public_jwk(Some(&key_id))
        .await
        .map_err(|error| Finding::new("w3c-issuer-key", error.to_string()))?;
    if !fits(jws.header().alg, &key) {
        return Err(algorithm());
    }
    ssi::claims::jws::decode_verify(compact, &key)
        .map_err(|_| Finding::new("w3c-signature", "the signature is wrong"))?;
    period::check_jwt(&payload, now)?;
    let period = period::check(&credential, now)?;
    Ok(Verified {
        suite: jws.header().alg.as_jose().to_owned(),
        issuer,
        valid_from: period.from,
        valid_until: period.until,
        credential,
    })
}

/// The credential of VC Data Model 1.1: `vc`, with `iss` and `sub` standing in for `issuer` and the subject's id.
fn from_jwt_claims(payload: &Value) -> Result<Value, Finding> {
    let mut credential = payload.get("vc").cloned().unwrap_or_default();
    let Some(members) = credential.as_object_mut() else {
        return Err(Finding::new("w3c-malformed", "`vc` is not an object"));
    };
    if let Some(iss) = payload.get("iss") {
        members.entry("issuer").or_insert_with(|| iss.clone());
    }
    if let (Some(sub), Some(Value::Object(subject))) =
        (payload.get("sub"), members.get_mut("credentialSubject"))
    {
        match subject.get("id") {
            Some(id) if id != sub => {
                return Err(Finding::new("w3c-malformed", "`sub` and the subject's id differ"));
            }
            Some(_) => {}
            None => {
                subject.insert("id".into(), sub.clone());
            }
        }
    }
    Ok(credential)
}

/// A key has one algorithm: the header does not choose (RFC 8725 §3.1).
fn fits(algorithm: Algorithm, key: &JWK) -> bool {
    let curve = match &key.params {
        ssi::jwk::Params::EC(ec) => ec.curve.as_deref(),
        ssi::jwk::Params::OKP(okp) => Some(okp.curve.as_str()),
        _ => None,
    };
    matches!(
        (algorithm, curve),
        (Algorithm::Es256, Some("P-256")) | (Algorithm::Ed25519, Some("Ed25519"))
    )
}

fn algorithm() -> Finding {
    Finding::new(
        "w3c-algorithm",
        "the algorithm is not allowed, or is not the key's",
    )
}

//! The JWS JSON serialisation of an SD-JWT (RFC 9901 §8), read into the compact form.

use serde_json::Value;

use super::{MAX_DISCLOSURES, MAX_SD_JWT, SdJwtError};
use crate::encoding::json::Object;

/// The compact form of a flattened (§8.1) or general (§8.2) serialisation, and its unprotected header.
///
/// `sd_hash` is defined over the compact form also here, so nothing is lost on the way.
pub(super) fn to_compact(value: &Value) -> Result<(String, Object), SdJwtError> {
    let outer = value.as_object().ok_or(SdJwtError::Malformed)?;
    let payload = text(outer, "payload")?;
    let signature = match outer.get("signatures") {
        None => outer,
        // RFC 7515 §7.2.2: `signatures` and the flattened members exclude each other.
        Some(_) if outer.contains_key("signature") || outer.contains_key("protected") => {
            return Err(SdJwtError::Malformed);
        }
        Some(Value::Array(signatures)) => first_signature(signatures)?,
        Some(_) => return Err(SdJwtError::Malformed),
    };
    let unprotected = match signature.get("header") {
        None => Object::new(),
        Some(Value::Object(header)) => header.clone(),
        Some(_) => return Err(SdJwtError::Malformed),
    };

    let mut out = String::new();
    out.push_str(text(signature, "protected")?);
    out.push('.');
    out.push_str(payload);
    out.push('.');
    out.push_str(text(signature, "signature")?);
    out.push('~');
    match unprotected.get("disclosures") {
        None => {}
        Some(Value::Array(disclosures)) if disclosures.len() <= MAX_DISCLOSURES => {
            for disclosure in disclosures {
                let disclosure = disclosure.as_str().ok_or(SdJwtError::Malformed)?;
                out.push_str(part(disclosure)?);
                out.push('~');
                if out.len() > MAX_SD_JWT {
                    return Err(SdJwtError::TooLong);
                }
            }
        }
        Some(Value::Array(_)) => return Err(SdJwtError::TooManyDisclosures),
        Some(_) => return Err(SdJwtError::Malformed),
    }
    match unprotected.get("kb_jwt") {
        None => {}
        Some(Value::String(kb_jwt)) => {
            let parts: Vec<&str> = kb_jwt.split('.').collect();
            if parts.len() != 3 {
                return Err(SdJwtError::Malformed);
            }
            for each in parts {
                part(each)?;
            }
            out.push_str(kb_jwt);
        }
        Some(_) => return Err(SdJwtError::Malformed),
    }
    Ok((out, unprotected))
}

/// §8.2: disclosures and KB-JWT are in the first signature's unprotected header and in no other.
fn first_signature(signatures: &[Value]) -> Result<&Object, SdJwtError> {
    let (first, others) = signatures.split_first().ok_or(SdJwtError::Malformed)?;
    for other in others {
        let header = other.get("header");
        let has = |name: &str| header.and_then(|header| header.get(name)).is_some();
        if has("disclosures") || has("kb_jwt") {
            return Err(SdJwtError::Malformed);
        }
    }
    first.as_object().ok_or(SdJwtError::Malformed)
}

fn text<'o>(object: &'o Object, name: &str) -> Result<&'o str, SdJwtError> {
    part(
        object
            .get(name)
            .and_then(Value::as_str)
            .ok_or(SdJwtError::Malformed)?,
    )
}

/// Only base64url characters: a `~` or `.` inside a member would move the borders of the compact form.
fn part(text: &str) -> Result<&str, SdJwtError> {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !text.is_empty() && text.bytes().all(fine) {
        Ok(text)
    } else {
        Err(SdJwtError::Malformed)
    }
}

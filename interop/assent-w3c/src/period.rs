//! When a credential is valid.

use chrono::DateTime;
use serde_json::Value;

use crate::verdict::Finding;

/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 60;

/// The period a credential states, as it states it.
#[derive(Debug, Default)]
pub struct Period {
    /// `validFrom` (2.0) or `issuanceDate` (1.1).
    pub from: Option<String>,
    /// `validUntil` (2.0) or `expirationDate` (1.1).
    pub until: Option<String>,
}

/// Reads the dates of both data models and checks them against `now` (VC Data Model 2.0 §4.9, 1.1 §4.6).
///
/// # Errors
/// `w3c-malformed` for a date that is none, `w3c-not-yet-valid`, `w3c-expired`.
pub fn check(credential: &Value, now: i64) -> Result<Period, Finding> {
    let mut period = Period::default();
    for name in ["validFrom", "issuanceDate"] {
        if let Some((text, seconds)) = date(credential, name)? {
            not_before(seconds, now)?;
            period.from = Some(text);
        }
    }
    for name in ["validUntil", "expirationDate"] {
        if let Some((text, seconds)) = date(credential, name)? {
            not_after(seconds, now)?;
            period.until = Some(text);
        }
    }
    Ok(period)
}

/// Checks `nbf`, `iat` and `exp` of a JWT (RFC 7519 §4.1.4 to §4.1.6).
///
/// # Errors
/// As [`check`].
pub fn check_jwt(payload: &Value, now: i64) -> Result<(), Finding> {
    let seconds = |name: &str| match payload.get(name) {
        None => Ok(None),
        Some(value) => match value.as_f64() {
            // A fraction of a second does not matter here; anything outside i64 saturates.
            Some(seconds) => Ok(Some(seconds as i64)),
            None => Err(Finding::new("w3c-malformed", format!("`{name}` is not a number"))),
        },
    };
    for name in ["nbf", "iat"] {
        if let Some(start) = seconds(name)? {
            not_before(start, now)?;
        }
    }
    match seconds("exp")? {
        Some(end) => not_after(end, now),
        None => Ok(()),
    }
}

fn not_before(start: i64, now: i64) -> Result<(), Finding> {
    if start > now.saturating_add(LEEWAY) {
        return Err(Finding::new(
            "w3c-not-yet-valid",
            "the credential is not valid yet",
        ));
    }
    Ok(())
}

fn not_after(end: i64, now: i64) -> Result<(), Finding> {
    if now >= end.saturating_add(LEEWAY) {
        return Err(Finding::new("w3c-expired", "the credential has expired"));
    }
    Ok(())
}

fn date(credential: &Value, name: &str) -> Result<Option<(String, i64)>, Finding> {
    let malformed = || Finding::new("w3c-malformed", format!("`{name}` is not a date"));
    match credential.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => {
            let at = DateTime::parse_from_rfc3339(text).map_err(|_| malformed())?;
            Ok(Some((text.clone(), at.timestamp())))
        }
        Some(_) => Err(malformed()),
    }
}

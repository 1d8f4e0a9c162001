//! Times in claims.

use serde_json::Value;

use crate::encoding::json::Object;
use crate::env::Timestamp;

/// A time claim is there but is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotATime;

/// Reads a `NumericDate` (RFC 7519 §2), rounding fractions down. `None` when absent.
pub(super) fn numeric_date(claims: &Object, name: &str) -> Result<Option<Timestamp>, NotATime> {
    let number = match claims.get(name) {
        None => return Ok(None),
        Some(Value::Number(number)) => number,
        Some(_) => return Err(NotATime),
    };
    if let Some(seconds) = number.as_i64() {
        return Ok(Some(Timestamp(seconds)));
    }
    // Beyond 2^53 a double is no longer exact, and no honest date is there.
    match number.as_f64() {
        Some(seconds) if seconds.abs() < 9_007_199_254_740_992.0 =>
        {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "bounded just above; fractions are dropped"
            )]
            Ok(Some(Timestamp(seconds.floor() as i64)))
        }
        _ => Err(NotATime),
    }
}

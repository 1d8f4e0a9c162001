//! Times as texts.

use assent_core::env::Timestamp;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, PrimitiveDateTime};

/// RFC 3339 with an offset.
pub(super) fn read_rfc3339(text: &str) -> Option<Timestamp> {
    if text.len() > 40 {
        return None;
    }
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Some(Timestamp(at.unix_timestamp()))
}
/// As TS10 writes times: `YYYY-MM-DDTHH:mm:ss`, taken for UTC; one with an offset is read, too.
pub(super) fn read_ts10(text: &str) -> Option<Timestamp> {
    if let Some(at) = read_rfc3339(text) {
        return Some(at);
    }
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let at = PrimitiveDateTime::parse(text.get(..19)?, format).ok()?;
    (text.len() == 19).then_some(Timestamp(at.assume_utc().unix_timestamp()))
}

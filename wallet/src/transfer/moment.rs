//! Times as texts.

use assent_core::env::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// RFC 3339 with an offset.
pub(super) fn read_rfc3339(text: &str) -> Option<Timestamp> {
    if text.len() > 40 {
        return None;
    }
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Some(Timestamp(at.unix_timestamp()))
}

//! Consents as their service sees them: states and receipts, never values.

pub(super) mod list;
pub(super) mod read;
pub(super) mod receipt;

use assent_core::env::Timestamp;
use axum::http::StatusCode;
use serde::Serialize;

use crate::error::Problem;
use crate::store::ConsentRow;

/// A consent and its state.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Consent {
    /// Its id.
    consent_id: String,
    /// `active`, `withdrawn` or `expired`.
    state: String,
    /// RFC 3339.
    given_at: String,
    /// When it ends by itself, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    /// When it was withdrawn, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<String>,
}

impl Consent {
    fn new(row: ConsentRow, now: Timestamp) -> Self {
        Self {
            state: state_at(&row, now),
            consent_id: row.consent.id,
            given_at: row.consent.given_at.to_rfc3339().unwrap_or_default(),
            valid_until: row.consent.valid_until.and_then(Timestamp::to_rfc3339),
            withdrawn_at: row.withdrawn_at.and_then(Timestamp::to_rfc3339),
        }
    }
}

/// `active`, `withdrawn` or `expired`: nobody writes down that a consent ended by itself.
pub(super) fn state_at(row: &ConsentRow, now: Timestamp) -> String {
    let over = row.consent.valid_until.is_some_and(|until| now >= until);
    if row.state == "active" && over {
        "expired".into()
    } else {
        row.state.clone()
    }
}

fn unknown() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "consent-unknown",
        "There is no such consent.",
    )
}

//! Consents as their service sees them: states and receipts, never values.

pub(super) mod list;
pub(super) mod read;
pub(super) mod receipt;

use assent_core::consent::{ConsentRequest, VerifiedReceipt};
use assent_core::crypto::Signer as _;
use assent_core::env::Timestamp;
use assent_core::sd_jwt::KeyBindingCheck;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::crypto::RingCrypto;
use crate::error::Problem;
use crate::state::{AppState, Service};
use crate::store::{ConsentRow, ConsentStore as _};

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
    /// Purposes that were withdrawn while the rest stays: stop these. The receipt says what each covers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    withdrawn_purposes: Vec<String>,
}

impl Consent {
    fn new(row: ConsentRow, now: Timestamp) -> Self {
        Self {
            state: state_at(&row, now),
            consent_id: row.consent.id,
            given_at: row.consent.given_at.to_rfc3339().unwrap_or_default(),
            valid_until: row.consent.valid_until.and_then(Timestamp::to_rfc3339),
            withdrawn_at: row.withdrawn_at.and_then(Timestamp::to_rfc3339),
            withdrawn_purposes: row.withdrawn_purposes,
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

/// A consent that was given to the service that asks.
async fn own(state: &AppState, headers: &HeaderMap, id: &str) -> Result<ConsentRow, Problem> {
    let service = super::service(state, headers)?;
    state.store.consent(&service.id, id).await?.ok_or_else(unknown)
}

/// The receipt of a consent, as of when it was given: one that is over still has its receipt.
///
/// # Errors
/// Ours: it was checked before it was stored.
pub(in crate::api) fn receipt_of(row: &ConsentRow) -> Result<VerifiedReceipt, Problem> {
    VerifiedReceipt::verify(
        &row.consent.receipt,
        KeyBindingCheck::NotRequired,
        row.consent.given_at,
        &RingCrypto,
    )
    .map_err(|error| Problem::from_core(StatusCode::INTERNAL_SERVER_ERROR, &error))
}

/// The credential queries that belong to some purposes of a consent.
///
/// # Errors
/// Ours: the request was checked before it was stored.
pub(in crate::api) fn queries_of(
    state: &AppState,
    service: &Service,
    row: &ConsentRow,
    purposes: &[String],
) -> Result<Vec<String>, Problem> {
    let request = ConsentRequest::verify_archived(
        &row.consent.consent_request,
        &service.identity.signer.public_key(),
        &state.profile,
        &RingCrypto,
    )
    .map_err(|error| Problem::from_core(StatusCode::INTERNAL_SERVER_ERROR, &error))?;
    let named = request.terms.purposes().into_iter();
    Ok(named
        .filter(|purpose| purposes.contains(&purpose.id))
        .flat_map(|purpose| purpose.query_ids)
        .collect())
}

pub(in crate::api) fn unknown() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "consent-unknown",
        "There is no such consent.",
    )
}

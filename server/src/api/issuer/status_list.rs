//! `GET /issuer/status-lists/{id}` (Token Status List) and drawing indexes from it

use assent_core::env::Timestamp;
use assent_core::issuer::draw_index;
use assent_core::status::{Status, StatusBits, StatusList, StatusListClaims, StatusReference};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;
use crate::store::IssuanceStore as _;

/// The one list of this issuer.
const LIST_ID: i64 = 1;
/// Entries of the list. Large, so that an index says nothing about who and when.
const SIZE: u32 = 1 << 17;
/// How long a reader may keep the list, in seconds: a revoked card is refused after at most this time.
const TTL: i64 = 60;
/// How long a signed list is good, in seconds.
const LIFE: i64 = 24 * 3600;
/// Tries to find a free index before the list counts as full.
const MAX_DRAWS: usize = 64;

/// The signed list of which cards are revoked.
#[utoipa::path(get, path = "/issuer/status-lists/{id}", tag = "issuer",
    params(("id" = i64, Path, description = "Number of the list.")),
    responses((status = 200, description = "Status List Token.", body = String, content_type = "application/statuslist+jwt"),
              (status = 404, description = "`status-list-unknown`.", body = ProblemDetails)))]
pub(super) async fn status_list(
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> Result<impl IntoResponse, Problem> {
    if id != LIST_ID {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "status-list-unknown",
            "There is no such list.",
        ));
    }
    let identity = super::identity(&state)?;
    let failed = |error| Problem::from_core(StatusCode::INTERNAL_SERVER_ERROR, &error);
    let mut list = StatusList::new(StatusBits::One, SIZE as usize).map_err(failed)?;
    for (idx, status) in state.store.status_entries(id).await? {
        let idx = u64::try_from(idx).unwrap_or(u64::MAX);
        list.set(idx, Status::from_value(status)).map_err(failed)?;
    }
    let now = state.clock.now();
    let token = StatusListClaims {
        uri: uri(&state),
        issued_at: now,
        expires_at: Some(now.plus(LIFE)),
        ttl: Some(TTL),
    }
    .sign_jwt(&list, &identity.chain, &identity.signer)
    .map_err(|error| Problem::internal(&error))?;
    Ok((
        [
            (header::CONTENT_TYPE, "application/statuslist+jwt"),
            (header::CACHE_CONTROL, "public, max-age=60"),
        ],
        token,
    ))
}

/// Takes a free index for one copy of a card.
pub(super) async fn draw(
    state: &AppState,
    issuance_id: &str,
    expires_at: Timestamp,
) -> Result<StatusReference, Problem> {
    for _ in 0..MAX_DRAWS {
        let idx = state
            .with_env(|env| draw_index(u64::from(SIZE), env))
            .map_err(|error| Problem::internal(&error))?
            .unwrap_or_default();
        let stored = i64::try_from(idx).unwrap_or(i64::MAX);
        if state
            .store
            .claim_status_index(LIST_ID, stored, issuance_id, expires_at)
            .await?
        {
            return Ok(StatusReference { idx, uri: uri(state) });
        }
    }
    Err(Problem::new(
        StatusCode::INSUFFICIENT_STORAGE,
        "status-list-full",
        "The status list has no free place.",
    ))
}

fn uri(state: &AppState) -> String {
    state.url(&format!("/issuer/status-lists/{LIST_ID}"))
}

//! `GET /issuer/status-lists/{id}` (Token Status List) and drawing indexes from it

use std::collections::HashSet;

use assent_core::env::Timestamp;
use assent_core::issuer::draw_index;
use assent_core::status::{Status, StatusBits, StatusList, StatusListClaims, StatusReference};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;
use crate::store::{StatusListRow, StatusListStore as _};

/// How long a reader may keep the list, in seconds: a revoked card is refused after at most this time.
const TTL: i64 = 60;
/// How long a signed list is good, in seconds.
const LIFE: i64 = 24 * 3600;
/// Random places proposed for each place wanted, before the free ones are counted out.
const PROPOSED: usize = 8;
/// Lists begun for the copies of one card, at most. One batch never fills more than two.
const MAX_LISTS: usize = 16;

/// The signed list of which cards are revoked.
#[utoipa::path(get, path = "/issuer/status-lists/{id}", tag = "issuer",
    params(("id" = i64, Path, description = "Number of the list.")),
    responses((status = 200, description = "Status List Token.", body = String, content_type = "application/statuslist+jwt"),
              (status = 404, description = "`status-list-unknown`.", body = ProblemDetails)))]
pub(super) async fn status_list(
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> Result<impl IntoResponse, Problem> {
    let identity = super::identity(&state)?;
    let row = match state.store.status_list(id).await? {
        Some(row) => row,
        // Nothing was issued yet: the first list is there and empty.
        None if id == 1 => state.store.open_status_list(size(&state)).await?,
        None => {
            return Err(Problem::new(
                StatusCode::NOT_FOUND,
                "status-list-unknown",
                "There is no such list.",
            ));
        }
    };
    let failed = |error| Problem::from_core(StatusCode::INTERNAL_SERVER_ERROR, &error);
    let places = usize::try_from(row.size).unwrap_or(0);
    let mut list = StatusList::new(StatusBits::One, places).map_err(failed)?;
    for (idx, status) in state.store.status_entries(row.id).await? {
        let idx = u64::try_from(idx).unwrap_or(u64::MAX);
        list.set(idx, Status::from_value(status)).map_err(failed)?;
    }
    let now = state.clock.now();
    let token = StatusListClaims {
        uri: uri(&state, row.id),
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

/// Places that were taken for the copies of one card.
#[derive(Debug)]
pub(super) struct Places {
    issuance_id: String,
    /// Number of the list, and the place in it.
    taken: Vec<(i64, i64)>,
}

impl Places {
    /// As they stand in the copies.
    pub(super) fn references(&self, state: &AppState) -> Vec<StatusReference> {
        let reference = |(list, idx): &(i64, i64)| {
            u64::try_from(*idx).ok().map(|idx| StatusReference {
                idx,
                uri: uri(state, *list),
            })
        };
        self.taken.iter().filter_map(reference).collect()
    }

    /// Gives them back: no copy with them was given to anybody.
    pub(super) async fn release(self, state: &AppState) -> Result<(), Problem> {
        let mut left = self.taken;
        while let Some((list, _)) = left.first().copied() {
            let (here, others): (Vec<_>, Vec<_>) = left.into_iter().partition(|(other, _)| *other == list);
            let here: Vec<i64> = here.into_iter().map(|(_, idx)| idx).collect();
            state.store.release_places(list, &here, &self.issuance_id).await?;
            left = others;
        }
        Ok(())
    }

    async fn take(
        &mut self,
        state: &AppState,
        list: &StatusListRow,
        proposed: &[i64],
        copies: usize,
        expires_at: Timestamp,
    ) -> Result<(), Problem> {
        let wanted = copies - self.taken.len();
        let got = state
            .store
            .take_places(list.id, proposed, wanted, &self.issuance_id, expires_at)
            .await?;
        self.taken.extend(got.into_iter().map(|idx| (list.id, idx)));
        Ok(())
    }
}

/// Takes a place for each copy of a card. Places are random among the free ones of the list that is being filled, so
/// that an index tells nothing of the order (Token Status List §13.2); a full list is followed by the next one.
pub(super) async fn draw(
    state: &AppState,
    issuance_id: &str,
    copies: usize,
    expires_at: Timestamp,
) -> Result<Places, Problem> {
    let mut places = Places {
        issuance_id: issuance_id.to_owned(),
        taken: Vec::with_capacity(copies),
    };
    for _ in 0..MAX_LISTS {
        if places.taken.len() == copies {
            return Ok(places);
        }
        let list = state.store.open_status_list(size(state)).await?;
        let guesses = guess(state, &list, PROPOSED * (copies - places.taken.len()))?;
        places.take(state, &list, &guesses, copies, expires_at).await?;
        if places.taken.len() == copies {
            return Ok(places);
        }
        // Nearly full: guessing finds taken places only, so the free ones are counted out.
        let mut free = free_places(&list, state.store.taken_places(list.id).await?);
        shuffle(state, &mut free)?;
        places.take(state, &list, &free, copies, expires_at).await?;
    }
    if places.taken.len() == copies {
        return Ok(places);
    }
    // Others filled one list after the other in the meantime.
    places.release(state).await?;
    Err(Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "status-list-busy",
        "Too many cards are issued at once. Try again in a moment.",
    )
    .retry_after(2))
}

/// Random places, free or not.
fn guess(state: &AppState, list: &StatusListRow, number: usize) -> Result<Vec<i64>, Problem> {
    let size = u64::try_from(list.size).unwrap_or(0);
    (0..number).map(|_| below(state, size)).collect()
}

fn free_places(list: &StatusListRow, taken: Vec<i64>) -> Vec<i64> {
    let taken: HashSet<i64> = taken.into_iter().collect();
    (0..list.size).filter(|idx| !taken.contains(idx)).collect()
}

/// Fisher and Yates: every order equally likely.
fn shuffle(state: &AppState, places: &mut [i64]) -> Result<(), Problem> {
    for last in (1..places.len()).rev() {
        let other = usize::try_from(below(state, last as u64 + 1)?).unwrap_or(last);
        places.swap(last, other);
    }
    Ok(())
}

fn below(state: &AppState, size: u64) -> Result<i64, Problem> {
    let idx = state
        .with_env(|env| draw_index(size, env))
        .map_err(|error| Problem::internal(&error))?
        .unwrap_or_default();
    Ok(i64::try_from(idx).unwrap_or(i64::MAX))
}

fn size(state: &AppState) -> i64 {
    i64::from(state.config.issuer.status_list_size)
}

fn uri(state: &AppState, id: i64) -> String {
    state.url(&format!("/issuer/status-lists/{id}"))
}

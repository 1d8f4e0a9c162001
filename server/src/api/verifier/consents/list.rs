//! `GET /v1/consents`

use assent_core::encoding::base64url;
use assent_core::env::Timestamp;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::Consent;
use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;
use crate::store::ConsentStore as _;

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct Page {
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200, usually 50.
    limit: Option<i64>,
}

/// One page of consents.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::api) struct Consents {
    /// Oldest first.
    consents: Vec<Consent>,
    /// Give this as `after` to go on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The consents given to you.
#[utoipa::path(get, path = "/v1/consents", tag = "verifier", security(("service_key" = [])), params(Page),
    responses((status = 200, description = "A page.", body = Consents),
              (status = 400, description = "`cursor-malformed`.", body = ProblemDetails)))]
pub(in crate::api) async fn list(
    State(state): State<AppState>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Result<Json<Consents>, Problem> {
    let service = crate::api::verifier::service(&state, &headers)?;
    let limit = page.limit.unwrap_or(50).clamp(1, 200);
    let after = page
        .after
        .as_deref()
        .map(|cursor| {
            read_cursor(cursor).ok_or_else(|| {
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "cursor-malformed",
                    "after is not a cursor.",
                )
            })
        })
        .transpose()?;
    let position = after.as_ref().map(|(time, id)| (*time, id.as_str()));
    let mut rows = state.store.consents(&service.id, position, limit + 1).await?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if more {
        rows.pop();
    }
    let next = rows
        .last()
        .filter(|_| more)
        .map(|row| base64url::encode(format!("{}|{}", row.consent.given_at.0, row.consent.id).as_bytes()));
    let now = state.clock.now();
    Ok(Json(Consents {
        consents: rows.into_iter().map(|row| Consent::new(row, now)).collect(),
        next,
    }))
}

fn read_cursor(cursor: &str) -> Option<(Timestamp, String)> {
    let text = String::from_utf8(base64url::decode(cursor).ok()?).ok()?;
    let (time, id) = text.split_once('|')?;
    Some((Timestamp(time.parse().ok()?), id.to_owned()))
}

//! Repeated writes answer the same (draft-ietf-httpapi-idempotency-key-header-07).
//!
//! The header is optional. With it: the same key and body give the first answer again; another body is 422;
//! while the first request runs, 409. Answers are kept sealed for 24 hours.

use std::future::Future;

use assent_core::crypto::sha256;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::crypto::{Place, SealError};
use crate::error::Problem;
use crate::state::AppState;
use crate::store::{IdempotencyKey, IdempotencyStore as _, Reservation};

/// How long an answer is kept.
const KEEP_SECONDS: i64 = 24 * 3600;
/// After this a request that never finished no longer blocks its key (the process must have died).
const IN_FLIGHT_SECONDS: i64 = 60;

/// An answer that can be kept and repeated.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<T> {
    status: u16,
    body: T,
}

/// Runs `work` in a task of its own: neither a caller that hangs up nor the time limit of the request stops it between
/// the write and the record of its answer.
///
/// # Errors
/// The problem of `work`; `internal` when it broke off.
pub async fn to_the_end<F>(work: F) -> Result<Response, Problem>
where
    F: Future<Output = Result<Response, Problem>> + Send + 'static,
{
    tokio::spawn(work)
        .await
        .map_err(|error| Problem::internal(&error))?
}

/// Runs `work` at most once for an `Idempotency-Key`. `scope` separates callers: a key of one service or vault
/// means nothing to another.
///
/// # Errors
/// The problem of `work`, or one about the key.
pub async fn once<T, F>(
    state: &AppState,
    scope: &str,
    headers: &HeaderMap,
    body: &[u8],
    work: impl FnOnce() -> F,
) -> Result<Response, Problem>
where
    T: Serialize + DeserializeOwned,
    F: Future<Output = Result<(StatusCode, T), Problem>>,
{
    let Some(key) = headers.get("idempotency-key") else {
        let (status, body) = work().await?;
        return Ok((status, axum::Json(body)).into_response());
    };
    let key = key.as_bytes();
    if key.is_empty() || key.len() > 255 {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "idempotency-key-malformed",
            "Send an Idempotency-Key of 1 to 255 characters.",
        ));
    }
    let (key, body_hash) = (sha256(key), sha256(body));
    let row = format!("{scope}/{}", assent_core::encoding::base64url::encode(&key));
    let place = Place {
        table: "idempotency_keys",
        row: &row,
        column: "answer",
    };
    let now = state.clock.now();
    let store = &state.store;
    let owner = state
        .with_env(|env| env.random::<32>())
        .map_err(SealError::from)?;
    let held = IdempotencyKey {
        scope,
        key_sha256: &key,
        owner: &owner,
    };
    match store
        .reserve_idempotent(held, &body_hash, now, now.plus(IN_FLIGHT_SECONDS))
        .await?
    {
        Reservation::New => {}
        Reservation::InFlight => {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "idempotency-key-in-flight",
                "The first request with this Idempotency-Key is still running.",
            )
            .retry_after(1));
        }
        Reservation::OtherBody => {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "This Idempotency-Key was used with another body.",
            ));
        }
        Reservation::Done(sealed) => {
            let plain = state.sealing.open(place, &sealed)?;
            let kept: Kept<T> = serde_json::from_slice(&plain).map_err(|error| Problem::internal(&error))?;
            let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
            return Ok((status, axum::Json(kept.body)).into_response());
        }
    }
    match work().await {
        Ok((status, body)) => {
            let kept = Kept {
                status: status.as_u16(),
                body,
            };
            let plain = serde_json::to_vec(&kept).map_err(|error| Problem::internal(&error))?;
            let sealed = state.sealing.seal(place, &plain)?;
            if !store
                .finish_idempotent(held, &sealed, state.clock.now().plus(KEEP_SECONDS))
                .await?
            {
                tracing::warn!("a write took so long that another request took its Idempotency-Key over");
            }
            Ok((status, axum::Json(kept.body)).into_response())
        }
        Err(problem) => {
            // Refused or failed without effect: the caller may try again with the same key.
            if let Err(error) = store.release_idempotent(held).await {
                // It frees itself in a minute; what went wrong first matters more to the caller.
                tracing::warn!(%error, "an Idempotency-Key could not be given back");
            }
            Err(problem)
        }
    }
}

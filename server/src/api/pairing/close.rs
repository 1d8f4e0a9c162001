//! `DELETE /v1/pairing/{session}`

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;

use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;
use crate::store::{PairingStore as _, pairing_news};

/// Ends a pairing, at its end or before: its messages are deleted, and the other device hears of it.
#[utoipa::path(delete, path = "/v1/pairing/{session}", tag = "pairing",
    params(("session" = String, Path, description = "16 random bytes, base64url.")),
    responses((status = 204, description = "Ended, or never begun."),
              (status = 400, description = "`pairing-session-malformed`.", body = ProblemDetails),
              (status = 429, description = "`rate-limited`.", body = ProblemDetails)))]
pub(super) async fn close(
    State(state): State<AppState>,
    Path(session): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    super::check(&session, 0)?;
    super::counted(&state, &request)?;
    let now = state.clock.now();
    let until = now.plus(super::LIFETIME);
    state
        .store
        .close_pairing(&session, super::limits(&state), now, until)
        .await?;
    state.pairings.tell_gone(&pairing_news(&session));
    Ok(StatusCode::NO_CONTENT)
}

//! `POST /v1/pairing/{session}/{slot}`

use axum::extract::{FromRequest as _, Path, Request, State};
use axum::http::StatusCode;
use serde::Deserialize;

use crate::error::{Problem, ProblemDetails};
use crate::http::body::{Base64Url, StrictJson};
use crate::state::AppState;
use crate::store::{PairingPut, PairingStore as _, pairing_news};

/// One message.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessage {
    /// What one device tells the other; at most 4096 bytes.
    message: Base64Url,
}

/// Leaves a message for the other device. Each place is written once; the same message again is no other one. The first
/// message opens the mailbox for ten minutes.
#[utoipa::path(post, path = "/v1/pairing/{session}/{slot}", tag = "pairing", request_body = NewMessage,
    params(("session" = String, Path, description = "16 random bytes, base64url."),
           ("slot" = i64, Path, description = "Which message, 0 to 3.")),
    responses((status = 204, description = "Stored."),
              (status = 400, description = "`pairing-session-malformed`.", body = ProblemDetails),
              (status = 409, description = "Another message is there: `pairing-message-taken`.", body = ProblemDetails),
              (status = 410, description = "`pairing-closed`.", body = ProblemDetails),
              (status = 413, description = "`pairing-message-too-large`.", body = ProblemDetails),
              (status = 429, description = "`rate-limited`.", body = ProblemDetails),
              (status = 503, description = "Too many are pairing: `pairing-limit`.", body = ProblemDetails)))]
pub(super) async fn write(
    State(state): State<AppState>,
    Path((session, slot)): Path<(String, i64)>,
    request: Request,
) -> Result<StatusCode, Problem> {
    super::check(&session, slot)?;
    super::counted(&state, &request)?;
    let StrictJson(body) = StrictJson::<NewMessage>::from_request(request, &state).await?;
    if body.message.0.len() > super::MAX_MESSAGE {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "pairing-message-too-large",
            "A message has at most 4096 bytes.",
        ));
    }
    let now = state.clock.now();
    let until = now.plus(super::LIFETIME);
    let limits = super::limits(&state);
    let stored = state
        .store
        .put_pairing_message(&session, slot, &body.message.0, limits, now, until)
        .await?;
    match stored {
        PairingPut::Stored => {
            state.pairings.tell(&pairing_news(&session), slot + 1);
            Ok(StatusCode::NO_CONTENT)
        }
        PairingPut::Taken => Err(Problem::new(
            StatusCode::CONFLICT,
            "pairing-message-taken",
            "Another message is there already.",
        )),
        PairingPut::Closed => Err(super::closed()),
        PairingPut::Full => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "pairing-limit",
            "Too many devices are being added at the moment.",
        )
        .retry_after(60)),
    }
}

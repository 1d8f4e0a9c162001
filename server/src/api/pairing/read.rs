//! `GET /v1/pairing/{session}/{slot}`

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use crate::error::{Problem, ProblemDetails};
use crate::http::body::Base64Url;
use crate::news::News;
use crate::state::AppState;
use crate::store::{PairingMessage, PairingStore as _, pairing_news};

/// Longest wait, in seconds: shorter than the ten after which a wallet gives up on an answer.
const LONGEST_WAIT: u64 = 8;

/// How long to wait.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wait {
    /// Seconds to wait for the message, at most 8. Who finds too many waiting is answered at once.
    #[serde(default)]
    wait: u64,
}

/// One message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Message {
    /// What the other device told.
    message: Base64Url,
}

/// Reads what the other device left, when it is there or as soon as it comes.
#[utoipa::path(get, path = "/v1/pairing/{session}/{slot}", tag = "pairing",
    params(("session" = String, Path, description = "16 random bytes, base64url."),
           ("slot" = i64, Path, description = "Which message, 0 to 3."), Wait),
    responses((status = 200, description = "The message.", body = Message),
              (status = 400, description = "`pairing-session-malformed`.", body = ProblemDetails),
              (status = 404, description = "Not yet, or no more: `pairing-message-missing`.", body = ProblemDetails),
              (status = 410, description = "`pairing-closed`.", body = ProblemDetails),
              (status = 429, description = "`rate-limited`.", body = ProblemDetails)))]
pub(super) async fn read(
    State(state): State<AppState>,
    Path((session, slot)): Path<(String, i64)>,
    Query(Wait { wait }): Query<Wait>,
    request: Request,
) -> Result<Json<Message>, Problem> {
    super::check(&session, slot)?;
    let address = super::counted(&state, &request)?;
    let until = Instant::now() + Duration::from_secs(wait.min(LONGEST_WAIT));
    // Joined before looking, so that what comes in between is heard.
    let mut listener = match wait {
        0 => None,
        _ => state.pairings.join(&pairing_news(&session), &address),
    };
    loop {
        match state
            .store
            .pairing_message(&session, slot, state.clock.now())
            .await?
        {
            PairingMessage::There(message) => {
                let message = Base64Url(message);
                return Ok(Json(Message { message }));
            }
            PairingMessage::Closed => return Err(super::closed()),
            PairingMessage::Missing => {}
        }
        let heard = match &mut listener {
            Some(listener) => timeout_at(until, listener.next()).await.ok(),
            None => None,
        };
        if !matches!(heard, Some(News::Version(_) | News::Look)) {
            return Err(Problem::new(
                StatusCode::NOT_FOUND,
                "pairing-message-missing",
                "The other device has not said anything here yet.",
            ));
        }
    }
}

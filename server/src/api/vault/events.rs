//! `GET /v1/vaults/{id}/events`

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use tokio::time::{Instant, timeout_at};

use crate::api::auth;
use crate::error::{Problem, ProblemDetails};
use crate::http::address::caller;
use crate::news::{Listener, News};
use crate::state::AppState;
use crate::store::{EmergencyStore as _, VaultStore as _};

/// How long one listening lasts. The wallet then comes again, perhaps to another process.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Tells when the vault changes (server-sent events): `event: version`, `data: {"version":7}`, first of all the present
/// version; and `event: emergency`, `data: {"asked":1800000000}` when somebody asks for emergency access (0: no longer). Carries no content. A comment comes from time to time, so that a dead connection is noticed. Ends after
/// 15 minutes, when the access token is replaced, and when the vault is deleted.
#[utoipa::path(get, path = "/v1/vaults/{id}/events", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id.")),
    responses((status = 200, description = "Events.", content_type = "text/event-stream", body = String),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails),
              (status = 429, description = "`vault-listeners-limit`: too many listen to this vault or from this address.", body = ProblemDetails)))]
pub(super) async fn events(
    State(state): State<AppState>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let token_hash = super::authorise(&state, &id, request.headers()).await?;
    let address = caller(&request, state.config.limits.trusted_proxies);
    let listener = state.listeners.join(&id, &address).ok_or_else(|| {
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "vault-listeners-limit",
            "Too many listen to this vault or from this address.",
        )
        .retry_after(30)
    })?;
    let heartbeat = Duration::from_secs(state.config.vault.heartbeat_seconds);
    let listening = Listening {
        state,
        id,
        token_hash,
        listener,
        told: None,
        asked: None,
        looked: false,
        until: Instant::now() + LONGEST,
    };
    let events = stream::unfold(listening, |mut listening| async move {
        let event = match listening.next().await? {
            Told::Version(version) => Event::default()
                .event("version")
                .data(format!(r#"{{"version":{version}}}"#)),
            Told::Asked(at) => Event::default()
                .event("emergency")
                .data(format!(r#"{{"asked":{at}}}"#)),
        };
        Some((Ok::<_, Infallible>(event), listening))
    });
    let mut response = Sse::new(events)
        .keep_alive(KeepAlive::new().interval(heartbeat))
        .into_response();
    // A proxy that collects the answer before passing it on would keep the news back.
    response.headers_mut().insert(
        header::HeaderName::from_static("x-accel-buffering"),
        header::HeaderValue::from_static("no"),
    );
    Ok(response)
}

struct Listening {
    state: AppState,
    id: String,
    token_hash: [u8; 32],
    listener: Listener,
    told: Option<i64>,
    /// When emergency access was asked for, as last told.
    asked: Option<i64>,
    /// There is nothing more to tell until the next news.
    looked: bool,
    until: Instant,
}

/// One thing to tell.
enum Told {
    Version(i64),
    /// Emergency access was asked for at this time; 0 when that is over.
    Asked(i64),
}

impl Listening {
    /// The next thing to tell; `None` when listening ends.
    async fn next(&mut self) -> Option<Told> {
        loop {
            if self.looked {
                match timeout_at(self.until, self.listener.next()).await.ok()? {
                    News::Closing => return None,
                    News::Version(_) | News::Look => {}
                }
            }
            // Whoever lost access hears no more: the token is looked at with every piece of news.
            let (token_hash, version) = self.state.store.vault_access_and_version(&self.id).await.ok()??;
            if !auth::same_hash(&token_hash, &self.token_hash) {
                return None;
            }
            self.looked = false;
            if self.told != Some(version) {
                self.told = Some(version);
                return Some(Told::Version(version));
            }
            let asked = self.state.store.emergency_asked(&self.id).await.ok()?;
            let asked = asked.map(|at| at.0);
            if self.asked != asked {
                self.asked = asked;
                return Some(Told::Asked(asked.unwrap_or(0)));
            }
            self.looked = true;
        }
    }
}

//! `GET /operator`: the status page. Numbers, never content.

use askama::Template;
use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;

use super::operators;
use crate::error::Problem;
use crate::http::headers::PAGE_POLICY;
use crate::login::cookie::{self, Kind};
use crate::state::AppState;
use crate::store::{CountStore as _, Counts, OperatorSecret, OperatorStore as _};

/// Seconds a session lasts.
pub(super) const SESSION_SECONDS: i64 = 30 * 60;

const STYLE: &str = include_str!("../../../templates/page.css");

#[derive(Template)]
#[template(path = "operator.html")]
struct StatusPage {
    roles: String,
    database: &'static str,
    counts: Counts,
    version: &'static str,
    form_token: String,
}

pub(super) async fn page(State(state): State<AppState>, jar: CookieJar) -> Result<Response, Problem> {
    let Some(session) = session(&state, &jar).await? else {
        return Ok(Redirect::to("/operator/sign-in").into_response());
    };
    let roles = &state.config.roles;
    let on: Vec<&str> = [
        ("vault", roles.vault),
        ("registry", roles.registry),
        ("issuer", roles.issuer),
        ("verifier", roles.verifier),
    ]
    .into_iter()
    .filter_map(|(name, on)| on.then_some(name))
    .collect();
    html(&StatusPage {
        roles: on.join(", "),
        database: match state.store.kind() {
            "postgres" => "PostgreSQL",
            _ => "SQLite",
        },
        counts: state.store.counts().await?,
        version: env!("CARGO_PKG_VERSION"),
        form_token: form_token(&session),
    })
}

pub(super) async fn style(State(state): State<AppState>) -> Result<impl IntoResponse, Problem> {
    operators(&state)?;
    Ok(([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE))
}

/// The id of the caller's session, when there is one that still counts.
pub(super) async fn session(state: &AppState, jar: &CookieJar) -> Result<Option<String>, Problem> {
    operators(state)?;
    let Some(id) = cookie::get(state, jar, Kind::Session) else {
        return Ok(None);
    };
    let counts = state
        .store
        .knows_operator_secret(OperatorSecret::Session, &id, state.clock.now())
        .await?;
    Ok(counts.then_some(id))
}

/// What a form of ours carries to show that it is from our page: only who knows the session can make it, and it
/// does not give the session away.
pub(super) fn form_token(session: &str) -> String {
    base64url::encode(&sha256(["operator form\n", session].concat().as_bytes()))
}

pub(super) fn html<T: Template>(template: &T) -> Result<Response, Problem> {
    let text = template.render().map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)], Html(text)).into_response())
}

//! `GET /operator/sign-in`: to the login provider.

use assent_core::env::RandomUnavailable;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::CookieJar;

use super::error::OperatorError;
use super::operators;
use crate::crypto::SealError;
use crate::error::Problem;
use crate::login::cookie::{self, Kind};
use crate::login::{Attempt, secret};
use crate::state::AppState;

/// What sealed cookies are for.
const TABLE: &str = "operator_sign_in";
/// Seconds a sign-in may take.
const LIFETIME: i64 = 300;

pub(super) async fn sign_in(
    State(app): State<AppState>,
    jar: CookieJar,
) -> Result<impl IntoResponse, Problem> {
    let operators = operators(&app)?;
    let now = app.clock.now();
    let (state, attempt) = app
        .with_env(|env| Ok((secret(env)?, Attempt::new(env, now.plus(LIFETIME))?)))
        .map_err(|error: RandomUnavailable| SealError::from(error))?;
    let sealed = cookie::seal(&app, TABLE, &state, &attempt)?;
    let url = operators
        .provider
        .authorization_url(&app.outbound, now, state, &attempt)
        .await
        .map_err(OperatorError::from)?;
    let jar = cookie::set(&app, jar, Kind::SignIn, sealed, LIFETIME);
    Ok((jar, Redirect::to(&url)))
}

/// Opens the cookie of a sign-in; only the `state` it was made for opens it.
pub(super) fn open(app: &AppState, state: &str, cookie: &str) -> Option<Attempt> {
    let attempt: Attempt = cookie::open(app, TABLE, state, cookie)?;
    (app.clock.now().0 < attempt.until).then_some(attempt)
}

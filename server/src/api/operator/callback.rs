//! `GET /operator/callback`: back from the login provider (OpenID Connect Core 1.0 §3.1.2.5).

use assent_core::encoding::form;
use assent_core::env::Timestamp;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;

use super::error::OperatorError;
use super::{MAX_SESSIONS, MAX_USED, operators, page, sign_in};
use crate::crypto::SealError;
use crate::error::Problem;
use crate::login::cookie::{self, Kind};
use crate::login::secret;
use crate::state::AppState;
use crate::store::{OperatorSecret, OperatorStore as _, Remembered};

pub(super) async fn callback(
    State(app): State<AppState>,
    jar: CookieJar,
    RawQuery(query): RawQuery,
) -> Response {
    let cookie = cookie::get(&app, &jar, Kind::SignIn);
    let session = finish(&app, cookie.as_deref(), query.as_deref().unwrap_or_default()).await;
    // Whatever came of it, this sign-in is over.
    let jar = cookie::clear(&app, jar, Kind::SignIn);
    match session {
        Ok(session) => {
            let jar = cookie::set(&app, jar, Kind::Session, session, page::SESSION_SECONDS);
            (jar, Redirect::to("/operator")).into_response()
        }
        Err(problem) => (jar, problem).into_response(),
    }
}

/// Checks everything and gives the id of a new session.
async fn finish(app: &AppState, cookie: Option<&str>, query: &str) -> Result<String, Problem> {
    let operators = operators(app)?;
    let now = app.clock.now();
    let pairs = form::decode(query).ok_or(OperatorError::SignInOver)?;
    let state = form::get(&pairs, "state").ok_or(OperatorError::SignInOver)?;
    let cookie = cookie.ok_or(OperatorError::SignInOver)?;
    let attempt = sign_in::open(app, state, cookie).ok_or(OperatorError::SignInOver)?;
    let until = Timestamp(attempt.until);
    match app
        .store
        .remember_operator_secret(OperatorSecret::UsedSignIn, state, now, until, MAX_USED)
        .await?
    {
        Remembered::Added => {}
        Remembered::There => return Err(OperatorError::SignInOver.into()),
        Remembered::Full => return Err(OperatorError::Busy.into()),
    }
    // RFC 9207 §2.4: an answer that names another issuer is not for this sign-in.
    if form::get(&pairs, "iss").is_some_and(|issuer| issuer != operators.provider.issuer()) {
        return Err(OperatorError::Refused.into());
    }
    // Without a code there is an `error`, and the answer is the same as to anybody we do not know.
    let code = form::get(&pairs, "code").ok_or(OperatorError::Refused)?;
    let subject = operators
        .provider
        .subject(&app.outbound, now, code, attempt)
        .await
        .map_err(OperatorError::from)?;
    if !operators.may_sign_in(&subject) {
        tracing::warn!("somebody who is not listed as operator tried to sign in");
        return Err(OperatorError::Refused.into());
    }
    let session = app.with_env(secret).map_err(SealError::from)?;
    let until = now.plus(page::SESSION_SECONDS);
    let remembered = app
        .store
        .remember_operator_secret(OperatorSecret::Session, &session, now, until, MAX_SESSIONS)
        .await?;
    if remembered != Remembered::Added {
        return Err(OperatorError::Busy.into());
    }
    tracing::info!("an operator signed in");
    Ok(session)
}

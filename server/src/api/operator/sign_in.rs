//! `GET /operator/sign-in`: to the login provider.

use assent_core::encoding::base64url;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::CookieJar;

use super::cookie::{self, Kind};
use super::operators;
use super::provider::Attempt;
use crate::crypto::{Place, SealError};
use crate::error::Problem;
use crate::state::AppState;

/// Seconds a sign-in may take.
const LIFETIME: i64 = 300;

pub(super) async fn sign_in(
    State(app): State<AppState>,
    jar: CookieJar,
) -> Result<impl IntoResponse, Problem> {
    let operators = operators(&app)?;
    let now = app.clock.now();
    let state = secret(&app)?;
    let attempt = Attempt {
        nonce: secret(&app)?,
        verifier: secret(&app)?,
        until: now.plus(LIFETIME).0,
    };
    let plain = serde_json::to_vec(&attempt).map_err(|error| Problem::internal(&error))?;
    let sealed = app.sealing.seal(place(&state), &zeroize::Zeroizing::new(plain))?;
    let url = operators
        .provider
        .authorization_url(&app.outbound, now, state, &attempt)
        .await?;
    let jar = cookie::set(&app, jar, Kind::SignIn, base64url::encode(&sealed), LIFETIME);
    Ok((jar, Redirect::to(&url)))
}

/// A fresh secret of 256 bits in base64url: 43 characters, which is what RFC 7636 §4.1 asks of a code verifier.
pub(super) fn secret(app: &AppState) -> Result<String, SealError> {
    Ok(base64url::encode(&app.with_env(|env| env.random::<32>())?))
}

/// Opens the cookie of a sign-in; only the `state` it was made for opens it.
pub(super) fn open(app: &AppState, state: &str, cookie: &str) -> Option<Attempt> {
    let sealed = base64url::decode(cookie).ok()?;
    let plain = app.sealing.open(place(state), &sealed).ok()?;
    let attempt: Attempt = serde_json::from_slice(&plain).ok()?;
    (app.clock.now().0 < attempt.until).then_some(attempt)
}

fn place(state: &str) -> Place<'_> {
    Place {
        table: "operator_sign_in",
        row: state,
        column: "cookie",
    }
}

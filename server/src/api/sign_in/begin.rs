//! `GET /v1/sign-in/openid/{provider}`: to the login provider.

use assent_core::encoding::base64url;
use assent_core::env::RandomUnavailable;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::{Deserialize, Serialize};

use super::{AWAY, SignInError};
use crate::crypto::SealError;
use crate::error::{Problem, ProblemDetails};
use crate::login::cookie::{self, Kind};
use crate::login::{Attempt, secret};
use crate::state::AppState;

/// What sealed cookies are for.
const TABLE: &str = "sign_in";

/// Who begins.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Begin {
    /// SHA-256 of a secret the wallet keeps to itself, base64url: only that wallet can use the code.
    challenge: String,
}

/// A sign-in on its way, sealed into a cookie.
#[derive(Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) provider: String,
    pub(super) challenge: [u8; 32],
    pub(super) attempt: Attempt,
}

/// Sends the browser to the login provider. A page navigates here; the way ends at the wallet app's `#/find?code=…` or
/// `#/find?problem=…`.
#[utoipa::path(get, path = "/v1/sign-in/openid/{provider}", tag = "vault",
    params(("provider" = String, Path, description = "Id of the login provider."), Begin),
    responses((status = 303, description = "To the login provider."),
              (status = 400, description = "`request-malformed`: no challenge of 32 bytes.", body = ProblemDetails),
              (status = 404, description = "`sign-in-unknown`.", body = ProblemDetails)))]
pub(super) async fn begin(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Query(query): Query<Begin>,
    jar: CookieJar,
) -> Result<Response, Problem> {
    let named = app.sign_in.provider(&id)?;
    let challenge = base64url::decode(&query.challenge)
        .ok()
        .and_then(|bytes| bytes.try_into().ok());
    let challenge: [u8; 32] = challenge.ok_or_else(|| {
        Problem::new(
            axum::http::StatusCode::BAD_REQUEST,
            "request-malformed",
            "challenge must be 32 bytes in base64url.",
        )
    })?;
    let now = app.clock.now();
    let (state, attempt) = app
        .with_env(|env| Ok((secret(env)?, Attempt::new(env, now.plus(AWAY))?)))
        .map_err(|error: RandomUnavailable| SealError::from(error))?;
    let begun = Begun {
        provider: id,
        challenge,
        attempt,
    };
    let sealed = cookie::seal(&app, TABLE, &state, &begun)?;
    let url = named
        .provider
        .authorization_url(&app.outbound, now, state, &begun.attempt)
        .await;
    Ok(match url {
        Ok(url) => {
            let jar = cookie::set(&app, jar, Kind::Find, sealed, AWAY);
            (jar, Redirect::to(&url)).into_response()
        }
        // A person is on the way: back to the wallet, which has words for it.
        Err(error) => super::callback::told(&app, SignInError::from(error)).into_response(),
    })
}

/// Opens the cookie of a sign-in; only the `state` it was made for opens it.
pub(super) fn open(app: &AppState, state: &str, cookie: &str) -> Option<Begun> {
    let begun: Begun = cookie::open(app, TABLE, state, cookie)?;
    (app.clock.now().0 < begun.attempt.until).then_some(begun)
}

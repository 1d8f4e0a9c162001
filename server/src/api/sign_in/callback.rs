//! `GET /v1/sign-in/openid/{provider}/callback`: back from the login provider (OpenID Connect Core 1.0 §3.1.2.5).

use assent_core::encoding::form;
use assent_core::env::Timestamp;
use assent_core::error::ErrorCode as _;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;

use super::{CODE, MOST, SignInError, begin, subject_of_openid};
use crate::crypto::SealError;
use crate::error::{Problem, ProblemDetails};
use crate::login::cookie::{self, Kind};
use crate::login::secret;
use crate::state::AppState;
use crate::store::{Remembered, SignInStore as _, SignedIn};

/// Longest query a login provider may send back with.
const MAX_QUERY: usize = 8 << 10;

/// Takes the browser back from the login provider and on to the wallet app.
#[utoipa::path(get, path = "/v1/sign-in/openid/{provider}/callback", tag = "vault",
    params(("provider" = String, Path, description = "Id of the login provider.")),
    responses((status = 303, description = "To the wallet app, with `code` or `problem` after `#/find?`."),
              (status = 404, description = "`sign-in-unknown`.", body = ProblemDetails)))]
pub(super) async fn callback(
    State(app): State<AppState>,
    Path(id): Path<String>,
    jar: CookieJar,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    app.sign_in.provider(&id)?;
    let cookie = cookie::get(&app, &jar, Kind::Find);
    let code = finish(&app, &id, cookie.as_deref(), query.as_deref().unwrap_or_default()).await;
    // Whatever came of it, this sign-in is over.
    let jar = cookie::clear(&app, jar, Kind::Find);
    let to = match code {
        Ok(code) => Redirect::to(&app.sign_in.back("code", &code)),
        Err(Failed::Told(error)) => told(&app, error),
        Err(Failed::Broken(problem)) => return Ok((jar, problem).into_response()),
    };
    Ok((jar, to).into_response())
}

/// Back to the wallet app with a code of ours for what went wrong.
pub(super) fn told(app: &AppState, error: SignInError) -> Redirect {
    Redirect::to(&app.sign_in.back("problem", error.code()))
}

enum Failed {
    Told(SignInError),
    Broken(Problem),
}

impl From<SignInError> for Failed {
    fn from(error: SignInError) -> Self {
        Self::Told(error)
    }
}

impl From<crate::store::StoreError> for Failed {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Broken(error.into())
    }
}

/// Checks everything and gives a code for who signed in.
async fn finish(app: &AppState, id: &str, cookie: Option<&str>, query: &str) -> Result<String, Failed> {
    let now = app.clock.now();
    if query.len() > MAX_QUERY {
        return Err(SignInError::Over.into());
    }
    let pairs = form::decode(query).ok_or(SignInError::Over)?;
    let state = form::get(&pairs, "state").ok_or(SignInError::Over)?;
    let cookie = cookie.ok_or(SignInError::Over)?;
    let begun = begin::open(app, state, cookie).ok_or(SignInError::Over)?;
    // RFC 9700 §4.4.2.2: the answer came to the address of the provider that was asked, or it is another's.
    if begun.provider != id {
        return Err(SignInError::Over.into());
    }
    let until = Timestamp(begun.attempt.until);
    match app.store.use_sign_in_state(state, now, until, MOST).await? {
        Remembered::Added => {}
        Remembered::There => return Err(SignInError::Over.into()),
        Remembered::Full => return Err(SignInError::Busy.into()),
    }
    let named = app.sign_in.provider(id)?;
    // RFC 9207 §2.4: an answer that names another issuer is not for this sign-in.
    if form::get(&pairs, "iss").is_some_and(|issuer| issuer != named.provider.issuer()) {
        return Err(SignInError::Refused.into());
    }
    // Without a code there is an `error`; which one is between the person and the provider.
    let answer = form::get(&pairs, "code").ok_or(SignInError::Refused)?;
    let subject = named
        .provider
        .subject(&app.outbound, now, answer, begun.attempt)
        .await
        .map_err(SignInError::from)?;
    let signed_in = SignedIn {
        subject: subject_of_openid(&app.sealing, named.provider.issuer(), &subject),
        provider: begun.provider,
    };
    let code = app
        .with_env(secret)
        .map_err(|error| Failed::Broken(SealError::from(error).into()))?;
    let kept = app
        .store
        .keep_sign_in_code(&code, &signed_in, &begun.challenge, now, now.plus(CODE), MOST)
        .await?;
    if kept != Remembered::Added {
        return Err(SignInError::Busy.into());
    }
    Ok(code)
}

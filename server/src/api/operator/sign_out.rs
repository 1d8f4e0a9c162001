//! `POST /operator/sign-out`

use askama::Template;
use assent_core::crypto::constant_time_eq;
use assent_core::encoding::form;
use axum::extract::State;
use axum::response::IntoResponse;
use axum_extra::extract::CookieJar;

use super::error::OperatorError;
use super::page;
use crate::error::Problem;
use crate::login::cookie::{self, Kind};
use crate::state::AppState;
use crate::store::{OperatorSecret, OperatorStore as _};

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut;

pub(super) async fn sign_out(
    State(state): State<AppState>,
    jar: CookieJar,
    body: String,
) -> Result<impl IntoResponse, Problem> {
    let session = page::session(&state, &jar)
        .await?
        .ok_or(OperatorError::SignOutRefused)?;
    let pairs = form::decode(&body).unwrap_or_default();
    let token = form::get(&pairs, "token").unwrap_or_default();
    if !constant_time_eq(page::form_token(&session).as_bytes(), token.as_bytes()) {
        return Err(OperatorError::SignOutRefused.into());
    }
    state
        .store
        .forget_operator_secret(OperatorSecret::Session, &session)
        .await?;
    let jar = cookie::clear(&state, jar, Kind::Session);
    Ok((jar, page::html(&SignedOut)?))
}

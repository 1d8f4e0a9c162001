//! `GET /issuer/authorize` and `POST /issuer/authorize`: where a person signs in for a card (RFC 6749 §3.1).
//!
//! Only pushed requests are taken (RFC 9126), so everything that comes through the browser is `client_id` and
//! `request_uri`. What cannot go on is told here, never by sending the person somewhere.

mod error;
mod page;
mod texts;

use assent_core::encoding::form;
use assent_core::issuer::{Approving, Pushed, sandbox};
use assent_core::oid4vci::authorization::{redirect_with_code, redirect_with_error};
use assent_core::oid4vci::{RejectionCode, SecretText};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::{StoredIssuance, fingerprint};
use crate::error::Problem;
use crate::http::language::Language;
use crate::state::AppState;
use crate::store::HandleKind;
use error::AuthorizeError;

const STYLE: &str = include_str!("../../../../templates/page.css");
/// Longest query or form, in bytes.
const MAX_FORM: usize = 8 << 10;

/// Why there is a page that says no.
enum Stop {
    Refused(AuthorizeError),
    Problem(Problem),
}

impl From<AuthorizeError> for Stop {
    fn from(error: AuthorizeError) -> Self {
        Self::Refused(error)
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// The page where the person signs in. It may be opened again until it was answered.
#[utoipa::path(get, path = "/issuer/authorize", tag = "issuer",
    params(("client_id" = String, Query, description = "The wallet."),
           ("request_uri" = String, Query, description = "From `/issuer/par`.")),
    responses((status = 200, description = "A page.", body = String, content_type = "text/html"),
              (status = 400, description = "A page that says why not; nobody is sent on.", body = String, content_type = "text/html")))]
pub(super) async fn show(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let language = Language::of(&headers);
    answer(
        show_page(&state, query.as_deref().unwrap_or_default(), language).await,
        language,
    )
}

/// What the person chose on that page, once. Leads to the wallet's `redirect_uri`.
#[utoipa::path(post, path = "/issuer/authorize", tag = "issuer",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "To the wallet, with `code` or `error`, `state` and `iss` (RFC 9207)."),
              (status = 400, description = "A page that says why not; nobody is sent on.", body = String, content_type = "text/html"),
              (status = 403, description = "The form is not from our page.", body = String, content_type = "text/html")))]
pub(super) async fn decide(State(state): State<AppState>, headers: HeaderMap, body: String) -> Response {
    let language = Language::of(&headers);
    answer(decided(&state, &headers, &body).await, language)
}

/// The style sheet of the pages.
pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

fn answer(result: Result<Response, Stop>, language: Language) -> Response {
    match result {
        Ok(response) => response,
        Err(Stop::Refused(error)) => page::refused(error, language),
        Err(Stop::Problem(problem)) => problem.into_response(),
    }
}

async fn show_page(state: &AppState, query: &str, language: Language) -> Result<Response, Stop> {
    let asked = Asked::read(query)?;
    let stored = asked.find(state).await?;
    let pushed = asked.pushed(state, &stored)?;
    let settings = super::settings(state)?;
    let request = &pushed.request;
    let cards = request
        .wanted
        .configuration_ids
        .iter()
        .filter_map(|id| settings.configurations.get(id))
        .map(|configuration| configuration.display.as_slice())
        .collect();
    let question = page::Question {
        client_id: &request.client_id,
        redirect_uri: &request.redirect_uri,
        cards,
        person: &person(state),
        request_uri: &asked.request_uri,
    };
    Ok(page::ask(&question, language)?)
}

async fn decided(state: &AppState, headers: &HeaderMap, body: &str) -> Result<Response, Stop> {
    if !from_our_page(headers, &state.config.public_url) {
        return Err(AuthorizeError::NotOurPage.into());
    }
    let asked = Asked::read(body)?;
    let stored = asked.find(state).await?;
    let pushed = asked.pushed(state, &stored)?;
    let settings = super::settings(state)?;
    let (redirect_uri, client_state) = (pushed.request.redirect_uri.clone(), pushed.client_state.clone());
    let issuance = stored.issuance().clone();
    let (next, code) = match asked.answer.as_deref() {
        Some("continue") => {
            let Approving { issuance, code } = state
                .with_env(|env| issuance.approve(&settings, env))
                .map_err(|error| Problem::internal(&error))?
                .ok_or(AuthorizeError::Over)?;
            (issuance, Some(code))
        }
        Some("cancel") => (issuance.decline(state.clock.now()), None),
        _ => return Err(AuthorizeError::Malformed.into()),
    };
    let handle = code
        .as_ref()
        .map(|code| (HandleKind::Code, fingerprint(&code.fingerprint())));
    match stored.save(state, next, handle.as_slice()).await {
        Ok(()) => {}
        // Another answer to the same page was first: a request_uri is good once (RFC 9126 §4).
        Err(problem) if problem.status() == StatusCode::CONFLICT => return Err(AuthorizeError::Over.into()),
        Err(problem) => return Err(problem.into()),
    }
    let issuer = &settings.identifier;
    let location = match &code {
        Some(code) => redirect_with_code(&redirect_uri, code, client_state.as_deref(), issuer),
        None => redirect_with_error(
            &redirect_uri,
            &RejectionCode::AccessDenied,
            client_state.as_deref(),
            issuer,
        ),
    };
    let location = HeaderValue::from_str(&location).map_err(|error| Problem::internal(&error))?;
    // RFC 9700 §4.12: 303, so that the form is not sent on.
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

/// What came through the browser.
struct Asked {
    client_id: String,
    request_uri: String,
    answer: Option<String>,
}

impl Asked {
    fn read(form: &str) -> Result<Self, AuthorizeError> {
        if form.len() > MAX_FORM {
            return Err(AuthorizeError::Malformed);
        }
        let pairs = form::decode(form).ok_or(AuthorizeError::Malformed)?;
        let text = |name: &str| {
            form::get(&pairs, name)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        // RFC 9126 §5: everything else stands in the pushed request; what stands beside it does not count (RFC 9101 §5).
        let request_uri = match text("request_uri") {
            Some(uri) => uri,
            None if text("response_type").is_some() => return Err(AuthorizeError::NotAnnounced),
            None => return Err(AuthorizeError::Malformed),
        };
        Ok(Self {
            client_id: text("client_id").ok_or(AuthorizeError::Malformed)?,
            request_uri,
            answer: text("answer"),
        })
    }

    async fn find(&self, state: &AppState) -> Result<StoredIssuance, Stop> {
        let handle = fingerprint(&SecretText::new(self.request_uri.as_str()).fingerprint());
        StoredIssuance::find(state, HandleKind::RequestUri, &handle)
            .await?
            .ok_or_else(|| AuthorizeError::Over.into())
    }

    /// The request as it was pushed, while it waits for an answer.
    fn pushed<'a>(&self, state: &AppState, stored: &'a StoredIssuance) -> Result<&'a Pushed, AuthorizeError> {
        stored
            .issuance()
            .pushed(&self.request_uri, &self.client_id, state.clock.now())
            // The settings may have changed since.
            .filter(|pushed| {
                state
                    .config
                    .client(&pushed.request.client_id)
                    .is_some_and(|client| client.returns_to(&pushed.request.redirect_uri))
            })
            .ok_or(AuthorizeError::Over)
    }
}

/// Another site could have the browser of a visitor send the form. Browsers say where a form is from (RFC 6454 §7, Fetch
/// Metadata); what says nothing is no browser.
fn from_our_page(headers: &HeaderMap, origin: &str) -> bool {
    let is = |name: &str, expected: &str| headers.get(name).is_none_or(|value| value == expected);
    is("origin", origin) && is("sec-fetch-site", "same-origin")
}

/// Who the cards of the sandbox are about.
fn person(state: &AppState) -> String {
    let now = state.clock.now();
    let card = sandbox::identity_card("", now).unwrap_or_default();
    let text = |name: &str| card.get(name).and_then(Value::as_str).unwrap_or_default();
    [text("given_name"), text("family_name")].join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_other_sites_are_told_apart() {
        let of = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            from_our_page(&headers, "https://city.example")
        };
        assert!(of(&[]));
        assert!(of(&[
            ("origin", "https://city.example"),
            ("sec-fetch-site", "same-origin")
        ]));
        for bad in [
            ("origin", "null"),
            ("origin", "https://evil.example"),
            ("origin", "https://city.example.evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert!(!of(&[bad]), "{bad:?}");
        }
    }
}

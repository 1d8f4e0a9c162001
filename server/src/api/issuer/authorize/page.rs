//! The pages of the sign-in: one asks, one says that it cannot go on. No script; they work with any browser.

use askama::Template;
use assent_core::error::ErrorCode as _;
use assent_core::oid4vci::metadata::Display;
use assent_core::profile::{Endpoint, Profile};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

use super::error::AuthorizeError;
use super::texts::{self, AskTexts, RefusedTexts};
use crate::error::{Problem, RouteError as _};
use crate::http::headers::{PAGE_POLICY, page_policy_leading_to};
use crate::http::language::Language;

/// What is asked, ready to be shown. Texts of others are escaped by the template.
pub(super) struct Question<'a> {
    /// `client_id` of the wallet.
    pub(super) client_id: &'a str,
    /// Where the person goes afterwards; checked.
    pub(super) redirect_uri: &'a str,
    /// Names of the cards in each language.
    pub(super) cards: Vec<&'a [Display]>,
    /// Who the cards are about.
    pub(super) person: &'a str,
    /// What the form sends back.
    pub(super) request_uri: &'a str,
}

#[derive(Template)]
#[template(path = "authorize.html")]
struct AskPage<'a> {
    language: &'static str,
    t: &'static AskTexts,
    wallet: &'a str,
    back_to: &'a str,
    here: bool,
    cards: Vec<&'a str>,
    person: &'a str,
    client_id: &'a str,
    request_uri: &'a str,
}

#[derive(Template)]
#[template(path = "authorize_refused.html")]
struct RefusedPage {
    language: &'static str,
    t: RefusedTexts,
    code: &'static str,
}

/// The page that asks.
pub(super) fn ask(question: &Question<'_>, language: Language) -> Result<Response, Problem> {
    let back = Destination::of(question.redirect_uri);
    let page = AskPage {
        language: language.tag(),
        t: texts::ask(language),
        // An address as an id: its host says as much and is easier to read.
        wallet: question
            .client_id
            .strip_prefix("https://")
            .or(question.client_id.strip_prefix("http://"))
            .unwrap_or(question.client_id),
        back_to: back.shown,
        here: back.here,
        cards: question
            .cards
            .iter()
            .filter_map(|display| Display::best(display, language.tag())?.name.as_deref())
            .collect(),
        person: question.person,
        client_id: question.client_id,
        request_uri: question.request_uri,
    };
    let text = page.render().map_err(|error| Problem::internal(&error))?;
    let policy = HeaderValue::from_str(&page_policy_leading_to(back.policy))
        .map_err(|error| Problem::internal(&error))?;
    Ok((
        [
            (header::CONTENT_SECURITY_POLICY, policy),
            // With `no-referrer` browsers send the form with `Origin: null`, and we could not tell that it is ours.
            (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
            (header::VARY, HeaderValue::from_static("accept-language")),
        ],
        Html(text),
    )
        .into_response())
}

/// The page that says that it cannot go on.
pub(super) fn refused(error: AuthorizeError, language: Language) -> Response {
    let page = RefusedPage {
        language: language.tag(),
        t: texts::refused(error, language),
        code: error.code(),
    };
    match page.render() {
        Ok(text) => {
            let headers = [
                (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
                (header::VARY, "accept-language"),
            ];
            (error.status(), headers, Html(text)).into_response()
        }
        Err(failed) => Problem::internal(&failed).into_response(),
    }
}

/// Where a checked `redirect_uri` leads.
struct Destination<'a> {
    /// For the person: the host, or the app's scheme.
    shown: &'a str,
    /// For the content security policy: an origin or a scheme.
    policy: &'a str,
    /// It is a program on the same machine.
    here: bool,
}

impl<'a> Destination<'a> {
    fn of(redirect_uri: &'a str) -> Self {
        // What may stand here was decided by the settings; http only to this machine.
        let web = Endpoint::parse(redirect_uri, &Profile::BASELINE.sandbox())
            .ok()
            .and_then(|endpoint| redirect_uri.get(..endpoint.origin().len()));
        match web {
            Some(origin) => Self {
                shown: origin.split_once("://").map_or(origin, |(_, host)| host),
                policy: origin,
                here: origin.starts_with("http://127.0.0.1"),
            },
            None => {
                let end = redirect_uri.find(':').unwrap_or(0);
                Self {
                    shown: redirect_uri.get(..end).unwrap_or_default(),
                    policy: redirect_uri.get(..=end).unwrap_or_default(),
                    here: false,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_where_they_go() {
        for (uri, shown, policy) in [
            (
                "https://wallet.example/",
                "wallet.example",
                "https://wallet.example",
            ),
            (
                "http://127.0.0.1:4711/",
                "127.0.0.1:4711",
                "http://127.0.0.1:4711",
            ),
            ("com.example.app:/cb", "com.example.app", "com.example.app:"),
        ] {
            let to = Destination::of(uri);
            assert_eq!((to.shown, to.policy), (shown, policy));
        }
    }

    #[test]
    fn texts_of_others_are_texts() {
        let display = [Display::named("<b>Card</b>", "en")];
        let question = Question {
            client_id: "\"><script>alert(1)</script>",
            redirect_uri: "https://wallet.example/",
            cards: vec![&display],
            person: "Fenna & co",
            request_uri: "urn:\"x",
        };
        let page = AskPage {
            language: "en",
            t: texts::ask(Language::English),
            wallet: question.client_id,
            back_to: "wallet.example",
            here: false,
            cards: vec!["<b>Card</b>"],
            person: question.person,
            client_id: question.client_id,
            request_uri: question.request_uri,
        };
        let text = page.render().unwrap();
        assert!(
            !text.contains("<script") && !text.contains("<b>") && !text.contains("urn:\"x"),
            "{text}"
        );
        assert_eq!(ask(&question, Language::Dutch).unwrap().status(), 200);
    }
}

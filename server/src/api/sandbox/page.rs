//! `GET /sandbox` and `POST /sandbox/offer`: made-up cards for people.

use askama::Template;
use assent_core::encoding::form;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};

use super::make_offer::{NewOffer, make};
use crate::error::Problem;
use crate::http::headers::PAGE_POLICY;
use crate::state::AppState;

const STYLE: &str = include_str!("../../../templates/page.css");

#[derive(Template)]
#[template(path = "sandbox.html")]
struct SandboxPage;

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferPage {
    card: &'static str,
    link: String,
    web_link: String,
    qr_svg: String,
    tx_code: Option<String>,
    sign_in: bool,
    later: bool,
}

pub(super) async fn page() -> Result<impl IntoResponse, Problem> {
    html(&SandboxPage)
}

pub(super) async fn offer(State(state): State<AppState>, body: String) -> Result<impl IntoResponse, Problem> {
    let pairs = form::decode(&body).unwrap_or_default();
    let (card, name) = match form::get(&pairs, "card") {
        Some("identity") => ("identity", "Identity card"),
        Some("residence") => ("residence", "Residence card"),
        _ => {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "sandbox-card-unknown",
                "There is no such card.",
            ));
        }
    };
    let new = NewOffer {
        card: card.to_owned(),
        tx_code: form::get(&pairs, "proof") == Some("code"),
        sign_in: form::get(&pairs, "proof") == Some("sign_in"),
        later_seconds: match form::get(&pairs, "later_seconds") {
            None | Some("") => None,
            // Nothing a person can choose on the page: make() says so.
            Some(text) => Some(text.parse().unwrap_or(0)),
        },
        by_reference: true,
    };
    let offer = make(&state, &new).await?;
    html(&OfferPage {
        card: name,
        link: offer.link,
        web_link: offer.web_link,
        qr_svg: offer.qr_svg,
        tx_code: offer.tx_code,
        sign_in: new.sign_in,
        later: new.later_seconds.is_some(),
    })
}

pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

fn html<T: Template>(template: &T) -> Result<impl IntoResponse + use<T>, Problem> {
    let text = template.render().map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)], Html(text)))
}

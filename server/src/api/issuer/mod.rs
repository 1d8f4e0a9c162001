//! The issuer role: OpenID4VCI 1.0 with codes of offers and with a sign-in, and the status list of what was issued.
//!
//! The rules are in `assent_core::issuer`; here are storage, transport and the two atomic sets it asks for (nonces,
//! status indexes). Errors on these addresses have the form of OAuth 2.0, which wallets expect.

mod attestation;
mod authorize;
mod challenge;
mod client;
mod credential;
mod deferred;
mod dpop;
mod encryption;
mod metadata;
mod nonce;
mod notification;
mod offer;
mod par;
mod rolling;
mod status_list;
mod stored;
mod token;

use assent_core::encoding::base64url;
use assent_core::issuer::{IssuerSettings, sandbox};
use assent_core::oid4vci::Rejection;
use assent_core::oid4vci::metadata::KeyAttestationsRequired;
use assent_core::profile::Endpoint;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::Problem;
use crate::state::{AppState, Identity};

pub(super) use challenge::give_challenges;
pub(super) use dpop::give_nonces;
pub(super) use stored::StoredIssuance;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(metadata::issuer))
        .routes(routes!(metadata::authorization_server))
        .routes(routes!(offer::offer))
        .routes(routes!(challenge::challenge))
        .routes(routes!(token::token))
        .routes(routes!(nonce::nonce))
        .routes(routes!(credential::credential))
        .routes(routes!(deferred::deferred))
        .routes(routes!(notification::notification))
        .routes(routes!(status_list::status_list))
}

/// Where wallets send people from. Only in the sandbox, as the pages: its person is made up, and there is no other.
pub(super) fn sign_in() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(par::par))
}

/// The pages where people sign in. Other origins have no business there.
pub(super) fn pages() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(authorize::show, authorize::decide))
        .route("/issuer/style.css", axum::routing::get(authorize::style))
}

/// What this issuer is. The identifier is the public URL and `/issuer`.
pub(super) fn settings(state: &AppState) -> Result<IssuerSettings, Problem> {
    let identifier =
        Endpoint::parse(&state.url("/issuer"), &state.profile).map_err(|error| Problem::internal(&error))?;
    let mut settings = sandbox::settings(identifier);
    for id in &state.config.issuer.attested_keys {
        settings.demand_attested_keys(id, &KeyAttestationsRequired::default());
    }
    Ok(settings)
}

/// The issuer's key and chain.
fn identity(state: &AppState) -> Result<&Identity, Problem> {
    state.keys.issuer.as_ref().ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "issuer-not-configured",
            "This server has no issuer key.",
        )
    })
}

/// How an issuer endpoint fails: by the protocol, or on our side.
#[derive(Debug)]
enum Refusal {
    /// An error of OAuth 2.0 or OpenID4VCI.
    Protocol(Rejection),
    /// Anything else.
    Problem(Problem),
}

impl Refusal {
    /// True when another request changed the issuance first, and nothing was stored.
    fn is_busy(&self) -> bool {
        matches!(self, Self::Problem(problem) if is_busy(problem))
    }
}

/// True for the mistake of [`StoredIssuance::save`] that another request was first.
fn is_busy(problem: &Problem) -> bool {
    problem.status() == StatusCode::CONFLICT
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Protocol(rejection)
    }
}

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            // RFC 6750 §3: the code goes into the header too.
            Self::Protocol(rejection) => answer(&rejection, rejection.status(), |rejection| {
                let challenge = format!("Bearer error=\"{}\"", rejection.code.as_str());
                HeaderValue::from_str(&challenge).into_iter().collect()
            }),
        }
    }
}

/// How an endpoint that takes an access token fails: as the others, but a token or proof that is not good is 401, with
/// the error in `WWW-Authenticate` (RFC 6750 §3, RFC 9449 §7.1).
#[derive(Debug)]
struct AtResource(Refusal);

impl<E: Into<Refusal>> From<E> for AtResource {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for AtResource {
    fn into_response(self) -> Response {
        match self.0 {
            Refusal::Problem(problem) => problem.into_response(),
            Refusal::Protocol(rejection) => answer(&rejection, rejection.resource_status(), dpop::challenges),
        }
    }
}

/// An error of the protocol, with `challenges` where it is 401.
fn answer(
    rejection: &Rejection,
    status: u16,
    challenges: impl FnOnce(&Rejection) -> Vec<HeaderValue>,
) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = (status, axum::Json(rejection.to_json())).into_response();
    if status == StatusCode::UNAUTHORIZED {
        for challenge in challenges(rejection) {
            response.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
        }
    }
    response
}

/// The one header with this name, which holds a JWT; `None` where there is none.
fn only<'a>(
    headers: &'a HeaderMap,
    name: &str,
    invalid: fn(&str) -> Rejection,
) -> Result<Option<&'a str>, Rejection> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let value = value.to_str().map(Some);
            value.map_err(|_| invalid(&format!("{name} is not a JWT")))
        }
        (Some(_), Some(_)) => Err(invalid(&format!("more than one {name}"))),
    }
}

/// A fingerprint of core (base64url SHA-256) as bytes, for storage.
fn fingerprint(text: &str) -> [u8; 32] {
    // Every fingerprint comes from core; anything else leads to no row.
    base64url::decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .unwrap_or_default()
}

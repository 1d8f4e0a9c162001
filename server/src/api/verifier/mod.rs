//! The verifier role, for services: ask for details, read results, look at consents.
//!
//! A service knows a presentation by its transaction id, a wallet by its request id; neither can be computed from
//! the other (SB-1 in specs/requirements.md). What wallets call is in `crate::api::wallet`.

pub(super) mod consent;
pub(super) mod consents;
mod create;
mod identity;
mod query;
mod read;
pub(super) mod record;
mod w3c;

use axum::http::HeaderMap;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth;
use crate::error::Problem;
use crate::state::{AppState, Service};

pub(super) use identity::Signing;
pub(crate) use record::erase_what_was_read;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create::create))
        .routes(routes!(read::read))
        .routes(routes!(consents::list::list))
        .routes(routes!(consents::read::read))
        .routes(routes!(consents::receipt::receipt))
        .routes(routes!(w3c::verify))
}

/// The service a request comes from.
pub(super) fn service<'a>(state: &'a AppState, headers: &HeaderMap) -> Result<&'a Service, Problem> {
    let refused = || auth::refused("service-key-refused");
    let key = auth::bearer(headers).ok_or_else(refused)?;
    let service = state.keys.service_by_api_key(key).ok_or_else(refused)?;
    state.service_rate.check(&service.id)?;
    Ok(service)
}

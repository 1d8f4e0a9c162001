//! What wallets call at the verifier: OpenID4VP 1.0 request and response endpoints, withdrawal, and the
//! DID documents of services.
//!
//! Cross-origin access is open, for wallets in browsers; nothing here uses cookies.

mod did_document;
mod receive;
mod request_object;
mod status_lists;
mod withdraw;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) use status_lists::StatusLists;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(request_object::get, request_object::post))
        .routes(routes!(receive::receive))
        .routes(routes!(withdraw::withdraw))
        .routes(routes!(did_document::of_host))
        .routes(routes!(did_document::of_service))
}

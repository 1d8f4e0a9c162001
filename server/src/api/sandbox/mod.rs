//! Made-up cards for trying things out: by API for programs, on a page for people.

mod make_offer;
mod page;
mod revoke;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(make_offer::make_offer))
        .routes(routes!(revoke::revoke))
        .route("/sandbox", axum::routing::get(page::page))
        .route("/sandbox/offer", axum::routing::post(page::offer))
        .route("/sandbox/style.css", axum::routing::get(page::style))
}

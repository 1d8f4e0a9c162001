//! The registry role: what wallets and services trust, and the settings of the wallet app.

mod anchors;
mod types;
mod wallet_config;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(anchors::anchors))
        .routes(routes!(types::list))
        .routes(routes!(types::document))
        .routes(routes!(wallet_config::wallet_config))
}

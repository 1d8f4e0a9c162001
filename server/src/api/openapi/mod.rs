//! The description of the interface (OpenAPI 3.1) and the page to browse it.

mod answers;

use axum::Router;
use axum::http::{HeaderValue, header};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_swagger_ui::SwaggerUi;

use crate::http::headers::DOCS_POLICY;
use crate::state::AppState;

pub(super) use answers::complete;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Assent",
        description = "Vaults, trust anchors, the sandbox issuer, and presentations with consent. \
                       Errors are problem details (RFC 9457) with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "vault", description = "Ciphertext of citizens' vaults."),
        (name = "pairing", description = "Mailboxes through which a new device gets a vault from an old one."),
        (name = "registry", description = "Trust anchors and settings."),
        (name = "verifier", description = "For services: ask, read results, consents."),
        (name = "wallet", description = "For wallets: OpenID4VP 1.0 and withdrawal."),
        (name = "issuer", description = "OpenID4VCI 1.0."),
        (name = "wallet-provider", description = "Vouches for this operator's wallets and their keys."),
        (name = "sandbox", description = "Made-up cards."),
        (name = "health", description = "For operators."),
    )
)]
struct Base;

/// Title, tags and security schemes; the routers add the rest.
pub(super) fn base() -> OpenApi {
    let mut api = Base::openapi();
    let bearer = |text: &str| {
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some(text))
                .build(),
        )
    };
    let components = api.components.get_or_insert_default();
    components.add_security_scheme("service_key", bearer("The API key of a service."));
    components.add_security_scheme("metrics_token", bearer("The operator's token for measurements."));
    components.add_security_scheme("vault_access", bearer("The access token of a vault."));
    components.add_security_scheme(
        "emergency_ask",
        bearer("What follows from the contact's half of emergency access."),
    );
    components.add_security_scheme(
        "card_access",
        bearer(
            "The access token of an issuance (OpenID4VCI). One that is bound to a key goes with `Authorization: DPoP` and a \
             proof in the header `DPoP` (RFC 9449), with the nonce of the last `DPoP-Nonce`.",
        ),
    );
    api
}

/// `/openapi.json` and the page `/docs`, with scripts from this binary only.
pub(super) fn pages(description: OpenApi) -> Router<AppState> {
    Router::from(SwaggerUi::new("/docs").url("/openapi.json", description)).layer(
        SetResponseHeaderLayer::overriding(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(DOCS_POLICY),
        ),
    )
}

//! Cross-origin access for wallets that run in a browser.

use std::time::Duration;

use axum::http::{HeaderName, Method, header};
use tower_http::cors::{Any, CorsLayer};

/// Any origin, no credentials: these endpoints authenticate by what is in the request, never by cookies, so an
/// origin adds nothing. The headers a wallet must read are exposed (the DPoP nonce among them).
pub fn for_wallets() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::RANGE,
            HeaderName::from_static("dpop"),
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("oauth-client-attestation"),
            HeaderName::from_static("oauth-client-attestation-pop"),
        ])
        .expose_headers([
            header::CONTENT_TYPE,
            header::CONTENT_RANGE,
            header::ETAG,
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
            HeaderName::from_static("dpop-nonce"),
            HeaderName::from_static("oauth-client-attestation-challenge"),
            HeaderName::from_static("x-request-id"),
        ])
        .max_age(Duration::from_secs(3600))
}

//! The built wallet app as static files, under a strict content security policy.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

use super::headers::wallet_policy;

/// Serves `dir`; an address without a file gets the app's page, for people, with 404, for programs: a monitor at a
/// mistyped address must not find everything in order. Not so for the parts of an app of yesterday: a browser would
/// keep the page under the name of a script, for good.
pub(crate) fn service(dir: &Path, sandbox: bool) -> Router {
    let policy = HeaderValue::from_str(&wallet_policy(sandbox))
        .unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let page = ServeFile::new(dir.join("index.html"))
        .precompressed_br()
        .precompressed_gzip();
    Router::new()
        .nest_service("/assets", files(dir.join("assets")))
        .fallback_service(files(dir.to_owned()).not_found_service(page))
        .layer(middleware::from_fn(cache))
        .layer(SetResponseHeaderLayer::overriding(
            header::CONTENT_SECURITY_POLICY,
            policy,
        ))
        .layer(SetResponseHeaderLayer::overriding(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ))
}

/// A folder, each file as its build compressed it where the browser takes that.
fn files(dir: PathBuf) -> ServeDir {
    ServeDir::new(dir).precompressed_br().precompressed_gzip()
}

/// Files with a content hash in their name never change; everything else is asked for again each time.
async fn cache(request: Request, next: Next) -> Response {
    let hashed = request.uri().path().starts_with("/assets/");
    let mut response = next.run(request).await;
    let value = if hashed && response.status().is_success() {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    response
}

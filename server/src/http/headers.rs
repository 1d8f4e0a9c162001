//! Security headers, and the content security policies of what people open in a browser.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// Policy of API answers: nothing in them is ever to be run or framed.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Policy of our own small HTML pages: one style sheet, pictures inline, forms back to us.
pub const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// The same for a page whose form may lead on to `elsewhere`, an origin or a scheme: browsers that know Content Security
/// Policy 3 apply `form-action` to where an answer to the form sends them, too.
#[must_use]
pub fn page_policy_leading_to(elsewhere: &str) -> String {
    PAGE_POLICY.replace("form-action 'self'", &format!("form-action 'self' {elsewhere}"))
}

/// Policy of the API browser at `/docs`.
pub const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Policy of the wallet app. Scripts and WebAssembly from here only, no string ever becomes code or markup
/// (Trusted Types). The wallet talks to issuers and services anywhere, so `connect-src` allows https, and plain
/// http to this machine in the sandbox.
#[must_use]
pub fn wallet_policy(sandbox: bool) -> String {
    let loopback = if sandbox {
        " http://localhost:* http://127.0.0.1:*"
    } else {
        ""
    };
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
         img-src 'self' data: blob:; font-src 'self'; media-src 'self' blob:; manifest-src 'self'; \
         connect-src 'self' https:{loopback}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types svelte-trusted-html assent"
    )
}

/// Adds the headers every answer carries, unless the handler set its own.
pub async fn add(State(https): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::CONTENT_SECURITY_POLICY, API_POLICY);
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "no-referrer");
    default(header::CACHE_CONTROL, "no-store");
    default(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    default(
        HeaderName::from_static("permissions-policy"),
        "camera=(self), publickey-credentials-get=(self), publickey-credentials-create=(self), \
             geolocation=(), microphone=(), payment=(), usb=()",
    );
    if https {
        default(
            header::STRICT_TRANSPORT_SECURITY,
            "max-age=63072000; includeSubDomains",
        );
    }
    response
}

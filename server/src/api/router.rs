//! Puts the roles together and wraps them in what every request passes through.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use utoipa_axum::router::OpenApiRouter;

use super::{
    emergency, health, issuer, openapi, operator, pairing, registry, sandbox, sign_in, vault, verifier,
    wallet, wallet_provider,
};
use crate::config::Roles;
use crate::error::Problem;
use crate::http::guard::{self, Bounds};
use crate::http::rate::ByAddress;
use crate::http::{budget, cors, headers, telemetry, wallet_files};
use crate::state::AppState;

/// Addresses for programs; no page of the wallet app begins like this.
const PROGRAMS: [&str; 6] = [
    "/v1/",
    "/vp/",
    "/issuer/",
    "/services/",
    "/operator/",
    "/.well-known/",
];

/// The whole application.
pub fn build(state: AppState) -> Router {
    let config = &state.config;
    let limits = &config.limits;
    let (api, mut description) = documented(&config.roles, config.sandbox).split_for_parts();
    openapi::complete(&mut description);
    let by_address = ByAddress {
        limit: state.address_rate.clone(),
        trusted_proxies: limits.trusted_proxies,
    };
    let mut app = api
        .layer(middleware::from_fn_with_state(state.clone(), issuer::give_nonces))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            issuer::give_challenges,
        ))
        .merge(openapi::pages(description))
        .merge(operator::router())
        .layer(middleware::from_fn_with_state(
            state.new_vaults.clone(),
            budget::of_new_vaults,
        ))
        .layer(middleware::from_fn_with_state(
            by_address,
            crate::http::rate::by_address,
        ));
    // Health must answer also when the rest is busy, so it stays outside the limits.
    let (health, _) = health::router().split_for_parts();
    app = app.layer(middleware::from_fn_with_state(Bounds::new(limits), guard::bound));
    app = app.merge(health);
    let app: Router = app.with_state(state.clone());
    let app = match &config.wallet.dir {
        Some(dir) => app.fallback_service(
            wallet_files::service(dir, config.sandbox).layer(middleware::from_fn(only_for_people)),
        ),
        None => app.fallback(async || nothing_here()),
    };
    app.layer(DefaultBodyLimit::max(limits.body_bytes))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(middleware::from_fn(no_zeros))
        .layer(middleware::from_fn(plain_errors_as_problems))
        .layer(CompressionLayer::new().compress_when(not_for_ciphertext()))
        .layer(middleware::from_fn_with_state(
            config.public_url.starts_with("https:"),
            headers::add,
        ))
        .layer(middleware::from_fn(telemetry::observe))
}

/// The description of the whole interface, every role included.
#[must_use]
pub fn describe() -> utoipa::openapi::OpenApi {
    let all = Roles {
        vault: true,
        registry: true,
        issuer: true,
        verifier: true,
        wallet_provider: true,
    };
    let mut router = documented(&all, true).merge(health::router());
    let mut description = router.to_openapi();
    openapi::complete(&mut description);
    description
}

fn documented(roles: &Roles, in_sandbox: bool) -> OpenApiRouter<AppState> {
    let mut router = OpenApiRouter::with_openapi(openapi::base());
    if roles.registry {
        router = router.merge(registry::router().layer(cors::for_wallets()));
    }
    if roles.vault {
        router = router
            .merge(vault::router().layer(cors::for_wallets()))
            .merge(pairing::router().layer(cors::for_wallets()))
            .merge(sign_in::router().layer(cors::for_wallets()))
            .merge(emergency::router().layer(cors::for_wallets()));
    }
    if roles.verifier {
        router = router
            .merge(verifier::router())
            .merge(wallet::router().layer(cors::for_wallets()));
    }
    if roles.wallet_provider {
        router = router.merge(wallet_provider::router().layer(cors::for_wallets()));
    }
    if roles.issuer {
        router = router.merge(issuer::router().layer(cors::for_wallets()));
        if in_sandbox {
            router = router
                .merge(issuer::sign_in().layer(cors::for_wallets()))
                .merge(issuer::pages())
                .merge(sandbox::router().layer(cors::for_wallets()));
        }
    }
    router
}

/// Compressing ciphertext costs time, gains nothing, and hides its length from the reader's progress bar.
fn not_for_ciphertext() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new("application/octet-stream"))
}

/// The wallet app answers every address with its one page. For a program that mistyped one of ours that would be a
/// success, and for a wallet that looks for metadata a riddle.
async fn only_for_people(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if PROGRAMS.iter().any(|start| path.starts_with(start)) {
        return nothing_here().into_response();
    }
    next.run(request).await
}

fn nothing_here() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not-found",
        "There is nothing at this address.",
    )
}

/// PostgreSQL keeps no text with a zero in it and fails where it is asked for one; SQLite does not. No name of ours has one.
async fn no_zeros(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if uri.path().contains("%00") || uri.query().is_some_and(|query| query.contains("%00")) {
        return Problem::new(
            StatusCode::BAD_REQUEST,
            "request-malformed",
            "The address or query of the request is malformed.",
        )
        .into_response();
    }
    next.run(request).await
}

/// Extractors and the router answer some errors as plain text; callers are promised problem details.
async fn plain_errors_as_problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|value| value == HeaderValue::from_static("text/plain; charset=utf-8"));
    if !is_error || !is_plain {
        return response;
    }
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => ("not-found", "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => ("method-not-allowed", "This address does not take this method."),
        StatusCode::PAYLOAD_TOO_LARGE => ("body-too-large", "The body is larger than this endpoint accepts."),
        _ if status.is_server_error() => ("internal", "Something failed on our side. Try again later."),
        _ => (
            "request-malformed",
            "The address or query of the request is malformed.",
        ),
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut problem = Problem::new(status, code, detail).into_response();
    if let Some(allow) = allow {
        problem.headers_mut().insert(header::ALLOW, allow);
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sandbox gives made-up cards to anybody. An operator's own key must never sign one.
    #[test]
    fn nobody_signs_in_for_a_made_up_card_outside_the_sandbox() {
        let roles = Roles {
            issuer: true,
            ..Roles::default()
        };
        let has = |in_sandbox, path: &str| {
            let paths = documented(&roles, in_sandbox).to_openapi().paths;
            paths.paths.contains_key(path)
        };
        for path in ["/issuer/par", "/issuer/authorize", "/v1/sandbox/offers"] {
            assert!(has(true, path) && !has(false, path), "{path}");
        }
        assert!(has(false, "/issuer/token"));
    }
}

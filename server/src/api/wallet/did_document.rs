//! `GET /.well-known/did.json` and `GET /services/{service_id}/did.json` (did:web)

use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;

use crate::error::{Problem, ProblemDetails};
use crate::state::{AppState, Service};

/// The DID document of the service that has this host to itself.
#[utoipa::path(get, path = "/.well-known/did.json", tag = "wallet",
    responses((status = 200, description = "DID document.", body = Object, content_type = "application/did+json"),
              (status = 404, description = "`did-unknown`.", body = ProblemDetails)))]
pub(super) async fn of_host(
    State(state): State<AppState>,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    // HTTP/2 has the host in the address, HTTP/1.1 in a header. It only chooses between public documents, each of
    // which says whose it is.
    let named = request.headers().get(header::HOST);
    let authority = request
        .uri()
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| named.and_then(|value| value.to_str().ok()))
        .unwrap_or_default();
    let service = state
        .keys
        .services
        .iter()
        .find(|service| service.is_at(authority));
    answer(service)
}

/// The DID document of a service that shares the host of this server.
#[utoipa::path(get, path = "/services/{service_id}/did.json", tag = "wallet",
    params(("service_id" = String, Path, description = "Id of the service.")),
    responses((status = 200, description = "DID document.", body = Object, content_type = "application/did+json"),
              (status = 404, description = "`did-unknown`.", body = ProblemDetails)))]
pub(super) async fn of_service(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    answer(
        state
            .keys
            .service(&id)
            .filter(|service| !service.has_own_origin()),
    )
}

fn answer(service: Option<&Service>) -> Result<impl IntoResponse + use<>, Problem> {
    let document = service.and_then(Service::did_document).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "did-unknown",
            "There is no DID document at this address.",
        )
    })?;
    Ok((
        [
            (header::CONTENT_TYPE, "application/did+json"),
            // A key that was replaced is forgotten soon.
            (header::CACHE_CONTROL, "public, max-age=300"),
            (HeaderName::from_static("vary"), "host"),
        ],
        serde_json::Value::Object(document).to_string(),
    ))
}

//! `GET /v1/registry/types` and `GET /v1/registry/types/document`

use assent_core::sd_jwt::type_metadata::matches_integrity;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};

use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;

/// A card type that is known here.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct KnownType {
    /// Its name (`vct`).
    vct: String,
    /// The types it extends, the nearest first.
    extends: Vec<String>,
    /// What the document hashes to: `vct#integrity` of cards made for this version.
    integrity: String,
    /// The document, byte by byte as it was published.
    document: String,
}

/// Which document.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Name of the type.
    vct: String,
    /// Which version, when there are several.
    integrity: Option<String>,
}

/// The card types this installation has documents about, all of them. Wallets and verifiers need not ask the publishers,
/// nor us for one, so nobody learns which cards are in use.
#[utoipa::path(get, path = "/v1/registry/types", tag = "registry",
    responses((status = 200, description = "Types.", body = [KnownType])))]
pub(super) async fn list(State(state): State<AppState>) -> Json<Vec<KnownType>> {
    let published = state.lookups.now();
    let types = published.types.iter().map(|known| KnownType {
        vct: known.vct().to_owned(),
        extends: known.extends().to_vec(),
        integrity: known.integrity(),
        document: String::from_utf8_lossy(known.document()).into_owned(),
    });
    Json(types.collect())
}

/// SD-JWT VC type metadata, byte by byte as it was published.
#[utoipa::path(get, path = "/v1/registry/types/document", tag = "registry", params(Which),
    responses((status = 200, description = "Type metadata.", body = Object),
              (status = 404, description = "`type-unknown`.", body = ProblemDetails)))]
pub(super) async fn document(
    State(state): State<AppState>,
    Query(which): Query<Which>,
) -> Result<impl IntoResponse, Problem> {
    let published = state.lookups.now();
    let fits = |known: &&assent_core::sd_jwt::type_metadata::KnownType| {
        let integrity = which.integrity.as_deref();
        known.vct() == which.vct && integrity.is_none_or(|wanted| matches_integrity(known.document(), wanted))
    };
    let known = published.types.iter().find(fits).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "type-unknown",
            "There is no document about this type here.",
        )
    })?;
    Ok((
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "public, max-age=3600"),
        ],
        known.document().to_vec(),
    ))
}

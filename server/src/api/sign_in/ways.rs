//! `GET /v1/sign-in`

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::state::AppState;

/// How people may sign in here to find their vault.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Ways {
    /// Login providers.
    providers: Vec<Way>,
}

/// A login provider.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Way {
    /// Its id.
    id: String,
    /// Its name, as people know it.
    name: String,
}

/// Lists the ways to sign in. The same for everybody.
#[utoipa::path(get, path = "/v1/sign-in", tag = "vault", responses((status = 200, description = "Ways.", body = Ways)))]
pub(super) async fn ways(State(state): State<AppState>) -> Json<Ways> {
    let providers = state.sign_in.providers.iter();
    Json(Ways {
        providers: providers
            .map(|provider| Way {
                id: provider.id.clone(),
                name: provider.name.clone(),
            })
            .collect(),
    })
}

//! `POST /v1/sign-in/vaults`

use axum::Json;
use axum::extract::State;

use super::{Code, FoundVaults, SignInError};
use crate::error::{Problem, ProblemDetails};
use crate::http::body::StrictJson;
use crate::state::AppState;
use crate::store::SignInStore as _;

/// Gives the vaults that are linked with who signed in, with their sealed unlock slots. Opens none of them. The code is
/// used up, whatever the answer.
#[utoipa::path(post, path = "/v1/sign-in/vaults", tag = "vault", request_body = Code,
    responses((status = 200, description = "Vaults.", body = FoundVaults),
              (status = 400, description = "`sign-in-over`.", body = ProblemDetails)))]
pub(super) async fn find(
    State(state): State<AppState>,
    StrictJson(body): StrictJson<Code>,
) -> Result<Json<FoundVaults>, Problem> {
    let signed_in = state
        .store
        .take_sign_in_code(&body.code, &body.verifier, state.clock.now())
        .await?
        .ok_or(SignInError::Over)?;
    let links = state.store.sign_ins_by(&signed_in.subject).await?;
    super::found(&state, links).await
}

//! `GET /v1/registry/anchors`

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

use crate::state::AppState;

/// The trust anchors of this installation: certificates that vouch for services (`access`) and for issuers
/// (`issuers`, each with the card types it may issue). `version` changes when any of them does.
#[utoipa::path(get, path = "/v1/registry/anchors", tag = "registry",
    responses((status = 200, description = "Trust anchors.", body = Object)))]
pub(super) async fn anchors(State(state): State<AppState>) -> Json<Value> {
    let mut anchors = state.keys.anchors.clone();
    let version = base64url::encode(&sha256(anchors.to_string().as_bytes())[..16]);
    if let Some(object) = anchors.as_object_mut() {
        object.insert("version".into(), Value::from(version));
    }
    Json(anchors)
}

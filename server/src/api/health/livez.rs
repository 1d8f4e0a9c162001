//! `GET /livez`

/// Answers as long as the process runs.
#[utoipa::path(get, path = "/livez", tag = "health", responses((status = 200, description = "Alive.", body = String)))]
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

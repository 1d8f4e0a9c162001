//! `POST /v1/credentials/verify`
//!
//! W3C credentials (JWT, Data Integrity) are checked by `assent-w3c`, a program of its own, because the library
//! it uses changes how a whole build reads JSON numbers (specs/decisions/0003-ssi-apart.md).

use std::process::Stdio;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::error::{Problem, ProblemDetails};
use crate::http::body;
use crate::state::AppState;

/// Longest time the program may take: resolving a DID may need the network.
const LONGEST: Duration = Duration::from_secs(15);
/// Largest answer we read.
const MAX_ANSWER: usize = 1 << 20;

/// Checks a W3C verifiable credential: `{"credential": "<JWT>" | {…}}`.
#[utoipa::path(post, path = "/v1/credentials/verify", tag = "verifier", security(("service_key" = [])),
    request_body = Object,
    responses((status = 200, description = "What the check found.", body = Object),
              (status = 501, description = "`w3c-bridge-not-configured`.", body = ProblemDetails)))]
pub(super) async fn verify(
    State(state): State<AppState>,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<Value>, Problem> {
    super::service(&state, &headers)?;
    let Some(program) = &state.config.w3c_bridge.program else {
        return Err(Problem::new(
            StatusCode::NOT_IMPLEMENTED,
            "w3c-bridge-not-configured",
            "This server has no bridge to W3C credentials.",
        ));
    };
    let bytes = body::read(request, &state).await?;
    // Only well-formed JSON of bounded depth reaches the other program.
    let input: Value = body::parse(&bytes)?;
    let answer = tokio::time::timeout(LONGEST, run(program, &input))
        .await
        .map_err(|_| failed("took too long"))??;
    Ok(Json(answer))
}

async fn run(program: &std::path::Path, input: &Value) -> Result<Value, Problem> {
    let mut child = Command::new(program)
        .arg("verify")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .env_clear()
        .kill_on_drop(true)
        .spawn()
        .map_err(|_| failed("could not be started"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin
            .write_all(input.to_string().as_bytes())
            .await
            .map_err(|_| failed("did not read its input"))?;
    }
    let output = child.wait_with_output().await.map_err(|_| failed("broke off"))?;
    if output.stdout.len() > MAX_ANSWER {
        return Err(failed("answered too much"));
    }
    serde_json::from_slice(&output.stdout).map_err(|_| failed("gave no answer"))
}

fn failed(what: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "w3c-bridge-failed",
        format!("The bridge to W3C credentials {what}."),
    )
}

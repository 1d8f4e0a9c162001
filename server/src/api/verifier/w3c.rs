//! `POST /v1/credentials/verify`
//!
//! W3C credentials (JWT, Data Integrity) are checked by `assent-w3c`, a program of its own, because the library
//! it uses changes how a whole build reads JSON numbers (specs/decisions/0003-ssi-apart.md).

use std::process::Stdio;
use std::time::Duration;

use assent_core::encoding::json::Object;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::error::{Problem, ProblemDetails};
use crate::http::body;
use crate::state::AppState;

/// Longest time the program may take: resolving a DID may need the network.
const LONGEST: Duration = Duration::from_secs(15);
/// Largest answer we read.
const MAX_ANSWER: u64 = 1 << 20;
/// Programs that run at once: each may take a core for as long as it may run.
static AT_ONCE: Semaphore = Semaphore::const_new(8);

/// A credential to check.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialToVerify {
    /// A JWT as text, or a JSON object with a Data Integrity proof.
    #[schema(value_type = Object)]
    credential: Value,
    /// DID documents by DID, for DIDs that cannot be resolved otherwise.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    did_documents: Option<Object>,
}

/// Checks a W3C verifiable credential. The answer is the bridge's verdict: what was checked and what it found.
#[utoipa::path(post, path = "/v1/credentials/verify", tag = "verifier", security(("service_key" = [])),
    request_body = CredentialToVerify,
    responses((status = 200, description = "What the check found.", body = Object),
              (status = 503, description = "`w3c-bridge-busy`.", body = ProblemDetails),
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
    let input: CredentialToVerify = body::parse(&bytes)?;
    let line = json!({ "id": "1", "action": "verify", "credential": input.credential,
                       "did_documents": input.did_documents, "now": state.clock.now() });
    let Ok(_running) = AT_ONCE.try_acquire() else {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "w3c-bridge-busy",
            "Too many credentials are checked at once. Try again in a moment.",
        )
        .retry_after(2));
    };
    let answer = tokio::time::timeout(LONGEST, run(program, &line))
        .await
        .map_err(|_| failed("took too long"))??;
    match answer.get("verdict") {
        Some(verdict) => Ok(Json(verdict.clone())),
        None => Err(failed("could not read the credential")),
    }
}

async fn run(program: &std::path::Path, input: &Value) -> Result<Value, Problem> {
    let mut child = Command::new(program)
        .arg("--once")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .env_clear()
        .kill_on_drop(true)
        .spawn()
        .map_err(|_| failed("could not be started"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin
            .write_all(format!("{input}\n").as_bytes())
            .await
            .map_err(|_| failed("did not read its input"))?;
    }
    let stdout = child
        .stdout
        .take()
        .ok_or_else(|| failed("could not be started"))?;
    let mut answer = Vec::new();
    stdout
        .take(MAX_ANSWER + 1)
        .read_to_end(&mut answer)
        .await
        .map_err(|_| failed("broke off"))?;
    if answer.len() as u64 > MAX_ANSWER {
        return Err(failed("answered too much"));
    }
    // It has said everything; its end is waited for so that it leaves nothing behind.
    child.wait().await.map_err(|_| failed("broke off"))?;
    serde_json::from_slice(&answer).map_err(|_| failed("gave no answer"))
}

fn failed(what: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "w3c-bridge-failed",
        format!("The bridge to W3C credentials {what}."),
    )
}

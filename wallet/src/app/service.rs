//! Questions to the vault service whose answers are shown as they come: nothing of them is believed for keys or data.

use assent_core::encoding::json::{self, Limits};
use assent_core::encoding::record::Value;
use assent_core::error::Blame;
use assent_core::http::{HttpRequest, HttpResponse, Method};

use super::session::Core;
use super::sync;
use super::view::SecretValue;
use super::wallet::{Next, Then};
use super::{NetworkFailure, Reply, WalletError};

pub(super) const MAX_ANSWER: usize = 512 << 10;

/// What the service may refuse, by the code of its problem (specs/problems.md).
const REFUSALS: [&str; 7] = [
    "sign-in-over",
    "sign-in-full",
    "emergency-refused",
    "emergency-stopped",
    "emergency-over",
    "emergency-not-yet",
    "emergency-wait-not-possible",
];

/// A question about the open vault, with its token.
pub(super) fn of_vault(
    core: &Core,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<HttpRequest, WalletError> {
    let open = core.open()?;
    let url = format!("{}/{path}", open.address.as_str());
    let token = open.vault.access_token();
    Ok(request(method, url, body).header("authorization", format!("Bearer {}", token.as_str())))
}

/// A question anybody may ask.
pub(super) fn request(method: Method, url: String, body: Option<&Value>) -> HttpRequest {
    match (method, body) {
        (Method::Post, body) => {
            let body = body.map_or_else(|| "{}".to_owned(), Value::to_string);
            HttpRequest::post(url, "application/json", body, MAX_ANSWER)
        }
        (Method::Delete, _) => HttpRequest::delete(url, MAX_ANSWER),
        _ => HttpRequest::get(url, "application/json", MAX_ANSWER),
    }
}

/// Asks, and gives the answer to the screen.
pub(super) fn ask(request: HttpRequest) -> Next {
    let then: Then = Box::new(|_, answer, _| {
        Ok(Next::Done(Reply::Service {
            answer: SecretValue(read(answer)?),
        }))
    });
    Next::Send(request, then)
}

/// The answer's JSON; `null` when there is none.
pub(super) fn read(answer: Result<HttpResponse, NetworkFailure>) -> Result<Value, WalletError> {
    let limits = Limits {
        bytes: MAX_ANSWER,
        depth: 8,
    };
    if let Ok(response) = &answer
        && !response.is_success()
        && let Ok(problem) = json::parse(response.body.as_bytes(), limits)
        && let Some(code) = REFUSALS
            .iter()
            .find(|code| problem.get("code").and_then(Value::as_str) == Some(code))
    {
        return Err(WalletError::new(
            code,
            "the vault service refused this",
            "Start again.",
            Blame::Peer,
        ));
    }
    let response = sync::received(answer)?;
    if response.body.is_empty() {
        return Ok(Value::Null);
    }
    json::parse(response.body.as_bytes(), limits).map_err(|_| sync::nonsense())
}

/// Whether an id from the page may be a part of an address.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 64
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

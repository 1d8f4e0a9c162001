//! Questions to the vault service whose answers are shown: nothing of them is believed for keys or data. They are read by
//! their [`Shape`], so a screen gets what it asked for and nothing else.

use assent_core::encoding::json::{self, Limits, Object};
use assent_core::encoding::record::{self, Value};
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

/// What an answer must be.
pub(super) enum Shape {
    /// A text of one line, of at most [`MAX_TEXT`] bytes.
    Text,
    /// One of these texts.
    Word(&'static [&'static str]),
    /// Seconds, or seconds since 1970.
    Seconds,
    /// At most so many.
    List(usize, &'static Shape),
    /// Members by name, and whether each must be there.
    Object(&'static [(&'static str, bool, Shape)]),
    /// Whatever it is, nobody looks at it.
    Nothing,
}

/// As long as the longest name of a login provider: 64 characters of four bytes.
const MAX_TEXT: usize = 256;
/// The end of the year 9999.
const LATEST: u64 = 253_402_300_799;

/// What of an answer has this shape; `None` when it does not fit.
fn shaped(value: &Value, shape: &Shape) -> Option<Value> {
    Some(match shape {
        Shape::Text => {
            let text = value.as_str()?;
            let shows = text.len() <= MAX_TEXT && !text.chars().any(char::is_control);
            shows.then(|| value.clone())?
        }
        Shape::Word(words) => words.contains(&value.as_str()?).then(|| value.clone())?,
        Shape::Seconds => (value.as_u64()? <= LATEST).then(|| value.clone())?,
        Shape::List(most, shape) => {
            let list = value.as_array().filter(|list| list.len() <= *most)?;
            let mut out = Vec::new();
            for item in list {
                out.push(shaped(item, shape)?);
            }
            Value::Array(out)
        }
        Shape::Object(members) => {
            let object = value.as_object()?;
            let mut out = Object::new();
            for (name, needed, shape) in *members {
                match object.get(*name).filter(|value| !value.is_null()) {
                    Some(value) => record::put(&mut out, name, shaped(value, shape)?),
                    None if *needed => return None,
                    None => {}
                }
            }
            Value::Object(out)
        }
        Shape::Nothing => Value::Null,
    })
}

/// Asks, and gives the answer to the screen.
pub(super) fn ask(request: HttpRequest, shape: &'static Shape) -> Next {
    let then: Then = Box::new(|_, answer, _| {
        Ok(Next::Done(Reply::Service {
            answer: SecretValue(read(answer, shape)?),
        }))
    });
    Next::Send(request, then)
}

/// What an answer says.
pub(super) fn read(
    answer: Result<HttpResponse, NetworkFailure>,
    shape: &Shape,
) -> Result<Value, WalletError> {
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
    if let Shape::Nothing = shape {
        return Ok(Value::Null);
    }
    let value = json::parse(response.body.as_bytes(), limits).ok();
    value
        .and_then(|value| shaped(&value, shape))
        .ok_or_else(sync::nonsense)
}

pub(super) fn no_such_step() -> WalletError {
    WalletError::new(
        "command-malformed",
        "there is no such step",
        "Start again.",
        Blame::Caller,
    )
}

/// Whether an id from the page may be a part of an address.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 64
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

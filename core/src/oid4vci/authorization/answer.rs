//! What the browser comes back with.

use super::super::{RejectionCode, SecretText};
use crate::crypto::constant_time_eq;
use crate::encoding::form;
use crate::error::{Audience, Blame, ErrorCode};
use crate::profile::Endpoint;

/// Longest address or query that is read.
const MAX: usize = 16 << 10;

/// A good answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationAnswer {
    /// To be redeemed at once.
    pub code: SecretText,
}

/// What the answer is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The `state` of the request.
    pub state: &'a str,
    /// The authorization server that was asked.
    pub issuer: &'a Endpoint,
    /// The server says that it always names itself (RFC 9207 §3).
    pub iss_required: bool,
}

/// Why there is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// The person said no there, or the server did.
    #[error("the issuer gave no access: {0}")]
    Refused(RejectionCode),
    /// The answer belongs to no request of ours, or to another one.
    #[error("the answer belongs to no sign-in that was begun here")]
    State,
    /// Another server made the answer, or the server does not say that it did (RFC 9207 §2.4).
    #[error("the answer comes from another issuer than the one that was asked")]
    Issuer,
    /// Not an answer, too long, or one that says two things.
    #[error("the answer of the sign-in is malformed")]
    Malformed,
}

impl ErrorCode for AuthorizationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(RejectionCode::AccessDenied) => "sign-in-declined",
            Self::Refused(_) => "sign-in-not-done",
            Self::State => "sign-in-not-expected",
            Self::Issuer => "sign-in-other-issuer",
            Self::Malformed => "sign-in-malformed",
        }
    }

    fn blame(&self) -> Blame {
        Blame::Peer
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

impl AuthorizationAnswer {
    /// Reads the query, or the whole address, that the browser came back with.
    ///
    /// # Errors
    /// [`AuthorizationError`].
    pub fn read(answer: &str, expected: &Expected<'_>) -> Result<Self, AuthorizationError> {
        let pairs = decode(answer)?;
        // RFC 6749 §10.12: first of all, is it an answer to our request?
        let state = form::get(&pairs, "state").unwrap_or_default();
        if expected.state.is_empty() || !constant_time_eq(state.as_bytes(), expected.state.as_bytes()) {
            return Err(AuthorizationError::State);
        }
        // RFC 9207 §2.4: compared as strings, also in an error.
        match form::get(&pairs, "iss") {
            Some(iss) if iss != expected.issuer.as_str() => return Err(AuthorizationError::Issuer),
            None if expected.iss_required => return Err(AuthorizationError::Issuer),
            _ => {}
        }
        match (form::get(&pairs, "code"), form::get(&pairs, "error")) {
            (Some(code), None) if (1..=4096).contains(&code.len()) => Ok(Self {
                code: SecretText::new(code),
            }),
            (None, Some(error)) if !error.is_empty() => {
                Err(AuthorizationError::Refused(RejectionCode::from_wire(error)))
            }
            _ => Err(AuthorizationError::Malformed),
        }
    }

    /// The `state` of an answer, unchecked: to find out who waits for it.
    #[must_use]
    pub fn state_of(answer: &str) -> Option<String> {
        let pairs = decode(answer).ok()?;
        form::get(&pairs, "state").map(str::to_owned)
    }
}

/// The parameters of a query or of the query of an address; none of them twice (RFC 6749 §3.1).
fn decode(answer: &str) -> Result<Vec<(String, String)>, AuthorizationError> {
    if answer.len() > MAX {
        return Err(AuthorizationError::Malformed);
    }
    let answer = answer.split('#').next().unwrap_or_default();
    // A query has no `?` before its first parameter ends, an address has nothing else.
    let query = match answer.split_once('?') {
        Some((before, query)) if !before.contains(['=', '&']) => query,
        _ => answer,
    };
    form::decode(query).ok_or(AuthorizationError::Malformed)
}

/// The address to send a browser back to, with a code. `redirect_uri` must be one that is known of the client.
#[must_use]
pub fn redirect_with_code(
    redirect_uri: &str,
    code: &SecretText,
    state: Option<&str>,
    iss: &Endpoint,
) -> String {
    redirect(redirect_uri, ("code", code.expose()), state, iss)
}

/// The address to send a browser back to, with an error (RFC 6749 §4.1.2.1).
#[must_use]
pub fn redirect_with_error(
    redirect_uri: &str,
    error: &RejectionCode,
    state: Option<&str>,
    iss: &Endpoint,
) -> String {
    redirect(redirect_uri, ("error", error.as_str()), state, iss)
}

fn redirect(redirect_uri: &str, answer: (&str, &str), state: Option<&str>, iss: &Endpoint) -> String {
    // RFC 9207 §2: always, also with an error.
    let pairs = [
        Some(answer),
        state.map(|state| ("state", state)),
        Some(("iss", iss.as_str())),
    ];
    form::append(redirect_uri, &form::encode(pairs.into_iter().flatten()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    fn issuer() -> Endpoint {
        Endpoint::parse("https://as.example/a", &Profile::BASELINE).unwrap()
    }

    fn read(answer: &str, iss_required: bool) -> Result<String, AuthorizationError> {
        let issuer = issuer();
        let expected = Expected {
            state: "st",
            issuer: &issuer,
            iss_required,
        };
        AuthorizationAnswer::read(answer, &expected).map(|answer| answer.code.expose().to_owned())
    }

    #[test]
    fn what_a_server_writes_is_read() {
        let code = SecretText::new("c d&?=");
        for redirect_uri in [
            "https://w.example/",
            "https://w.example/cb?x=1",
            "http://127.0.0.1:8/?",
        ] {
            let good = redirect_with_code(redirect_uri, &code, Some("st"), &issuer());
            assert!(good.starts_with(redirect_uri), "{good}");
            let query = good.split_once('?').unwrap().1;
            for answer in [
                good.as_str(),
                query,
                &format!("?{query}"),
                &format!("{good}#frag"),
            ] {
                assert_eq!(read(answer, true).unwrap(), "c d&?=", "{answer}");
                assert_eq!(AuthorizationAnswer::state_of(answer).unwrap(), "st");
            }
            let no = redirect_with_error(redirect_uri, &RejectionCode::AccessDenied, Some("st"), &issuer());
            let error = read(&no, true).unwrap_err();
            assert_eq!(error, AuthorizationError::Refused(RejectionCode::AccessDenied));
            assert_eq!(error.code(), "sign-in-declined");
        }
        let stateless = redirect_with_code("https://w.example/", &code, None, &issuer());
        assert!(!stateless.contains("state="));
        assert_eq!(read(&stateless, true), Err(AuthorizationError::State));
    }

    /// RFC 6749 §10.12 and RFC 9207 §2.4: each broken alone, and in which order they are looked at.
    #[test]
    fn refused_answers() {
        use AuthorizationError::{Issuer, Malformed, Refused, State};
        let iss = "iss=https%3A%2F%2Fas.example%2Fa";
        let ok = |query: &str| read(query, false).is_ok();
        assert!(ok("code=c&state=st") && ok(&format!("code=c&state=st&{iss}")));
        for (query, required, expected) in [
            (String::new(), false, State),
            ("code=c".into(), false, State),
            ("code=c&state=".into(), false, State),
            ("code=c&state=St".into(), false, State),
            ("code=c&state=st2".into(), false, State),
            ("error=access_denied&state=x".into(), false, State),
            ("code=c&state=st".into(), true, Issuer),
            ("error=access_denied&state=st".into(), true, Issuer),
            ("code=c&state=st&iss=".into(), false, Issuer),
            (
                "code=c&state=st&iss=https%3A%2F%2Fas.example".into(),
                false,
                Issuer,
            ),
            (
                "code=c&state=st&iss=https%3A%2F%2Fas.example%2Fa%2F".into(),
                false,
                Issuer,
            ),
            (
                "error=x&state=st&iss=https%3A%2F%2Fevil.example".into(),
                false,
                Issuer,
            ),
            (format!("code=c&code=d&state=st&{iss}"), true, Malformed),
            (format!("code=c&state=st&state=st&{iss}"), true, Malformed),
            (
                format!("code=c&error=access_denied&state=st&{iss}"),
                true,
                Malformed,
            ),
            (format!("state=st&{iss}"), true, Malformed),
            (format!("code=&state=st&{iss}"), true, Malformed),
            (format!("error=&state=st&{iss}"), true, Malformed),
            (format!("code=%zz&state=st&{iss}"), true, Malformed),
            (
                format!("code={}&state=st&{iss}", "c".repeat(4097)),
                true,
                Malformed,
            ),
            (
                format!("code=c&state=st&{iss}&x={}", "c".repeat(MAX)),
                true,
                Malformed,
            ),
            (
                format!("error=server_error&state=st&{iss}"),
                true,
                Refused(RejectionCode::Other("server_error".into())),
            ),
        ] {
            assert_eq!(read(&query, required), Err(expected), "{query:.80}");
        }
        // A state that was never set fits nothing.
        let issuer = issuer();
        let nothing = Expected {
            state: "",
            issuer: &issuer,
            iss_required: false,
        };
        assert_eq!(AuthorizationAnswer::read("code=c&state=", &nothing), Err(State));
    }
}

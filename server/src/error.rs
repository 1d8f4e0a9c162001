//! Answers that say what went wrong: problem details (RFC 9457) with a stable code.

use assent_core::error::{Blame, ErrorCode};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::crypto::SealError;
use crate::store::StoreError;

/// Where problem types live; the code is appended.
pub const PROBLEM_BASE: &str = "https://assent.example/problems/";

/// A problem as it is sent.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProblemDetails {
    /// Identifies the kind of problem; ends in the code.
    #[serde(rename = "type")]
    #[schema(example = "https://assent.example/problems/vault-version-conflict")]
    pub problem_type: String,
    /// The kind of problem in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time. Never contains personal data.
    pub detail: String,
    /// Stable code to program against.
    #[schema(example = "vault-version-conflict")]
    pub code: String,
}

/// A problem to answer with.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retry_after: Option<u64>,
}

/// An error of one handler: its code from [`ErrorCode`], and the HTTP status it is answered with.
pub trait RouteError: ErrorCode {
    /// The HTTP status of the answer.
    fn status(&self) -> StatusCode;
}

impl Problem {
    /// A problem with a code and one plain sentence.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// Something on our side failed. The reason goes to the log, not to the caller.
    #[must_use]
    pub fn internal(reason: &dyn std::error::Error) -> Self {
        tracing::error!(reason = %Chain(reason), "a request failed on our side");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something failed on our side. Try again later.",
        )
    }

    /// From an error of core: status by blame, code and message as they are.
    #[must_use]
    pub fn from_core(status: StatusCode, error: &dyn ErrorCode) -> Self {
        if error.blame() == Blame::Us {
            tracing::error!(code = error.code(), "core says the fault is ours");
            return Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                error.code(),
                "Something failed on our side. Try again later.",
            );
        }
        let detail = if error.is_personal() {
            "The request was refused.".to_owned()
        } else {
            error.to_string()
        };
        Self::new(status, error.code(), detail)
    }

    /// Tells the caller when to come back.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl<E: RouteError> From<E> for Problem {
    fn from(error: E) -> Self {
        if error.status().is_server_error() && error.blame() == Blame::Us {
            tracing::error!(code = error.code(), reason = %Chain(&error), "a request failed on our side");
            return Self::new(
                error.status(),
                error.code(),
                "Something failed on our side. Try again later.",
            );
        }
        Self::from_core(error.status(), &error)
    }
}

impl RouteError for StoreError {
    fn status(&self) -> StatusCode {
        match self {
            // Nobody got a connection in time: overload, not breakage.
            Self::Database(sqlx::Error::PoolTimedOut) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl ErrorCode for SealError {
    fn code(&self) -> &'static str {
        match self {
            Self::Random => "random-unavailable",
            Self::DoesNotOpen => "sealed-data-damaged",
        }
    }

    fn blame(&self) -> Blame {
        Blame::Us
    }
}

impl RouteError for SealError {
    fn status(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemDetails {
            problem_type: format!("{PROBLEM_BASE}{}", self.code),
            title: self.code.replace('-', " "),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code.to_owned(),
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(
            self.status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ) {
            // Limits answer before the routes that allow other origins. A wallet in a browser must be able to tell
            // "wait" from "no network", or it cannot say whether anything was shared.
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            headers.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static("content-type,retry-after"),
            );
        }
        // Read by the access log, so that a line names the code without naming anything of the caller.
        response.extensions_mut().insert(ProblemCode(self.code));
        response
    }
}

/// The code of a problem answer, for the access log.
#[derive(Debug, Clone, Copy)]
pub struct ProblemCode(pub &'static str);

/// An error with its causes in one line.
pub(crate) struct Chain<'a>(pub(crate) &'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

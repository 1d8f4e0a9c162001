//! An HTTP exchange as plain data. Flows say what to send and read what came back; the shells do the sending.

use crate::encoding::record::{FromJson, ToJson};
use std::fmt;

/// HTTP methods the protocols use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub enum Method {
    /// Reads a resource.
    #[serde(rename = "GET")]
    Get,
    /// Sends a body.
    #[serde(rename = "POST")]
    Post,
    /// Stores a body under its address.
    #[serde(rename = "PUT")]
    Put,
    /// Deletes a resource.
    #[serde(rename = "DELETE")]
    Delete,
}

impl Method {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A request for the shell to send.
///
/// The shell sends no cookies, follows no redirects (OpenID4VP 1.0 errata §14.8), gives up after ten seconds and
/// refuses a body larger than [`HttpRequest::max_response`].
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct HttpRequest {
    /// GET, POST, PUT or DELETE.
    pub method: Method,
    /// Absolute URL.
    pub url: String,
    /// Header names (lower case) and values.
    pub headers: Vec<(String, String)>,
    /// Body, text in every protocol we speak. Bytes (a piece of a document) travel beside the request.
    pub body: Option<String>,
    /// Largest response body to accept, in bytes.
    pub max_response: usize,
}

impl HttpRequest {
    /// A GET that accepts `accept`, with at most `max_response` bytes back.
    #[must_use]
    pub fn get(url: impl Into<String>, accept: &str, max_response: usize) -> Self {
        Self {
            method: Method::Get,
            url: url.into(),
            headers: vec![("accept".into(), accept.into())],
            body: None,
            max_response,
        }
    }

    /// A POST of `body` with the given content type.
    #[must_use]
    pub fn post(url: impl Into<String>, content_type: &str, body: String, max_response: usize) -> Self {
        Self {
            method: Method::Post,
            url: url.into(),
            headers: vec![("content-type".into(), content_type.into())],
            body: Some(body),
            max_response,
        }
    }

    /// A POST of nothing, for JSON.
    #[must_use]
    pub fn post_nothing(url: impl Into<String>, max_response: usize) -> Self {
        Self {
            method: Method::Post,
            body: Some(String::new()),
            ..Self::get(url, "application/json", max_response)
        }
    }

    /// A DELETE.
    #[must_use]
    pub fn delete(url: impl Into<String>, max_response: usize) -> Self {
        Self {
            method: Method::Delete,
            ..Self::get(url, "application/json", max_response)
        }
    }

    /// The same request with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

// URLs and bodies carry one-time secrets and personal data: never printed.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// What came back.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct HttpResponse {
    /// Status code, e.g. 200.
    pub status: u16,
    /// Header names (lower case) and values.
    pub headers: Vec<(String, String)>,
    /// Body as text; a body that is not UTF-8 never reaches a flow.
    pub body: String,
}

impl HttpResponse {
    /// The first value of a header, by lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// The media type without parameters, in lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        Some(
            value
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase(),
        )
    }

    /// True for 200–299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// One step of a flow that needs the network: either send this and call again with the answer, or it is done.
#[derive(Debug)]
pub enum Step<T> {
    /// Send this request, then resume the flow with the response.
    Send(HttpRequest),
    /// The flow is finished.
    Done(T),
}

//! The wallet's side: building a response (OpenID4VP 1.0 §8).

use std::fmt;

use serde_json::Value;

use crate::encoding::form;
use crate::encoding::json::Object;
use crate::encoding::jwe::{self, JweError};
use crate::encoding::record::{ToJson as _, put};
use crate::env::Env;
use crate::error::{Blame, ErrorCode};
use crate::http::HttpRequest;
use crate::oid4vp::metadata::ResponseEncryption;
use crate::oid4vp::request::ResponseMode;
use crate::oid4vp::{AuthorizationError, reply_limit};
use crate::profile::Endpoint;

/// Where a response goes, and how.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyTo {
    /// The address to post to.
    pub response_uri: Endpoint,
    /// In the clear or encrypted.
    pub mode: ResponseMode,
    /// To be sent back.
    pub state: Option<String>,
    /// The verifier's key, when it gave a usable one.
    pub encryption: Option<ResponseEncryption>,
}

/// Presentations by credential query. A query that is not answered has no entry (§8.1).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct VpToken(Vec<(String, Vec<String>)>);

impl VpToken {
    /// No presentations yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a presentation for a credential query.
    pub fn add(&mut self, query_id: &str, presentation: String) {
        match self.0.iter_mut().find(|(id, _)| id == query_id) {
            Some((_, presentations)) => presentations.push(presentation),
            None => self.0.push((query_id.to_owned(), vec![presentation])),
        }
    }

    /// True when there is no presentation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The JSON form: always arrays, even of one (§8.1).
    #[must_use]
    pub fn to_json(&self) -> Value {
        let entries = self
            .0
            .iter()
            .map(|(id, presentations)| (id.clone(), Value::from(presentations.clone())));
        Value::Object(entries.collect())
    }
}

impl fmt::Debug for VpToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

/// A response could not be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// Nothing to present: an empty `vp_token` is not a way to say no (§8.1); send an error or nothing.
    #[error("there is nothing to present")]
    Empty,
    /// The response must be encrypted and there is no key.
    #[error("there is no key to encrypt the response with")]
    NoKey,
    /// Encryption failed.
    #[error("the response could not be encrypted")]
    Encryption(#[from] JweError),
}

impl ErrorCode for ResponseError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "response-empty",
            Self::NoKey => "response-no-key",
            Self::Encryption(_) => "response-encryption",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Empty => Blame::Caller,
            Self::NoKey => Blame::Peer,
            Self::Encryption(_) => Blame::Us,
        }
    }
}

impl ReplyTo {
    /// The response with presentations.
    ///
    /// # Errors
    /// [`ResponseError`].
    pub fn present(&self, vp_token: &VpToken, env: &mut Env<'_>) -> Result<HttpRequest, ResponseError> {
        if vp_token.is_empty() {
            return Err(ResponseError::Empty);
        }
        let mut parameters = Object::new();
        put(&mut parameters, "vp_token", vp_token.to_json());
        match self.mode {
            ResponseMode::DirectPost => Ok(self.post_clear(parameters)),
            ResponseMode::DirectPostJwt => self.post_encrypted(parameters, env),
        }
    }

    /// An error response. Encrypted where the mode is and there is a key, else in the clear, which §8.3.1 allows:
    /// it holds nothing personal.
    ///
    /// # Errors
    /// [`ResponseError`].
    pub fn refuse(
        &self,
        error: &AuthorizationError,
        env: &mut Env<'_>,
    ) -> Result<HttpRequest, ResponseError> {
        let mut parameters = Object::new();
        error.write(&mut parameters);
        match (self.mode, &self.encryption) {
            (ResponseMode::DirectPostJwt, Some(_)) => self.post_encrypted(parameters, env),
            _ => Ok(self.post_clear(parameters)),
        }
    }

    /// §8.2: a form; JSON values as their text.
    fn post_clear(&self, parameters: Object) -> HttpRequest {
        let mut pairs: Vec<(String, String)> = parameters
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(text) => (name, text),
                other => (name, other.to_string()),
            })
            .collect();
        if let Some(state) = &self.state {
            pairs.push(("state".into(), state.clone()));
        }
        self.post(form::encode(
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())),
        ))
    }

    /// §8.3.1: only `response`; everything else, `state` too, is inside.
    fn post_encrypted(
        &self,
        mut parameters: Object,
        env: &mut Env<'_>,
    ) -> Result<HttpRequest, ResponseError> {
        let encryption = self.encryption.as_ref().ok_or(ResponseError::NoKey)?;
        if let Some(state) = &self.state {
            state.as_str().put_json(&mut parameters, "state");
        }
        let plaintext = zeroize::Zeroizing::new(Value::Object(parameters).to_string());
        let jwe = jwe::encrypt(
            &encryption.key,
            encryption.kid.as_deref(),
            encryption.enc,
            plaintext.as_bytes(),
            env,
        )?;
        Ok(self.post(form::encode([("response", jwe.as_str())])))
    }

    fn post(&self, body: String) -> HttpRequest {
        HttpRequest::post(
            self.response_uri.as_str(),
            "application/x-www-form-urlencoded",
            body,
            reply_limit(),
        )
        .header("accept", "application/json")
    }
}

impl fmt::Debug for ReplyTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTo")
            .field("response_uri", &self.response_uri)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

//! What a wallet keeps between its requests to one issuer.

use serde_json::Value;

use super::super::{Rejection, SecretText};
use super::{DpopKey, DpopProof, is_nonce};
use crate::crypto::SignError;
use crate::encoding::record::{FromJson, ToJson};
use crate::env::{Env, RandomUnavailable};
use crate::http::{HttpRequest, HttpResponse};
use crate::profile::Endpoint;

/// Whose nonce: the two are kept apart, also where both are one host (CI-16; RFC 9449 §8, §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The authorization server: pushed requests and tokens.
    Server,
    /// The credential issuer: credentials, notifications, and its Nonce Endpoint (OpenID4VCI 1.0 §7.2).
    Resource,
}

/// One key, and the nonces that were given out for it.
#[derive(Debug, Clone, ToJson, FromJson)]
pub struct DpopSession {
    key: DpopKey,
    server_nonce: Option<String>,
    resource_nonce: Option<String>,
    /// The last answer asked for a nonce, and the request is being sent once more. Not kept: what is taken up again later
    /// is another request.
    #[serde(default, skip_serializing_if = "not_kept")]
    retrying: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the derive calls it with a reference"
)]
fn not_kept(_: &bool) -> bool {
    true
}

/// A token and how it is used.
#[derive(Debug, Clone, ToJson, FromJson)]
pub struct Access {
    /// The access token.
    pub token: SecretText,
    /// The session whose key the token is bound to; `None` for a bearer token.
    pub dpop: Option<DpopSession>,
}

impl Access {
    /// A request with a JSON body to an endpoint of the credential issuer; at most `limit` bytes come back.
    pub(in crate::oid4vci) fn post(
        &self,
        endpoint: &Endpoint,
        body: &Value,
        limit: usize,
        env: &mut Env<'_>,
    ) -> Result<HttpRequest, SignError> {
        let json = "application/json";
        let request = HttpRequest::post(endpoint.as_str(), json, body.to_string(), limit);
        self.authorize(request.header("accept", json), env)
    }

    /// Adds `Authorization`, and for a bound token the proof (RFC 6750 §2.1, RFC 9449 §7.1).
    ///
    /// # Errors
    /// [`SignError`].
    pub fn authorize(&self, request: HttpRequest, env: &mut Env<'_>) -> Result<HttpRequest, SignError> {
        let Some(session) = &self.dpop else {
            let bearer = ["Bearer ", self.token.expose()].concat();
            return Ok(request.header("authorization", bearer));
        };
        let request = session.prove(request, Which::Resource, Some(&self.token), env)?;
        Ok(request.header("authorization", ["DPoP ", self.token.expose()].concat()))
    }
}

impl DpopSession {
    /// A session with a fresh key.
    ///
    /// # Errors
    /// [`RandomUnavailable`].
    pub fn fresh(env: &mut Env<'_>) -> Result<Self, RandomUnavailable> {
        Ok(Self::new(DpopKey::generate(env)?))
    }

    /// A session with this key and no nonces yet.
    #[must_use]
    pub fn new(key: DpopKey) -> Self {
        Self {
            key,
            server_nonce: None,
            resource_nonce: None,
            retrying: false,
        }
    }

    /// The thumbprint of the key: `dpop_jkt`.
    #[must_use]
    pub fn jkt(&self) -> String {
        self.key.thumbprint()
    }

    /// Adds the `DPoP` header. For requests without a token; those with one go through [`Access::authorize`].
    ///
    /// # Errors
    /// [`SignError`].
    pub fn prove(
        &self,
        request: HttpRequest,
        which: Which,
        access_token: Option<&SecretText>,
        env: &mut Env<'_>,
    ) -> Result<HttpRequest, SignError> {
        let nonce = match which {
            Which::Server => &self.server_nonce,
            Which::Resource => &self.resource_nonce,
        };
        let proof = DpopProof {
            method: request.method,
            url: &request.url,
            access_token,
            nonce: nonce.as_deref(),
        }
        .sign(&self.key, env)?;
        Ok(request.header("dpop", proof))
    }

    /// Takes the nonce for the next request out of any answer, a good one too (RFC 9449 §8.2).
    pub fn note(&mut self, response: &HttpResponse, which: Which) {
        self.retrying = false;
        let Some(nonce) = response.header("dpop-nonce").filter(|nonce| is_nonce(nonce)) else {
            return;
        };
        let kept = match which {
            Which::Server => &mut self.server_nonce,
            Which::Resource => &mut self.resource_nonce,
        };
        *kept = Some(nonce.to_owned());
    }

    /// Takes the nonce of an answer. True when the server wanted one and gave it: make the same request again, newly
    /// proved, and ask here again. For the answer to that one it is false whatever the server says, so that nothing goes
    /// round in circles.
    pub fn must_retry(&mut self, response: &HttpResponse, which: Which) -> bool {
        let again = self.retrying;
        self.note(response, which);
        let gave = response.header("dpop-nonce").is_some_and(is_nonce);
        self.retrying = !again && gave && wants_nonce(response);
        self.retrying
    }
}

/// RFC 9449 §8: 400 with the error in the body from an authorization server. §9: 401 with the error in
/// `WWW-Authenticate` from a resource. Issuers that are both mix the two, and a browser shows that header only where
/// the server allows it, so each is looked for in either.
fn wants_nonce(response: &HttpResponse) -> bool {
    if !matches!(response.status, 400 | 401) {
        return false;
    }
    let in_body = || {
        Rejection::from_response(response)
            .is_some_and(|rejection| rejection.code.as_str() == "use_dpop_nonce")
    };
    let in_header = || {
        response.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("www-authenticate") && value.contains("error=\"use_dpop_nonce\"")
        })
    };
    in_body() || in_header()
}

//! The authorization request as a wallet meets it: a link or the text of a QR code (OpenID4VP 1.0 §5.1, §5.10).

use std::fmt;

use serde_json::Value;

use super::request::RequestError;
use super::{ClientId, metadata};
use crate::encoding::form;
use crate::encoding::json::{self, Limits, Object};
use crate::encoding::record::{FromJson, ToJson};
use crate::http::HttpRequest;
use crate::profile::{Endpoint, Profile};

/// Longest link accepted, in bytes. By value a link holds a whole signed request.
pub const MAX_LINK: usize = 64 << 10;
/// Largest Request Object to fetch, in bytes.
pub const MAX_REQUEST_OBJECT: usize = 256 << 10;
/// Media type of a Request Object, and with `application/` left out its `typ` (§5).
pub const REQUEST_OBJECT_MEDIA_TYPE: &str = "application/oauth-authz-req+jwt";

/// Schemes by which wallets are opened, besides `https`.
const WALLET_SCHEMES: [&str; 4] = ["openid4vp", "haip-vp", "eu-eaap", "eudi-openid4vp"];

/// How the wallet gets the Request Object (§5.10, `request_uri_method`).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, ToJson, FromJson,
)]
#[serde(rename_all = "lowercase")]
pub enum RequestUriMethod {
    /// With GET.
    #[default]
    Get,
    /// With POST, so that the wallet can say what it supports and send a nonce of its own.
    Post,
}

impl RequestUriMethod {
    /// The value of the parameter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
        }
    }
}

/// Where the request parameters are.
#[derive(Clone, PartialEq)]
pub enum RequestSource {
    /// Behind a URL.
    Reference {
        /// `request_uri`.
        request_uri: Endpoint,
        /// `request_uri_method`.
        method: RequestUriMethod,
    },
    /// In the link, as a signed Request Object (`request`).
    Value(String),
    /// In the link, unsigned.
    Parameters(Object),
}

/// A link that was read. Nothing in it is authenticated.
#[derive(Clone, PartialEq)]
pub struct AuthorizationRequestLink {
    client_id: ClientId,
    source: RequestSource,
}

impl AuthorizationRequestLink {
    /// Reads a link: a wallet scheme (`openid4vp:`, `haip-vp:` …) or an `https` address of this wallet, and the
    /// request in its query.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn parse(link: &str, profile: &Profile) -> Result<Self, RequestError> {
        if link.len() > MAX_LINK || link.contains('#') {
            return Err(RequestError::Link);
        }
        let (start, query) = link.split_once('?').ok_or(RequestError::Link)?;
        let (scheme, _) = start.split_once(':').ok_or(RequestError::Link)?;
        let scheme = scheme.to_ascii_lowercase();
        if !WALLET_SCHEMES.contains(&scheme.as_str()) {
            Endpoint::parse(start, profile).map_err(|_| RequestError::Link)?;
        }
        Self::from_query(query, profile)
    }

    /// Reads the query part of a link.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn from_query(query: &str, profile: &Profile) -> Result<Self, RequestError> {
        let pairs = form::decode(query).ok_or(RequestError::Link)?;
        let get = |name: &str| form::get(&pairs, name);
        let client_id = ClientId::parse(get("client_id").ok_or(RequestError::Missing("client_id"))?)?;
        let method = match get("request_uri_method") {
            None => None,
            // §5.1: case-sensitive.
            Some("get") => Some(RequestUriMethod::Get),
            Some("post") => Some(RequestUriMethod::Post),
            Some(_) => return Err(RequestError::RequestUriMethod),
        };
        let source = match (get("request_uri"), get("request")) {
            // RFC 9101 §5: one or the other.
            (Some(_), Some(_)) => return Err(RequestError::Contradiction("request")),
            (Some(uri), None) => RequestSource::Reference {
                request_uri: Endpoint::parse(uri, profile)
                    .map_err(|_| RequestError::Malformed("request_uri"))?,
                method: method.unwrap_or_default(),
            },
            // §5.1: request_uri_method must not be there without request_uri.
            _ if method.is_some() => return Err(RequestError::RequestUriMethod),
            (None, Some(jwt)) => RequestSource::Value(jwt.to_owned()),
            (None, None) => RequestSource::Parameters(parameters(&pairs)?),
        };
        Ok(Self { client_id, source })
    }

    /// The client identifier in the link. It must equal that of the Request Object.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Where the request parameters are.
    #[must_use]
    pub fn source(&self) -> &RequestSource {
        &self.source
    }

    /// What to send to get the Request Object; `None` when the link holds everything. With POST the request says
    /// what the wallet supports and carries `wallet_nonce`, which must come back in the Request Object.
    #[must_use]
    pub fn fetch(&self, wallet_nonce: &str, profile: &Profile) -> Option<HttpRequest> {
        let RequestSource::Reference { request_uri, method } = &self.source else {
            return None;
        };
        let uri = request_uri.as_str();
        Some(match method {
            RequestUriMethod::Get => HttpRequest::get(uri, REQUEST_OBJECT_MEDIA_TYPE, MAX_REQUEST_OBJECT),
            RequestUriMethod::Post => {
                let metadata = Value::Object(metadata::wallet_metadata(profile)).to_string();
                let body = form::encode([
                    ("wallet_metadata", metadata.as_str()),
                    ("wallet_nonce", wallet_nonce),
                ]);
                HttpRequest::post(uri, "application/x-www-form-urlencoded", body, MAX_REQUEST_OBJECT)
                    .header("accept", REQUEST_OBJECT_MEDIA_TYPE)
            }
        })
    }

    /// True when a `wallet_nonce` is sent and so must come back.
    #[must_use]
    pub fn sends_wallet_nonce(&self) -> bool {
        matches!(
            self.source,
            RequestSource::Reference {
                method: RequestUriMethod::Post,
                ..
            }
        )
    }

    /// The link for a request by reference. `start` is a wallet scheme with `//` (`openid4vp://`) or the address
    /// of a wallet.
    #[must_use]
    pub fn to_reference(
        start: &str,
        client_id: &ClientId,
        request_uri: &Endpoint,
        method: RequestUriMethod,
    ) -> String {
        let mut pairs = vec![
            ("client_id", client_id.as_str()),
            ("request_uri", request_uri.as_str()),
        ];
        if method == RequestUriMethod::Post {
            pairs.push(("request_uri_method", method.as_str()));
        }
        with_query(start, &form::encode(pairs))
    }

    /// The link for an unsigned request by value.
    #[must_use]
    pub fn to_parameters(start: &str, parameters: &Object) -> String {
        let texts: Vec<(&str, String)> = parameters
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) => (name.as_str(), text.clone()),
                other => (name.as_str(), other.to_string()),
            })
            .collect();
        let pairs = texts.iter().map(|(name, text)| (*name, text.as_str()));
        with_query(start, &form::encode(pairs))
    }
}

// Links hold one-time secrets: only the client identifier is printed.
impl fmt::Debug for AuthorizationRequestLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequestLink")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RequestSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reference { .. } => "Reference",
            Self::Value(_) => "Value",
            Self::Parameters(_) => "Parameters",
        })
    }
}

fn with_query(start: &str, query: &str) -> String {
    let join = if start.contains('?') { '&' } else { '?' };
    format!("{start}{join}{query}")
}

/// §5: parameters that are JSON objects or arrays travel as their JSON text.
fn parameters(pairs: &[(String, String)]) -> Result<Object, RequestError> {
    const JSON: [(&str, RequestError); 4] = [
        ("dcql_query", RequestError::Malformed("dcql_query")),
        ("client_metadata", RequestError::Malformed("client_metadata")),
        ("verifier_info", RequestError::Malformed("verifier_info")),
        ("transaction_data", RequestError::TransactionData),
    ];
    let mut out = Object::new();
    for (name, text) in pairs {
        let value = match JSON.iter().find(|(known, _)| known == name) {
            Some((_, error)) => json::parse(text.as_bytes(), Limits::MESSAGE).map_err(|_| error.clone())?,
            None => Value::from(text.as_str()),
        };
        out.insert(name.clone(), value);
    }
    Ok(out)
}

//! A request whose text the wallet has, before anything in it is believed.

use serde_json::Value;

use super::REQUEST_OBJECT_TYPE;
use super::check::{self, CheckedRequest, RequestRejection};
use super::error::RequestError;
use crate::crypto::CryptoProvider;
use crate::encoding::json::Object;
use crate::encoding::jws::UnverifiedJws;
use crate::env::Timestamp;
use crate::http::{HttpRequest, HttpResponse};
use crate::oid4vp::did::{Did, MAX_DID_DOCUMENT};
use crate::oid4vp::link::{
    AuthorizationRequestLink, MAX_REQUEST_OBJECT, REQUEST_OBJECT_MEDIA_TYPE, RequestSource,
};
use crate::oid4vp::{ClientId, ClientIdPrefix};
use crate::profile::{Endpoint, Profile};
use crate::trust::TrustAnchors;

/// What a request is checked against.
#[derive(Clone, Copy)]
pub struct RequestCheck<'a> {
    /// Anchors of access certificates.
    pub anchors: &'a TrustAnchors,
    /// The present time.
    pub now: Timestamp,
    /// What is allowed.
    pub profile: &'a Profile,
    /// Verifies signatures.
    pub crypto: &'a dyn CryptoProvider,
    /// The DID document, when [`UnverifiedRequest::did_document`] asked for one.
    pub did_document: Option<&'a Object>,
}

impl std::fmt::Debug for RequestCheck<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestCheck")
            .field("now", &self.now)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

/// A request that was read but not checked.
#[derive(Debug, Clone)]
pub struct UnverifiedRequest {
    pub(super) client_id: ClientId,
    pub(super) request_uri: Option<Endpoint>,
    pub(super) wallet_nonce: Option<String>,
    pub(super) body: Body,
}

#[derive(Debug, Clone)]
pub(super) enum Body {
    Signed(Box<UnverifiedJws>),
    Unsigned(Object),
}

impl UnverifiedRequest {
    /// A request that the link holds whole.
    ///
    /// # Errors
    /// [`RequestError::Link`] when it is by reference, [`RequestError::Jws`], [`RequestError::Type`].
    pub fn from_link(link: &AuthorizationRequestLink) -> Result<Self, RequestError> {
        let body = match link.source() {
            RequestSource::Reference { .. } => return Err(RequestError::Link),
            RequestSource::Value(jwt) => signed(jwt)?,
            RequestSource::Parameters(parameters) => Body::Unsigned(parameters.clone()),
        };
        Ok(Self {
            client_id: link.client_id().clone(),
            request_uri: None,
            wallet_nonce: None,
            body,
        })
    }

    /// The answer to [`AuthorizationRequestLink::fetch`], with the `wallet_nonce` given there.
    ///
    /// # Errors
    /// [`RequestError::Fetch`] for any status but 2xx (redirects too, errata §14.8), [`RequestError::ContentType`],
    /// [`RequestError::Jws`], [`RequestError::Type`].
    pub fn from_response(
        link: &AuthorizationRequestLink,
        wallet_nonce: &str,
        response: &HttpResponse,
    ) -> Result<Self, RequestError> {
        let RequestSource::Reference { request_uri, .. } = link.source() else {
            return Err(RequestError::Link);
        };
        if !response.is_success() || response.body.len() > MAX_REQUEST_OBJECT {
            return Err(RequestError::Fetch(response.status));
        }
        // §5.10.1: the content type is `application/oauth-authz-req+jwt`.
        if response.media_type().as_deref() != Some(REQUEST_OBJECT_MEDIA_TYPE) {
            return Err(RequestError::ContentType);
        }
        Ok(Self {
            client_id: link.client_id().clone(),
            request_uri: Some(request_uri.clone()),
            wallet_nonce: link.sends_wallet_nonce().then(|| wallet_nonce.to_owned()),
            body: signed(response.body.trim_ascii())?,
        })
    }

    /// The DID document to fetch before [`UnverifiedRequest::check`], if any (`did:web` only).
    ///
    /// # Errors
    /// [`RequestError::Did`].
    pub fn did_document(&self, profile: &Profile) -> Result<Option<HttpRequest>, RequestError> {
        if self.client_id.prefix() != ClientIdPrefix::DecentralizedIdentifier
            || !crate::oid4vp::is_allowed(self.client_id.prefix(), profile)
        {
            return Ok(None);
        }
        let url = Did::parse(self.client_id.value())?.document_url(profile)?;
        Ok(url.map(|url| HttpRequest::get(url.as_str(), "application/json", MAX_DID_DOCUMENT)))
    }

    /// Checks everything: client identifier, signature, response address, parameters.
    ///
    /// # Errors
    /// [`RequestRejection`]. It says whether an error response may be sent; nothing may be sent to an address that
    /// was not authenticated.
    pub fn check(self, with: &RequestCheck<'_>) -> Result<CheckedRequest, RequestRejection> {
        check::check(self, with)
    }
}

fn signed(jwt: &str) -> Result<Body, RequestError> {
    let jws = UnverifiedJws::parse(jwt)?;
    // §5: any other or missing `typ` must not be processed.
    if !jws.header().is_type(REQUEST_OBJECT_TYPE) {
        return Err(RequestError::Type);
    }
    Ok(Body::Signed(Box::new(jws)))
}

/// The text member of an object, for reading before verification.
pub(super) fn peek<'a>(from: &'a Object, name: &str) -> Option<&'a str> {
    from.get(name).and_then(Value::as_str)
}

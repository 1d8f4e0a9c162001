//! Authorization server metadata (RFC 8414 §2; OpenID4VCI 1.0 §12.3), the part we use.

use serde_json::{Map, Value, json};

use super::super::offer::{PRE_AUTHORIZED_CODE, endpoint, insert};
use super::super::{AnswerError, answer};
use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::json::Object;
use crate::encoding::record::{FromJson, ToJson};
use crate::http::{HttpRequest, HttpResponse};
use crate::profile::{Endpoint, Profile};

/// What an authorization server says about itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct AuthorizationServerMetadata {
    /// Its identifier.
    pub issuer: Endpoint,
    /// Where tokens are asked for.
    pub token_endpoint: Option<Endpoint>,
    /// Grant types; `None` when it does not say.
    pub grant_types_supported: Option<Vec<String>>,
    /// A pre-authorised code may be redeemed without a `client_id` (CI-12).
    pub pre_authorized_grant_anonymous_access_supported: bool,
}

impl AuthorizationServerMetadata {
    /// The request for the metadata of `server` (RFC 8414 §3).
    #[must_use]
    pub fn request(server: &Endpoint, profile: &Profile) -> HttpRequest {
        HttpRequest::get(
            server.well_known("oauth-authorization-server"),
            "application/json",
            profile.limits.metadata,
        )
    }

    /// Reads the answer; the document must name the server that was asked (RFC 8414 §3.3).
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn from_response(
        response: &HttpResponse,
        server: &Endpoint,
        profile: &Profile,
    ) -> Result<Self, AnswerError> {
        let object = answer::read(response, 200, profile.limits.metadata, profile)?;
        let metadata = Self::from_object(&object, profile)?;
        if metadata.issuer != *server {
            return Err(AnswerError::WrongIssuer);
        }
        Ok(metadata)
    }

    /// Reads a metadata document.
    ///
    /// # Errors
    /// [`FieldError`] naming the member.
    pub fn from_object(object: &Object, profile: &Profile) -> Result<Self, FieldError> {
        let fields = Fields::new(object, "");
        // Not used by this flow, but a document that gets them wrong is not worth trusting.
        for name in [
            "response_types_supported",
            "code_challenge_methods_supported",
            "scopes_supported",
        ] {
            let list = fields.opt_list(name, 256)?.unwrap_or_default();
            if !list.iter().all(Value::is_string) {
                return Err(fields.error(name, Problem::WrongType));
            }
        }
        Ok(Self {
            issuer: endpoint(&fields, "issuer", profile)?
                .ok_or_else(|| fields.error("issuer", Problem::Missing))?,
            token_endpoint: endpoint(&fields, "token_endpoint", profile)?,
            grant_types_supported: fields.opt_texts("grant_types_supported", 64, 256)?,
            pre_authorized_grant_anonymous_access_supported: fields
                .opt_bool("pre-authorized_grant_anonymous_access_supported")?
                .unwrap_or(false),
        })
    }

    /// The token endpoint for the pre-authorised code flow.
    ///
    /// # Errors
    /// [`AnswerError::NoAuthorizationServer`] when there is none, or the grant type is left out of a list;
    /// [`AnswerError::ClientRequired`] when it takes no code from a wallet without a `client_id`.
    pub fn pre_authorized_token_endpoint(&self) -> Result<&Endpoint, AnswerError> {
        let offers_grant = self
            .grant_types_supported
            .as_ref()
            .is_none_or(|types| types.iter().any(|grant| grant == PRE_AUTHORIZED_CODE));
        match &self.token_endpoint {
            // §6.1, §12.3: anonymous use only where it is announced.
            Some(_) if offers_grant && !self.pre_authorized_grant_anonymous_access_supported => {
                Err(AnswerError::ClientRequired)
            }
            Some(endpoint) if offers_grant => Ok(endpoint),
            _ => Err(AnswerError::NoAuthorizationServer),
        }
    }

    /// The metadata document.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        insert(&mut out, "issuer", Some(self.issuer.as_str()));
        insert(
            &mut out,
            "token_endpoint",
            self.token_endpoint.as_ref().map(Endpoint::as_str),
        );
        if let Some(types) = &self.grant_types_supported {
            out.insert("grant_types_supported".into(), json!(types));
        }
        // RFC 8414 §3.2: lists with no entries are left out; without an authorization endpoint
        // `response_types_supported` is one.
        out.insert(
            "pre-authorized_grant_anonymous_access_supported".into(),
            Value::Bool(self.pre_authorized_grant_anonymous_access_supported),
        );
        Value::Object(out)
    }
}

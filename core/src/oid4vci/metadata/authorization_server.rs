//! Authorization server metadata (RFC 8414 §2, RFC 9126 §5, RFC 9207 §3, RFC 9449 §5.1; OpenID4VCI 1.0 §12.3), the part
//! we use.

use serde_json::{Map, Value, json};

use super::super::offer::{PRE_AUTHORIZED_CODE, endpoint, insert};
use super::super::token::AUTHORIZATION_CODE;
use super::super::{AnswerError, answer, pkce};
use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::json::Object;
use crate::encoding::record::{FromJson, ToJson};
use crate::http::{HttpRequest, HttpResponse};
use crate::profile::{Endpoint, Profile};

/// Client authentication with an attestation of the wallet provider.
pub const ATTESTED: &str = "attest_jwt_client_auth";
/// No client authentication (RFC 7591 §2).
pub const PUBLIC: &str = "none";

/// What an authorization server says about itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct AuthorizationServerMetadata {
    /// Its identifier.
    pub issuer: Endpoint,
    /// Where tokens are asked for.
    pub token_endpoint: Option<Endpoint>,
    /// Where a person signs in.
    pub authorization_endpoint: Option<Endpoint>,
    /// Where an authorization request is sent before (RFC 9126).
    pub pushed_authorization_request_endpoint: Option<Endpoint>,
    /// Where challenges for client attestations come from.
    pub challenge_endpoint: Option<Endpoint>,
    /// Only pushed requests are taken.
    pub require_pushed_authorization_requests: bool,
    /// Every authorization answer has `iss` (RFC 9207).
    pub authorization_response_iss_parameter_supported: bool,
    /// Grant types; `None` when it does not say.
    pub grant_types_supported: Option<Vec<String>>,
    /// Scopes; empty when it does not say. It may know more than it lists (RFC 8414 §2).
    pub scopes_supported: Vec<String>,
    /// Types of `authorization_details` (RFC 9396 §10); empty when it does not say.
    pub authorization_details_types_supported: Vec<String>,
    /// Response types; empty when it does not say.
    pub response_types_supported: Vec<String>,
    /// PKCE methods; empty when it does not say, which means none.
    pub code_challenge_methods_supported: Vec<String>,
    /// How clients prove who they are; empty when it does not say.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Algorithms of client attestations; empty when it does not say.
    pub client_attestation_signing_alg_values_supported: Vec<String>,
    /// Algorithms of DPoP proofs; empty means no DPoP.
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// A pre-authorised code may be redeemed without a `client_id` (CI-12).
    pub pre_authorized_grant_anonymous_access_supported: bool,
}

/// What the authorization code flow needs to know of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeEndpoints {
    /// Where the person signs in.
    pub authorize: Endpoint,
    /// Where the request is sent before; `None`: in the address of the sign-in.
    pub pushed: Option<Endpoint>,
    /// Where the code is redeemed.
    pub token: Endpoint,
    /// The answer must say who made it (RFC 9207).
    pub iss_required: bool,
}

/// How a server wants to know its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthWanted {
    /// A `client_id` is enough.
    None,
    /// A client attestation and its proof (OpenID4VCI 1.0 Appendix E).
    Attestation,
}

impl AuthorizationServerMetadata {
    /// The metadata of a server that does nothing yet.
    #[must_use]
    pub fn new(issuer: Endpoint) -> Self {
        Self {
            issuer,
            token_endpoint: None,
            authorization_endpoint: None,
            pushed_authorization_request_endpoint: None,
            challenge_endpoint: None,
            require_pushed_authorization_requests: false,
            authorization_response_iss_parameter_supported: false,
            grant_types_supported: None,
            scopes_supported: Vec::new(),
            authorization_details_types_supported: Vec::new(),
            response_types_supported: Vec::new(),
            code_challenge_methods_supported: Vec::new(),
            token_endpoint_auth_methods_supported: Vec::new(),
            client_attestation_signing_alg_values_supported: Vec::new(),
            dpop_signing_alg_values_supported: Vec::new(),
            pre_authorized_grant_anonymous_access_supported: false,
        }
    }

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
        let address = |name: &str| endpoint(&fields, name, profile);
        let truth = |name: &str| Ok::<_, FieldError>(fields.opt_bool(name)?.unwrap_or(false));
        Ok(Self {
            issuer: address("issuer")?.ok_or_else(|| fields.error("issuer", Problem::Missing))?,
            token_endpoint: address("token_endpoint")?,
            authorization_endpoint: address("authorization_endpoint")?,
            pushed_authorization_request_endpoint: address("pushed_authorization_request_endpoint")?,
            challenge_endpoint: address("challenge_endpoint")?,
            require_pushed_authorization_requests: truth("require_pushed_authorization_requests")?,
            authorization_response_iss_parameter_supported: truth(
                "authorization_response_iss_parameter_supported",
            )?,
            grant_types_supported: fields.opt_texts("grant_types_supported", 64, 256)?,
            scopes_supported: texts(&fields, "scopes_supported")?,
            authorization_details_types_supported: texts(&fields, "authorization_details_types_supported")?,
            response_types_supported: texts(&fields, "response_types_supported")?,
            code_challenge_methods_supported: texts(&fields, "code_challenge_methods_supported")?,
            token_endpoint_auth_methods_supported: texts(&fields, "token_endpoint_auth_methods_supported")?,
            client_attestation_signing_alg_values_supported: texts(
                &fields,
                "client_attestation_signing_alg_values_supported",
            )?,
            dpop_signing_alg_values_supported: texts(&fields, "dpop_signing_alg_values_supported")?,
            pre_authorized_grant_anonymous_access_supported: truth(
                "pre-authorized_grant_anonymous_access_supported",
            )?,
        })
    }

    /// The token endpoint for the pre-authorised code flow.
    ///
    /// # Errors
    /// [`AnswerError::NoAuthorizationServer`] when there is none, or the grant type is left out of a list;
    /// [`AnswerError::ClientRequired`] when it takes no code from a wallet without a `client_id`.
    pub fn pre_authorized_token_endpoint(&self) -> Result<&Endpoint, AnswerError> {
        match &self.token_endpoint {
            // §6.1, §12.3: anonymous use only where it is announced.
            Some(_)
                if self.has_grant(PRE_AUTHORIZED_CODE)
                    && !self.pre_authorized_grant_anonymous_access_supported =>
            {
                Err(AnswerError::ClientRequired)
            }
            Some(endpoint) if self.has_grant(PRE_AUTHORIZED_CODE) => Ok(endpoint),
            _ => Err(AnswerError::NoAuthorizationServer),
        }
    }

    /// The token endpoint for the pre-authorised code flow, and whether a wallet goes there without a name. With one it
    /// must be vouched for.
    ///
    /// # Errors
    /// As [`Self::pre_authorized_token_endpoint`], where being vouched for does not help either.
    pub fn pre_authorized_endpoint(&self, profile: &Profile) -> Result<(&Endpoint, bool), AnswerError> {
        match (self.pre_authorized_token_endpoint(), &self.token_endpoint) {
            (Err(AnswerError::ClientRequired), Some(endpoint))
                if self.client_auth(profile) == Ok(ClientAuthWanted::Attestation) =>
            {
                Ok((endpoint, false))
            }
            (outcome, _) => outcome.map(|endpoint| (endpoint, true)),
        }
    }

    /// Where the authorization code flow goes.
    ///
    /// # Errors
    /// [`AnswerError::NoAuthorizationServer`] when an endpoint is missing, the flow is left out of a list, the server does
    /// not announce PKCE with `S256`, or, with HAIP, lacks pushed requests, `iss` or DPoP.
    pub fn code_endpoints(&self, profile: &Profile) -> Result<CodeEndpoints, AnswerError> {
        let listed = |list: &[String], name: &str| list.iter().any(|entry| entry == name);
        // RFC 8414 §2 demands the list; a server that says nothing is asked, one that leaves `code` out is not.
        let takes_code =
            self.response_types_supported.is_empty() || listed(&self.response_types_supported, "code");
        // RFC 8414 §2: no list means no PKCE, and without it a stolen code is a stolen card (RFC 9700 §2.1.1).
        let pkce = listed(&self.code_challenge_methods_supported, pkce::METHOD);
        let pushed = self.pushed_authorization_request_endpoint.clone();
        // RFC 9126 §5.
        let reachable = pushed.is_some() || !self.require_pushed_authorization_requests;
        let iss_required = self.authorization_response_iss_parameter_supported;
        // CI-11, HAIP 1.0 §4 (FAPI 2.0 Security Profile §5.3.2).
        let haip = !profile.haip || (pushed.is_some() && iss_required && self.takes_dpop());
        match (&self.authorization_endpoint, &self.token_endpoint) {
            (Some(authorize), Some(token))
                if self.has_grant(AUTHORIZATION_CODE) && takes_code && pkce && reachable && haip =>
            {
                Ok(CodeEndpoints {
                    authorize: authorize.clone(),
                    pushed,
                    token: token.clone(),
                    iss_required,
                })
            }
            _ => Err(AnswerError::NoAuthorizationServer),
        }
    }

    /// True when the server takes DPoP proofs signed with ES256, which is what we sign (RFC 9449 §5.1).
    #[must_use]
    pub fn takes_dpop(&self) -> bool {
        self.dpop_signing_alg_values_supported
            .iter()
            .any(|name| name == "ES256")
    }

    /// How a client with a `client_id` must prove who it is. Where nothing is enough, nothing more is said; with HAIP
    /// an attestation is given wherever it is taken.
    ///
    /// # Errors
    /// [`AnswerError::ClientRequired`] when only ways are listed that a wallet does not have, such as a password.
    pub fn client_auth(&self, profile: &Profile) -> Result<ClientAuthWanted, AnswerError> {
        let methods = &self.token_endpoint_auth_methods_supported;
        let listed = |name: &str| methods.iter().any(|method| method == name);
        let algorithms = &self.client_attestation_signing_alg_values_supported;
        let attested =
            listed(ATTESTED) && (algorithms.is_empty() || algorithms.iter().any(|name| name == "ES256"));
        // RFC 8414 §2 takes silence for `client_secret_basic`; issuers that mean it say so in practice.
        let public = methods.is_empty() || listed(PUBLIC);
        if attested && (profile.haip || !public) {
            Ok(ClientAuthWanted::Attestation)
        } else if public {
            Ok(ClientAuthWanted::None)
        } else {
            Err(AnswerError::ClientRequired)
        }
    }

    /// The metadata document.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        insert(&mut out, "issuer", Some(self.issuer.as_str()));
        for (name, address) in [
            ("token_endpoint", &self.token_endpoint),
            ("authorization_endpoint", &self.authorization_endpoint),
            (
                "pushed_authorization_request_endpoint",
                &self.pushed_authorization_request_endpoint,
            ),
            ("challenge_endpoint", &self.challenge_endpoint),
        ] {
            insert(&mut out, name, address.as_ref().map(Endpoint::as_str));
        }
        if let Some(types) = &self.grant_types_supported {
            out.insert("grant_types_supported".into(), json!(types));
        }
        for (name, list) in [
            ("scopes_supported", &self.scopes_supported),
            (
                "authorization_details_types_supported",
                &self.authorization_details_types_supported,
            ),
            ("response_types_supported", &self.response_types_supported),
            (
                "code_challenge_methods_supported",
                &self.code_challenge_methods_supported,
            ),
            (
                "token_endpoint_auth_methods_supported",
                &self.token_endpoint_auth_methods_supported,
            ),
            (
                "client_attestation_signing_alg_values_supported",
                &self.client_attestation_signing_alg_values_supported,
            ),
            (
                "dpop_signing_alg_values_supported",
                &self.dpop_signing_alg_values_supported,
            ),
        ] {
            // RFC 8414 §3.2: lists with no entries are left out.
            if !list.is_empty() {
                out.insert(name.into(), json!(list));
            }
        }
        for (name, truth) in [
            (
                "require_pushed_authorization_requests",
                self.require_pushed_authorization_requests,
            ),
            (
                "authorization_response_iss_parameter_supported",
                self.authorization_response_iss_parameter_supported,
            ),
            (
                "pre-authorized_grant_anonymous_access_supported",
                self.pre_authorized_grant_anonymous_access_supported,
            ),
        ] {
            out.insert(name.into(), Value::Bool(truth));
        }
        Value::Object(out)
    }

    fn has_grant(&self, grant: &str) -> bool {
        self.grant_types_supported
            .as_ref()
            .is_none_or(|types| types.iter().any(|name| name == grant))
    }
}

/// A list of texts; empty when absent. An empty list is taken too: RFC 8414 §3.2 forbids it, and some write it.
fn texts(fields: &Fields<'_>, name: &str) -> Result<Vec<String>, FieldError> {
    match fields.opt_list(name, 256)? {
        None | Some([]) => Ok(Vec::new()),
        Some(_) => Ok(fields.opt_texts(name, 256, 256)?.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: &Value) -> AuthorizationServerMetadata {
        AuthorizationServerMetadata::from_object(document.as_object().unwrap(), &Profile::BASELINE).unwrap()
    }

    fn full() -> Value {
        json!({
            "issuer": "https://as.example",
            "authorization_endpoint": "https://as.example/authorize",
            "token_endpoint": "https://as.example/token",
            "pushed_authorization_request_endpoint": "https://as.example/par",
            "require_pushed_authorization_requests": true,
            "authorization_response_iss_parameter_supported": true,
            "grant_types_supported": ["authorization_code"],
            "scopes_supported": ["identity", "residence"],
            "authorization_details_types_supported": ["openid_credential"],
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "dpop_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "client_attestation_signing_alg_values_supported": ["ES256"],
            "challenge_endpoint": "https://as.example/challenge",
        })
    }

    #[test]
    fn what_is_read_is_written() {
        let metadata = read(&full());
        assert_eq!(read(&metadata.to_json()), metadata);
        let endpoints = metadata.code_endpoints(&Profile::HAIP).unwrap();
        assert_eq!(endpoints.authorize.as_str(), "https://as.example/authorize");
        assert_eq!(endpoints.token.as_str(), "https://as.example/token");
        assert_eq!(endpoints.pushed.unwrap().as_str(), "https://as.example/par");
        assert!(endpoints.iss_required);
        // Silence of a server is no demand.
        let bare = AuthorizationServerMetadata::new(metadata.issuer);
        assert_eq!(read(&bare.to_json()), bare);
        assert!(bare.code_endpoints(&Profile::BASELINE).is_err());
    }

    /// CI-11: what makes a server unusable for the flow; `null` removes the member.
    #[test]
    fn the_flow_needs_endpoints_pkce_and_with_haip_more() {
        for (member, value, base, haip) in [
            ("authorization_endpoint", Value::Null, false, false),
            ("token_endpoint", Value::Null, false, false),
            (
                "grant_types_supported",
                json!(["client_credentials"]),
                false,
                false,
            ),
            ("grant_types_supported", Value::Null, true, true),
            ("response_types_supported", json!(["token"]), false, false),
            ("response_types_supported", Value::Null, true, true),
            ("code_challenge_methods_supported", json!(["plain"]), false, false),
            ("code_challenge_methods_supported", Value::Null, false, false),
            ("pushed_authorization_request_endpoint", Value::Null, false, false),
            (
                "authorization_response_iss_parameter_supported",
                json!(false),
                true,
                false,
            ),
            ("dpop_signing_alg_values_supported", json!(["RS256"]), true, false),
            ("dpop_signing_alg_values_supported", Value::Null, true, false),
        ] {
            let mut document = full();
            let object = document.as_object_mut().unwrap();
            object.remove(member);
            if !value.is_null() {
                object.insert(member.into(), value.clone());
            }
            let metadata = read(&document);
            let usable = |profile: &Profile| metadata.code_endpoints(profile).is_ok();
            assert_eq!(usable(&Profile::BASELINE), base, "{member} = {value}");
            assert_eq!(usable(&Profile::HAIP), haip, "{member} = {value}");
        }
        let mut without = full();
        without["require_pushed_authorization_requests"] = json!(false);
        without
            .as_object_mut()
            .unwrap()
            .remove("pushed_authorization_request_endpoint");
        let metadata = read(&without);
        assert!(
            metadata
                .code_endpoints(&Profile::BASELINE)
                .unwrap()
                .pushed
                .is_none()
        );
        assert!(metadata.code_endpoints(&Profile::HAIP).is_err());
    }

    #[test]
    fn how_clients_are_known() {
        let wanted = |methods: Value, profile: &Profile| {
            let mut document = full();
            document["token_endpoint_auth_methods_supported"] = methods;
            read(&document).client_auth(profile)
        };
        let (none, attested) = (Ok(ClientAuthWanted::None), Ok(ClientAuthWanted::Attestation));
        for (methods, base, haip) in [
            (json!([]), &none, &none),
            (json!(["none"]), &none, &none),
            (json!(["none", ATTESTED]), &none, &attested),
            (json!([ATTESTED, "private_key_jwt"]), &attested, &attested),
        ] {
            assert_eq!(&wanted(methods.clone(), &Profile::BASELINE), base, "{methods}");
            assert_eq!(&wanted(methods.clone(), &Profile::HAIP), haip, "{methods}");
        }
        let password = wanted(json!(["client_secret_basic"]), &Profile::BASELINE);
        assert_eq!(password, Err(AnswerError::ClientRequired));
        let mut other = full();
        other["token_endpoint_auth_methods_supported"] = json!([ATTESTED]);
        other["client_attestation_signing_alg_values_supported"] = json!(["ES512"]);
        assert!(read(&other).client_auth(&Profile::BASELINE).is_err());
    }

    #[test]
    fn wrong_types_end_it() {
        for (member, value) in [
            ("require_pushed_authorization_requests", json!("true")),
            (
                "pushed_authorization_request_endpoint",
                json!("http://as.example/par"),
            ),
            ("authorization_endpoint", json!("https://as.example/a#b")),
            ("code_challenge_methods_supported", json!("S256")),
            ("dpop_signing_alg_values_supported", json!([1])),
            ("response_types_supported", json!([""])),
            ("scopes_supported", json!({})),
        ] {
            let mut document = full();
            document[member] = value.clone();
            let read =
                AuthorizationServerMetadata::from_object(document.as_object().unwrap(), &Profile::BASELINE);
            assert_eq!(read.unwrap_err().field, member, "{value}");
        }
    }
}

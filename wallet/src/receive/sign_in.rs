//! Over the issuer's authorization server: the person signs in there, and comes back with a code (§5).
//!
//! [`Departure`] is what this device keeps meanwhile. Only [`Departure::arrived`] makes a [`Code`], and only a code asks
//! for a token: no answer that was not checked against the request it belongs to gets that far.

use assent_core::encoding::json::JsonError;
use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::Env;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::authorization::{
    AuthorizationAnswer, AuthorizationRequest, Expected, PushedAnswer, pushed_url,
};
use assent_core::oid4vci::{AnswerError, DpopSession, Grant, PkceVerifier, SecretText, TokenRequest};
use assent_core::profile::Profile;
use zeroize::Zeroizing;

use super::attested::InstanceKey;
use super::offer::{OpenOffer, Way};
use super::origin::{AtServer, Offering, Origin};
use super::{MAX_KEPT, ReceiveError, Tokens};

/// A sign-in that was begun. Kept sealed, on this device only, until the person comes back.
#[derive(Clone, ToJson, FromJson)]
pub(crate) struct Departure {
    pub(crate) origin: Origin,
    pub(crate) cards: Vec<Offering>,
    pub(crate) client_id: String,
    redirect_uri: String,
    state: SecretText,
    verifier: PkceVerifier,
    dpop: Option<DpopSession>,
    /// The key of the wallet's attestation.
    pub(crate) instance: Option<InstanceKey>,
    issuer_state: Option<String>,
    /// What tells that a link is of the same offer.
    pub(crate) offer: Option<String>,
    /// Once there are some: the person need not sign in again when something fails after that.
    pub(crate) tokens: Option<Tokens>,
}

/// A code that the server of this departure gave.
pub(crate) struct Code(SecretText);

impl Departure {
    /// Begins one.
    pub(crate) fn new(
        offer: &OpenOffer,
        at: &AtServer,
        redirect_uri: &str,
        env: &mut Env<'_>,
    ) -> Result<Self, ReceiveError> {
        let (Way::SignIn { issuer_state, .. }, Some(client)) = (&offer.way, at.client.id()) else {
            return Err(ReceiveError::NeedsSignIn);
        };
        Ok(Self {
            origin: offer.origin.clone(),
            cards: offer.cards.clone(),
            client_id: client.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            state: SecretText::new(env.random_token().map_err(|_| ReceiveError::Keys)?),
            verifier: PkceVerifier::generate(env).map_err(|_| ReceiveError::Keys)?,
            dpop: at.dpop.clone(),
            instance: at.client.instance(),
            issuer_state: issuer_state.clone(),
            offer: Some(offer.mark.clone()),
            tokens: None,
        })
    }

    /// As it is kept.
    pub(crate) fn to_text(&self) -> Result<Zeroizing<String>, ReceiveError> {
        let text = Zeroizing::new(self.write_json().to_string());
        if text.len() > MAX_KEPT {
            return Err(AnswerError::Json(JsonError::TooLong).into());
        }
        Ok(text)
    }

    fn request(&self) -> AuthorizationRequest {
        let scopes = self.cards.iter().map(|card| card.configuration.scope.clone());
        // CI-10: by scope, as HAIP 1.0 §4.1 demands it, unless a card has none.
        let scope: Option<Vec<String>> = scopes.collect();
        let configuration_ids = match scope {
            Some(_) => Vec::new(),
            None => self.cards.iter().map(|card| card.id.clone()).collect(),
        };
        let mut scope = scope.unwrap_or_default();
        scope.sort();
        scope.dedup();
        let metadata = &self.origin.metadata;
        // §5.1.2: where the server may serve several issuers.
        let resource = !metadata.authorization_servers.is_empty();
        AuthorizationRequest {
            client_id: self.client_id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            state: Some(self.state.expose().to_owned()),
            code_challenge: self.verifier.challenge(),
            scope,
            configuration_ids,
            // CI-3: as it came.
            issuer_state: self.issuer_state.clone(),
            dpop_jkt: self.dpop.as_ref().map(DpopSession::jkt),
            resource: resource.then(|| metadata.credential_issuer.as_str().to_owned()),
        }
    }

    /// Whether the server takes the request itself, and the browser only a reference to it (RFC 9126).
    pub(crate) fn is_pushed(&self) -> bool {
        self.origin.server.pushed_authorization_request_endpoint.is_some()
    }

    /// The pushed request.
    pub(crate) fn pushed_request(
        &self,
        at: &AtServer,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Result<HttpRequest, ReceiveError> {
        let endpoints = self.origin.server.code_endpoints(profile)?;
        let endpoint = endpoints.pushed.ok_or(AnswerError::NoAuthorizationServer)?;
        let request = self
            .request()
            .to_pushed(&endpoint, &at.client.auth(env)?, profile);
        at.prove(request, env)
    }

    /// Where the person signs in; `pushed` is the answer to the pushed request, where there was one.
    pub(crate) fn url(
        &mut self,
        pushed: Option<&HttpResponse>,
        at: AtServer,
        profile: &Profile,
    ) -> Result<String, ReceiveError> {
        let endpoints = self.origin.server.code_endpoints(profile)?;
        // With the nonce it may have learned.
        self.dpop = at.dpop;
        Ok(match pushed {
            Some(response) => {
                let answer = PushedAnswer::from_response(response, profile)?;
                pushed_url(&endpoints.authorize, &self.client_id, &answer.request_uri)
            }
            None => self.request().to_url(&endpoints.authorize),
        })
    }

    /// Whether this is the one with that `state`; as long for every other one.
    pub(crate) fn has_state(&self, state: &SecretText) -> bool {
        self.state == *state
    }

    /// The code in what the person came back with: for this request, from the server that was asked (RFC 9207).
    pub(crate) fn arrived(&self, answer: &str, profile: &Profile) -> Result<Code, ReceiveError> {
        let expected = Expected {
            state: self.state.expose(),
            issuer: &self.origin.server.issuer,
            iss_required: self.origin.server.code_endpoints(profile)?.iss_required,
        };
        Ok(Code(AuthorizationAnswer::read(answer, &expected)?.code))
    }

    /// The token request (RFC 6749 §4.1.3).
    pub(crate) fn token_request(
        &self,
        code: &Code,
        at: &AtServer,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Result<HttpRequest, ReceiveError> {
        let request = TokenRequest {
            grant: Grant::AuthorizationCode {
                code: code.0.clone(),
                redirect_uri: self.redirect_uri.clone(),
                code_verifier: self.verifier.secret().clone(),
            },
            client: at.client.auth(env)?,
            configuration_ids: Vec::new(),
        };
        let endpoints = self.origin.server.code_endpoints(profile)?;
        at.prove(request.to_http(&endpoints.token, profile), env)
    }

    /// The key that the code is bound to.
    pub(crate) fn dpop(&self) -> Option<DpopSession> {
        self.dpop.clone()
    }
}

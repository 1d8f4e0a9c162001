//! What an authorization server gave, and how it is renewed.

use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::{Env, Timestamp};
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::token::AuthorizedCredential;
use assent_core::oid4vci::{
    Access, CredentialTarget, DpopSession, Grant, SecretText, TokenRequest, TokenResponse, TokenType,
};
use assent_core::profile::{Endpoint, Profile};

use super::ReceiveError;
use super::attested::InstanceKey;
use super::origin::AtServer;

/// A token this close to its end is renewed first.
const MARGIN: i64 = 10;

/// Tokens of one issuance.
#[derive(Clone, ToJson, FromJson)]
pub(crate) struct Tokens {
    pub(crate) access: Access,
    refresh: Option<SecretText>,
    ends_at: Option<i64>,
    details: Vec<AuthorizedCredential>,
    /// The key of the wallet's attestation: the next tokens are asked for with it.
    pub(crate) instance: Option<InstanceKey>,
}

impl Tokens {
    /// The first ones. `at` is what the token was asked for with.
    pub(crate) fn first(
        response: &HttpResponse,
        at: AtServer,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<Self, ReceiveError> {
        let token = TokenResponse::from_response(response, at.dpop.is_some(), profile)?;
        let instance = at.client.instance();
        // RFC 9449 §5: where the server ignored the proof the token is a bearer token, and used as one.
        let dpop = at.dpop.filter(|_| token.token_type == TokenType::Dpop);
        Ok(Self::new(token, dpop, instance, now))
    }

    /// The next ones, in place of these.
    pub(crate) fn renewed(
        &self,
        response: &HttpResponse,
        at: AtServer,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<Self, ReceiveError> {
        let token = TokenResponse::from_response(response, at.dpop.is_some(), profile)?;
        // What was bound to a key stays bound to it: a server that was not asked to forget that did not give this token.
        if at.dpop.is_some() && token.token_type != TokenType::Dpop {
            return Err(ReceiveError::Downgraded);
        }
        let mut next = Self::new(token, at.dpop, self.instance.clone(), now);
        // RFC 6749 §6: without a new one the old one stays good.
        next.refresh = next.refresh.or_else(|| self.refresh.clone());
        Ok(next)
    }

    fn new(
        token: TokenResponse,
        dpop: Option<DpopSession>,
        instance: Option<InstanceKey>,
        now: Timestamp,
    ) -> Self {
        let life = token.expires_in.and_then(|life| i64::try_from(life).ok());
        Self {
            access: Access {
                token: token.access_token,
                dpop,
            },
            refresh: token.refresh_token,
            ends_at: life.map(|life| now.plus(life).0),
            details: token.authorization_details,
            instance,
        }
    }

    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at
            .is_some_and(|end| now.0 >= end.saturating_sub(MARGIN))
    }

    pub(crate) fn can_be_renewed(&self) -> bool {
        self.refresh.is_some()
    }

    /// The request for the next ones (RFC 6749 §6).
    pub(crate) fn renewal(
        &self,
        endpoint: &Endpoint,
        at: &AtServer,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Result<HttpRequest, ReceiveError> {
        let refresh_token = self.refresh.clone().ok_or(ReceiveError::Unreachable)?;
        let request = TokenRequest {
            grant: Grant::Refresh { refresh_token },
            client: at.client.auth(env)?,
            configuration_ids: Vec::new(),
        };
        at.prove(request.to_http(endpoint, profile), env)
    }

    /// What to ask for. CI-13: once the server named a dataset, only that name may be used.
    pub(super) fn target(&self, configuration: &str) -> CredentialTarget {
        let named = self
            .details
            .iter()
            .find(|entry| entry.credential_configuration_id == configuration)
            .and_then(|entry| entry.credential_identifiers.first());
        match named {
            Some(identifier) => CredentialTarget::Identifier(identifier.clone()),
            None => CredentialTarget::Configuration(configuration.to_owned()),
        }
    }
}

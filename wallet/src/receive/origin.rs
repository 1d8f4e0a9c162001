//! Where cards come from, and which are asked for.

use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::Env;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::dpop::Which;
use assent_core::oid4vci::{
    AuthorizationServerMetadata, ClientAuth, ClientAuthWanted, CredentialConfiguration, DpopSession,
    IssuerMetadata,
};
use assent_core::profile::Profile;

use super::ReceiveError;
use super::attested::{Attested, InstanceKey};

/// An issuer and its authorization server, as they describe themselves.
#[derive(Clone, ToJson, FromJson)]
pub(crate) struct Origin {
    /// Without its configurations: those that are meant are beside it, as [`Offering`]s.
    pub(crate) metadata: IssuerMetadata,
    pub(crate) server: AuthorizationServerMetadata,
}

/// A card that can be asked for.
#[derive(Clone, ToJson, FromJson)]
pub(crate) struct Offering {
    /// Credential configuration id.
    pub(crate) id: String,
    /// Credential type.
    pub(crate) vct: String,
    pub(crate) configuration: CredentialConfiguration,
}

/// Who the wallet says it is at one authorization server.
#[derive(Clone)]
pub(crate) enum Client {
    /// Nobody, which only pre-authorised codes know (CI-12).
    Anonymous,
    /// By a name that proves nothing.
    Public(String),
    /// By a name and its operator's word.
    Attested(Box<Attested>),
}

impl Client {
    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::Public(id) => Some(id),
            Self::Attested(attested) => Some(attested.client_id()),
        }
    }

    /// The key to keep with what is got as this client.
    pub(super) fn instance(&self) -> Option<InstanceKey> {
        match self {
            Self::Attested(attested) => Some(attested.key()),
            _ => None,
        }
    }

    /// For one request.
    pub(super) fn auth(&self, env: &mut Env<'_>) -> Result<ClientAuth, ReceiveError> {
        Ok(ClientAuth {
            client_id: self.id().map(str::to_owned),
            attestation: match self {
                Self::Attested(attested) => Some(attested.prove(env)?),
                _ => None,
            },
        })
    }
}

impl Origin {
    /// Whether a wallet that gives this name must be vouched for.
    pub(crate) fn wants_attestation(&self, profile: &Profile) -> Result<bool, ReceiveError> {
        Ok(self.server.client_auth(profile)? == ClientAuthWanted::Attestation)
    }
}

/// With what requests to an authorization server are made.
pub(crate) struct AtServer {
    pub(crate) client: Client,
    pub(crate) dpop: Option<DpopSession>,
}

impl AtServer {
    /// A fresh key where the server binds its tokens to one.
    pub(crate) fn fresh(
        client: Client,
        server: &AuthorizationServerMetadata,
        env: &mut Env<'_>,
    ) -> Result<Self, ReceiveError> {
        let dpop = server.takes_dpop().then(|| DpopSession::fresh(env)).transpose();
        Ok(Self {
            client,
            dpop: dpop.map_err(|_| ReceiveError::Keys)?,
        })
    }

    pub(super) fn prove(&self, request: HttpRequest, env: &mut Env<'_>) -> Result<HttpRequest, ReceiveError> {
        match &self.dpop {
            Some(session) => session
                .prove(request, Which::Server, None, env)
                .map_err(|_| ReceiveError::Keys),
            None => Ok(request),
        }
    }
}

/// What requests are proved with, and learns from answers.
pub(crate) trait Proving: Send + 'static {
    /// True when the same request is to be made again with the nonce that the answer gave (CI-16); at most once.
    fn must_retry(&mut self, response: &HttpResponse) -> bool;
}

impl Proving for AtServer {
    fn must_retry(&mut self, response: &HttpResponse) -> bool {
        let client = match &mut self.client {
            Client::Attested(attested) => attested.must_retry(response),
            _ => false,
        };
        let session = self.dpop.as_mut();
        session.is_some_and(|session| session.must_retry(response, Which::Server)) || client
    }
}

impl Proving for assent_core::oid4vci::Access {
    fn must_retry(&mut self, response: &HttpResponse) -> bool {
        let session = self.dpop.as_mut();
        session.is_some_and(|session| session.must_retry(response, Which::Resource))
    }
}

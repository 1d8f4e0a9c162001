//! Where cards come from, and which are asked for.

use assent_core::encoding::record::{FromJson, ToJson};
use assent_core::env::Env;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::dpop::Which;
use assent_core::oid4vci::{
    AnswerError, AuthorizationServerMetadata, ClientAuth, ClientAuthWanted, CredentialConfiguration,
    DpopSession, IssuerMetadata,
};
use assent_core::profile::Profile;

use super::ReceiveError;

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
pub(crate) struct Client {
    id: Option<String>,
}

impl Client {
    /// `None` is the anonymous one, which only pre-authorised codes know (CI-12).
    pub(crate) fn new(
        id: Option<&str>,
        server: &AuthorizationServerMetadata,
        profile: &Profile,
    ) -> Result<Self, ReceiveError> {
        if id.is_some() && server.client_auth(profile)? != ClientAuthWanted::None {
            return Err(AnswerError::ClientRequired.into());
        }
        Ok(Self {
            id: id.map(str::to_owned),
        })
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// For one request.
    pub(crate) fn auth(&self) -> ClientAuth {
        self.id.as_deref().map(ClientAuth::public).unwrap_or_default()
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
        let session = self.dpop.as_mut();
        session.is_some_and(|session| session.must_retry(response, Which::Server))
    }
}

impl Proving for assent_core::oid4vci::Access {
    fn must_retry(&mut self, response: &HttpResponse) -> bool {
        let session = self.dpop.as_mut();
        session.is_some_and(|session| session.must_retry(response, Which::Resource))
    }
}

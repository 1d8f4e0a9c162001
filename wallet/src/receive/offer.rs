//! From a link to something to show: offer, issuer metadata, authorization server metadata.

use assent_core::env::Env;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::{
    AnswerError, AuthorizationServerMetadata, CredentialKind, CredentialOffer, Grant, IssuerMetadata,
    OfferLink, PreAuthorizedCodeGrant, SecretText, TokenRequest, TxCode,
};
use assent_core::profile::{Endpoint, Profile};

use super::attested::Form;
use super::origin::{AtServer, Offering, Origin};
use super::{Awaited, ReceiveError};

/// Most cards taken from one offer.
const MAX_CARDS: usize = 10;

/// What a link gave.
pub(crate) enum Opening {
    /// The offer itself.
    Here(Offered),
    /// The offer must be fetched first.
    Fetch(HttpRequest),
}

impl Opening {
    /// Reads a link (§4.1).
    pub(crate) fn from_link(link: &str, profile: &Profile) -> Result<Self, ReceiveError> {
        Ok(match OfferLink::parse(link.trim(), profile)? {
            OfferLink::ByValue(offer) => Self::Here(Offered {
                offer: *offer,
                mark: mark(link),
            }),
            OfferLink::ByReference(uri) => Self::Fetch(CredentialOffer::request(&uri, profile)),
        })
    }
}

/// An offer that was read.
pub(crate) struct Offered {
    offer: CredentialOffer,
    mark: String,
}

/// How the cards are got.
pub(crate) enum Way {
    /// With the code of the offer.
    Code(PreAuthorizedCodeGrant),
    /// With a sign-in at the issuer.
    SignIn {
        /// To be given back to the issuer (CI-3).
        issuer_state: Option<String>,
        /// Which server the offer names.
        server: Option<Endpoint>,
    },
    /// With what was given for it before. The ids of what is awaited.
    Given(Vec<String>),
}

impl Way {
    /// The pre-authorised code, where there is one: it asks less of the person. Without any grant in the offer the
    /// server's metadata says what goes (§4.1.1), and there only a sign-in can.
    fn of(offer: &CredentialOffer) -> Self {
        match (&offer.pre_authorized_code, &offer.authorization_code) {
            (Some(grant), _) => Self::Code(grant.clone()),
            (None, grant) => Self::SignIn {
                issuer_state: grant.as_ref().and_then(|grant| grant.issuer_state.clone()),
                server: grant
                    .as_ref()
                    .and_then(|grant| grant.authorization_server.clone()),
            },
        }
    }

    fn server(&self) -> Option<&Endpoint> {
        match self {
            Self::Code(grant) => grant.authorization_server.as_ref(),
            Self::SignIn { server, .. } => server.as_ref(),
            Self::Given(_) => None,
        }
    }
}

impl Offered {
    /// From the answer to [`Opening::Fetch`].
    pub(crate) fn receive(
        response: &HttpResponse,
        mark: String,
        profile: &Profile,
    ) -> Result<Self, ReceiveError> {
        match CredentialOffer::from_response(response, profile) {
            Ok(offer) => Ok(Self { offer, mark }),
            // §4.1.3: issuers may serve an offer once.
            Err(AnswerError::Status(404 | 410)) => Err(ReceiveError::Gone),
            Err(error) => Err(error.into()),
        }
    }

    /// The request for the issuer's metadata (§12.2).
    pub(crate) fn request(&self, profile: &Profile) -> HttpRequest {
        IssuerMetadata::request(&self.offer.credential_issuer, profile)
    }

    /// Takes the issuer's metadata.
    pub(crate) fn described(
        self,
        response: &HttpResponse,
        profile: &Profile,
    ) -> Result<Described, ReceiveError> {
        let mut metadata = IssuerMetadata::from_response(response, &self.offer.credential_issuer, profile)?;
        let cards = supported(&self.offer, &metadata);
        if cards.is_empty() {
            return Err(ReceiveError::NothingSupported);
        }
        // Kept for as long as cards are awaited: only what is needed then.
        metadata.configurations = Default::default();
        metadata.display = Vec::new();
        Ok(Described {
            way: Way::of(&self.offer),
            metadata,
            cards,
            offered: self.offer.credential_configuration_ids.len(),
            mark: self.mark,
        })
    }
}

/// An offer whose issuer is described.
pub(crate) struct Described {
    way: Way,
    metadata: IssuerMetadata,
    cards: Vec<Offering>,
    offered: usize,
    mark: String,
}

impl Described {
    /// The request for the metadata of the authorization server (RFC 8414).
    pub(crate) fn request(&self, profile: &Profile) -> Result<HttpRequest, ReceiveError> {
        Ok(self
            .metadata
            .authorization_server_request(self.way.server(), profile)?)
    }

    /// Takes the metadata of the authorization server.
    pub(crate) fn receive(
        self,
        response: &HttpResponse,
        profile: &Profile,
    ) -> Result<OpenOffer, ReceiveError> {
        let server = self.metadata.authorization_server(self.way.server())?;
        let server = AuthorizationServerMetadata::from_response(response, server, profile)?;
        match &self.way {
            Way::Code(_) => drop(server.pre_authorized_endpoint(profile)?),
            Way::SignIn { .. } | Way::Given(_) => drop(server.code_endpoints(profile)?),
        }
        Ok(OpenOffer {
            way: self.way,
            origin: Origin {
                metadata: self.metadata,
                server,
            },
            cards: self.cards,
            offered: self.offered,
            mark: self.mark,
        })
    }
}

/// An offer that can be shown and accepted.
pub(crate) struct OpenOffer {
    pub(crate) way: Way,
    pub(crate) origin: Origin,
    pub(crate) cards: Vec<Offering>,
    /// Number of configurations offered, supported or not.
    pub(crate) offered: usize,
    /// What tells that a link is of the same offer.
    pub(crate) mark: String,
}

/// What tells that a link is of the same offer, by whatever scheme. Nothing of the link can be learned from it: there may be a
/// code in it.
pub(crate) fn mark(link: &str) -> String {
    let link = link.trim();
    let offer = link.split_once('?').map_or(link, |(_, offer)| offer);
    SecretText::new(offer).fingerprint()
}

impl OpenOffer {
    /// The code that the person must type, when one is wanted.
    pub(crate) fn tx_code(&self) -> Option<&TxCode> {
        match &self.way {
            Way::Code(grant) => grant.tx_code.as_ref(),
            Way::SignIn { .. } | Way::Given(_) => None,
        }
    }

    /// The cards of an offer that did not come, and can be asked for.
    pub(crate) fn rest(mark: &str, rest: &[Awaited]) -> Option<Self> {
        Some(Self {
            way: Way::Given(rest.iter().map(|one| one.id.clone()).collect()),
            origin: rest.first()?.origin.clone(),
            cards: rest.iter().map(|one| one.offering.clone()).collect(),
            offered: rest.len(),
            mark: mark.to_owned(),
        })
    }

    /// Where the person will have to sign in: host, and port where it is not the usual one.
    pub(crate) fn sign_in(&self) -> Option<&str> {
        let Way::SignIn { .. } = &self.way else {
            return None;
        };
        let origin = self.origin.server.authorization_endpoint.as_ref()?.origin();
        let (scheme, host) = origin.split_once("://")?;
        let usual = if scheme == "https" { ":443" } else { ":80" };
        Some(host.strip_suffix(usual).unwrap_or(host))
    }

    /// The token request with the code of the offer (§6.1). The transaction code goes only to the issuer that was shown.
    pub(crate) fn token_request(
        &self,
        tx_code: Option<&str>,
        at: &AtServer,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Result<HttpRequest, ReceiveError> {
        let Way::Code(grant) = &self.way else {
            return Err(ReceiveError::NeedsSignIn);
        };
        let tx_code = tx_code.map(str::trim).filter(|code| !code.is_empty());
        if grant.tx_code.is_some() != tx_code.is_some() {
            return Err(ReceiveError::TxCode);
        }
        let request = TokenRequest {
            grant: Grant::PreAuthorized {
                code: grant.pre_authorized_code.clone(),
                tx_code: tx_code.map(SecretText::new),
            },
            client: at.client.auth(env)?,
            configuration_ids: Vec::new(),
        };
        let (endpoint, _) = self.origin.server.pre_authorized_endpoint(profile)?;
        at.prove(request.to_http(endpoint, profile), env)
    }
}

fn supported(offer: &CredentialOffer, metadata: &IssuerMetadata) -> Vec<Offering> {
    offer
        .credential_configuration_ids
        .iter()
        .filter_map(|id| {
            let configuration = metadata.configurations.get(id)?;
            let CredentialKind::SdJwtVc { vct } = &configuration.kind else {
                return None;
            };
            Form::of(configuration).map(|_| Offering {
                id: id.clone(),
                vct: vct.clone(),
                configuration: configuration.clone(),
            })
        })
        .take(MAX_CARDS)
        .collect()
}

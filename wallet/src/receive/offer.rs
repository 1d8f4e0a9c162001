//! From a link to something to show: offer, issuer metadata, authorization server metadata.

use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::{
    AuthorizationServerMetadata, CredentialConfiguration, CredentialKind, CredentialOffer, IssuerMetadata,
    OfferLink, PreAuthorizedCodeGrant,
};
use assent_core::profile::Profile;

use super::ReceiveError;

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
            OfferLink::ByValue(offer) => Self::Here(Offered { offer: *offer }),
            OfferLink::ByReference(uri) => Self::Fetch(CredentialOffer::request(&uri, profile)),
        })
    }
}

/// An offer that was read.
pub(crate) struct Offered {
    offer: CredentialOffer,
}

impl Offered {
    /// From the answer to [`Opening::Fetch`].
    pub(crate) fn receive(response: &HttpResponse, profile: &Profile) -> Result<Self, ReceiveError> {
        Ok(Self {
            offer: CredentialOffer::from_response(response, profile)?,
        })
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
        let Some(grant) = self.offer.pre_authorized_code.clone() else {
            return Err(ReceiveError::NeedsSignIn);
        };
        let metadata = IssuerMetadata::from_response(response, &self.offer.credential_issuer, profile)?;
        let cards = supported(&self.offer, &metadata);
        if cards.is_empty() {
            return Err(ReceiveError::NothingSupported);
        }
        Ok(Described {
            grant,
            metadata,
            cards,
            offered: self.offer.credential_configuration_ids.len(),
        })
    }
}

/// An offer whose issuer is described.
pub(crate) struct Described {
    grant: PreAuthorizedCodeGrant,
    metadata: IssuerMetadata,
    cards: Vec<(String, String, CredentialConfiguration)>,
    offered: usize,
}

impl Described {
    /// The request for the metadata of the authorization server (RFC 8414).
    pub(crate) fn request(&self, profile: &Profile) -> Result<HttpRequest, ReceiveError> {
        Ok(self
            .metadata
            .authorization_server_request(self.grant.authorization_server.as_ref(), profile)?)
    }

    /// Takes the metadata of the authorization server.
    pub(crate) fn receive(
        self,
        response: &HttpResponse,
        profile: &Profile,
    ) -> Result<OpenOffer, ReceiveError> {
        let server = self
            .metadata
            .authorization_server(self.grant.authorization_server.as_ref())?;
        let server = AuthorizationServerMetadata::from_response(response, server, profile)?;
        server.pre_authorized_token_endpoint()?;
        Ok(OpenOffer {
            grant: self.grant,
            metadata: self.metadata,
            server,
            cards: self.cards,
            offered: self.offered,
        })
    }
}

/// An offer that can be shown and accepted.
pub(crate) struct OpenOffer {
    pub(crate) grant: PreAuthorizedCodeGrant,
    pub(crate) metadata: IssuerMetadata,
    pub(super) server: AuthorizationServerMetadata,
    /// Configuration id, credential type, configuration.
    pub(crate) cards: Vec<(String, String, CredentialConfiguration)>,
    /// Number of configurations offered, supported or not.
    pub(crate) offered: usize,
}

fn supported(
    offer: &CredentialOffer,
    metadata: &IssuerMetadata,
) -> Vec<(String, String, CredentialConfiguration)> {
    offer
        .credential_configuration_ids
        .iter()
        .filter_map(|id| {
            let configuration = metadata.configurations.get(id)?;
            let CredentialKind::SdJwtVc { vct } = &configuration.kind else {
                return None;
            };
            // We prove possession of keys with `jwt` proofs and ES256, and have no key attestations.
            let proof = configuration.proof_types.get("jwt")?;
            let fits = proof.key_attestations_required.is_none()
                && proof.signing_algorithms.iter().any(|alg| alg == "ES256");
            fits.then(|| (id.clone(), vct.clone(), configuration.clone()))
        })
        .take(MAX_CARDS)
        .collect()
}

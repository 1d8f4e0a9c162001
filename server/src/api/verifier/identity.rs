//! As whom a service asks: its client identifier and what signs its requests.

use assent_core::oid4vp::{ClientIdPrefix, RequestSigner};
use assent_core::verifier::RequesterIdentity;

use super::query::invalid;
use crate::error::Problem;
use crate::state::Service;

/// The name of `service` under `prefix` (OpenID4VP 1.0 §5.9).
///
/// # Errors
/// `presentation-invalid` when it has none of that kind.
pub(super) fn requester(service: &Service, prefix: ClientIdPrefix) -> Result<RequesterIdentity, Problem> {
    let client_id = match prefix {
        ClientIdPrefix::RedirectUri => return Ok(RequesterIdentity::ResponseUri),
        ClientIdPrefix::X509Hash => service.x509_hash(),
        ClientIdPrefix::X509SanDns => service
            .x509_san_dns()
            .map_err(|why| invalid(&format!("client_id_prefix x509_san_dns is not possible: {why}.")))?,
        ClientIdPrefix::DecentralizedIdentifier => service.decentralized_identifier(),
    };
    Ok(RequesterIdentity::Signed(client_id))
}

/// What signs the Request Objects of a service under one prefix.
#[derive(Debug)]
pub(in crate::api) struct Signing<'a> {
    service: &'a Service,
    kid: Option<String>,
}

impl<'a> Signing<'a> {
    pub(in crate::api) fn new(service: &'a Service, prefix: ClientIdPrefix) -> Self {
        let kid = (prefix == ClientIdPrefix::DecentralizedIdentifier).then(|| service.key_id());
        Self { service, kid }
    }

    /// The key, with its certificates or its DID URL.
    pub(in crate::api) fn signer(&self) -> RequestSigner<'_> {
        RequestSigner {
            // A DID is authenticated by its own key; a chain beside it would be a second, unchecked name.
            x5c: if self.kid.is_some() {
                &[]
            } else {
                &self.service.identity.chain
            },
            kid: self.kid.as_deref(),
            signer: &self.service.identity.signer,
        }
    }
}

//! As whom a service asks: its client identifier and what signs its requests.

use assent_core::crypto::Signer as _;
use assent_core::oid4vp::did::Did;
use assent_core::oid4vp::{ClientId, ClientIdPrefix, RequestSigner};
use assent_core::verifier::RequesterIdentity;

use crate::state::{AppState, Service};

/// A service's identity under one prefix (OpenID4VP 1.0 §5.9).
#[derive(Debug)]
pub(in crate::api) struct Signing<'a> {
    service: &'a Service,
    kid: Option<String>,
    /// For the new transaction.
    pub(in crate::api) identity: RequesterIdentity,
}

/// The identity of `service` under `prefix`.
pub(in crate::api) fn signing<'a>(
    state: &AppState,
    service: &'a Service,
    prefix: ClientIdPrefix,
) -> Signing<'a> {
    let mut kid = None;
    let identity = match prefix {
        ClientIdPrefix::RedirectUri => RequesterIdentity::ResponseUri,
        ClientIdPrefix::X509Hash => {
            let leaf = service
                .identity
                .chain
                .first()
                .map(Vec::as_slice)
                .unwrap_or_default();
            RequesterIdentity::Signed(ClientId::x509_hash(leaf))
        }
        ClientIdPrefix::X509SanDns => RequesterIdentity::Signed(ClientId::x509_san_dns(&state.host())),
        ClientIdPrefix::DecentralizedIdentifier => {
            let did = Did::from_key(&service.identity.signer.public_key());
            kid = Some(format!("{}#0", did.as_str()));
            RequesterIdentity::Signed(ClientId::decentralized_identifier(did.as_str()))
        }
    };
    Signing {
        service,
        kid,
        identity,
    }
}

impl Signing<'_> {
    /// What signs the Request Object.
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

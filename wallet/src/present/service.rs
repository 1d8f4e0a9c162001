//! Who asks, in words a person can use. Names come from certificates, never from the request itself (A1).

use assent_core::crypto::PublicKey;
use assent_core::oid4vp::{CheckedRequest, Requester};

use crate::app::view::{ServiceTrust, ServiceView};

/// The service behind a request.
pub(super) fn service(request: &CheckedRequest) -> ServiceView {
    let client_id = request.client_id().as_str();
    let domain = request.reply_to().response_uri.host().to_owned();
    let mut details = vec![("client-id".to_owned(), client_id.to_owned())];
    match request.requester() {
        Requester::Certificate(chain) => {
            let subject = &chain.subject;
            let name = subject
                .organization
                .clone()
                .or_else(|| subject.common_name.clone());
            if let Some(id) = &subject.organization_identifier {
                details.push(("organization-id".to_owned(), id.clone()));
            }
            details.push(("certificate-issuer".to_owned(), chain.anchor_name.clone()));
            ServiceView {
                // A renewed certificate must not look like a new service.
                id: subject
                    .organization_identifier
                    .clone()
                    .unwrap_or_else(|| client_id.to_owned()),
                name: name.unwrap_or_else(|| domain.clone()),
                trust: ServiceTrust::Verified,
                country: subject.country.clone(),
                domain,
                details,
            }
        }
        Requester::Did(_) | Requester::Unauthenticated => ServiceView {
            id: client_id.to_owned(),
            name: domain.clone(),
            trust: ServiceTrust::Unverified,
            country: None,
            domain,
            details,
        },
    }
}

/// The key of the service's access certificate, when it has one.
pub(super) fn access_key(request: &CheckedRequest) -> Option<&PublicKey> {
    match request.requester() {
        Requester::Certificate(chain) => Some(&chain.leaf_key),
        Requester::Did(_) | Requester::Unauthenticated => None,
    }
}

/// SHA-256 of the access certificate, when there is one.
pub(super) fn leaf_sha256(request: &CheckedRequest) -> Option<[u8; 32]> {
    match request.requester() {
        Requester::Certificate(chain) => Some(chain.leaf_sha256),
        Requester::Did(_) | Requester::Unauthenticated => None,
    }
}

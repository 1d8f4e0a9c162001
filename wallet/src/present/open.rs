//! A checked request with what it says about consent.

use assent_core::consent::{Binding, Choices, ConsentRequest, ConsentRequestError, FORMAT, RecordKind};
use assent_core::crypto::CryptoProvider;
use assent_core::env::Timestamp;
use assent_core::oid4vp::CheckedRequest;
use assent_core::profile::Profile;

use super::service::{access_key, leaf_sha256, service};
use crate::app::view::{ServiceTrust, ServiceView};

/// A request that can be shown.
pub(crate) struct OpenRequest {
    pub(crate) request: CheckedRequest,
    pub(crate) service: ServiceView,
    pub(crate) terms: Terms,
    pub(crate) choices: Choices,
    /// The answer leads back to the service on this device.
    pub(crate) same_device: bool,
}

/// What the service says about purpose, retention and rights.
pub(crate) enum Terms {
    /// Nothing: plain OpenID4VP.
    None,
    /// Signed by the service and bound to this request.
    Signed {
        /// The verified consent request.
        request: Box<ConsentRequest>,
        /// As received; the receipt names it by hash.
        jwt: String,
    },
    /// The query asks for something else than the terms say.
    AsksForMore,
    /// There is a consent request that is not acceptable.
    Unusable,
}

impl OpenRequest {
    /// Reads who asks and on which terms.
    pub(crate) fn new(
        request: CheckedRequest,
        same_device: bool,
        now: Timestamp,
        profile: &Profile,
        crypto: &dyn CryptoProvider,
    ) -> Self {
        let terms = terms(&request, now, profile, crypto);
        let mut service = service(&request);
        if matches!(terms, Terms::AsksForMore) && service.trust == ServiceTrust::Verified {
            service.trust = ServiceTrust::AsksForMore;
        }
        Self {
            choices: Choices::of(request.query()),
            service,
            terms,
            request,
            same_device,
        }
    }

    /// The terms, when they are signed and fit.
    pub(crate) fn consent(&self) -> Option<&ConsentRequest> {
        match &self.terms {
            Terms::Signed { request, .. } => Some(request),
            _ => None,
        }
    }

    /// True when what is agreed can be withdrawn: the legal basis is consent.
    pub(crate) fn can_withdraw(&self) -> bool {
        self.makes_receipt()
            && self
                .consent()
                .is_some_and(|consent| consent.terms.record_kind() == RecordKind::Consent)
    }

    /// True when both sides will hold a receipt.
    pub(crate) fn makes_receipt(&self) -> bool {
        self.consent().is_some() && self.choices.receipt_query.is_some()
    }

    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.request.expires_at().is_some_and(|end| end <= now)
    }
}

/// OpenID4VP 1.0 §5.11: signature and binding of `verifier_info` are checked before any of it is used; entries of
/// formats we do not know are ignored.
fn terms(request: &CheckedRequest, now: Timestamp, profile: &Profile, crypto: &dyn CryptoProvider) -> Terms {
    let mut entries = request
        .verifier_info()
        .iter()
        .filter(|entry| entry.format == FORMAT);
    let Some(entry) = entries.next() else {
        return Terms::None;
    };
    let (Some(jwt), None, Some(key)) = (entry.data.as_str(), entries.next(), access_key(request)) else {
        return Terms::Unusable;
    };
    let binding = Binding {
        client_id: request.client_id().as_str(),
        nonce: request.nonce(),
        dcql_query: request.query_json(),
        leaf_sha256: leaf_sha256(request),
    };
    match ConsentRequest::verify(jwt, key, &binding, now, profile, crypto) {
        Ok(request) => Terms::Signed {
            request: Box::new(request),
            jwt: jwt.to_owned(),
        },
        // Terms for another query, by hash or by content: the request asks for something they do not cover.
        Err(ConsentRequestError::QueryMismatch | ConsentRequestError::Binding("dcql_query")) => {
            Terms::AsksForMore
        }
        Err(_) => Terms::Unusable,
    }
}

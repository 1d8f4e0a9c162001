//! Who asks: the client identifier against the signature (OpenID4VP 1.0 §5.9.3).

use super::check::Requester;
use super::error::RequestError;
use super::unverified::{Body, RequestCheck, UnverifiedRequest, peek};
use crate::encoding::json::Object;
use crate::encoding::jws::UnverifiedJws;
use crate::oid4vp::did::Did;
use crate::oid4vp::{ClientId, ClientIdPrefix};
use crate::profile::Endpoint;
use crate::trust::{Role, verify_chain};

/// Verifies the signature where the prefix demands one, and returns who asks with the parameters to use.
pub(super) fn authenticate(
    request: &UnverifiedRequest,
    with: &RequestCheck<'_>,
) -> Result<(Requester, Object), RequestError> {
    let client_id = &request.client_id;
    if !crate::oid4vp::is_allowed(client_id.prefix(), with.profile) {
        return Err(RequestError::PrefixNotAllowed);
    }
    match &request.body {
        Body::Signed(jws) => {
            // §5.9.3: requests with `redirect_uri` cannot be signed.
            if !client_id.prefix().is_signed() {
                return Err(RequestError::Signing);
            }
            if !with.profile.allows(jws.header().alg) {
                return Err(RequestError::Algorithm);
            }
            // §5.10.1: client_id is in both places, and identical. Checked before any key is looked for.
            let claimed = jws.unverified_claims()?;
            if peek(&claimed, "client_id") != Some(client_id.as_str()) {
                return Err(RequestError::ClientIdMismatch);
            }
            verified(client_id, jws, with)
        }
        Body::Unsigned(parameters) => {
            if client_id.prefix().is_signed() {
                return Err(RequestError::Signing);
            }
            Ok((Requester::Unauthenticated, parameters.clone()))
        }
    }
}

fn verified(
    client_id: &ClientId,
    jws: &UnverifiedJws,
    with: &RequestCheck<'_>,
) -> Result<(Requester, Object), RequestError> {
    if client_id.prefix() == ClientIdPrefix::DecentralizedIdentifier {
        let did = Did::parse(client_id.value())?;
        let kid = jws.header().kid.as_deref().unwrap_or_default();
        let key = did.key(kid, with.did_document)?;
        let claims = jws.verify(&key, with.crypto)?.claims()?;
        return Ok((Requester::Did(did), claims));
    }
    let chain = verify_chain(
        &jws.header().x5c,
        with.anchors,
        Role::AccessCertificate,
        with.now,
        with.crypto,
    )?;
    let claims = jws.verify(&chain.leaf_key, with.crypto)?.claims()?;
    let belongs = match client_id.prefix() {
        ClientIdPrefix::X509Hash => chain.x509_hash() == client_id.value(),
        ClientIdPrefix::X509SanDns => chain.has_dns_name(client_id.value()),
        ClientIdPrefix::DecentralizedIdentifier | ClientIdPrefix::RedirectUri => false,
    };
    if !belongs {
        return Err(RequestError::CertificateMismatch);
    }
    Ok((Requester::Certificate(Box::new(chain)), claims))
}

/// §8.2, §5.9.3: the answer goes only where the client identifier allows.
pub(super) fn check_response_uri(client_id: &ClientId, response_uri: &Endpoint) -> Result<(), RequestError> {
    let belongs = match client_id.prefix() {
        ClientIdPrefix::RedirectUri => client_id.value() == response_uri.as_str(),
        // The name in the certificate is the only thing known about this party, so the host has to be it.
        ClientIdPrefix::X509SanDns => client_id.value().eq_ignore_ascii_case(response_uri.host()),
        // The signature covers the address, and the identifier is the signing key's.
        ClientIdPrefix::X509Hash | ClientIdPrefix::DecentralizedIdentifier => true,
    };
    if belongs {
        Ok(())
    } else {
        Err(RequestError::ResponseUriMismatch)
    }
}

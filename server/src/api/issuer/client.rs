//! Which wallet a request to the authorization server is from, and how it shows that.
//!
//! Wallets are public clients (RFC 6749 §2.1): PKCE and the registered addresses keep one from using what another got.
//! Beside that a wallet may, or must, authenticate itself with an attestation of its provider (OpenID4VCI 1.0 Appendix E,
//! OAuth 2.0 Attestation-Based Client Authentication, draft 7).

use assent_core::encoding::base64url;
use assent_core::issuer::{AttestationStatus, ClientId};
use assent_core::oid4vci::attestation::{ClientExpectation, VerifiedClient};
use assent_core::oid4vci::client::{ATTESTATION_HEADER, ATTESTATION_POP_HEADER};
use assent_core::oid4vci::metadata::{ATTESTED, PUBLIC};
use assent_core::oid4vci::{AuthorizationServerMetadata, Rejection, RejectionCode};
use assent_core::profile::{BadEndpoint, Endpoint};
use axum::http::HeaderMap;

use super::rolling::Rolling;
use super::{Refusal, attestation};
use crate::config::ClientAttestation;
use crate::error::Problem;
use crate::state::AppState;
use crate::store::IssuanceStore as _;

/// A wallet that authenticated itself.
#[derive(Debug)]
pub(super) struct Attested {
    /// Under which name.
    pub(super) client_id: String,
    /// Thumbprint of its key, which only this wallet has, and only for us.
    pub(super) instance_jkt: String,
}

/// The wallet with this name, when it is known here.
pub(super) fn known(state: &AppState, client_id: Option<&str>) -> Result<ClientId, Rejection> {
    match client_id.and_then(|id| state.config.client(id)) {
        Some(client) => Ok(ClientId::checked(client.id)),
        None => Err(invalid("this wallet is not known here")),
    }
}

/// The wallet that authenticates itself in a request; `None` for one that does not and need not.
pub(super) async fn attested(
    state: &AppState,
    headers: &HeaderMap,
    client_id: Option<&str>,
) -> Result<Option<Attested>, Refusal> {
    let rule = state.config.issuer.client_attestation;
    if rule == ClientAttestation::Off {
        return Ok(None);
    }
    // §6.2: precisely one header of each.
    let (attestation, proof) = match (
        super::only(headers, ATTESTATION_HEADER, invalid)?,
        super::only(headers, ATTESTATION_POP_HEADER, invalid)?,
    ) {
        (Some(attestation), Some(proof)) => (attestation, proof),
        (None, None) if rule == ClientAttestation::Offered => return Ok(None),
        _ => return Err(invalid("an attestation of the wallet, and a proof, are required").into()),
    };
    let now = state.clock.now();
    let client = read(state, attestation, proof, client_id)?;
    // §8: the proof must be made for us, now.
    let fresh = client.challenge.as_deref();
    if !fresh.is_some_and(|fresh| Rolling::Challenge.is_good(&state.sealing, now, fresh)) {
        let why = "the proof of the attestation needs a challenge of this server";
        return Err(Rejection::new(RejectionCode::UseAttestationChallenge, why).into());
    }
    if let Some(reference) = client.status {
        let status = AttestationStatus {
            reference,
            anchor_sha256: client.chain.anchor_sha256,
        };
        let good = attestation::good_statuses(state, std::slice::from_ref(&status), now).await;
        if good.is_empty() {
            return Err(invalid("the attestation was withdrawn, or its status is not known").into());
        }
    }
    let instance_jkt = base64url::encode(&client.instance_key.thumbprint());
    // §12.1: a proof is good once. Last, so that nothing else costs a wallet its proof.
    let mac = state
        .sealing
        .mac("client proof", &[instance_jkt.as_bytes(), client.jti.as_bytes()]);
    if !state.store.use_proof(&mac, client.good_until).await? {
        return Err(invalid("the proof of the attestation was used before").into());
    }
    Ok(Some(Attested {
        client_id: client.client_id,
        instance_jkt,
    }))
}

/// Says in the metadata what is taken and what is demanded.
pub(super) fn announce(
    state: &AppState,
    metadata: &mut AuthorizationServerMetadata,
) -> Result<(), BadEndpoint> {
    let rule = state.config.issuer.client_attestation;
    if rule == ClientAttestation::Off {
        return Ok(());
    }
    let methods: &[&str] = match rule {
        ClientAttestation::Required => &[ATTESTED],
        _ => &[PUBLIC, ATTESTED],
    };
    metadata.token_endpoint_auth_methods_supported = methods.iter().map(ToString::to_string).collect();
    metadata.pre_authorized_grant_anonymous_access_supported = rule != ClientAttestation::Required;
    let algorithms = state.profile.signature_algorithms.iter();
    metadata.client_attestation_signing_alg_values_supported = algorithms
        .map(|algorithm| algorithm.as_jose().to_owned())
        .collect();
    let endpoint = Endpoint::parse(&state.url("/issuer/challenge"), &state.profile)?;
    metadata.challenge_endpoint = Some(endpoint);
    Ok(())
}

fn read(
    state: &AppState,
    attestation: &str,
    proof: &str,
    client_id: Option<&str>,
) -> Result<VerifiedClient, Refusal> {
    let server =
        Endpoint::parse(&state.url("/issuer"), &state.profile).map_err(|error| Problem::internal(&error))?;
    let expected = ClientExpectation {
        server: &server,
        client_id,
    };
    VerifiedClient::verify(attestation, proof, &expected, &state.attesters())
        .map_err(|error| invalid(&error.to_string()).into())
}

fn invalid(why: &str) -> Rejection {
    Rejection::new(RejectionCode::InvalidClient, why)
}

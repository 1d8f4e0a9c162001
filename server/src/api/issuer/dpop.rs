//! Access tokens that are good only with a key of the wallet (RFC 9449), as the endpoints of the issuer take them.
//!
//! A proof must carry a nonce of ours ([`Rolling`]), so that none can be made in advance. That a proof is used once is the
//! database's business.

use assent_core::http::Method;
use assent_core::issuer::Presented;
use assent_core::oid4vci::dpop::{DpopError, DpopExpectation, NonceRule};
use assent_core::oid4vci::{Rejection, RejectionCode, SecretText, VerifiedDpopProof};
use assent_core::profile::Profile;
use axum::extract::{Request, State};
use axum::http::{self, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use super::rolling::Rolling;
use super::{AtResource, Refusal, StoredIssuance};
use crate::api::auth;
use crate::config::DpopRule;
use crate::crypto::RingCrypto;
use crate::state::AppState;
use crate::store::{HandleKind, IssuanceStore as _};

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// An access token as it came.
#[derive(Debug)]
pub(super) struct Used {
    token: SecretText,
    jkt: Option<String>,
}

impl Used {
    /// The issuance it is for.
    pub(super) async fn issuance(&self, state: &AppState) -> Result<StoredIssuance, Refusal> {
        let handle = super::fingerprint(&self.token.fingerprint());
        let found = StoredIssuance::find(state, HandleKind::Token, &handle).await?;
        found
            .ok_or_else(|| Rejection::new(RejectionCode::InvalidToken, "the access token is not good").into())
    }

    /// For the issuance to check.
    pub(super) fn presented(&self) -> Presented<'_> {
        Presented {
            token: &self.token,
            dpop_jkt: self.jkt.as_deref(),
        }
    }
}

/// The names of the algorithms that proofs may be signed with, for the metadata.
pub(super) fn algorithms() -> Vec<&'static str> {
    let algorithms = Profile::BASELINE.signature_algorithms.iter();
    algorithms.map(|algorithm| algorithm.as_jose()).collect()
}

/// The key proved at the token endpoint; `None` for a wallet that wants a bearer token.
pub(super) async fn at_token(state: &AppState, headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let jkt = at_server(state, headers, "/issuer/token").await?;
    if jkt.is_none() && state.config.issuer.dpop == DpopRule::Required {
        return Err(invalid("a DPoP proof is required").into());
    }
    Ok(jkt)
}

/// The key proved with a pushed request (RFC 9449 §10.1), if any.
pub(super) async fn at_par(state: &AppState, headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    at_server(state, headers, "/issuer/par").await
}

async fn at_server(state: &AppState, headers: &HeaderMap, path: &str) -> Result<Option<String>, Refusal> {
    match header(headers)? {
        Some(proof) => verify(state, proof, path, Rolling::ServerNonce, None)
            .await
            .map(Some),
        None => Ok(None),
    }
}

/// The access token of a request to `path`, with the proof it came with. A token in the query is never looked for
/// (RFC 6750 §2.3, CI-26).
pub(super) async fn at_resource(
    state: &AppState,
    headers: &HeaderMap,
    path: &str,
) -> Result<Used, AtResource> {
    if let Some(token) = auth::bearer(headers) {
        let token = SecretText::new(token);
        return Ok(Used { token, jkt: None });
    }
    let token = auth::token(headers, "dpop")
        .ok_or_else(|| Rejection::new(RejectionCode::InvalidToken, "the access token is missing"))?;
    let token = SecretText::new(token);
    let proof = header(headers)?.ok_or_else(|| invalid("the DPoP proof is missing"))?;
    let jkt = verify(state, proof, path, Rolling::ResourceNonce, Some(&token)).await?;
    let jkt = Some(jkt);
    Ok(Used { token, jkt })
}

/// Gives every answer to a wallet the nonce for its next proof: those to which everything was right as well, and the
/// Nonce Endpoint's (RFC 9449 §8.2, OpenID4VCI 1.0 §7.2; CI-16).
pub(in crate::api) async fn give_nonces(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let nonces = match (request.method(), request.uri().path()) {
        (&http::Method::POST, "/issuer/token" | "/issuer/par") => Some(Rolling::ServerNonce),
        (
            &http::Method::POST,
            "/issuer/nonce" | "/issuer/credential" | "/issuer/deferred_credential" | "/issuer/notification",
        ) => Some(Rolling::ResourceNonce),
        _ => None,
    };
    let mut response = next.run(request).await;
    if let Some(nonces) = nonces
        && let Ok(nonce) = HeaderValue::from_str(&nonces.value(&state.sealing, state.clock.now()))
    {
        response.headers_mut().insert(DPOP_NONCE, nonce);
    }
    response
}

/// The challenges of a 401 (RFC 6750 §3, RFC 9449 §7.1): one for each way to use a token that would help.
pub(super) fn challenges(rejection: &Rejection) -> Vec<HeaderValue> {
    let error = rejection.code.as_str();
    let algs = algorithms().join(" ");
    let mut challenges = vec![format!("DPoP error=\"{error}\", algs=\"{algs}\"")];
    if rejection.code == RejectionCode::InvalidToken {
        challenges.push(format!("Bearer error=\"{error}\""));
    }
    let challenges = challenges.iter();
    challenges
        .filter_map(|challenge| HeaderValue::from_str(challenge).ok())
        .collect()
}

/// The one proof of a request (RFC 9449 §4.3 check 1).
fn header(headers: &HeaderMap) -> Result<Option<&str>, Rejection> {
    super::only(headers, "dpop", invalid)
}

async fn verify(
    state: &AppState,
    proof: &str,
    path: &str,
    nonces: Rolling,
    access_token: Option<&SecretText>,
) -> Result<String, Refusal> {
    let verified = read(state, proof, path, nonces, access_token)?;
    let parts = [verified.jkt.as_bytes(), verified.jti.as_bytes()];
    let mac = state.sealing.mac("dpop proof", &parts);
    if state.store.use_proof(&mac, verified.good_until).await? {
        Ok(verified.jkt)
    } else {
        // RFC 9449 §11.1.
        Err(invalid("the DPoP proof was used before").into())
    }
}

fn read(
    state: &AppState,
    proof: &str,
    path: &str,
    nonces: Rolling,
    access_token: Option<&SecretText>,
) -> Result<VerifiedDpopProof, Rejection> {
    let now = state.clock.now();
    let good = |nonce: &str| nonces.is_good(&state.sealing, now, nonce);
    let expected = DpopExpectation {
        method: Method::Post,
        url: &state.url(path),
        access_token,
        nonce: NonceRule::Required(&good),
        now,
    };
    VerifiedDpopProof::verify(proof, &expected, &state.profile, &RingCrypto).map_err(|error| {
        let code = match error {
            DpopError::Nonce => RejectionCode::UseDpopNonce,
            _ => RejectionCode::InvalidDpopProof,
        };
        Rejection::new(code, &error.to_string())
    })
}

fn invalid(why: &str) -> Rejection {
    Rejection::new(RejectionCode::InvalidDpopProof, why)
}

//! A request the wallet may show to a person.

use std::fmt;

use serde_json::Value;

use super::authenticate::{authenticate, check_response_uri};
use super::error::RequestError;
use super::parameters::{self, Question};
use super::unverified::{Body, RequestCheck, UnverifiedRequest};
use super::{ResponseMode, unverified::peek};
use crate::crypto::constant_time_eq;
use crate::dcql::DcqlQuery;
use crate::encoding::json::Object;
use crate::env::Timestamp;
use crate::error::{Audience, Blame, ErrorCode};
use crate::oid4vp::did::Did;
use crate::oid4vp::{ClientId, ReplyTo, VerifierInfo};
use crate::trust::VerifiedChain;

/// Who asks, as far as it was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requester {
    /// The holder of an access certificate under a configured anchor.
    Certificate(Box<VerifiedChain>),
    /// The holder of a DID's key. Nobody vouches for a name.
    Did(Did),
    /// Nobody in particular (`redirect_uri` prefix): only the response address is known.
    Unauthenticated,
}

/// A request whose client identifier, signature, response address and parameters were checked.
#[derive(Clone)]
pub struct CheckedRequest {
    client_id: ClientId,
    requester: Requester,
    question: Question,
    reply_to: ReplyTo,
    expires_at: Option<Timestamp>,
}

impl CheckedRequest {
    /// The whole client identifier: the audience of every presentation.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Who asks.
    #[must_use]
    pub fn requester(&self) -> &Requester {
        &self.requester
    }

    /// The nonce every presentation must contain.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.question.nonce
    }

    /// What is asked.
    #[must_use]
    pub fn query(&self) -> &DcqlQuery {
        &self.question.query
    }

    /// The query exactly as it was sent, for hashing.
    #[must_use]
    pub fn query_json(&self) -> &Value {
        &self.question.query_json
    }

    /// `verifier_info`; signatures and bindings of the entries are still to be verified (§5.11).
    #[must_use]
    pub fn verifier_info(&self) -> &[VerifierInfo] {
        &self.question.verifier_info
    }

    /// Where the answer goes, and how.
    #[must_use]
    pub fn reply_to(&self) -> &ReplyTo {
        &self.reply_to
    }

    /// `exp`; the wallet does not answer later.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }
}

// The nonce is a one-time secret and the query may carry values.
impl fmt::Debug for CheckedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedRequest")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// A refused request.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub struct RequestRejection {
    /// Why.
    #[source]
    pub error: RequestError,
    /// Where an error response may be sent: only there when the requester was authenticated and the address is
    /// its own. Not before the person has seen the request (§15.4.1).
    pub reply_to: Option<Box<ReplyTo>>,
}

impl ErrorCode for RequestRejection {
    fn code(&self) -> &'static str {
        self.error.code()
    }

    fn blame(&self) -> Blame {
        self.error.blame()
    }

    fn audience(&self) -> Audience {
        self.error.audience()
    }
}

impl From<RequestError> for RequestRejection {
    fn from(error: RequestError) -> Self {
        Self {
            error,
            reply_to: None,
        }
    }
}

pub(super) fn check(
    request: UnverifiedRequest,
    with: &RequestCheck<'_>,
) -> Result<CheckedRequest, RequestRejection> {
    let (requester, parameters) = authenticate(&request, with)?;
    let path = parameters::return_path(&parameters, with.profile)?;
    check_response_uri(&request.client_id, &path.response_uri)?;
    let accepts_ours = path.metadata.accepts_format("dc+sd-jwt");
    let reply_to = ReplyTo {
        response_uri: path.response_uri,
        mode: path.response_mode,
        state: path.state,
        encryption: path.metadata.encryption,
    };
    // From here on the address is authenticated (or, unsigned, at least the one the identifier names).
    let rejected = |error: RequestError| RequestRejection {
        error,
        reply_to: Some(Box::new(reply_to.clone())),
    };
    let expires_at = check_freshness(&request, &parameters, with).map_err(rejected)?;
    check_encryption(&reply_to, with).map_err(rejected)?;
    let question = parameters::question(&parameters, reply_to.state.as_deref()).map_err(rejected)?;
    if !accepts_ours {
        return Err(rejected(RequestError::Formats));
    }
    Ok(CheckedRequest {
        client_id: request.client_id,
        requester,
        question,
        reply_to,
        expires_at,
    })
}

/// That a signed request is for this wallet, now.
fn check_freshness(
    request: &UnverifiedRequest,
    parameters: &Object,
    with: &RequestCheck<'_>,
) -> Result<Option<Timestamp>, RequestError> {
    if matches!(request.body, Body::Signed(_)) {
        parameters::check_audience(parameters, request.request_uri.as_ref())?;
    }
    // §5.10.1: a wallet that sent a wallet_nonce stops when it does not come back.
    if let Some(sent) = &request.wallet_nonce {
        let back = peek(parameters, "wallet_nonce").unwrap_or_default();
        if !constant_time_eq(back.as_bytes(), sent.as_bytes()) {
            return Err(RequestError::WalletNonce);
        }
    }
    parameters::check_time(parameters, with.now)
}

fn check_encryption(reply_to: &ReplyTo, with: &RequestCheck<'_>) -> Result<(), RequestError> {
    match (reply_to.mode, &reply_to.encryption) {
        (ResponseMode::DirectPostJwt, Some(_)) => Ok(()),
        (ResponseMode::DirectPostJwt, None) => Err(RequestError::NoEncryptionKey),
        // HAIP 1.0 §5.1: direct_post.jwt.
        (ResponseMode::DirectPost, _) if with.profile.haip => Err(RequestError::CleartextResponse),
        (ResponseMode::DirectPost, _) => Ok(()),
    }
}

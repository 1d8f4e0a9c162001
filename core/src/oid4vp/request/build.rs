//! The verifier's side: writing and signing a request.

use std::fmt;

use serde_json::Value;

use super::{REQUEST_OBJECT_TYPE, ResponseMode};
use crate::crypto::{SignError, Signer};
use crate::encoding::base64url;
use crate::encoding::json::Object;
use crate::encoding::jws;
use crate::env::Timestamp;
use crate::oid4vp::{ClientId, VerifierInfo};
use crate::profile::Endpoint;

/// `aud` of a Request Object with static discovery of the wallet (OpenID4VP 1.0 §5.8).
pub const SELF_ISSUED_AUDIENCE: &str = "https://self-issued.me/v2";

/// The parameters of an authorization request (OpenID4VP 1.0 §5).
#[derive(Clone, PartialEq)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// How the answer comes back.
    pub response_mode: ResponseMode,
    /// Where to.
    pub response_uri: Endpoint,
    /// Fresh and random, at least 128 bit.
    pub nonce: String,
    /// Fresh and random, at least 128 bit.
    pub state: String,
    /// The query, exactly as it is to be sent.
    pub dcql_query: Value,
    /// Formats, and the key for the response ([`crate::oid4vp::client_metadata`]).
    pub client_metadata: Object,
    /// Attested facts about the verifier.
    pub verifier_info: Vec<VerifierInfo>,
    /// `transaction_data`: base64url texts, sent exactly like this.
    pub transaction_data: Vec<String>,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Timestamp,
}

/// What signs requests.
#[derive(Clone, Copy)]
pub struct RequestSigner<'a> {
    /// The certificate chain in DER, leaf first, without the anchor (HAIP 1.0 §5). Empty for DIDs.
    pub x5c: &'a [Vec<u8>],
    /// The key's DID URL; only for DIDs.
    pub kid: Option<&'a str>,
    /// The key of the leaf certificate or the DID.
    pub signer: &'a dyn Signer,
}

impl AuthorizationRequest {
    /// The parameters as a JSON object, as for an unsigned request.
    #[must_use]
    pub fn to_parameters(&self) -> Object {
        let mut out = Object::new();
        let mut text = |name: &str, value: &str| out.insert(name.into(), Value::from(value));
        text("response_type", "vp_token");
        text("client_id", self.client_id.as_str());
        text("response_mode", self.response_mode.as_str());
        text("response_uri", self.response_uri.as_str());
        text("nonce", &self.nonce);
        text("state", &self.state);
        out.insert("dcql_query".into(), self.dcql_query.clone());
        out.insert(
            "client_metadata".into(),
            Value::Object(self.client_metadata.clone()),
        );
        // §5.1: a non-empty array; left out when there is nothing to say.
        if !self.verifier_info.is_empty() {
            let entries = self.verifier_info.iter().map(VerifierInfo::to_json).collect();
            out.insert("verifier_info".into(), Value::Array(entries));
        }
        if !self.transaction_data.is_empty() {
            out.insert(
                "transaction_data".into(),
                Value::from(self.transaction_data.clone()),
            );
        }
        out
    }

    /// The signed Request Object (§5, RFC 9101 §4). `wallet_nonce` is what the wallet posted, if it did.
    ///
    /// # Errors
    /// [`SignError`] from the signer.
    pub fn sign(&self, wallet_nonce: Option<&str>, with: &RequestSigner<'_>) -> Result<String, SignError> {
        let mut claims = self.to_parameters();
        claims.insert("aud".into(), Value::from(SELF_ISSUED_AUDIENCE));
        claims.insert("iat".into(), Value::from(self.issued_at.0));
        claims.insert("exp".into(), Value::from(self.expires_at.0));
        if let Some(nonce) = wallet_nonce {
            claims.insert("wallet_nonce".into(), Value::from(nonce));
        }
        let mut header = Object::new();
        header.insert("typ".into(), Value::from(REQUEST_OBJECT_TYPE));
        if !with.x5c.is_empty() {
            let chain = with
                .x5c
                .iter()
                .map(|der| Value::from(base64url::encode_standard(der)));
            header.insert("x5c".into(), Value::Array(chain.collect()));
        }
        if let Some(kid) = with.kid {
            header.insert("kid".into(), Value::from(kid));
        }
        let payload = serde_json::to_vec(&claims).map_err(|_| SignError)?;
        jws::sign(header, &payload, with.signer)
    }
}

// Nonce and state are one-time secrets.
impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("client_id", &self.client_id)
            .field("response_mode", &self.response_mode)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RequestSigner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestSigner")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

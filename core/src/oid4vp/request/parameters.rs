//! The parameters of a request, read one by one (OpenID4VP 1.0 §5.1–5.6).

use serde_json::Value;

use super::error::RequestError;
use super::{ResponseMode, SELF_ISSUED_AUDIENCE};
use crate::dcql::DcqlQuery;
use crate::encoding::json::Object;
use crate::env::Timestamp;
use crate::oid4vp::metadata::ClientMetadata;
use crate::oid4vp::verifier_info::VerifierInfo;
use crate::profile::{CLOCK_LEEWAY, Endpoint, Profile};

/// Longest `nonce` and `state` accepted, in bytes.
const MAX_NONCE: usize = 512;

/// §5.2: only ASCII URL-safe characters, and at least one.
pub(super) fn is_url_safe(text: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !text.is_empty() && text.bytes().all(safe)
}

pub(super) fn text<'a>(from: &'a Object, name: &'static str) -> Result<Option<&'a str>, RequestError> {
    match from.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(RequestError::Malformed(name)),
    }
}

fn token<'a>(from: &'a Object, name: &'static str) -> Result<Option<&'a str>, RequestError> {
    match text(from, name)? {
        Some(value) if !is_url_safe(value) || value.len() > MAX_NONCE => Err(RequestError::Malformed(name)),
        other => Ok(other),
    }
}

/// Where the answer goes and how: what must be known before an error can be sent back.
pub(super) struct ReturnPath {
    pub(super) response_mode: ResponseMode,
    pub(super) response_uri: Endpoint,
    pub(super) state: Option<String>,
    pub(super) metadata: ClientMetadata,
}

pub(super) fn return_path(from: &Object, profile: &Profile) -> Result<ReturnPath, RequestError> {
    let mode = text(from, "response_mode")?.ok_or(RequestError::Missing("response_mode"))?;
    let response_mode = ResponseMode::from_name(mode).ok_or(RequestError::Unsupported("response_mode"))?;
    // §8.2: with direct_post, redirect_uri must not be there.
    if from.contains_key("redirect_uri") {
        return Err(RequestError::Contradiction("redirect_uri"));
    }
    let response_uri = text(from, "response_uri")?.ok_or(RequestError::Missing("response_uri"))?;
    let metadata = match from.get("client_metadata") {
        None => ClientMetadata::default(),
        Some(Value::Object(metadata)) => {
            ClientMetadata::parse(metadata).map_err(|_| RequestError::Malformed("client_metadata"))?
        }
        Some(_) => return Err(RequestError::Malformed("client_metadata")),
    };
    Ok(ReturnPath {
        response_mode,
        response_uri: Endpoint::parse(response_uri, profile)
            .map_err(|_| RequestError::Malformed("response_uri"))?,
        state: token(from, "state")?.map(str::to_owned),
        metadata,
    })
}

/// What is asked.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) nonce: String,
    pub(super) query: DcqlQuery,
    pub(super) query_json: Value,
    pub(super) verifier_info: Vec<VerifierInfo>,
}

pub(super) fn question(from: &Object, state: Option<&str>) -> Result<Question, RequestError> {
    // §5.1: a wallet that does not support a transaction data type must refuse; we support none.
    if from.contains_key("transaction_data") {
        return Err(RequestError::TransactionData);
    }
    // RFC 9101 §4: a Request Object does not point at another one. OpenID4VP §5.1: nor say how to fetch it.
    for name in ["request", "request_uri"] {
        if from.contains_key(name) {
            return Err(RequestError::Contradiction(name));
        }
    }
    if from.contains_key("request_uri_method") {
        return Err(RequestError::RequestUriMethod);
    }
    match text(from, "response_type")? {
        Some("vp_token") => {}
        Some(_) => return Err(RequestError::Unsupported("response_type")),
        None => return Err(RequestError::Missing("response_type")),
    }
    // §5.2: REQUIRED; it makes every presentation a fresh one.
    let nonce = token(from, "nonce")?.ok_or(RequestError::Missing("nonce"))?;
    // §5.1: exactly one of dcql_query and scope.
    let query_json = match (from.get("dcql_query"), from.contains_key("scope")) {
        (Some(query), false) => query,
        (Some(_), true) => return Err(RequestError::Contradiction("scope")),
        (None, true) => return Err(RequestError::Scope),
        (None, false) => return Err(RequestError::Missing("dcql_query")),
    };
    let query = DcqlQuery::parse(query_json)?;
    // §5.3: without holder binding there is no nonce in the answer, so the state must tie it to the request.
    let unbound = query
        .credentials()
        .iter()
        .any(|credential| !credential.requires_holder_binding());
    if unbound && state.is_none() {
        return Err(RequestError::Missing("state"));
    }
    let verifier_info = match from.get("verifier_info") {
        None => Vec::new(),
        Some(entries) => VerifierInfo::parse_all(entries, |id| query.credential(id).is_some())
            .ok_or(RequestError::Malformed("verifier_info"))?,
    };
    Ok(Question {
        nonce: nonce.to_owned(),
        query,
        query_json: query_json.clone(),
        verifier_info,
    })
}

/// §5.8: `aud` of a signed request. Some verifiers put the `request_uri` there: that binds the request to the
/// link just as well, so it is accepted.
pub(super) fn check_audience(from: &Object, request_uri: Option<&Endpoint>) -> Result<(), RequestError> {
    let is_us = |value: &Value| {
        value.as_str().is_some_and(|aud| {
            aud == SELF_ISSUED_AUDIENCE || request_uri.is_some_and(|uri| uri.as_str() == aud)
        })
    };
    let named = match from.get("aud") {
        Some(Value::Array(audiences)) => audiences.iter().any(is_us),
        Some(audience) => is_us(audience),
        None => false,
    };
    if named {
        Ok(())
    } else {
        Err(RequestError::Audience)
    }
}

/// RFC 7519 §4.1.4–4.1.6 for the Request Object; a time that is there must be right.
pub(super) fn check_time(from: &Object, now: Timestamp) -> Result<Option<Timestamp>, RequestError> {
    let time = |name: &'static str| match from.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .map(Timestamp)
            .map(Some)
            .ok_or(RequestError::Malformed(name)),
    };
    let expires_at = time("exp")?;
    if expires_at.is_some_and(|exp| now >= exp.plus(CLOCK_LEEWAY)) {
        return Err(RequestError::Expired);
    }
    let latest = now.plus(CLOCK_LEEWAY);
    if time("iat")?.is_some_and(|iat| iat > latest) || time("nbf")?.is_some_and(|nbf| nbf > latest) {
        return Err(RequestError::NotYetValid);
    }
    Ok(expires_at)
}

//! Consent at the verifier: the signed request that goes with a presentation, and the receipt that comes back.

use std::collections::BTreeSet;

use assent_core::consent::{
    Binding, ConsentRequest, ConsentTerms, Countersignature, FORMAT, RECEIPT_QUERY, VerifiedReceipt,
};
use assent_core::crypto::{Signer as _, sha256};
use assent_core::encoding::json::Object;
use assent_core::error::ErrorCode;
use assent_core::oid4vp::{ClientIdPrefix, RequestSigner, VerifierInfo};
use assent_core::profile::Endpoint;
use assent_core::sd_jwt::KeyBindingCheck;
use assent_core::verifier::{Failure, Transaction, Verdict};
use axum::http::StatusCode;
use serde_json::Value;

use super::query::invalid;
use super::record::Stored;
use crate::crypto::RingCrypto;
use crate::error::Problem;
use crate::state::{AppState, Service};
use crate::store::NewConsent;

/// Reads the terms a service wrote; incomplete ones are refused with everything that is missing.
pub(super) fn terms(
    state: &AppState,
    service: &Service,
    text: &Object,
    prefix: ClientIdPrefix,
) -> Result<ConsentTerms, Problem> {
    if !matches!(prefix, ClientIdPrefix::X509Hash | ClientIdPrefix::X509SanDns) {
        // The wallet checks the consent request with the certificate of the request; there must be one.
        return Err(invalid(
            "A consent request needs client_id_prefix x509_hash or x509_san_dns.",
        ));
    }
    let withdrawals = Endpoint::parse(&service.url("/vp/withdrawals"), &state.profile)
        .map_err(|error| Problem::internal(&error))?;
    ConsentTerms::parse(text, &withdrawals, &state.profile).map_err(refused)
}

/// The DCQL query the terms compile to.
pub(super) fn query(terms: &ConsentTerms) -> Result<Value, Problem> {
    terms.to_dcql().map(|query| query.to_json()).map_err(refused)
}

/// Signs the terms for this very request and puts them into its `verifier_info`.
pub(super) fn attach(
    state: &AppState,
    transaction: Transaction,
    terms: &ConsentTerms,
    signer: &RequestSigner<'_>,
) -> Result<(Transaction, String), Problem> {
    let expires_at = transaction.expires_at();
    let (nonce, client_id, dcql_query) = transaction
        .binding()
        .ok_or_else(|| invalid("The request is over already."))?;
    let binding = Binding {
        client_id: client_id.as_str(),
        nonce,
        dcql_query,
        leaf_sha256: signer.x5c.first().map(|leaf| sha256(leaf)),
    };
    let jwt = terms
        .sign(&binding, signer.x5c, state.clock.now(), expires_at, signer.signer)
        .map_err(refused)?
        .jwt;
    let transaction = transaction
        .with_verifier_info(vec![VerifierInfo::new(FORMAT, jwt.as_str())])
        .map_err(refused)?;
    Ok((transaction, jwt))
}

/// The consent that came with a verified answer, countersigned. A receipt that does not fit makes the whole
/// answer fail: the two sides would hold different records of the same thing.
pub(in crate::api) fn from_answer(
    state: &AppState,
    stored: &Stored,
    transaction: Transaction,
) -> Result<(Transaction, Option<NewConsent>), Problem> {
    let Transaction::Verified(closed, verdict) = transaction else {
        return Ok((transaction, None));
    };
    if stored.record.consent_request.is_some()
        && let Some(receipt) = verdict.discarded.iter().find(|one| one.query_id == RECEIPT_QUERY)
    {
        // There was one, and it did not even pass as a presentation. Without it the service would have the details
        // and the person no way to withdraw.
        let failure = Failure {
            code: receipt.code.clone(),
            query_id: Some(RECEIPT_QUERY.to_owned()),
            message: "the receipt was refused".to_owned(),
        };
        return Ok((Transaction::Failed(closed, failure), None));
    }
    let (Some(request), Some(receipt)) = (&stored.record.consent_request, receipt_of(&verdict)) else {
        // A wallet that knows nothing of receipts: a plain presentation.
        return Ok((Transaction::Verified(closed, verdict), None));
    };
    match check(state, stored, request, receipt, &verdict) {
        Ok(consent) => Ok((Transaction::Verified(closed, verdict), Some(consent?))),
        Err(error) => {
            let failure = Failure {
                code: error.code().to_owned(),
                query_id: Some(RECEIPT_QUERY.to_owned()),
                message: error.to_string(),
            };
            Ok((Transaction::Failed(closed, failure), None))
        }
    }
}

/// Outer error: the receipt is wrong. Inner error: we could not countersign.
fn check(
    state: &AppState,
    stored: &Stored,
    request_jwt: &str,
    receipt: &str,
    verdict: &Verdict,
) -> Result<Result<NewConsent, Problem>, Box<dyn ErrorCode>> {
    let now = state.clock.now();
    let Some(service) = state.keys.service(&stored.row.service_id) else {
        return Ok(Err(super::record::unknown()));
    };
    let identity = &service.identity;
    // Its key binding was checked with the other presentations; what is kept is the receipt without it.
    let receipt =
        VerifiedReceipt::verify(receipt, KeyBindingCheck::NotRequired, now, &RingCrypto).map_err(boxed)?;
    let request = ConsentRequest::verify_archived(
        request_jwt,
        &identity.signer.public_key(),
        &state.profile,
        &RingCrypto,
    )
    .map_err(boxed)?;
    receipt.check_answers(&request).map_err(boxed)?;
    let said: BTreeSet<&str> = receipt
        .receipt()
        .evidence
        .credentials
        .iter()
        .map(|shared| shared.query_id.as_str())
        .collect();
    let shared: BTreeSet<&str> = verdict
        .credentials
        .iter()
        .map(|presentation| presentation.query_id.as_str())
        .filter(|id| *id != RECEIPT_QUERY)
        .collect();
    if said != shared {
        return Err(Box::new(OtherAnswer));
    }
    let countersignature = match Countersignature::sign(&receipt, &identity.chain, now, &identity.signer) {
        Ok(jwt) => jwt,
        Err(error) => return Ok(Err(refused(error))),
    };
    Ok(Ok(NewConsent {
        id: format!("con_{}", uuid::Uuid::now_v7().simple()),
        service_id: service.id.clone(),
        receipt: receipt.compact().to_owned(),
        receipt_sha256: *receipt.sha256().as_bytes(),
        consent_request: request_jwt.to_owned(),
        countersignature,
        webhook_url: stored.record.webhook_url.clone(),
        given_at: receipt.issued_at(),
        valid_until: Some(receipt.valid_until()),
    }))
}

/// The receipt names other credentials than were shared.
#[derive(Debug, thiserror::Error)]
#[error("the receipt does not list what was shared")]
struct OtherAnswer;

impl ErrorCode for OtherAnswer {
    fn code(&self) -> &'static str {
        "receipt-other-answer"
    }
}

fn receipt_of(verdict: &Verdict) -> Option<&str> {
    verdict.of(RECEIPT_QUERY).next()?.sd_jwt.as_deref()
}

fn boxed<E: ErrorCode + 'static>(error: E) -> Box<dyn ErrorCode> {
    Box::new(error)
}

fn refused<E: ErrorCode>(error: E) -> Problem {
    Problem::from_core(StatusCode::UNPROCESSABLE_ENTITY, &error)
}

//! `POST /vp/withdrawals`

use assent_core::consent::{VerifiedReceipt, Withdrawal, WithdrawalAcknowledgement};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::api::verifier::consents;
use crate::api::verifier::record::Stored;
use crate::crypto::RingCrypto;
use crate::error::{Problem, ProblemDetails};
use crate::http::body;
use crate::state::{AppState, Service};
use crate::store::{
    ConsentRow, ConsentStore as _, NewWebhook, NewWithdrawal, PresentationStore as _, Reduced, Rest,
    WithdrawalRow,
};

/// Tries to store a withdrawal while the consent changes under it.
const MAX_TRIES: usize = 8;

/// Takes a withdrawal, signed with the key of the receipt, and answers with the service's signed acknowledgement. It
/// may end everything or some of the purposes. It takes effect at once: what was released for them is deleted here in
/// the same transaction, and the service is told. The same withdrawal may be sent again; it is acknowledged again.
#[utoipa::path(post, path = "/vp/withdrawals", tag = "wallet",
    request_body(content = String, content_type = "application/jwt"),
    responses((status = 200, description = "Acknowledgement.", body = String, content_type = "application/jwt"),
              (status = 400, description = "Not acceptable; the code says why.", body = ProblemDetails),
              (status = 404, description = "`consent-unknown`.", body = ProblemDetails)))]
pub(super) async fn withdraw(
    State(state): State<AppState>,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    let bytes = body::read(request, &state).await?;
    let jwt = std::str::from_utf8(&bytes).map(str::trim).map_err(|_| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "withdrawal-malformed",
            "The body is not a JWT.",
        )
    })?;
    let named = Withdrawal::unverified_receipt_sha256(jwt).map_err(refused)?;
    for _ in 0..MAX_TRIES {
        let row = state
            .store
            .consent_by_receipt(named.as_bytes())
            .await?
            .ok_or_else(consents::unknown)?;
        if let Some(acknowledgement) = once(&state, jwt, &row).await? {
            return Ok(([(header::CONTENT_TYPE, "application/jwt")], acknowledgement));
        }
    }
    Err(Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "withdrawal-busy",
        "Something else happened to this consent at the same time. Send it again.",
    )
    .retry_after(2))
}

/// One try; `None` when the consent changed meanwhile.
async fn once(state: &AppState, jwt: &str, row: &ConsentRow) -> Result<Option<String>, Problem> {
    let now = state.clock.now();
    let receipt = consents::receipt_of(row)?;
    let withdrawal = Withdrawal::verify(jwt, &receipt, now, &RingCrypto).map_err(refused)?;
    let service = state
        .keys
        .service(&row.consent.service_id)
        .ok_or_else(consents::unknown)?;
    let earlier = state.store.withdrawals(&row.consent.id).await?;
    if let Some(same) = earlier.into_iter().find(|one| one.withdrawal == jwt) {
        return Ok(Some(same.acknowledgement));
    }
    let acknowledgement = WithdrawalAcknowledgement::accept(jwt, &withdrawal, &receipt, now)
        .sign(&service.identity.chain, &service.identity.signer)
        .map_err(refused)?;
    let purposes = withdrawal.purposes_of(&receipt);
    if row.state != "active" || purposes.iter().all(|id| row.withdrawn_purposes.contains(id)) {
        // Another withdrawal ended it before: there is nothing more to stop, and that is acknowledged.
        return Ok(Some(acknowledgement));
    }
    let rest = rest(state, service, row, &receipt, &purposes).await?;
    let over = matches!(rest, Rest::Nothing);
    let webhook = row.consent.webhook_url.clone().map(|url| NewWebhook {
        id: format!("evt_{}", uuid::Uuid::now_v7().simple()),
        service_id: service.id.clone(),
        url,
        body: serde_json::json!({
            "type": "consent.withdrawn",
            "consent_id": row.consent.id,
            "purposes": purposes,
            "consent_state": if over { "withdrawn" } else { "active" },
        })
        .to_string(),
    });
    let stored = state
        .store
        .withdraw_consent(
            &NewWithdrawal {
                consent: row,
                evidence: WithdrawalRow {
                    withdrawal: jwt.to_owned(),
                    acknowledgement: acknowledgement.clone(),
                },
                rest,
                webhook,
            },
            now,
        )
        .await?;
    if !stored {
        return Ok(None);
    }
    metrics::counter!("assent_withdrawals_total").increment(1);
    state.outbox.notify_one();
    Ok(Some(acknowledgement))
}

/// What stays when `purposes` end.
async fn rest(
    state: &AppState,
    service: &Service,
    row: &ConsentRow,
    receipt: &VerifiedReceipt,
    purposes: &[String],
) -> Result<Rest, Problem> {
    // In the order of the receipt, each once.
    let processing = receipt.receipt().record.processing.iter();
    let (withdrawn, left): (Vec<String>, Vec<String>) = processing
        .map(|entry| entry.processing_id.clone())
        .partition(|id| purposes.contains(id) || row.withdrawn_purposes.contains(id));
    if left.is_empty() {
        return Ok(Rest::Nothing);
    }
    let mut presentation = None;
    let found = state.store.presentation_by_consent(&row.consent.id).await?;
    // One that is over is swept away with everything in it.
    if let Some(found) = found.filter(|found| state.clock.now() < found.expires_at) {
        let mut stored = Stored::open(state, found)?;
        let gone = consents::queries_of(state, service, row, purposes)?;
        stored.record.transaction = stored.record.transaction.erase_queries(&gone);
        presentation = Some(Reduced {
            sealed: stored.record.seal(state, &stored.row.id)?,
            id: stored.row.id,
            revision: stored.row.revision,
        });
    }
    Ok(Rest::Purposes {
        withdrawn,
        presentation,
    })
}

fn refused<E: assent_core::error::ErrorCode>(error: E) -> Problem {
    Problem::from_core(StatusCode::BAD_REQUEST, &error)
}

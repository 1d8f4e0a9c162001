//! `POST /vp/withdrawals`

use assent_core::consent::{VerifiedReceipt, Withdrawal, WithdrawalAcknowledgement};
use assent_core::sd_jwt::KeyBindingCheck;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::crypto::RingCrypto;
use crate::error::{Problem, ProblemDetails};
use crate::http::body;
use crate::state::AppState;
use crate::store::{ConsentStore as _, NewWebhook};

/// Takes a withdrawal, signed with the key of the receipt, and answers with the service's signed acknowledgement.
/// It takes effect at once: what was released is deleted here in the same transaction, and the service is told.
/// The same withdrawal may be sent again; it is acknowledged again.
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
    let refused = |error| Problem::from_core(StatusCode::BAD_REQUEST, &error);
    let named = Withdrawal::unverified_receipt_sha256(jwt).map_err(refused)?;
    let row = state
        .store
        .consent_by_receipt(named.as_bytes())
        .await?
        .ok_or_else(|| {
            Problem::new(
                StatusCode::NOT_FOUND,
                "consent-unknown",
                "There is no such consent.",
            )
        })?;
    let now = state.clock.now();
    let receipt = VerifiedReceipt::verify(
        &row.consent.receipt,
        KeyBindingCheck::NotRequired,
        row.consent.given_at,
        &RingCrypto,
    )
    .map_err(|error| Problem::from_core(StatusCode::INTERNAL_SERVER_ERROR, &error))?;
    let withdrawal = Withdrawal::verify(jwt, &receipt, now, &RingCrypto).map_err(refused)?;
    let all = receipt.receipt().record.processing.len();
    if withdrawal.purposes_of(&receipt).len() < all {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "withdrawal-partial-not-supported",
            "This service can only stop everything at once.",
        ));
    }
    let service = state.keys.service(&row.consent.service_id).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "consent-unknown",
            "There is no such consent.",
        )
    })?;
    let acknowledgement = WithdrawalAcknowledgement::accept(jwt, &withdrawal, &receipt, now)
        .sign(&service.identity.chain, &service.identity.signer)
        .map_err(refused)?;
    let webhook = row.consent.webhook_url.clone().map(|url| NewWebhook {
        id: format!("evt_{}", uuid::Uuid::now_v7().simple()),
        service_id: service.id.clone(),
        url,
        body: serde_json::json!({ "type": "consent.withdrawn", "consent_id": row.consent.id }).to_string(),
    });
    let first = state
        .store
        .withdraw_consent(&row.consent.id, jwt, &acknowledgement, webhook.as_ref(), now)
        .await?;
    if first {
        metrics::counter!("assent_withdrawals_total").increment(1);
        state.outbox.notify_one();
    }
    Ok(([(header::CONTENT_TYPE, "application/jwt")], acknowledgement))
}

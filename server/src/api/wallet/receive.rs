//! `POST /vp/responses/{request_id}` (OpenID4VP 1.0 §8.2)

use assent_core::verifier::{Finished, PendingVerification, Received, VerificationContext};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value};

use crate::api::verifier::consent;
use crate::api::verifier::record::{self, Alongside, Stored, state_name};
use crate::crypto::RingCrypto;
use crate::error::{Problem, ProblemDetails};
use crate::state::AppState;
use crate::store::PresentationStore as _;

/// Takes a wallet's answer: `direct_post` or `direct_post.jwt`, presentations or an error. One answer wins.
#[utoipa::path(post, path = "/vp/responses/{request_id}", tag = "wallet",
    params(("request_id" = String, Path, description = "The wallet's id of the request.")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Taken. `redirect_uri`: where to send the person. `receipt_countersignature`: the service's signature over the receipt.", body = Object),
              (status = 400, description = "Not acceptable; the code says why.", body = ProblemDetails),
              (status = 404, description = "`presentation-unknown`.", body = ProblemDetails),
              (status = 409, description = "`presentation-busy`.", body = ProblemDetails)))]
pub(super) async fn receive(
    State(state): State<AppState>,
    Path(id): Path<String>,
    body: String,
) -> Result<Json<Value>, Problem> {
    let row = state
        .store
        .presentation_by_request(&id)
        .await?
        .ok_or_else(record::unknown)?;
    let mut stored = Stored::open(&state, row)?;
    let published = state.lookups.now();
    let context = VerificationContext {
        anchors: &state.keys.trust,
        crypto: &RingCrypto,
        published: Some(&published),
    };
    let transaction = stored.record.transaction.clone();
    let received = state
        .with_env(|env| transaction.receive_response(&body, &context, env))
        .map_err(|error| Problem::from_core(StatusCode::BAD_REQUEST, &error))?;
    let finished = match received {
        Received::Ended(finished) => *finished,
        Received::Pending(pending) => {
            // From here on no other answer is taken, even while status lists are on their way.
            stored.record.transaction = pending.transaction();
            stored.save(&state, Alongside::default()).await?;
            // A task of its own: a wallet that hangs up now must not leave the answer half checked for ever.
            let checking = tokio::spawn(check_status(state.clone(), stored, pending));
            return checking
                .await
                .map_err(|error| Problem::internal(&error))?
                .map(Json);
        }
    };
    settle(&state, stored, finished).await.map(Json)
}

/// The second half of an answer: status lists, then the outcome.
async fn check_status(
    state: AppState,
    stored: Stored,
    pending: Box<PendingVerification>,
) -> Result<Value, Problem> {
    let uris: Vec<String> = pending.status_lists().into_iter().map(str::to_owned).collect();
    let tokens = state
        .status_lists
        .fetch(&state.outbound, state.clock.now(), &uris)
        .await;
    let published = state.lookups.now();
    let context = VerificationContext {
        anchors: &state.keys.trust,
        crypto: &RingCrypto,
        published: Some(&published),
    };
    let finished = pending.finish(&tokens, &context, state.clock.now());
    drop(tokens);
    // The lists are decompressed now, so only now is it known how much memory they hold.
    state.status_lists.trim(state.clock.now());
    settle(&state, stored, finished).await
}

/// Stores the outcome with its consent and its webhook, all at once, and says what the wallet is told.
async fn settle(state: &AppState, mut stored: Stored, finished: Finished) -> Result<Value, Problem> {
    let (transaction, consent) = consent::from_answer(state, &stored, finished.transaction)?;
    stored.record.transaction = transaction;
    let webhook = stored.webhook(consent.as_ref().map(|consent| consent.id.as_str()));
    let countersignature = consent.as_ref().map(|consent| consent.countersignature.clone());
    stored.save(state, Alongside { consent, webhook }).await?;
    let name = state_name(stored.record.transaction.state());
    metrics::counter!("assent_presentations_total", "state" => name).increment(1);
    state.outbox.notify_one();
    let mut out = Map::new();
    if let Some(uri) = finished.redirect_uri {
        out.insert("redirect_uri".into(), uri.into());
    }
    if let Some(jwt) = countersignature {
        out.insert("receipt_countersignature".into(), jwt.into());
    }
    Ok(Value::Object(out))
}

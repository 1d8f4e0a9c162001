//! Delivers webhooks from the outbox: signed, retried with growing pauses, given up after three days.
//!
//! The signature follows the "Standard Webhooks" convention: HMAC-SHA-256 over `id.timestamp.body` with the
//! service's secret, in `webhook-signature: v1,<base64>`.

use std::time::Duration;

use assent_core::encoding::base64url;
use assent_core::env::Timestamp;
use secrecy::ExposeSecret as _;
use tokio::task::JoinSet;

use crate::crypto::hmac_sha256;
use crate::state::AppState;
use crate::store::{DueWebhook, NewWebhook, OutboxStore as _, StoreError};

/// How often the outbox is looked at when nothing wakes us.
const EVERY: Duration = Duration::from_secs(5);
/// How long a webhook is ours while we deliver it; longer than one delivery can take.
const LEASE_SECONDS: i64 = 30;
/// Deliveries that run at once.
const AT_ONCE: usize = 32;
/// Pauses between attempts, in seconds; the last one repeats.
const PAUSES: [i64; 6] = [5, 30, 300, 1800, 7200, 21_600];
/// Attempts until a webhook is given up: about three days.
const MAX_ATTEMPTS: i64 = 17;

pub(super) async fn run(state: &AppState) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            () = state.outbox.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
            Some(_) = running.join_next() => {}
        }
        if let Err(error) = start_due(state, &mut running).await {
            tracing::warn!(%error, "the outbox could not be read");
        }
    }
}

/// Starts what is due, beside what is still running: one service that does not answer must not keep the others
/// waiting for the news that a consent was withdrawn.
async fn start_due(state: &AppState, running: &mut JoinSet<()>) -> Result<(), StoreError> {
    while running.len() < AT_ONCE {
        let now = state.clock.now();
        let free = i64::try_from(AT_ONCE - running.len()).unwrap_or(1);
        let due = state
            .store
            .lease_webhooks(now, now.plus(LEASE_SECONDS), free)
            .await?;
        if due.is_empty() {
            break;
        }
        for webhook in due {
            let state = state.clone();
            running.spawn(async move {
                if let Err(error) = deliver(&state, webhook).await {
                    tracing::warn!(%error, "the outbox could not be written");
                }
            });
        }
    }
    let waiting = state.store.waiting_webhooks().await?;
    #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
    metrics::gauge!("assent_webhooks_waiting").set(waiting as f64);
    Ok(())
}

async fn deliver(state: &AppState, due: DueWebhook) -> Result<(), StoreError> {
    let DueWebhook { webhook, attempts } = due;
    let now = state.clock.now();
    let Some(headers) = sign(state, &webhook, now) else {
        tracing::warn!("a webhook has no secret to sign it with and was dropped");
        return state.store.remove_webhook(&webhook.id).await;
    };
    match state
        .outbound
        .post(&webhook.url, &headers, webhook.body.into_bytes())
        .await
    {
        Ok(()) => {
            metrics::counter!("assent_webhooks_delivered_total").increment(1);
            state.store.remove_webhook(&webhook.id).await
        }
        Err(error) if attempts >= MAX_ATTEMPTS => {
            tracing::error!(%error, "a webhook was given up");
            metrics::counter!("assent_webhooks_given_up_total").increment(1);
            state.store.remove_webhook(&webhook.id).await
        }
        Err(error) => {
            let last = PAUSES.len() - 1;
            let step = usize::try_from(attempts - 1).unwrap_or(0).min(last);
            tracing::info!(%error, attempts, "a webhook will be tried again");
            state
                .store
                .retry_webhook(
                    &webhook.id,
                    now.plus(PAUSES.get(step).copied().unwrap_or(LEASE_SECONDS)),
                )
                .await
        }
    }
}

fn sign(state: &AppState, webhook: &NewWebhook, now: Timestamp) -> Option<[(&'static str, String); 3]> {
    let secret = state.keys.service(&webhook.service_id)?.webhook_secret.as_ref()?;
    let signed = format!("{}.{}.{}", webhook.id, now.0, webhook.body);
    let tag = hmac_sha256(secret.expose_secret().as_bytes(), signed.as_bytes());
    Some([
        ("webhook-id", webhook.id.clone()),
        ("webhook-timestamp", now.0.to_string()),
        (
            "webhook-signature",
            format!("v1,{}", base64url::encode_standard(&tag)),
        ),
    ])
}

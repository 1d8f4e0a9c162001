//! Delivers webhooks from the outbox: signed, retried with growing pauses, given up after three days. Each service has
//! a share of the deliveries that run at once, so one that does not answer delays nobody else's.
//!
//! The signature follows the "Standard Webhooks" convention: HMAC-SHA-256 over `id.timestamp.body` with the
//! service's secret, in `webhook-signature: v1,<base64>`.

use std::collections::HashMap;
use std::time::Duration;

use assent_core::encoding::base64url;
use assent_core::env::Timestamp;
use secrecy::ExposeSecret as _;
use tokio::task::JoinSet;

use crate::crypto::hmac_sha256;
use crate::error::Chain;
use crate::state::AppState;
use crate::store::{DueWebhook, NewWebhook, OutboxStore as _, StoreError};

/// How often the outbox is looked at when nothing wakes us.
const EVERY: Duration = Duration::from_secs(5);
/// How long a webhook is ours while we deliver it; longer than one delivery can take.
const LEASE_SECONDS: i64 = 30;
/// Deliveries that run at once in this process.
const AT_ONCE: usize = 64;
/// Deliveries to one service that run at once in this process.
const AT_ONCE_PER_SERVICE: usize = 4;
/// Pauses between attempts, in seconds; the last one repeats.
const PAUSES: [i64; 6] = [5, 30, 300, 1800, 7200, 21_600];
/// Attempts until a webhook is given up: about three days.
const MAX_ATTEMPTS: i64 = 17;

/// Deliveries on their way.
#[derive(Debug, Default)]
struct Running {
    /// Each gives back its service when it ends.
    tasks: JoinSet<String>,
    by_service: HashMap<String, usize>,
}

impl Running {
    fn of(&self, service_id: &str) -> usize {
        self.by_service.get(service_id).copied().unwrap_or(0)
    }

    fn start(&mut self, state: &AppState, webhook: DueWebhook) {
        let service_id = webhook.webhook.service_id.clone();
        *self.by_service.entry(service_id.clone()).or_default() += 1;
        let state = state.clone();
        self.tasks.spawn(async move {
            // A task of its own, so that the share comes back also from a delivery that broke off.
            let delivery = tokio::spawn(async move { deliver(&state, webhook).await });
            match delivery.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(error = %Chain(&error), "the outbox could not be written"),
                Err(error) => tracing::error!(%error, "a delivery broke off"),
            }
            service_id
        });
    }

    /// Waits until one ends; for ever when none runs.
    async fn ended(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(service_id)) => {
                if let Some(count) = self.by_service.get_mut(&service_id) {
                    *count -= 1;
                    if *count == 0 {
                        self.by_service.remove(&service_id);
                    }
                }
            }
            Some(Err(error)) => tracing::error!(%error, "a delivery broke off"),
            None => std::future::pending().await,
        }
    }
}

pub(super) async fn run(state: &AppState) {
    let mut running = Running::default();
    loop {
        tokio::select! {
            () = state.outbox.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
            () = running.ended() => {}
        }
        if let Err(error) = start_due(state, &mut running).await {
            tracing::warn!(error = %Chain(&error), "the outbox could not be read");
        }
    }
}

/// Starts what is due, beside what is still running. Who has least on its way comes first, then who waits longest.
async fn start_due(state: &AppState, running: &mut Running) -> Result<(), StoreError> {
    let now = state.clock.now();
    let mut services = state.store.services_with_webhooks(now).await?;
    // Stable: equals stay in the order of waiting.
    services.sort_by_key(|id| running.of(id));
    for service_id in services {
        let share = AT_ONCE_PER_SERVICE.saturating_sub(running.of(&service_id));
        let free = AT_ONCE.saturating_sub(running.tasks.len()).min(share);
        if free == 0 {
            continue;
        }
        let limit = i64::try_from(free).unwrap_or(1);
        let due = state
            .store
            .lease_webhooks(&service_id, now, now.plus(LEASE_SECONDS), limit)
            .await?;
        for webhook in due {
            running.start(state, webhook);
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

//! What runs beside requests: expiry of kept data and of idle rate-limit keys.

use std::time::Duration;

use crate::state::AppState;
use crate::store::IdempotencyStore as _;

/// How often expired rows are deleted.
const SWEEP: Duration = Duration::from_secs(60);

/// Runs until the server stops.
pub async fn run(state: AppState) {
    let mut sweep = tokio::time::interval(SWEEP);
    loop {
        sweep.tick().await;
        let now = state.clock.now();
        if let Err(error) = state.store.sweep_idempotent(now).await {
            tracing::warn!(%error, "expired idempotency keys could not be deleted");
        }
        state.service_rate.forget_idle();
        state.vault_rate.forget_idle();
    }
}

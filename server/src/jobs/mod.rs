//! What runs beside requests: delivery of webhooks, and deletion of what has expired.

mod sweep;
mod webhooks;

use crate::state::AppState;

/// Runs until the server stops.
pub async fn run(state: AppState) {
    tokio::join!(sweep::run(&state), webhooks::run(&state));
}

//! Collects published types and keys again and again.

use std::time::Duration;

use crate::lookups::{self, Fetched};
use crate::state::AppState;

/// How often, and how soon after something could not be had.
const EVERY: Duration = Duration::from_secs(3600);
const AGAIN: Duration = Duration::from_secs(60);

pub(super) async fn run(state: &AppState) {
    let lookups = &state.config.lookups;
    if lookups.types.is_empty() && lookups.issuers.is_empty() {
        return;
    }
    let mut fetched = Fetched::default();
    loop {
        let complete = lookups::refresh(state, &mut fetched).await;
        tokio::time::sleep(if complete { EVERY } else { AGAIN }).await;
    }
}

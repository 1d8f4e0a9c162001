//! Passes on what other processes announce about vaults.

use std::time::Duration;

use crate::state::AppState;
use crate::store::StoreError;

/// Pause before listening again after the database was lost.
const PAUSE: Duration = Duration::from_secs(2);

pub(super) async fn run(state: &AppState) {
    loop {
        match listen(state).await {
            // SQLite: this process is the only one, and hears itself.
            Ok(()) => return std::future::pending().await,
            Err(error) => tracing::warn!(%error, "news of other processes cannot be heard"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen(state: &AppState) -> Result<(), StoreError> {
    let Some(mut announcements) = state.store.announcements().await? else {
        return Ok(());
    };
    // Some may have gone by before this moment.
    state.listeners.tell_all_to_look();
    state.pairings.tell_all_to_look();
    loop {
        let Some((name, version)) = announcements.next().await? else {
            state.listeners.tell_all_to_look();
            state.pairings.tell_all_to_look();
            continue;
        };
        let listeners = if name.starts_with("pairing/") {
            &state.pairings
        } else {
            &state.listeners
        };
        match version {
            0 => listeners.tell_gone(&name),
            version => listeners.tell(&name, version),
        }
    }
}

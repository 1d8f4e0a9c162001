//! What runs beside requests: delivery of webhooks, deletion of what has expired, lookups.

mod blobs;
mod lookups;
mod news;
mod sweep;
mod webhooks;

use crate::state::AppState;

/// Deletes and erases what is over, as happens every minute. For those who do not want to wait.
///
/// # Errors
/// The code of what went wrong.
pub async fn sweep_now(state: &AppState) -> Result<(), &'static str> {
    use assent_core::error::ErrorCode as _;
    sweep::once(state).await.map_err(|error| error.code())?;
    blobs::sweep(state).await.map_err(|error| error.code())
}

/// Runs until the server stops.
pub async fn run(state: AppState) {
    tokio::join!(
        sweep::run(&state),
        news::run(&state),
        lookups::run(&state),
        webhooks::run(&state)
    );
}

//! Deletes what has expired.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::api::verifier::erase_what_was_read;
use crate::erasure::ErasureError;
use crate::error::Chain;
use crate::state::AppState;
use crate::store::{
    EmergencyStore as _, IdempotencyStore as _, IssuanceStore as _, OperatorStore as _, PairingStore as _,
    PresentationStore as _, SignInStore as _, StatusListStore as _, StoreError,
};

/// How often.
const EVERY: Duration = Duration::from_secs(60);

pub(super) async fn run(state: &AppState) {
    let mut timer = tokio::time::interval(EVERY);
    loop {
        timer.tick().await;
        if let Err(error) = once(state).await {
            tracing::warn!(error = %Chain(&error), "expired data could not be deleted");
        }
        if let Err(error) = erase(state).await {
            tracing::warn!(%error, "keys of what was erased could not be destroyed");
        }
        if let Err(error) = super::blobs::sweep(state).await {
            tracing::warn!(%error, "blobs that nobody needs could not be deleted");
        }
        for limit in [
            &state.address_rate,
            &state.service_rate,
            &state.vault_rate,
            &state.pairing_rate,
            &state.attestation_rate,
        ] {
            limit.forget_idle();
        }
        state.unlocks.forget_idle(state.clock.now());
        state.new_vaults.forget_idle();
    }
}

pub(super) async fn once(state: &AppState) -> Result<(), StoreError> {
    let now = state.clock.now();
    state.store.sweep_idempotent(now).await?;
    state.store.sweep_issuances(now).await?;
    state.store.sweep_operator_secrets(now).await?;
    state.store.sweep_sign_ins(now).await?;
    if state.store.sweep_emergencies(now).await? > 0 {
        state.erased.store(true, Ordering::Relaxed);
    }
    state.store.sweep_status_lists(now).await?;
    state.store.sweep_pairings(now).await?;
    if state.store.sweep_presentations(now).await? > 0 {
        state.erased.store(true, Ordering::Relaxed);
    }
    if let Err(problem) = erase_what_was_read(state).await {
        tracing::warn!(code = problem.code(), "released details could not be erased");
    }
    // Released details were in those rows; the write-ahead log must not keep them.
    if state.erased.swap(false, Ordering::Relaxed) {
        let emptied = state.store.checkpoint().await;
        if emptied.is_err() {
            state.erased.store(true, Ordering::Relaxed);
        }
        emptied?;
    }
    Ok(())
}

/// Destroys keys of what was erased, and rolls the key store's epoch once a day.
async fn erase(state: &AppState) -> Result<(), ErasureError> {
    let now = state.clock.now();
    while state.rest_keys.destroy_dead(&state.store, now).await? > 0 {}
    state.rest_keys.roll(&state.store, now).await
}

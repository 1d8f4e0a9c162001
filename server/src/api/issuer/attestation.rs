//! What the issuer makes of attestations: their status.

use assent_core::env::Timestamp;
use assent_core::issuer::AttestationStatus;
use assent_core::trust::{Role, verify_status_list_of};

use crate::crypto::RingCrypto;
use crate::state::AppState;

/// Those of `statuses` that say "valid" now. A list that cannot be had says nothing, and what it should vouch for is
/// refused. Only lists named by attestations of trusted wallet providers get here.
pub(super) async fn good_statuses(
    state: &AppState,
    statuses: &[AttestationStatus],
    now: Timestamp,
) -> Vec<AttestationStatus> {
    if statuses.is_empty() {
        return Vec::new();
    }
    let mut uris: Vec<String> = statuses
        .iter()
        .map(|status| status.reference.uri.clone())
        .collect();
    uris.sort();
    uris.dedup();
    let lists = state.status_lists.fetch(&state.outbound, now, &uris).await;
    let good = |status: &&AttestationStatus| {
        let Some(token) = lists.get(&status.reference.uri) else {
            return false;
        };
        verify_status_list_of(
            token,
            Role::WalletProvider,
            &status.anchor_sha256,
            &state.keys.trust,
            now,
            &RingCrypto,
        )
        .and_then(|list| Ok(list.status(&status.reference, now)?))
        .is_ok_and(|status| status.is_valid())
    };
    statuses.iter().filter(good).cloned().collect()
}

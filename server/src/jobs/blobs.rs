//! Throws away blobs that no record needs, and what stays behind of them in the store outside.

use crate::blobs::BlobError;
use crate::state::AppState;
use crate::store::BlobStore as _;

/// Objects deleted in one round.
const ROUND: i64 = 100;
/// Seconds after which an object is deleted a second time, longer than any request takes: a part that was on its way when
/// its blob was deleted is written afterwards, and the process may end before it takes that part away itself.
const AGAIN: i64 = 3600;

pub(super) async fn sweep(state: &AppState) -> Result<(), BlobError> {
    let grace = state.config.vault.blobs.grace_hours.saturating_mul(3600);
    let before = state.clock.now().plus(-grace);
    if state.store.sweep_blobs(before, ROUND).await? > 0 {
        state.store.checkpoint().await?;
    }
    let now = state.clock.now();
    for garbage in state.store.blob_garbage(now.plus(-AGAIN), ROUND).await? {
        // First the object, then the note of it: what is interrupted here is done again.
        state.blobs.delete(&garbage).await?;
        if garbage.deleted {
            state.store.forget_garbage(&garbage.object).await?;
        } else {
            state.store.note_deleted(&garbage.object, now).await?;
        }
    }
    Ok(())
}

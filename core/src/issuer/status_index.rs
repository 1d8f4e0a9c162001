//! Drawing status list indexes.

use crate::env::{Env, RandomUnavailable};

/// A random index below `size`, every one equally likely. `None` for an empty list.
///
/// Indexes must not tell the order of issuance (Token Status List §13.2), so they are drawn, not counted. The caller
/// marks the index as taken in its storage and draws again when it was taken already.
///
/// # Errors
/// [`RandomUnavailable`].
pub fn draw_index(size: u64, env: &mut Env<'_>) -> Result<Option<u64>, RandomUnavailable> {
    if size == 0 {
        return Ok(None);
    }
    // The largest multiple of `size`: numbers from there on would favour small indexes.
    let limit = u64::MAX - u64::MAX % size;
    loop {
        let number = u64::from_be_bytes(env.random::<8>()?);
        if number < limit {
            return Ok(Some(number % size));
        }
    }
}

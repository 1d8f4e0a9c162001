//! Secrets that count for a while, kept as hashes: remembered once, so many at most.

use super::{Arg, Database, StoreError};

/// What became of a secret that was to be remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remembered {
    /// It is there now.
    Added,
    /// It was there before.
    There,
    /// There are too many already.
    Full,
}

/// A statement with its values.
pub(super) type Statement = (&'static str, Vec<Arg>);

/// Runs `insert`, which changes nothing when its row is there, unless `count` says that `most` rows are `live`. The bound
/// is against flooding; two that come at once may pass it by one.
pub(super) async fn remember(
    database: &Database,
    count: Statement,
    most: i64,
    insert: Statement,
) -> Result<Remembered, StoreError> {
    let mut tx = database.begin().await?;
    let counted = tx.fetch_optional(count.0, count.1).await?;
    if counted.map_or(Ok(0), |row| row.int("live"))? >= most {
        tx.rollback().await?;
        return Ok(Remembered::Full);
    }
    let added = tx.execute(insert.0, insert.1).await?;
    tx.commit().await?;
    Ok(if added > 0 {
        Remembered::Added
    } else {
        Remembered::There
    })
}

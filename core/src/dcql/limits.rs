//! How large a query may be, and how much work it may cause.

/// Most credential queries in one request.
pub const MAX_CREDENTIALS: usize = 16;
/// Most claims in one credential query.
pub const MAX_CLAIMS: usize = 64;
/// Most credential sets in one request, and most claim sets in one credential query.
pub const MAX_SETS: usize = 8;
/// Most options in one credential set.
pub const MAX_OPTIONS: usize = 16;
/// Most entries in `values`, `vct_values`, `type_values` and `trusted_authorities`.
pub const MAX_VALUES: usize = 64;
/// Longest string in a query, in bytes: ids, types, path elements, values.
pub const MAX_TEXT: usize = 1024;
/// Most presentations for one credential query with `multiple`.
pub const MAX_PRESENTATIONS: usize = 16;
/// Most steps of matching (claims visited, values compared) in one evaluation. The longest path is
/// [`crate::claims::MAX_PATH`].
pub const MAX_WORK: usize = 50_000;

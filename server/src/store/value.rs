//! Arguments and rows that look the same whichever database they go to or come from.

use sqlx::{Column as _, Row as _};

use super::StoreError;

/// A bound argument.
#[derive(Clone)]
pub enum Arg {
    /// A 64-bit integer, possibly NULL.
    Int(Option<i64>),
    /// Text, possibly NULL.
    Text(Option<String>),
    /// Bytes, possibly NULL.
    Blob(Option<Vec<u8>>),
}

// Arguments carry sealed data and hashes of tokens: not for logs.
impl std::fmt::Debug for Arg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Int(_) => "Int(..)",
            Self::Text(_) => "Text(..)",
            Self::Blob(_) => "Blob(..)",
        })
    }
}

impl From<i64> for Arg {
    fn from(v: i64) -> Self {
        Self::Int(Some(v))
    }
}

impl From<Option<i64>> for Arg {
    fn from(v: Option<i64>) -> Self {
        Self::Int(v)
    }
}

impl From<&str> for Arg {
    fn from(v: &str) -> Self {
        Self::Text(Some(v.to_owned()))
    }
}

impl From<Option<&str>> for Arg {
    fn from(v: Option<&str>) -> Self {
        Self::Text(v.map(str::to_owned))
    }
}

impl From<&[u8]> for Arg {
    fn from(v: &[u8]) -> Self {
        Self::Blob(Some(v.to_vec()))
    }
}

impl From<&[u8; 32]> for Arg {
    fn from(v: &[u8; 32]) -> Self {
        Self::Blob(Some(v.to_vec()))
    }
}

impl From<Option<&[u8]>> for Arg {
    fn from(v: Option<&[u8]>) -> Self {
        Self::Blob(v.map(<[u8]>::to_vec))
    }
}

/// The arguments of a statement, in order: `args![id, 7, &blob]`.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::Arg::from($value)),*] };
}
pub(super) use args;

/// A row that was read.
pub enum Row {
    /// From SQLite.
    Sqlite(sqlx::sqlite::SqliteRow),
    /// From PostgreSQL.
    Postgres(sqlx::postgres::PgRow),
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns: Vec<&str> = match self {
            Self::Sqlite(row) => row.columns().iter().map(|c| c.name()).collect(),
            Self::Postgres(row) => row.columns().iter().map(|c| c.name()).collect(),
        };
        f.debug_tuple("Row").field(&columns).finish()
    }
}

/// One getter for both row types.
macro_rules! getter {
    ($(#[$doc:meta])* $name:ident -> $type:ty) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// [`StoreError::Database`] when the column is missing or of another type.
        pub fn $name(&self, column: &str) -> Result<$type, StoreError> {
            Ok(match self {
                Self::Sqlite(row) => row.try_get(column)?,
                Self::Postgres(row) => row.try_get(column)?,
            })
        }
    };
}

impl Row {
    getter!(
        /// A whole number.
        int -> i64
    );
    getter!(
        /// A whole number or NULL.
        maybe_int -> Option<i64>
    );
    getter!(
        /// Text.
        text -> String
    );
    getter!(
        /// Text or NULL.
        maybe_text -> Option<String>
    );
    getter!(
        /// Bytes.
        blob -> Vec<u8>
    );
    getter!(
        /// Bytes or NULL.
        maybe_blob -> Option<Vec<u8>>
    );
}

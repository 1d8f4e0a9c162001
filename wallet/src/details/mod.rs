//! The citizen's own details: typed attributes beside the cards, each a record that remembers (`vault::Versions`).
//!
//! What kinds there are is one table ([`catalogue`]), documented in `specs/formats/details.md`; a test holds both together.

mod catalogue;
mod check;
mod codes;
mod detail;
mod names;
mod number;

pub(crate) use catalogue::of_path;
pub use catalogue::{Check, DetailKind, KINDS, OwnName, Part, kind};
pub use check::problem_text;
pub(crate) use check::{DetailError, checked};
pub(crate) use detail::{Detail, Origin, RECORD};
pub use names::kind_name;

/// Days a deleted detail can be brought back.
pub const KEPT_DAYS: i64 = 30;
/// Most details at a time, deleted ones counted.
pub const MOST: usize = 1000;

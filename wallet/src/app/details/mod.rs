//! The commands around the person's own details: one list with those on cards, changes with versions, and who has what.

mod change;
mod holders;
mod read;

pub(super) use change::{Save, change, save};
pub(super) use read::{list, one};

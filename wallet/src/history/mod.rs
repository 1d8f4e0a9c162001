//! The transaction log: what was asked, what was shared, how it ended. Paths of details, never their values
//! (ARF DASH_03a). Only the person deletes entries. The export has the shape of EU TS10 1.2.

mod entry;
mod export;

pub(crate) use entry::{DetailRef, Entry, EntryKind};
pub(crate) use export::ts10;

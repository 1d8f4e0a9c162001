//! The cards: each is a batch of copies of one credential, every copy bound to a key of its own and used once.
//!
//! Copies differ in key, salts and status index, so two services cannot tell that they saw the same card. That
//! holds only as long as no copy is shown twice: [`burn`] marks a copy used in the same commit that precedes
//! sending, and the last copy is shown again only after the person said so.

mod card;
mod copies;
mod merge;
mod status;

pub(crate) use card::{Card, CardStatus, CopyState};
pub(crate) use copies::{BurntCopy, CopyRecord, burn, forget, held, held_card};
pub(crate) use merge::{Renewal, add, same_kind, says_the_same};
pub(crate) use status::{read_status, status_lists, status_request};

//! Active sharing, and the right to stop it.
//!
//! Stopping takes effect here the moment it is recorded. The service is told afterwards, as often as needed; what
//! the screen says is only what is known: queued, confirmed by signature, or disputed.

mod sharing;
mod stop;

pub(crate) use sharing::{SharedPurpose, Sharing};
pub(crate) use stop::{Confirmation, read_confirmation, sign_withdrawal, withdrawal_request};

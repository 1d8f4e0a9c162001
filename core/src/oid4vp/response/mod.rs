//! Authorization responses: built by a wallet, read by a verifier, and what the verifier says back.

mod build;
mod read;
mod reply;

pub use build::{ReplyTo, ResponseError, VpToken};
pub use read::{AuthorizationResponse, Expected, ReadError, read};
pub use reply::{ReplyError, ResponseReply};

/// Largest response body accepted, in bytes.
pub const MAX_RESPONSE: usize = 1 << 20;

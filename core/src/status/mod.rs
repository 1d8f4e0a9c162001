//! Token Status List (draft-ietf-oauth-status-list): a compressed bit array that tells whether credentials are
//! still good.
//!
//! [`StatusList`] is the array. An issuer signs it with [`StatusListClaims::sign_jwt`] or
//! [`StatusListClaims::sign_cwt`]; a reader parses an [`UnverifiedStatusListToken`], verifies it to a
//! [`VerifiedStatusList`] and asks that for one [`StatusReference`]. Every failure means "no statement", and a
//! caller must then refuse (§8.3): there is no way to get [`Status::Valid`] out of an error.

mod bits;
mod cwt;
mod error;
mod inflate;
mod issue;
mod reference;
mod token;

pub use bits::{Status, StatusBits, StatusList};
pub use error::StatusError;
pub use inflate::MAX_LIST_BYTES;
pub use issue::StatusListClaims;
pub use reference::StatusReference;
pub use token::{STATUS_LIST_JWT_TYPE, UnverifiedStatusListToken, VerifiedStatusList};

#[cfg(test)]
mod tests;

//! OpenID for Verifiable Presentations 1.0: requests and responses, both sides.
//!
//! The wallet's way: [`AuthorizationRequestLink::parse`] reads what a QR code or a link says;
//! [`AuthorizationRequestLink::fetch`] gets the Request Object; [`UnverifiedRequest::check`] turns it into a
//! [`CheckedRequest`], whose signature, client identifier and parameters were checked. Only from that can a
//! response be built. The verifier's way: [`AuthorizationRequest`] is signed with a [`RequestSigner`], and
//! [`response::read`] reads the answer; [`crate::verifier`] drives both.
//!
//! Specification: OpenID4VP 1.0 (final, July 2025) with the errata on redirects, and HAIP 1.0 §5.

mod client_id;
pub mod did;
mod error_code;

pub use client_id::{ClientId, ClientIdError, ClientIdPrefix};
pub use error_code::{AuthorizationError, AuthorizationErrorCode};

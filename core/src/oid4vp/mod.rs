//! OpenID for Verifiable Presentations 1.0: requests and responses, both sides.
//!
//! The wallet's way: [`AuthorizationRequestLink::parse`] reads what a QR code or a link says;
//! [`AuthorizationRequestLink::fetch`] gets the Request Object; [`UnverifiedRequest::check`] turns it into a
//! [`CheckedRequest`], whose signature, client identifier and parameters were checked. Only from its
//! [`ReplyTo`] can a response be built. The verifier's way: an [`AuthorizationRequest`] is signed with a
//! [`RequestSigner`], and [`response::read`] reads the answer; [`crate::verifier`] drives both.
//!
//! Specification: OpenID4VP 1.0 (final, July 2025) with the errata on redirects, and HAIP 1.0 §5. `transaction_data`: the
//! wallet refuses every type; the verifier sends it only to a wallet that announces the type. Not supported, on purpose:
//! the Digital Credentials API, Presentation Exchange.

mod client_id;
pub mod did;
mod error_code;
mod link;
mod metadata;
pub mod request;
pub mod response;
mod verifier_info;

pub use client_id::{ClientId, ClientIdError, ClientIdPrefix};
pub use error_code::{AuthorizationError, AuthorizationErrorCode};
pub use link::{
    AuthorizationRequestLink, MAX_LINK, MAX_REQUEST_OBJECT, REQUEST_OBJECT_MEDIA_TYPE, RequestSource,
    RequestUriMethod,
};
pub use metadata::{BadClientMetadata, ClientMetadata, ResponseEncryption, client_metadata, wallet_metadata};
pub use request::{
    AuthorizationRequest, CheckedRequest, RequestCheck, RequestError, RequestRejection, RequestSigner,
    RequestUriPost, Requester, ResponseMode, UnverifiedRequest,
};
pub use response::{AuthorizationResponse, ReplyTo, ResponseReply, VpToken};
pub use verifier_info::VerifierInfo;

use crate::profile::Profile;

/// HAIP 1.0 §5 wants certificates; the plain profile allows every prefix we know.
fn is_allowed(prefix: ClientIdPrefix, profile: &Profile) -> bool {
    !profile.haip || matches!(prefix, ClientIdPrefix::X509Hash | ClientIdPrefix::X509SanDns)
}

/// Largest answer of a response endpoint, in bytes: a redirect address and a countersigned receipt.
fn reply_limit() -> usize {
    256 << 10
}

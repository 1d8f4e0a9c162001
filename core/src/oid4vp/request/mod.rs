//! Authorization requests: written and signed by a verifier, checked by a wallet.

use crate::encoding::record::{FromJson, ToJson};

mod authenticate;
mod build;
mod check;
mod error;
mod parameters;
mod post;
mod unverified;

pub use build::{AuthorizationRequest, RequestSigner, SELF_ISSUED_AUDIENCE};
pub use check::{CheckedRequest, RequestRejection, Requester};
pub use error::RequestError;
pub use post::{BadRequestUriPost, RequestUriPost};
pub use unverified::{RequestCheck, UnverifiedRequest};

/// `typ` of a Request Object (OpenID4VP 1.0 §5).
pub const REQUEST_OBJECT_TYPE: &str = "oauth-authz-req+jwt";

/// How the response comes back (OpenID4VP 1.0 §8.2, §8.3.1). The modes of same-page redirects and of the Digital
/// Credentials API are not supported.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, ToJson, FromJson,
)]
pub enum ResponseMode {
    /// A form posted to `response_uri`, in the clear (inside TLS).
    #[serde(rename = "direct_post")]
    DirectPost,
    /// The same, encrypted to a key of this request. The only one HAIP 1.0 allows.
    #[default]
    #[serde(rename = "direct_post.jwt")]
    DirectPostJwt,
}

impl ResponseMode {
    /// The value of the parameter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DirectPost => "direct_post",
            Self::DirectPostJwt => "direct_post.jwt",
        }
    }

    /// Reads the value of the parameter.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "direct_post" => Some(Self::DirectPost),
            "direct_post.jwt" => Some(Self::DirectPostJwt),
            _ => None,
        }
    }
}

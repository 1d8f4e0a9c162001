//! What a wallet posts to `request_uri` (OpenID4VP 1.0 §5.10), as the verifier reads it.

use std::fmt;

use crate::encoding::form;
use crate::encoding::json::{self, Limits, Object};

/// Longest body accepted, in bytes.
const MAX_BODY: usize = 64 << 10;
/// Longest `wallet_nonce` accepted, in bytes.
const MAX_NONCE: usize = 256;

/// The body of a POST to `request_uri`. Both members are optional: some wallets send neither.
#[derive(Clone, Default, PartialEq)]
pub struct RequestUriPost {
    /// To be copied into the Request Object.
    pub wallet_nonce: Option<String>,
    /// What the wallet supports, when it says so in the form the standard gives.
    pub wallet_metadata: Option<Object>,
}

/// The body is not a form, or a member is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body of the request for the request object is malformed")]
pub struct BadRequestUriPost;

impl RequestUriPost {
    /// Reads a form body. Unknown members are ignored (§5.10), among them the members of the wallet metadata that
    /// some wallets send one by one.
    ///
    /// # Errors
    /// [`BadRequestUriPost`].
    pub fn parse(body: &str) -> Result<Self, BadRequestUriPost> {
        if body.len() > MAX_BODY {
            return Err(BadRequestUriPost);
        }
        let pairs = form::decode(body).ok_or(BadRequestUriPost)?;
        let wallet_nonce = match form::get(&pairs, "wallet_nonce") {
            None => None,
            Some(nonce) if super::parameters::is_url_safe(nonce) && nonce.len() <= MAX_NONCE => {
                Some(nonce.to_owned())
            }
            Some(_) => return Err(BadRequestUriPost),
        };
        let wallet_metadata = form::get(&pairs, "wallet_metadata")
            .map(|text| json::parse_object(text.as_bytes(), Limits::MESSAGE))
            .transpose()
            .map_err(|_| BadRequestUriPost)?;
        Ok(Self {
            wallet_nonce,
            wallet_metadata,
        })
    }
}

impl fmt::Debug for RequestUriPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestUriPost").finish_non_exhaustive()
    }
}

//! What the response endpoint says back to the wallet (OpenID4VP 1.0 §8.2).

use serde_json::Value;

use crate::encoding::json::{self, Limits, Object};
use crate::encoding::record::ToJson as _;
use crate::error::{Blame, ErrorCode};
use crate::http::HttpResponse;
use crate::oid4vp::reply_limit;
use crate::profile::{Endpoint, Profile};

/// The body of the answer to a posted response.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResponseReply {
    /// Where the wallet must send the person next.
    pub redirect_uri: Option<Endpoint>,
    /// Every other member: ignored by the standard, used by extensions.
    pub more: Object,
}

/// The answer to a posted response is not usable. The response may have arrived all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Not a 2xx status.
    #[error("the service did not take the response (status {0})")]
    Status(u16),
    /// Not a JSON object, or with a `redirect_uri` that is not an acceptable address.
    #[error("the service answered in a way that cannot be read")]
    Malformed,
}

impl ErrorCode for ReplyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Status(_) => "reply-status",
            Self::Malformed => "reply-malformed",
        }
    }

    fn blame(&self) -> Blame {
        Blame::Peer
    }
}

impl ResponseReply {
    /// Reads the answer.
    ///
    /// # Errors
    /// [`ReplyError`].
    pub fn parse(response: &HttpResponse, profile: &Profile) -> Result<Self, ReplyError> {
        // Redirects are not followed (errata §14.8), so a 3xx is a failure like any other.
        if !response.is_success() {
            return Err(ReplyError::Status(response.status));
        }
        let limits = Limits {
            bytes: reply_limit(),
            depth: 16,
        };
        let mut more =
            json::parse_object(response.body.as_bytes(), limits).map_err(|_| ReplyError::Malformed)?;
        let redirect_uri = match more.remove("redirect_uri") {
            None => None,
            Some(Value::String(uri)) => {
                Some(Endpoint::parse(&uri, profile).map_err(|_| ReplyError::Malformed)?)
            }
            Some(_) => return Err(ReplyError::Malformed),
        };
        Ok(Self { redirect_uri, more })
    }

    /// The JSON body.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = self.more.clone();
        if let Some(uri) = &self.redirect_uri {
            uri.as_str().put_json(&mut out, "redirect_uri");
        }
        Value::Object(out)
    }
}

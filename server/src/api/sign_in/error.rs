//! What goes wrong when a citizen signs in to find a vault.

use assent_core::error::{Audience, Blame, ErrorCode};
use axum::http::StatusCode;

use crate::error::RouteError;
use crate::login::LoginError;

/// Why a sign-in was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SignInError {
    /// No login provider or no link of this id.
    #[error("there is no such way to sign in here")]
    Unknown,
    /// No cookie, another `state`, a code that was used, too late, or begun by another wallet. Always the same answer.
    #[error("this sign-in is over or was begun elsewhere; start again")]
    Over,
    /// The provider said no, or what it says about who signed in is not acceptable.
    #[error("signing in was refused")]
    Refused,
    /// The login provider cannot be reached or its answers cannot be read.
    #[error("the login provider does not answer as it should")]
    ProviderUnavailable,
    /// Too many at once.
    #[error("too many people sign in at the moment")]
    Busy,
    /// The vault has as many links as it may.
    #[error("this vault has as many ways to sign in as it may; remove one first")]
    Full,
}

impl From<LoginError> for SignInError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Refused => Self::Refused,
            LoginError::Unavailable => Self::ProviderUnavailable,
        }
    }
}

impl ErrorCode for SignInError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "sign-in-unknown",
            Self::Over => "sign-in-over",
            Self::Refused => "sign-in-refused",
            Self::ProviderUnavailable => "sign-in-provider-unavailable",
            Self::Busy => "sign-in-busy",
            Self::Full => "sign-in-full",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::ProviderUnavailable | Self::Busy => Blame::Network,
            _ => Blame::Caller,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

impl RouteError for SignInError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Over => StatusCode::BAD_REQUEST,
            Self::Refused => StatusCode::FORBIDDEN,
            Self::ProviderUnavailable => StatusCode::BAD_GATEWAY,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Full => StatusCode::CONFLICT,
        }
    }
}

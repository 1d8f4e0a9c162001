//! What goes wrong when an operator signs in or out.

use assent_core::error::{Audience, Blame, ErrorCode};
use axum::http::StatusCode;

use crate::error::RouteError;

/// Why an operator's request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum OperatorError {
    /// There is no `[operator]` in the settings.
    #[error("this server has no sign-in of operators")]
    NotConfigured,
    /// No cookie, another `state`, used before or too late.
    #[error("this sign-in is over or was begun in another browser; start again at /operator")]
    SignInOver,
    /// The provider said no, its ID token is not acceptable, or the subject is not listed. Always the same answer.
    #[error("you may not sign in here")]
    Refused,
    /// The login provider cannot be reached or its answers cannot be read.
    #[error("the login provider does not answer as it should")]
    ProviderUnavailable,
    /// Too many at once.
    #[error("too many people sign in at the moment")]
    Busy,
    /// The form is not from our page.
    #[error("sign out with the button on the status page")]
    SignOutRefused,
}

impl ErrorCode for OperatorError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured => "operator-not-configured",
            Self::SignInOver => "operator-sign-in-over",
            Self::Refused => "operator-sign-in-refused",
            Self::ProviderUnavailable => "operator-provider-unavailable",
            Self::Busy => "operator-sign-in-busy",
            Self::SignOutRefused => "operator-sign-out-refused",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::ProviderUnavailable | Self::Busy => Blame::Network,
            _ => Blame::Caller,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Operator
    }
}

impl RouteError for OperatorError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotConfigured => StatusCode::NOT_FOUND,
            Self::SignInOver => StatusCode::BAD_REQUEST,
            Self::Refused | Self::SignOutRefused => StatusCode::FORBIDDEN,
            Self::ProviderUnavailable => StatusCode::BAD_GATEWAY,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

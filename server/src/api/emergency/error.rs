//! What goes wrong with emergency access.

use assent_core::error::{Audience, Blame, ErrorCode};
use axum::http::StatusCode;

use crate::error::RouteError;

/// Why a request about emergency access was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum EmergencyError {
    /// Nothing of the kind, a wrong code, or no such vault: always the same answer.
    #[error("this code opens nothing here")]
    Refused,
    /// The owner stopped it.
    #[error("the owner of the vault stopped this")]
    Stopped,
    /// It was handed out before.
    #[error("the other half was handed out already")]
    Over,
    /// The wait is not over, or did not begin.
    #[error("the wait is not over yet")]
    NotYet,
    /// The wait is shorter or longer than allowed.
    #[error("this wait is not possible")]
    Wait,
}

impl ErrorCode for EmergencyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Refused => "emergency-refused",
            Self::Stopped => "emergency-stopped",
            Self::Over => "emergency-over",
            Self::NotYet => "emergency-not-yet",
            Self::Wait => "emergency-wait-not-possible",
        }
    }

    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

impl RouteError for EmergencyError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused => StatusCode::UNAUTHORIZED,
            Self::Stopped | Self::Over | Self::NotYet => StatusCode::CONFLICT,
            Self::Wait => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

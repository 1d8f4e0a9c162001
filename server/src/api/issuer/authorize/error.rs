//! Why a person cannot sign in for a card. Told on a page: nobody is sent on to an address that was not checked.

use assent_core::error::{Audience, ErrorCode};
use axum::http::StatusCode;

use crate::error::RouteError;

/// Why a person cannot sign in for a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::api::issuer) enum AuthorizeError {
    /// No `request_uri` of ours (RFC 9126 §4), one that was used or is too old, or of another client. Always the same
    /// answer.
    #[error("this sign-in is over or was begun by another wallet; start again")]
    Over,
    /// Parameters in the address instead of a pushed request (RFC 9126 §5, `require_pushed_authorization_requests`).
    #[error("authorization requests must be pushed first")]
    NotAnnounced,
    /// Repeated, missing or over-long parameters.
    #[error("the address of the sign-in is malformed")]
    Malformed,
    /// The form was sent from somewhere else.
    #[error("the answer did not come from the sign-in page")]
    NotOurPage,
}

impl ErrorCode for AuthorizeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Over => "authorize-over",
            Self::NotAnnounced => "authorize-not-announced",
            Self::Malformed => "authorize-malformed",
            Self::NotOurPage => "authorize-not-our-page",
        }
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

impl RouteError for AuthorizeError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotOurPage => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}
